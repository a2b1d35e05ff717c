using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A lifelong metric over several runs.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Runs">How many runs define it.</param>
/// <param name="Estimate">Its mean with Student's interval over the runs.</param>
/// <param name="Deviation">The standard deviation over the runs; NaN for one run.</param>
/// <param name="Threshold">The value from which on the paper reads it as success, or null where there is none.</param>
/// <param name="Reaching">The share of the runs at or above the threshold, or null.</param>
/// <param name="PValue">One-sided t test of a mean above the threshold, or null without threshold or spread.</param>
public sealed record LifelongStatistic(LifelongMetric Metric, int Runs, Estimate Estimate, double Deviation, double? Threshold, double? Reaching, double? PValue);

/// <summary>Statistics of lifelong metrics over the runs of one learner.</summary>
public static class LifelongSummary
{
    /// <summary>The value from which on a metric is read as success: 0 for maintenance, contrasts and recovery, 1 for ratios; null for averages.</summary>
    public static double? Threshold(LifelongMetric metric) => metric switch
    {
        LifelongMetric.PerformanceMaintenance or LifelongMetric.ForwardTransferContrast or LifelongMetric.BackwardTransferContrast or LifelongMetric.PerformanceRecovery => 0,
        LifelongMetric.AverageTraining or LifelongMetric.AverageEvaluation => null,
        _ => 1,
    };

    /// <summary>Sums up runs.</summary>
    /// <param name="reports">The runs' reports.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static ImmutableArray<LifelongStatistic> Of(IReadOnlyList<LifelongReport> reports, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(reports);
        if (reports.Count == 0)
            throw new ArgumentException("at least one run was expected", nameof(reports));
        return [.. Enum.GetValues<LifelongMetric>().Select(metric => Of(metric, [.. reports.Where(r => r.Lifetime.ContainsKey(metric)).Select(r => r.Lifetime[metric])], level)).Where(s => s.Runs > 0)];
    }

    private static LifelongStatistic Of(LifelongMetric metric, double[] values, double level)
    {
        if (values.Length == 0)
            return new LifelongStatistic(metric, 0, Estimate.Undefined, double.NaN, Threshold(metric), null, null);
        var moments = Moments.Of(values);
        var threshold = Threshold(metric);
        double? p = threshold is { } t && values.Length > 1 && moments.StandardError > 0 ? Tails.StudentUpper((moments.Mean - t) / moments.StandardError, values.Length - 1) : null;
        return new LifelongStatistic(
            metric, values.Length, MeanInterval.Of(values, level), values.Length > 1 ? moments.StandardDeviation : double.NaN, threshold,
            threshold is { } least ? (double)values.Count(v => v >= least) / values.Length : null, p);
    }
}
