using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>All that one set of predictions says about its model: every metric with its interval, the classes, the calibration, and the same by slice.</summary>
public sealed class Judgement
{
    private static readonly ExpectedCalibrationError Calibration = new();

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The number of examples.</summary>
    public required int Count { get; init; }

    /// <summary>What the scores mean.</summary>
    public required ScoreKind Kind { get; init; }

    /// <summary>The metrics.</summary>
    public required ImmutableArray<MetricResult> Metrics { get; init; }

    /// <summary>How often each class was predicted as each; null for regression.</summary>
    public ConfusionMatrix? Confusion { get; init; }

    /// <summary>Precision, recall and F1 of each class; empty for regression.</summary>
    public ImmutableArray<ClassResult> Classes { get; init; } = [];

    /// <summary>The bins of the reliability diagram by rising confidence; empty where there are no probabilities.</summary>
    public ImmutableArray<ReliabilityBin> Reliability { get; init; } = [];

    /// <summary>The metric of that name.</summary>
    /// <exception cref="ArgumentException">The judgement holds none; the message lists those there are.</exception>
    public MetricResult this[string metric] => Metrics.FirstOrDefault(m => m.Name == metric)
        ?? throw new ArgumentException($"there is no metric '{metric}'; there are: {string.Join(", ", Metrics.Select(m => m.Name))}", nameof(metric));

    /// <summary>Judges predictions: one pass in blocks on all cores, and one radix sort a class for the metrics of ranking.</summary>
    /// <param name="predictions">The predictions, with truth.</param>
    /// <param name="metrics">The metrics, or null for those of <see cref="Metric.Defaults"/> that the predictions allow.</param>
    /// <param name="level">The confidence level of the intervals.</param>
    /// <exception cref="ArgumentException">The predictions are not valid or carry no truth, or a metric cannot be computed from them.</exception>
    public static Judgement Of(Predictions predictions, IEnumerable<Metric>? metrics = null, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        predictions.Validate();
        predictions.RequireTruth();
        return OfValid(predictions, metrics is null ? [.. Metric.Defaults.Where(m => m.AppliesTo(predictions.Kind))] : [.. metrics], level);
    }

    /// <summary>Judges each slice of predictions by itself.</summary>
    /// <param name="predictions">The predictions, with truth.</param>
    /// <param name="column">The column to slice by.</param>
    /// <param name="metrics">The metrics, or null for the defaults.</param>
    /// <param name="level">The confidence level of the intervals.</param>
    /// <returns>One entry for each slice that has examples, the largest first.</returns>
    /// <exception cref="ArgumentException">There is no such column, or the predictions are not valid.</exception>
    public static ImmutableArray<SliceJudgement> BySlice(Predictions predictions, string column, IEnumerable<Metric>? metrics = null, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        if (!predictions.Slices.TryGetValue(column, out var categories))
        {
            throw new ArgumentException(
                $"{predictions.Model}: there is no column '{column}' to slice by; there {(predictions.Slices.IsEmpty ? "are none" : $"are: {string.Join(", ", predictions.Slices.Keys.Order())}")}", nameof(column));
        }
        predictions.Validate();
        predictions.RequireTruth();
        ImmutableArray<Metric> chosen = metrics is null ? [.. Metric.Defaults.Where(m => m.AppliesTo(predictions.Kind))] : [.. metrics];
        var rows = new List<int>[categories.Names.Length];
        for (var i = 0; i < categories.Count; i++)
            (rows[categories.Codes[i]] ??= []).Add(i);
        return [.. rows
            .Select((r, c) => (Rows: r, Name: categories.Names[c]))
            .Where(s => s.Rows is not null)
            .OrderByDescending(s => s.Rows.Count).ThenBy(s => s.Name, StringComparer.Ordinal)
            .Select(s => new SliceJudgement(s.Name, OfValid(predictions.Select(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(s.Rows)), chosen, level)))];
    }

    /// <summary>
    /// Judges a stream of predictions in memory that does not grow with its length. Counts, means and bins of equal width are the same as for one
    /// piece; what must be sorted (ROC-AUC, average precision, bins of equal mass) is counted in narrow buckets instead, see
    /// <see cref="Metric.CreateBoundedTally"/>: about 10⁻⁵ off with 30,000 examples and 10⁻⁷ with 10 million. The result does not depend on the number of cores.
    /// </summary>
    /// <param name="blocks">The predictions, block by block, all of one model: kind, classes and columns agree.</param>
    /// <param name="metrics">The metrics, or null for those of <see cref="Metric.Defaults"/> that the predictions allow.</param>
    /// <param name="level">The confidence level of the intervals.</param>
    /// <param name="by">Columns to slice by; their slices are judged as well.</param>
    /// <exception cref="ArgumentException">There are no predictions, a block is not valid or differs from the first, or a column has too many values.</exception>
    public static StreamJudgement OfStream(IEnumerable<Predictions> blocks, IEnumerable<Metric>? metrics = null, double level = 0.95, params ReadOnlySpan<string> by)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        var judging = new StreamJudging(metrics, [.. by]);
        foreach (var block in blocks)
            judging.Add(block);
        return judging.Result(level);
    }

    private static Judgement OfValid(Predictions predictions, ImmutableArray<Metric> metrics, double level)
    {
        var needed = WithCommon(metrics, predictions.Kind);
        return Of(predictions, MetricAccumulator.Over(predictions, needed), metrics.Length, level);
    }

    // The matrix and the bins are part of every judgement, whichever metrics were asked for.
    internal static ImmutableArray<Metric> WithCommon(ImmutableArray<Metric> metrics, ScoreKind kind) =>
        metrics.AddRange(new Metric[] { new Accuracy(), Calibration }.Where(m => m.AppliesTo(kind)));

    internal static Judgement Of(Predictions like, MetricAccumulator accumulator, int metrics, double level)
    {
        var confusion = accumulator.TallyOf<ConfusionMatrix>(ConfusionMetric.SharedKey);
        return new Judgement
        {
            Model = like.Model,
            Count = checked((int)accumulator.Count),
            Kind = like.Kind,
            Metrics = accumulator.Result(level)[..metrics],
            Confusion = confusion,
            Classes = confusion is null ? [] : ClassResult.Of(confusion, like.ClassName, level),
            Reliability = accumulator.TallyOf<ReliabilityTally>(Calibration.TallyKey) is { } bins ? [.. bins.ToBins()] : [],
        };
    }
}

/// <summary>The judgement of a stream, and of the slices of it that were asked for.</summary>
/// <param name="Whole">All examples.</param>
/// <param name="Slices">For each column, its slices, the largest first.</param>
public sealed record StreamJudgement(Judgement Whole, ImmutableArray<(string Column, ImmutableArray<SliceJudgement> Slices)> Slices);

/// <summary>The judgement of the examples that share a value of the slicing column.</summary>
/// <param name="Slice">The shared value.</param>
/// <param name="Judgement">The judgement.</param>
public sealed record SliceJudgement(string Slice, Judgement Judgement);

/// <summary>How well one class is predicted.</summary>
/// <param name="Name">The class.</param>
/// <param name="Support">Its true members.</param>
/// <param name="Predicted">The examples predicted as it.</param>
/// <param name="Precision">The share of right ones among those predicted as it, with the Wilson interval.</param>
/// <param name="Recall">The share of its members that were found, with the Wilson interval.</param>
/// <param name="F1">Their harmonic mean 2J/(1 + J), J the share of hits in the union of members and predicted, with J's Wilson interval.</param>
public sealed record ClassResult(string Name, long Support, long Predicted, Estimate Precision, Estimate Recall, Estimate F1)
{
    internal static ImmutableArray<ClassResult> Of(ConfusionMatrix matrix, Func<int, string> name, double level)
    {
        var totals = matrix.Totals();
        var results = ImmutableArray.CreateBuilder<ClassResult>(totals.ClassCount);
        for (var c = 0; c < totals.ClassCount; c++)
        {
            double hits = totals.Hits[c], actual = totals.Actual[c], predicted = totals.Predicted[c];
            var share = Share(hits, actual + predicted - hits, level);
            results.Add(new ClassResult(
                name(c), (long)actual, (long)predicted, Share(hits, predicted, level), Share(hits, actual, level),
                new Estimate(Harmonic(share.Value), share.Interval.Map(Harmonic))));
        }
        return results.MoveToImmutable();
    }

    private static double Harmonic(double share) => 2 * share / (1 + share);

    private static Estimate Share(double hits, double count, double level) =>
        count == 0 ? Estimate.Undefined : new Estimate(hits / count, ProportionInterval.Wilson(hits, count, level));
}
