using System.Globalization;
using System.Text;

namespace Assay.Evaluation.Tests.Lifelong;

public sealed class LifelongLogReaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("lifelong").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Scenario(string name, Action<Action<int, string, string, int, double>> write, string? info = "{\"metrics_columns\": [\"performance\"], \"log_format_version\": \"1.0\"}")
    {
        var root = Path.Combine(folder, name);
        var files = new Dictionary<string, StringBuilder>();
        write((block, type, task, number, value) =>
        {
            var file = Path.Combine(root, "0", $"{block}-{type}", "data-log.tsv");
            if (!files.TryGetValue(file, out var text))
                files[file] = text = new StringBuilder("block_num\texp_num\tworker_id\tblock_type\ttask_name\ttask_params\texp_status\ttimestamp\tperformance\n");
            text.Append(CultureInfo.InvariantCulture, $"{block}\t{number}\t0\t{type}\t{task}\t\"{{\"\"name\"\": \"\"{task}\"\"}}\"\t{(number == 999 ? "incomplete" : "complete")}\t20210415T145944.077807\t{(double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture))}\n");
        });
        foreach (var (file, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text.ToString());
        }
        if (info is not null)
            File.WriteAllText(Path.Combine(root, "logger_info.json"), info);
        return root;
    }

    // A learner with two tasks in six training blocks; the curves are sums of exact binary fractions, so that any tool reads the same numbers.
    private static void Dispersed(Action<int, string, string, int, double> add)
    {
        var (number, trained, level) = (0, 0, new double[] { 8, 4 });
        for (var block = 0; block < 13; block++)
        {
            if (block % 2 == 0)
            {
                for (var t = 0; t < 2; t++)
                {
                    for (var i = 0; i < 5; i++)
                        add(block, "test", $"t{t}_1", number++, level[t] + i % 3 / 4.0);
                }
                continue;
            }
            var task = trained++ % 2;
            for (var i = 0; i < 40; i++)
                add(block, "train", $"t{task}_1", number++, level[task] + i * (3 - task) / 4.0 + i * 7 % 5 / 2.0 - i * i / 64.0);
            level[task] += 20 - 3 * block;
            level[1 - task] -= 1 + block / 4.0;
        }
    }

    [Fact]
    public void A_released_layout_gives_the_numbers_of_the_released_tool()
    {
        var run = Scenario("run", Dispersed);
        var ste0 = Scenario("ste0", add => { for (var i = 0; i < 70; i++) add(0, "train", "t0_1", i, 8 + i * 0.5 + i * 3 % 7 / 4.0); });
        var ste1 = Scenario("ste1", add => { for (var i = 0; i < 90; i++) add(0, "train", "t1_1", i, 4 + i * 0.25 + i * 5 % 4 / 2.0); });
        var ste2 = Scenario("ste2", add => { for (var i = 0; i < 60; i++) add(0, "train", "t1_1", i, 6 + i * 0.375 + i * 5 % 4 / 2.0); });
        var log = LifelongLog.Load(run);
        Assert.Equal(("run", 240, 70), (log.Name, log.LearningExperiences, log.EvaluationExperiences));
        var report = LifelongMetrics.Compute(log, [LifelongLog.Load(ste0), LifelongLog.Load(ste1), LifelongLog.Load(ste2)]);
        foreach (var (metric, expected) in Released)
            Assert.Equal(expected, report.Lifetime[metric], 1e-9 * Math.Max(1, Math.Abs(expected)));
    }

    // l2metrics 3.1 on the same files, default settings, transfer "both".
    private static readonly (LifelongMetric, double)[] Released =
    [
        (LifelongMetric.AverageTraining, 52.01645782023506), (LifelongMetric.AverageEvaluation, 38.11886332252246), (LifelongMetric.PerformanceRecovery, -6.5),
        (LifelongMetric.PerformanceMaintenance, -8.198770415910523), (LifelongMetric.RelativePerformance, 0.735797185469842), (LifelongMetric.SampleEfficiency, 0.7060184968012725),
        (LifelongMetric.ForwardTransferRatio, 0.8784736287774447), (LifelongMetric.ForwardTransferContrast, -0.06469421202449753),
        (LifelongMetric.BackwardTransferRatio, 0.8939504014057316), (LifelongMetric.BackwardTransferContrast, -0.05600535944338518),
    ];

    [Fact]
    public void The_published_example_is_reproduced()
    {
        // The example is not ours to ship: set ASSAY_L2METRICS to a checkout of lifelong-learning-systems/l2metrics to run this.
        var examples = Environment.GetEnvironmentVariable("ASSAY_L2METRICS");
        Assert.SkipWhen(string.IsNullOrEmpty(examples), "ASSAY_L2METRICS is not set");
        var log = LifelongLog.Load(Path.Combine(examples!, "examples", "ll_logs", "multi_task"));
        Assert.Equal((48, 3, 1200, 720), (log.Regimes.Length, log.Tasks.Length, log.LearningExperiences, log.EvaluationExperiences));
        var experts = Directory.GetDirectories(Path.Combine(examples!, "examples", "ste_logs")).Order(StringComparer.Ordinal).Select(f => LifelongLog.Load(f)).ToArray();
        var report = LifelongMetrics.Compute(log, experts);
        void Near(double expected, double actual) => Assert.Equal(expected, actual, 1e-10 * Math.Max(1, Math.Abs(expected)));
        Near(3.8626981189, report.Lifetime[LifelongMetric.PerformanceMaintenance]);
        Near(12.6298550026, report.Lifetime[LifelongMetric.ForwardTransferRatio]);
        Near(1.08214831, report.Lifetime[LifelongMetric.BackwardTransferRatio]);
        Near(1.1050569622, report.Lifetime[LifelongMetric.RelativePerformance]);
        Near(0.9132609794, report.Lifetime[LifelongMetric.SampleEfficiency]);
        Near(-2, report.Lifetime[LifelongMetric.PerformanceRecovery]);
        Near(83.8150652485, report.Lifetime[LifelongMetric.AverageTraining]);
        Near(78.5198169099, report.Lifetime[LifelongMetric.AverageEvaluation]);
        var first = report.Tasks[0];
        Assert.Equal(3.451080439437074, first.Values[LifelongMetric.PerformanceMaintenance], 1e-12);
        Assert.Equal(1.0591733025492118, first.Values[LifelongMetric.RelativePerformance], 1e-12);
        Assert.Equal(0.9090526017098852, first.Values[LifelongMetric.SampleEfficiency], 1e-12);
        Assert.Equal([0, 18, 12], first.RecoveryTimes);
        Assert.Equal(-6, first.Values[LifelongMetric.PerformanceRecovery]);
        Assert.Equal(new TaskRange(2.5, 99.73909708414917), first.Range);
        double[] Ratios(string a, string b, bool forward) => [.. report.Transfers.Where(t => t.From == a && t.To == b && t.IsForward == forward).Select(t => t.Ratio!.Value)];
        Near(24.67239897398408, Assert.Single(Ratios("task1_1", "task2_1", true)));
        Near(3.6653636804885346, Assert.Single(Ratios("task1_1", "task3_1", true)));
        Near(9.55180235334426, Assert.Single(Ratios("task2_1", "task3_1", true)));
        Assert.Equal([1.055658129, 1.015054851, 1.000172384], Ratios("task1_1", "task2_1", false).Select(v => Math.Round(v, 9)));
    }

    [Fact]
    public void Incomplete_experiences_and_empty_values_are_dropped_with_a_warning()
    {
        var run = Scenario("odd", add =>
        {
            add(0, "train", "a", 0, 1);
            add(0, "train", "a", 1, double.NaN);
            add(0, "train", "a", 999, 5);
        });
        var log = LifelongLog.Load(run);
        Assert.Equal(1, log.LearningExperiences);
        Assert.Equal(2, log.Warnings.Length);
    }

    [Fact]
    public void Bad_logs_are_refused_with_file_and_row()
    {
        Assert.Throws<DirectoryNotFoundException>(() => LifelongLog.Load(Path.Combine(folder, "nowhere")));
        Assert.Contains("data-log.tsv", Assert.Throws<InvalidDataException>(() => LifelongLog.Load(folder)).Message, StringComparison.Ordinal);
        var bare = Scenario("bare", add => add(0, "train", "a", 0, 1), info: null);
        Assert.Contains("logger_info.json", Assert.Throws<InvalidDataException>(() => LifelongLog.Load(bare)).Message, StringComparison.Ordinal);
        Assert.Equal(1, LifelongLog.Load(bare, "performance").LearningExperiences);
        Assert.Contains("'reward'", Assert.Throws<InvalidDataException>(() => LifelongLog.Load(bare, "reward")).Message, StringComparison.Ordinal);
        var info = Scenario("info", add => add(0, "train", "a", 0, 1), info: "{\"metrics_columns\": 3}");
        Assert.Contains("metrics_columns", Assert.Throws<InvalidDataException>(() => LifelongLog.Load(info)).Message, StringComparison.Ordinal);
        var type = Scenario("type", add => add(0, "rest", "a", 0, 1));
        Assert.Contains("row 1: block_type is 'rest'", Assert.Throws<InvalidDataException>(() => LifelongLog.Load(type)).Message, StringComparison.Ordinal);
        var expert = Trained("x", "y");
        Assert.Contains("2 tasks", Assert.Throws<ArgumentException>(() => LifelongMetrics.Compute(Trained("x"), [expert])).Message, StringComparison.Ordinal);
    }

    private static LifelongLog Trained(params string[] tasks)
    {
        var recorder = new LifelongRecorder("log");
        foreach (var task in tasks)
            recorder.Block(BlockType.Train, task, startsBlock: true).Add(1, 2);
        return recorder.ToLog();
    }
}
