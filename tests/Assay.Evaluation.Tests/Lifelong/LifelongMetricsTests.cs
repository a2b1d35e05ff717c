using CsCheck;

namespace Assay.Evaluation.Tests.Lifelong;

public sealed class LifelongMetricsTests
{
    private static readonly LifelongOptions Raw = new() { Smoothing = SmoothingWindow.None, Normalization = LifelongNormalization.None };

    // EB0, LB1 A, EB1, LB2 B, EB2, LB3 A, EB3 of the brief.
    private static LifelongLog Hand(Func<double, double>? map = null, Action<LifelongRecorder>? more = null)
    {
        map ??= v => v;
        var r = new LifelongRecorder("hand");
        void Evaluate(double a, double b)
        {
            r.Block(BlockType.Test, "A").Add(map(a));
            r.Block(BlockType.Test, "B").Add(map(b));
            more?.Invoke(r);
        }
        Evaluate(10, 10);
        r.Block(BlockType.Train, "A").Add(map(15), map(55));
        Evaluate(60, 20);
        r.Block(BlockType.Train, "B").Add(map(30), map(72));
        Evaluate(50, 70);
        r.Block(BlockType.Train, "A").Add(map(58), map(81));
        Evaluate(80, 63);
        return r.ToLog();
    }

    [Fact]
    public void The_hand_example_has_the_values_of_the_definitions()
    {
        var report = LifelongMetrics.Compute(Hand(), options: Raw);
        Assert.Equal([-10, -7], report.Tasks.Select(t => t.Values[LifelongMetric.PerformanceMaintenance]));
        Assert.Equal(-8.5, report.Lifetime[LifelongMetric.PerformanceMaintenance], 12);
        var forward = Assert.Single(report.Transfers, t => t.IsForward);
        Assert.Equal(("A", "B", 2.0), (forward.From, forward.To, forward.Ratio!.Value));
        Assert.Equal(1.0 / 3, forward.Contrast!.Value, 12);
        var backward = report.Transfers.Where(t => !t.IsForward).ToArray();
        Assert.Equal([("B", "A"), ("A", "B")], backward.Select(t => (t.From, t.To)));
        Assert.Equal([0.833333, 0.9], backward.Select(t => Math.Round(t.Ratio!.Value, 6)));
        Assert.Equal([-0.090909, -0.052632], backward.Select(t => Math.Round(t.Contrast!.Value, 6)));
        Assert.Equal(0.866667, report.Lifetime[LifelongMetric.BackwardTransferRatio], 6);
        Assert.DoesNotContain(LifelongMetric.RelativePerformance, report.Lifetime.Keys);
        Assert.Contains(report.Tasks[0].Missing, m => m.Contains("no single-task expert", StringComparison.Ordinal));
        // The classic table of the same log: A was last trained at the end; B went from 70 to 63.
        Assert.Equal((71.5, 7.0, -7.0), (report.Classic!.Average, report.Classic.Forgetting, report.Classic.BackwardTransfer));
        // TP of a training is its last value here, so the reference of A's second evaluation is 55, of B's 72.
        var byTraining = LifelongMetrics.Compute(Hand(), options: Raw with { Maintenance = MaintenanceReference.Training });
        Assert.Equal([-5, -9], byTraining.Tasks.Select(t => t.Values[LifelongMetric.PerformanceMaintenance]));
    }

    [Fact]
    public void Smoothing_keeps_length_and_constants_and_leaves_short_curves()
    {
        for (var n = 1; n <= 300; n++)
        {
            var constant = Smoothing.Apply(Enumerable.Repeat(3.5, n).ToArray());
            Assert.Equal(n, constant.Length);
            Assert.All(constant, v => Assert.Equal(3.5, v, 12));
            double[] random = [.. Enumerable.Range(0, n).Select(i => Math.Sin(i * i))];
            Assert.Equal(n < 15, Smoothing.Apply(random).SequenceEqual(random));
            foreach (var window in Enum.GetValues<SmoothingWindow>())
                Assert.Equal(n, Smoothing.Apply(random, window, 7).Length);
        }
        // L = 4 of n = 20; the mean of x[-1], x[0], x[1], x[2] reflected begins: (2 + 1 + 0 + 1)/4 with x_i = i.
        double[] line = [.. Enumerable.Range(0, 20).Select(i => (double)i)];
        Assert.Equal(1, Smoothing.Apply(line)[0]);
        Assert.Equal(9.5, Smoothing.Apply(line)[10]);
    }

    [Theory]
    [InlineData(SmoothingWindow.Hanning)]
    [InlineData(SmoothingWindow.Hamming)]
    [InlineData(SmoothingWindow.Bartlett)]
    [InlineData(SmoothingWindow.Blackman)]
    public void Windows_are_those_of_NumPy(SmoothingWindow window)
    {
        double[] line = [.. Enumerable.Range(0, 20).Select(i => (double)i)];
        var smoothed = Smoothing.Apply(line, window, 5);
        Assert.Equal(7, smoothed[8], 12); // symmetric weights leave a straight line; an odd window is cut one step to the left, as the released tool does
        Assert.Equal(Weighted(window), smoothed[0], 12);
        Assert.NotEqual(smoothed[0], Smoothing.Apply(line, SmoothingWindow.Flat, 5)[0]);

        // np.<window>(5) by its closed form, over 3, 2, 1, 0, 1 … around the first value.
        static double Weighted(SmoothingWindow w)
        {
            double[] weights = w switch
            {
                SmoothingWindow.Hanning => [0, 0.5, 1, 0.5, 0],
                SmoothingWindow.Hamming => [0.08, 0.54, 1, 0.54, 0.08],
                SmoothingWindow.Bartlett => [0, 0.5, 1, 0.5, 0],
                _ => [0, 0.34, 1, 0.34, 0],
            };
            double[] around = [3, 2, 1, 0, 1];
            return weights.Zip(around).Sum(p => p.First * p.Second) / weights.Sum();
        }
    }

    [Fact]
    public void An_affine_change_of_raw_values_changes_nothing_and_a_stranger_task_changes_no_maintenance()
    {
        Gen.Select(Gen.Double[0.1, 20], Gen.Double[-50, 50]).Sample((scale, shift) =>
        {
            var (plain, moved) = (LifelongMetrics.Compute(Hand()), LifelongMetrics.Compute(Hand(v => scale * v + shift)));
            Assert.Equal(plain.Lifetime.Keys, moved.Lifetime.Keys);
            Assert.All(plain.Lifetime, p => Assert.Equal(p.Value, moved.Lifetime[p.Key], 1e-6));
        }, iter: 50);
        var more = LifelongMetrics.Compute(Hand(more: r => r.Block(BlockType.Test, "C").Add(5, 7)));
        foreach (var task in LifelongMetrics.Compute(Hand()).Tasks)
            Assert.Equal(task.Maintenance, more.Tasks.Single(t => t.Task == task.Task).Maintenance);
    }

    [Fact]
    public void A_learner_that_equals_its_expert_has_relative_performance_and_sample_efficiency_one()
    {
        double[] curve = [.. Enumerable.Range(0, 120).Select(i => 100 * (1 - Math.Exp(-i / 30.0)))];
        LifelongLog Of(string name)
        {
            var r = new LifelongRecorder(name);
            r.Block(BlockType.Train, "A").Add(curve);
            return r.ToLog();
        }
        foreach (var averaging in Enum.GetValues<ExpertAveraging>())
        {
            var report = LifelongMetrics.Compute(Of("learner"), [Of("one"), Of("two")], new LifelongOptions { Experts = averaging });
            Assert.Equal(1, report.Lifetime[LifelongMetric.RelativePerformance], 12);
            Assert.Equal(1, report.Lifetime[LifelongMetric.SampleEfficiency], 12);
        }
    }

    [Fact]
    public void Workers_with_the_same_experience_are_averaged_and_sleep_evaluations_replace_wake_ones()
    {
        var log = LifelongLog.Of("w",
        [
            new(1, 1, BlockType.Train, false, "A", "", 4), new(1, 0, BlockType.Train, false, "A", "", 1), new(1, 1, BlockType.Train, false, "A", "", 8), new(1, 0, BlockType.Train, false, "A", "", 3),
            new(0, 0, BlockType.Test, false, "A", "", 0), new(2, 0, BlockType.Test, false, "A", "", 5), new(3, 0, BlockType.Test, true, "A", "", 7),
            new(4, 0, BlockType.Test, true, "A", "", 6), new(4, 1, BlockType.Test, true, "A", "", double.NaN),
        ]);
        var report = LifelongMetrics.Compute(log, options: Raw);
        Assert.Equal(6, report.Regimes[1].Terminal); // (4 + 8)/2, the last of two experiences
        Assert.Equal([-1.0], Assert.Single(report.Tasks).Maintenance); // 6 against 7, not against the wake evaluation's 5
        Assert.Contains(report.Warnings, w => w.Contains("1 experiences without a value", StringComparison.Ordinal));
    }

    [Fact]
    public void Recovery_times_run_to_one_more_than_the_regime_and_recovery_is_their_negative_slope()
    {
        var r = new LifelongRecorder("r");
        void Train(string task, params double[] values)
        {
            r.Block(BlockType.Train, task).Add(values);
            r.Block(BlockType.Test, task).Add(values[^1]);
        }
        Train("A", 1, 2, 10);
        Train("B", 1, 1, 1);
        Train("A", 3, 10, 9);   // reaches 10 at index 1, ends at 9
        Train("B", 1, 1, 1);
        Train("A", 1, 2, 3);    // never reaches 9: 4
        Train("B", 1, 1, 1);
        Train("A", 3, 3, 3);    // at once: 0
        var report = LifelongMetrics.Compute(r.ToLog(), options: Raw);
        Assert.Equal([1, 4, 0], report.Tasks[0].RecoveryTimes);
        Assert.Equal(0.5, report.Tasks[0].Values[LifelongMetric.PerformanceRecovery]); // slopes 3, −4, −.5
        Assert.Contains("constant", Assert.Single(LifelongMetrics.Compute(r.ToLog()).Warnings), StringComparison.Ordinal);
        Assert.Equal(1, LifelongMetrics.Compute(r.ToLog()).Tasks[1].Values[LifelongMetric.AverageTraining]);
    }

    [Fact]
    public void Clamping_takes_percentiles_ranges_are_kept_and_variants_merge()
    {
        var r = new LifelongRecorder("v");
        r.Block(BlockType.Train, "maze_1").Add([.. Enumerable.Range(0, 11).Select(i => (double)i)]);
        r.Block(BlockType.Train, "maze_2", startsBlock: true).Add(20);
        var merged = LifelongMetrics.Compute(r.ToLog(), options: new LifelongOptions { MergesVariants = true, Clamps = true });
        Assert.Equal("maze", Assert.Single(merged.Tasks).Task);
        Assert.Equal((1.1, 9.9), (Math.Round(merged.Tasks[0].Range.Min, 9), Math.Round(merged.Tasks[0].Range.Max, 9))); // quantiles of 0 … 10, 20
        var ranges = new LifelongOptions { Ranges = System.Collections.Immutable.ImmutableDictionary<string, (double, double)>.Empty.Add("maze_1", (0, 10)) };
        var e = Assert.Throws<ArgumentException>(() => LifelongMetrics.Compute(r.ToLog(), options: ranges));
        Assert.Contains("maze_2", e.Message, StringComparison.Ordinal);
        Assert.Contains("alternate", Assert.Single(r.ToLog().Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_are_summed_up_with_interval_threshold_and_test()
    {
        var reports = new[] { 0.0, 3, 6 }.Select(d => LifelongMetrics.Compute(Hand(v => v == 63 ? 63 + d : v), options: Raw)).ToArray();
        var pm = LifelongSummary.Of(reports).Single(s => s.Metric == LifelongMetric.PerformanceMaintenance);
        Assert.Equal((3, -7.0, 1.5, 0.0), (pm.Runs, pm.Estimate.Value, pm.Deviation, pm.Reaching!.Value)); // −8.5, −7, −5.5
        Assert.Equal(-7 - 4.302652729911275 * 1.5 / Math.Sqrt(3), pm.Estimate.Interval.Low, 9);
        Assert.Equal(0.9925182813, pm.PValue!.Value, 9); // t = −8.082904 with 2 degrees of freedom
    }
}
