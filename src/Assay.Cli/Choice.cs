using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary>Values of enumerations as people write them on a command line.</summary>
internal static class Choice
{
    /// <summary>The value of that name, words joined by hyphens, whatever the case.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public static T Of<T>(string text, string option) where T : struct, Enum
    {
        var names = Enum.GetValues<T>().Select(LabJson.Name).ToArray();
        var at = Array.FindIndex(names, n => n.Equals(text.Replace('_', '-'), StringComparison.OrdinalIgnoreCase));
        return at >= 0
            ? Enum.GetValues<T>()[at]
            : throw new ArgumentException($"{option} takes one of {string.Join(", ", names)}, not '{text}'{Spelling.Suggestion(text, names)}");
    }
}
