using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>Finds what a user may have meant by a name that does not exist.</summary>
public static class Spelling
{
    /// <summary>The known names nearest to a wrong one, nearest first: at most three, and only those that a slip of the keys explains.</summary>
    public static ImmutableArray<string> Nearest(string wrong, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        ArgumentNullException.ThrowIfNull(known);
        var bound = Math.Max(2, wrong.Length / 3);
        return [.. known.Select(n => (Name: n, Distance: Distance(wrong, n))).Where(p => p.Distance <= bound && p.Distance < p.Name.Length).OrderBy(p => p.Distance).Take(3).Select(p => p.Name)];
    }

    /// <summary>"; did you mean a or b?", or an empty text when nothing is near: the end of an error message.</summary>
    public static string Suggestion(string wrong, IEnumerable<string> known) =>
        Nearest(wrong, known) is { IsEmpty: false } near ? $"; did you mean {string.Join(" or ", near)}?" : "";

    /// <summary>The Levenshtein distance (insertions, deletions, substitutions) without regard to case.</summary>
    public static int Distance(string a, string b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitute = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[b.Length];
    }
}
