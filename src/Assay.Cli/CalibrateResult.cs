using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Cli;

/// <summary>What <c>assay calibrate</c> did; this is what <c>--json</c> prints.</summary>
/// <param name="Method">The calibrator with its options.</param>
/// <param name="Summary">What it learnt.</param>
/// <param name="FittedOn">The number of validation examples.</param>
/// <param name="Model">The model whose predictions were calibrated.</param>
/// <param name="Examples">The number of predictions.</param>
/// <param name="ChangedClasses">How many of them name another class than before.</param>
/// <param name="Metrics">The metrics before and after; empty where the truth of the predictions is unknown.</param>
/// <param name="Output">The file of calibrated predictions, if one was written.</param>
/// <param name="Saved">The file of the calibrator, if one was written.</param>
internal sealed record CalibrateResult(
    string Method, string Summary, int FittedOn, string Model, int Examples, int ChangedClasses, ImmutableArray<CalibrateMetric> Metrics, string? Output, string? Saved)
{
    public static CalibrateResult Of(Calibrator calibrator, Predictions before, Predictions after, IReadOnlyList<Metric> metrics, double level, string? output, string? saved)
    {
        var changed = before.PredictedClasses().Zip(after.PredictedClasses()).Count(p => p.First != p.Second);
        ImmutableArray<CalibrateMetric> rows = [];
        if (before.HasTruth)
        {
            var (old, now) = (Judgement.Of(before, metrics, level).Metrics, Judgement.Of(after, metrics, level).Metrics);
            rows = [.. old.Zip(now, (o, n) => new CalibrateMetric(o.Name, o.Title, o.HigherIsBetter, MetricLine.Of(o), MetricLine.Of(n)))];
        }
        return new CalibrateResult(calibrator.Expression, calibrator.Summary, calibrator.FittedCount, before.Model, before.Count, changed, rows, output, saved);
    }
}

/// <summary>One metric before and after calibration.</summary>
/// <param name="Name">The name in recipes and options.</param>
/// <param name="Title">The name for people.</param>
/// <param name="HigherIsBetter">Whether more is better.</param>
/// <param name="Before">On the predictions as they were.</param>
/// <param name="After">On the calibrated ones.</param>
internal sealed record CalibrateMetric(string Name, string Title, bool HigherIsBetter, MetricLine Before, MetricLine After);
