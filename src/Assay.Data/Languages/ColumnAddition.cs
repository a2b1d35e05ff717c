using System.Globalization;
using System.Text;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// Column addition with its working as text: <c>457+386: 7+6+0=13 5+8+1=14 4+3+1=8 = 843</c>. Every step names the digits of a column and
/// the carry, so that a small model can learn it, and an answer can be checked exactly.
/// </summary>
public static class ColumnAddition
{
    /// <summary>The question, up to and with the colon.</summary>
    public static string Question(long a, long b) => string.Create(CultureInfo.InvariantCulture, $"{NotNegative(a)}+{NotNegative(b)}:");

    /// <summary>Question, working and sum.</summary>
    public static string WithWorking(long a, long b)
    {
        var text = new StringBuilder(Question(a, b));
        var (restA, restB, carry) = (a, b, 0L);
        do
        {
            var sum = restA % 10 + restB % 10 + carry;
            text.Append(CultureInfo.InvariantCulture, $" {restA % 10}+{restB % 10}+{carry}={sum}");
            (restA, restB, carry) = (restA / 10, restB / 10, sum / 10);
        }
        while (restA > 0 || restB > 0);
        return text.Append(CultureInfo.InvariantCulture, $" = {a + b}").ToString();
    }

    /// <summary>Draws two numbers of up to the given digits.</summary>
    public static (long A, long B) Draw(int digits, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (digits is < 1 or > 9)
            throw new ArgumentOutOfRangeException(nameof(digits), digits, "1 to 9 was expected");
        var limit = (int)Math.Pow(10, digits);
        return (random.Next(limit), random.Next(limit));
    }

    /// <summary>Whether a text that continues the question ends in the right sum: the number after its last " = ".</summary>
    public static bool IsRight(long a, long b, string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var at = answer.LastIndexOf(" = ", StringComparison.Ordinal);
        if (at < 0)
            return false;
        var digits = new string([.. answer[(at + 3)..].TakeWhile(char.IsAsciiDigit)]);
        return digits == (a + b).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Whether every step of the working is right, too.</summary>
    public static bool IsRightThroughout(long a, long b, string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return (Question(a, b) + answer.TrimEnd()).StartsWith(WithWorking(a, b), StringComparison.Ordinal) && IsRight(a, b, answer);
    }

    private static long NotNegative(long value) => value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "0 or more was expected");
}
