using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>All studies of a set of assemblies, by number and slug.</summary>
public sealed class StudyCatalog
{
    private StudyCatalog(ImmutableArray<Study> studies) => Studies = studies;

    /// <summary>The studies in the order of their papers.</summary>
    public ImmutableArray<Study> Studies { get; }

    /// <summary>Finds every class derived from <see cref="Study"/>.</summary>
    /// <exception cref="InvalidOperationException">Two studies share a paper or a slug.</exception>
    public static StudyCatalog Of(params IEnumerable<Assembly> assemblies)
    {
        ArgumentNullException.ThrowIfNull(assemblies);
        var types = assemblies.Distinct().SelectMany(a => a.GetTypes()).Where(t => t.IsSubclassOf(typeof(Study)) && !t.IsAbstract);
        return Of(types.Select(t => (Study)Activator.CreateInstance(t, nonPublic: true)!));
    }

    /// <summary>A catalog of the given studies.</summary>
    /// <exception cref="InvalidOperationException">Two studies share a paper or a slug.</exception>
    public static StudyCatalog Of(IEnumerable<Study> studies)
    {
        ImmutableArray<Study> ordered = [.. studies.OrderBy(s => s.Info.Paper).ThenBy(s => s.Info.Slug, StringComparer.Ordinal)];
        foreach (var key in new Func<Study, string>[] { s => s.Info.Slug, s => $"paper {s.Info.Paper}" })
        {
            if (ordered.GroupBy(key).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new InvalidOperationException($"{twice.Key} has more than one study: {string.Join(", ", twice.Select(s => s.GetType().Name))}");
        }
        return new StudyCatalog(ordered);
    }

    /// <summary>Finds a study by slug (<c>mono-forward</c>), number (<c>1</c>) or both (<c>01-mono-forward</c>).</summary>
    /// <exception cref="ArgumentException">There is none; the message offers the nearest ones.</exception>
    public Study Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var found = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var paper)
            ? Studies.FirstOrDefault(s => s.Info.Paper == paper)
            : Studies.FirstOrDefault(s => name.Equals(s.Info.Slug, StringComparison.OrdinalIgnoreCase) || name.Equals(FileName(s.Info), StringComparison.OrdinalIgnoreCase));
        return found ?? throw new ArgumentException($"there is no study '{name}'{Spelling.Suggestion(name, Studies.Select(s => s.Info.Slug))}");
    }

    /// <summary>The study of a paper, or null.</summary>
    public Study? OfPaper(int paper) => Studies.FirstOrDefault(s => s.Info.Paper == paper);

    /// <summary>The name of a study's files without their ending: <c>01-mono-forward</c>.</summary>
    public static string FileName(StudyInfo info) => string.Create(CultureInfo.InvariantCulture, $"{info.Paper:00}-{info.Slug}");
}
