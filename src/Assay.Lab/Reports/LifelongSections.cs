using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of lifelong learners: metrics over runs, evaluations over time, transfers between tasks.</summary>
public static class LifelongSections
{
    /// <summary>The sections.</summary>
    /// <param name="reports">The runs.</param>
    /// <param name="statistics">The metrics over the runs.</param>
    /// <param name="logs">The runs' logs, in the same order, for the curves.</param>
    public static ImmutableArray<ReportSection> Of(ImmutableArray<LifelongReport> reports, ImmutableArray<LifelongStatistic> statistics, ImmutableArray<LifelongLog> logs)
    {
        var first = reports[0];
        return
        [
            new TextSection("Warnings", [.. reports.SelectMany(r => r.Warnings.Select(w => $"{r.Run}: {w}")).Distinct()]) { IsList = true },
            new MetricsSection("Metrics", [.. statistics.Select(s => new ReportMetric(Title(s.Metric), s.Estimate, Reading(s) ?? ""))])
            {
                Explanation = "After smoothing and scaling each task to 1 … 101. Maintenance, contrasts and recovery are good from 0 on; ratios, relative performance and sample efficiency from 1 on.",
            },
            .. reports.Select((r, i) => Evaluations(r, logs[i])).Take(6),
            new TableSection($"Tasks{(reports.Length > 1 ? $" of {first.Run}" : "")}", ["task", .. TaskMetrics(first).Select(m => $"#{Title(m)}")],
                [.. first.Tasks.Select(t => (ImmutableArray<string>)[t.Task, .. TaskMetrics(first).Select(m => t.Values.TryGetValue(m, out var v) ? ReportNumbers.Value(v) : "–")])]),
            Transfers(first, isForward: true), Transfers(first, isForward: false),
            first.Classic is null ? new TextSection("Accuracy matrix", []) : new TableSection("Accuracy matrix", ["after training", .. first.Classic.Tasks.Select(t => $"#{t}")],
                [.. first.Classic.Trained.Select((t, i) => (ImmutableArray<string>)[$"{i + 1}: {t}", .. first.Classic.Values[i].Select(ReportNumbers.Value)])])
            {
                Explanation = $"Raw evaluations. Average at the end {ReportNumbers.Value(first.Classic.Average)}, forgetting {ReportNumbers.Value(first.Classic.Forgetting)}, backward transfer {ReportNumbers.Value(first.Classic.BackwardTransfer)}.",
            },
        ];
    }

    /// <summary>A metric's name in words.</summary>
    public static string Title(LifelongMetric metric) => LabJson.Name(metric).Replace('-', ' ');

    /// <summary>How a metric's value reads, or null where there is no threshold.</summary>
    public static string? Reading(LifelongStatistic statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        if (statistic.Threshold is not { } threshold)
            return null;
        var isGood = statistic.Estimate.Value >= threshold;
        var reading = statistic.Metric switch
        {
            LifelongMetric.PerformanceMaintenance => isGood ? "nothing forgotten" : "forgets",
            LifelongMetric.ForwardTransferRatio or LifelongMetric.ForwardTransferContrast => isGood ? "helps tasks to come" : "hinders tasks to come",
            LifelongMetric.BackwardTransferRatio or LifelongMetric.BackwardTransferContrast => isGood ? "helps earlier tasks" : "hinders earlier tasks",
            LifelongMetric.PerformanceRecovery => isGood ? "recovers no slower each time" : "recovers slower each time",
            _ => isGood ? "at least as good as an expert" : "behind a single-task expert",
        };
        return statistic.Runs > 1 ? $"{reading}; {ReportNumbers.Percent(statistic.Reaching!.Value)} of the runs reach {threshold}" : reading;
    }

    private static LifelongMetric[] TaskMetrics(LifelongReport report) => [.. Enum.GetValues<LifelongMetric>().Where(m => report.Tasks.Any(t => t.Values.ContainsKey(m)))];

    private static CurvesSection Evaluations(LifelongReport report, LifelongLog log)
    {
        var tests = report.Regimes.Where(r => r.Type == BlockType.Test).ToArray();
        var learned = string.Join(", ", log.Regimes.Where(r => r.Type == BlockType.Train).Select(r => r.Task).Take(24));
        return new CurvesSection($"Evaluations of {report.Run}", "block", "performance, scaled to 1 … 101",
            [.. tests.GroupBy(r => r.Task).Select(g => new ReportCurve(g.Key, [.. g.Select(r => (double)r.Block)], [.. g.Select(r => r.Terminal)]) { HasMarkers = true })])
        {
            Explanation = $"Trained in this order: {learned}.",
        };
    }

    private static TableSection Transfers(LifelongReport report, bool isForward)
    {
        var found = report.Transfers.Where(t => t.IsForward == isForward).ToArray();
        return new TableSection(isForward ? "Forward transfer" : "Backward transfer", ["trained", "evaluated", "#before", "#after", "#ratio", "#contrast"],
            [.. found.Take(40).Select(t => (ImmutableArray<string>)[t.From, t.To, ReportNumbers.Value(t.Before), ReportNumbers.Value(t.After), Show(t.Ratio), Show(t.Contrast)])])
        {
            Caption = isForward ? "On tasks that were not yet trained." : "On tasks that were trained before.",
        };
    }

    private static string Show(double? value) => value is { } v ? ReportNumbers.Value(v) : "–";
}
