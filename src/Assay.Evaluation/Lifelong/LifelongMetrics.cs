using System.Collections.Immutable;
using Assay.Statistics;
using MathNet.Numerics.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Metrics of a lifelong learner from its log (arXiv 2301.07799): performance maintenance, forward and backward transfer, relative
/// performance and sample efficiency against single-task experts, performance recovery. Curves are smoothed, clamped on demand, and scaled
/// to 1 … 101 for each task first. Where sleep evaluations exist, wake evaluations are left out. The released tool keeps one transfer value
/// for each evaluation even if several tasks were trained before it; here each pair of tasks keeps its own.
/// </summary>
[Method("lifelong-metrics", Paper = 72, Kind = MethodKind.Metric)]
public static class LifelongMetrics
{
    private const double LeastSaturation = 0.2, TerminalShare = 0.1;

    /// <summary>Computes all metrics.</summary>
    /// <param name="log">The learner's log.</param>
    /// <param name="experts">Logs of single-task experts, each with one trained task; without them relative performance and sample efficiency are missing.</param>
    /// <param name="options">The settings, or null for the defaults.</param>
    /// <exception cref="ArgumentException">An expert trains several tasks, or a given range lacks a task.</exception>
    public static LifelongReport Compute(LifelongLog log, IReadOnlyList<LifelongLog>? experts = null, LifelongOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        options ??= LifelongOptions.Default;
        experts ??= [];
        if (options.MergesVariants)
        {
            log = log.MergeVariants();
            experts = [.. experts.Select(e => e.MergeVariants())];
        }
        var curves = new LifelongCurves(log, experts, options);
        var terminal = log.Regimes.Select((r, i) => Terminal(Averaged(r, curves.Regimes[i]), r.Type)).ToArray();
        var recovery = RecoveryTimes(log, curves, terminal);
        var hasSleep = log.Regimes.Any(r => r.IsSleep);
        var counted = log.Regimes.Where(r => !hasSleep || r.Type == BlockType.Train || r.IsSleep).ToImmutableArray();
        var transfers = Transfers(log.Tasks, counted, terminal);
        var warnings = new List<string>(log.Warnings);
        warnings.AddRange(curves.Constant.Select(t => $"the performance of task '{t}' is constant"));
        if (log.Tasks.FirstOrDefault(t => t.Contains('_', StringComparison.Ordinal)) is { } variant && experts.Count > 0 && curves.Experts.Values.All(e => e.Count == 0))
            warnings.Add($"no expert is of any task of the log; are names such as '{variant}' variants? Variants can be merged");
        ImmutableArray<LifelongTaskResult> tasks = [.. log.Tasks.Select(t => OfTask(t, log, counted, curves, terminal, recovery, options))];
        var regimes = log.Regimes.Select((r, i) =>
        {
            var (saturation, at) = Saturation(Averaged(r, curves.Regimes[i]));
            return new RegimeResult(r.Number, r.Block, r.Type, r.Task, r.Values.Length, terminal[i], saturation, at, curves.Regimes[i].Average(), recovery[i]);
        });
        return new LifelongReport(
            log.Name, Lifetime(tasks, transfers, options), tasks, transfers, [.. regimes], AccuracyMatrix.Of(log), log.LearningExperiences, log.EvaluationExperiences, [.. warnings.Distinct()]);
    }

    private static LifelongTaskResult OfTask(
        string task, LifelongLog log, ImmutableArray<LifelongRegime> counted, LifelongCurves curves, double[] terminal, int?[] recovery, LifelongOptions options)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<LifelongMetric, double>();
        var missing = new List<string>();
        var maintenance = Maintenance([.. counted.Where(r => r.Task == task)], terminal, options.Maintenance);
        if (maintenance.IsEmpty)
            missing.Add("performance maintenance: no evaluation follows the first one after a training");
        else
            values[LifelongMetric.PerformanceMaintenance] = maintenance.Average();
        foreach (var (type, metric) in new[] { (BlockType.Train, LifelongMetric.AverageTraining), (BlockType.Test, LifelongMetric.AverageEvaluation) })
        {
            if (counted.Where(r => r.Task == task && r.Type == type).ToArray() is { Length: > 0 } parts)
                values[metric] = parts.Average(r => curves.Regimes[r.Number].Average());
        }
        ImmutableArray<int> times = [.. log.Regimes.Where(r => r.Task == task).Select(r => recovery[r.Number]).OfType<int>()];
        if (times.Length > 1)
            values[LifelongMetric.PerformanceRecovery] = -TheilSen(times);
        else
            missing.Add("performance recovery: at least three trainings of the task are needed");
        AgainstExperts(task, log, curves, options, values, missing);
        return new LifelongTaskResult(task, values.ToImmutable(), maintenance, times, curves.Ranges[task], [.. missing]);
    }

    private static void AgainstExperts(
        string task, LifelongLog log, LifelongCurves curves, LifelongOptions options, IDictionary<LifelongMetric, double> values, List<string> missing)
    {
        var trainings = log.Regimes.Where(r => r.Task == task && r.Type == BlockType.Train && !r.IsSleep).ToArray();
        var experts = curves.Experts[task];
        if (trainings.Length == 0 || experts.Count == 0)
        {
            missing.Add($"relative performance and sample efficiency: {(trainings.Length == 0 ? "the task is not trained" : "no single-task expert was given")}");
            return;
        }
        var curve = trainings.SelectMany(r => curves.Regimes[r.Number]).ToArray();
        var numbers = trainings.SelectMany(r => r.Experiences).ToArray();
        if (options.Experts == ExpertAveraging.Time)
        {
            var shortest = experts.Min(e => e.Length);
            experts = [[.. Enumerable.Range(0, shortest).Select(i => experts.Average(e => e[i]))]];
        }
        values[LifelongMetric.RelativePerformance] = experts.Average(e =>
        {
            var n = Math.Min(e.Length, curve.Length);
            return curve.Take(n).Sum() / e.Take(n).Sum();
        });
        var (saturation, at) = Saturation(Averaged(numbers, curve));
        var slope = Slope(numbers, curve);
        var efficiencies = experts.Select(Saturation).Where(e => e.At > 0 && at > 0)
            .Select(e => saturation < LeastSaturation * e.Value || slope < 0 ? 0 : saturation / e.Value * ((double)e.At / at)).ToArray();
        if (efficiencies.Length > 0)
            values[LifelongMetric.SampleEfficiency] = efficiencies.Average();
        else
            missing.Add($"sample efficiency: {(at == 0 ? "the learner" : "the expert")} is never better than at its first experience");
    }

    // TP(evaluation) − TP(reference); an evaluation that is a reference itself does not count.
    private static ImmutableArray<double> Maintenance(LifelongRegime[] regimes, double[] terminal, MaintenanceReference reference)
    {
        var trainings = regimes.Where(r => r.Type == BlockType.Train).Select(r => r.Number).ToArray();
        var tests = regimes.Where(r => r.Type == BlockType.Test).Select(r => r.Number).ToArray();
        var references = trainings.Where(t => t < tests.LastOrDefault(-1)).Select(t => tests.First(e => e > t)).Distinct().ToArray();
        return [.. tests.Where(e => references.Any(r => r < e) && !references.Contains(e)).Select(e =>
            terminal[e] - terminal[reference == MaintenanceReference.Evaluation ? references.Last(r => r < e) : trainings.Last(t => t < e)])];
    }

    private static ImmutableArray<TransferResult> Transfers(ImmutableArray<string> tasks, ImmutableArray<LifelongRegime> counted, double[] terminal)
    {
        var found = new List<(int At, TransferResult Transfer)>();
        foreach (var b in tasks)
        {
            var tests = counted.Where(r => r.Task == b && r.Type == BlockType.Test).Select(r => r.Number).ToArray();
            var firstTraining = counted.Where(r => r.Task == b && r.Type == BlockType.Train).Select(r => r.Number).DefaultIfEmpty(int.MaxValue).First();
            foreach (var a in tasks.Where(a => a != b))
            {
                var trainings = counted.Where(r => r.Task == a && r.Type == BlockType.Train).Select(r => r.Number).ToArray();
                for (var i = 1; i < tests.Length; i++)
                {
                    var (p, q) = (tests[i - 1], tests[i]);
                    foreach (var isForward in trainings.Where(t => t > p && t < q).Select(t => t < firstTraining).Distinct())
                        found.Add((q, new TransferResult(a, b, isForward, terminal[p], terminal[q])));
                }
            }
        }
        return [.. found.OrderBy(f => f.At).Select(f => f.Transfer)];
    }

    private static ImmutableSortedDictionary<LifelongMetric, double> Lifetime(ImmutableArray<LifelongTaskResult> tasks, ImmutableArray<TransferResult> transfers, LifelongOptions options)
    {
        var lifetime = ImmutableSortedDictionary.CreateBuilder<LifelongMetric, double>();
        foreach (var metric in Enum.GetValues<LifelongMetric>())
        {
            var values = metric switch
            {
                LifelongMetric.ForwardTransferRatio => First(true, t => t.Ratio),
                LifelongMetric.ForwardTransferContrast => First(true, t => t.Contrast),
                LifelongMetric.BackwardTransferRatio => First(false, t => t.Ratio),
                LifelongMetric.BackwardTransferContrast => First(false, t => t.Contrast),
                _ => [.. tasks.Where(t => t.Values.ContainsKey(metric)).Select(t => t.Values[metric])],
            };
            if (values.Length > 0)
                lifetime[metric] = options.UsesMedian ? values.Median() : values.Average();
        }
        return lifetime.ToImmutable();

        double[] First(bool isForward, Func<TransferResult, double?> value) =>
            [.. transfers.Where(t => t.IsForward == isForward && value(t) is not null).GroupBy(t => (t.From, t.To)).Select(g => value(g.First())!.Value)];
    }

    private static int?[] RecoveryTimes(LifelongLog log, LifelongCurves curves, double[] terminal)
    {
        var times = new int?[log.Regimes.Length];
        foreach (var task in log.Tasks)
        {
            var trainings = log.Regimes.Where(r => r.Task == task && r.Type == BlockType.Train && !r.IsSleep).ToArray();
            for (var i = 1; i < trainings.Length; i++)
            {
                var at = Array.FindIndex(Averaged(trainings[i], curves.Regimes[trainings[i].Number]), v => v >= terminal[trainings[i - 1].Number]);
                times[trainings[i].Number] = at >= 0 ? at : trainings[i].Values.Length + 1;
            }
        }
        return times;
    }

    private static double Terminal(double[] values, BlockType type) => values.AsSpan(type == BlockType.Test ? 0 : (int)((1 - TerminalShare) * values.Length)).ToArray().Average();

    private static (double Value, int At) Saturation(double[] values)
    {
        var smoothed = Smoothing.Apply(values);
        var at = Array.IndexOf(smoothed, smoothed.Max());
        return (smoothed[at], at);
    }

    private static double[] Averaged(LifelongRegime regime, double[] values) => Averaged(regime.Experiences.AsSpan(), values);

    // Workers that report the same experience are averaged.
    private static double[] Averaged(ReadOnlySpan<int> numbers, double[] values)
    {
        var sums = new SortedDictionary<int, (double Sum, int Count)>();
        for (var i = 0; i < values.Length; i++)
        {
            var (sum, count) = sums.GetValueOrDefault(numbers[i]);
            sums[numbers[i]] = (sum + values[i], count + 1);
        }
        return sums.Count == values.Length ? values : [.. sums.Values.Select(s => s.Sum / s.Count)];
    }

    private static double Slope(int[] x, double[] y)
    {
        var (meanX, meanY) = (x.Average(), y.Average());
        var covariance = x.Zip(y).Sum(p => (p.First - meanX) * (p.Second - meanY));
        // Rounding alone is no fall.
        return Math.Abs(covariance) <= 1e-12 * Math.Abs(meanY) * x.Length ? 0 : covariance;
    }

    private static double TheilSen(ImmutableArray<int> times) =>
        Enumerable.Range(0, times.Length).SelectMany(i => Enumerable.Range(i + 1, times.Length - i - 1).Select(j => (double)(times[j] - times[i]) / (j - i))).Median();
}
