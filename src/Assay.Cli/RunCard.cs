using System.Collections.Immutable;
using Assay.Lab;

namespace Assay.Cli;

/// <summary>A curve of a run in short.</summary>
/// <param name="Name">The curve.</param>
/// <param name="Points">The number of points.</param>
/// <param name="First">The first value.</param>
/// <param name="Last">The last value.</param>
/// <param name="Least">The smallest value.</param>
/// <param name="Most">The largest value.</param>
public sealed record CurveSummary(string Name, int Points, double First, double Last, double Least, double Most);

/// <summary>A run as <c>assay runs show</c> prints it.</summary>
/// <param name="Run">What <c>run.json</c> says.</param>
/// <param name="Curves">The curves in short.</param>
/// <param name="Claims">The claims.</param>
/// <param name="Files">The files with their sizes.</param>
public sealed record RunCard(RunInfo Run, ImmutableArray<CurveSummary> Curves, ImmutableArray<ClaimResult> Claims, ImmutableSortedDictionary<string, long> Files)
{
    internal static RunCard Of(Run run) => new(
        run.Info,
        [.. run.ReadCurves().GroupBy(p => p.Name).Select(g => new CurveSummary(g.Key, g.Count(), g.First().Value, g.Last().Value, g.Min(p => p.Value), g.Max(p => p.Value)))],
        run.ReadClaims(),
        new DirectoryInfo(run.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => !f.Name.StartsWith('.'))
            .ToImmutableSortedDictionary(f => Path.GetRelativePath(run.Folder, f.FullName).Replace('\\', '/'), f => f.Length, StringComparer.Ordinal));
}

/// <summary>What <c>assay runs clean</c> removed.</summary>
/// <param name="Removed">The ids.</param>
/// <param name="Bytes">The bytes freed.</param>
/// <param name="DryRun">Whether it only would be so.</param>
public sealed record CleanResult(ImmutableArray<string> Removed, long Bytes, bool DryRun);
