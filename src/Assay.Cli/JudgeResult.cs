using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary>What <c>assay judge</c> says of one file; this is what <c>--json</c> prints.</summary>
/// <param name="File">The file.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Examples">The number of examples.</param>
/// <param name="Kind">What the predictions are.</param>
/// <param name="Level">The confidence level of the intervals.</param>
/// <param name="Metrics">The metrics.</param>
/// <param name="Classes">The classes.</param>
/// <param name="Confusion">For each true class, how often it was predicted as each; empty for regression.</param>
/// <param name="Reliability">The bins of the reliability diagram.</param>
/// <param name="Slices">The metrics of each slice, by column.</param>
internal sealed record JudgeResult(
    string File, string Model, int Examples, ScoreKind Kind, double Level, ImmutableArray<MetricLine> Metrics, ImmutableArray<ClassResult> Classes,
    ImmutableArray<ImmutableArray<long>> Confusion, ImmutableArray<ReliabilityBin> Reliability, ImmutableArray<SliceColumn> Slices)
{
    // Beyond this the matrix is rather a file of its own.
    private const int MostClasses = 100;

    public static JudgeResult Of(string file, Judgement judgement, IEnumerable<(string Column, ImmutableArray<SliceJudgement> Slices)> slices) => new(
        file, judgement.Model, judgement.Count, judgement.Kind, judgement.Metrics.FirstOrDefault()?.Estimate.Interval.Level ?? 0.95,
        [.. judgement.Metrics.Select(MetricLine.Of)],
        judgement.Classes,
        judgement.Confusion is { ClassCount: <= MostClasses } matrix
            ? [.. Enumerable.Range(0, matrix.ClassCount).Select(a => Enumerable.Range(0, matrix.ClassCount).Select(p => matrix[a, p]).ToImmutableArray())]
            : [],
        judgement.Reliability,
        [.. slices.Select(s => new SliceColumn(s.Column, [.. s.Slices.Select(j => new SliceLine(j.Slice, j.Judgement.Count, [.. j.Judgement.Metrics.Select(MetricLine.Of)]))]))]);
}

/// <summary>One metric.</summary>
/// <param name="Name">The name in recipes and options.</param>
/// <param name="Title">The name for people.</param>
/// <param name="Value">The value, or null where it is undefined.</param>
/// <param name="Low">The lower end of the interval.</param>
/// <param name="High">The upper end.</param>
/// <param name="HigherIsBetter">Whether more is better.</param>
internal sealed record MetricLine(string Name, string Title, double Value, double Low, double High, bool HigherIsBetter)
{
    public Estimate Estimate => new(Value, new Interval(Low, High));

    public static MetricLine Of(MetricResult m) => new(m.Name, m.Title, m.Estimate.Value, m.Estimate.Interval.Low, m.Estimate.Interval.High, m.HigherIsBetter);
}

/// <summary>The slices of one column, the largest first.</summary>
/// <param name="Column">The column.</param>
/// <param name="Values">The slices.</param>
internal sealed record SliceColumn(string Column, ImmutableArray<SliceLine> Values);

/// <summary>The metrics of one slice.</summary>
/// <param name="Value">The shared value.</param>
/// <param name="Examples">The number of examples.</param>
/// <param name="Metrics">The metrics.</param>
internal sealed record SliceLine(string Value, int Examples, ImmutableArray<MetricLine> Metrics);
