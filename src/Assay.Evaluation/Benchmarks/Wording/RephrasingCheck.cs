using System.Text.RegularExpressions;

namespace Assay.Evaluation;

/// <summary>Whether a rephrasing can be trusted to ask the same thing.</summary>
public static partial class RephrasingCheck
{
    private static readonly HashSet<string> Negations = new(StringComparer.Ordinal) { "not", "no", "never", "none", "neither", "nor", "without", "except", "cannot", "least", "most", "all", "always" };

    /// <summary>
    /// What is wrong with a rephrasing, or null: numbers, quoted text, code and names must be the same, words that turn a meaning (not, except,
    /// all, …) too; its length is between half and twice the original's; some word or their order differs, and enough words are shared.
    /// </summary>
    /// <param name="original">The original wording.</param>
    /// <param name="rephrased">The other wording.</param>
    /// <param name="leastOverlap">The least share of common words (Jaccard).</param>
    public static string? Fault(string original, string rephrased, double leastOverlap = 0.2)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(rephrased);
        if (rephrased.Trim() == original.Trim())
            return "nothing was changed";
        if (rephrased.Length < 0.5 * original.Length || rephrased.Length > Math.Max(2 * original.Length, original.Length + 40))
            return $"its length went from {original.Length} to {rephrased.Length} characters";
        if (!Same(Numbers(), original, rephrased))
            return "the numbers differ";
        if (!Same(Quoted(), original, rephrased))
            return "quoted text or code differs";
        if (!Names(original).Order(StringComparer.Ordinal).SequenceEqual(Names(rephrased).Order(StringComparer.Ordinal)))
            return "the names differ";
        if (!Turns(original).Order(StringComparer.Ordinal).SequenceEqual(Turns(rephrased).Order(StringComparer.Ordinal)))
            return "words that turn the meaning differ";
        var overlap = Overlap(original, rephrased);
        return overlap < leastOverlap ? $"only {overlap:0.00} of the words are shared" : null;
    }

    /// <summary>The share of common words: |A ∩ B|/|A ∪ B|.</summary>
    public static double Overlap(string first, string second)
    {
        var (a, b) = (TextSimilarity.Words(first).ToHashSet(StringComparer.Ordinal), TextSimilarity.Words(second).ToHashSet(StringComparer.Ordinal));
        var common = a.Count(b.Contains);
        return a.Count + b.Count == 0 ? 1 : (double)common / (a.Count + b.Count - common);
    }

    // Words with a capital inside a sentence; where a sentence begins, a capital tells nothing.
    private static HashSet<string> Names(string text) => [.. Capital().Matches(text).Where(m => !StartsSentence(text, m.Index)).Select(m => m.Value)];

    private static bool StartsSentence(string text, int at)
    {
        var before = text.AsSpan(0, at).TrimEnd();
        return before.IsEmpty || before[^1] is '.' or '?' or '!' or ':' or '"' or '“';
    }

    private static IEnumerable<string> Turns(string text) => TextSimilarity.Words(text).Select(w => w.EndsWith("n't", StringComparison.Ordinal) ? "not" : w).Where(Negations.Contains);

    private static bool Same(Regex pattern, string a, string b) =>
        pattern.Matches(a).Select(m => m.Value).Order(StringComparer.Ordinal).SequenceEqual(pattern.Matches(b).Select(m => m.Value).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"\d+(?:[.,]\d+)*")]
    private static partial Regex Numbers();

    [GeneratedRegex("\"[^\"]*\"|“[^”]*”|`[^`]*`")]
    private static partial Regex Quoted();

    // The pronoun I is no name.
    [GeneratedRegex(@"\b(?!I\b)\p{Lu}[\p{L}\p{Nd}]*\b")]
    private static partial Regex Capital();
}
