using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay lifelong</c>: the metrics of continual learners from their logs, one run or several.</summary>
internal static class LifelongCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var logs = new Argument<string[]>("logs") { Description = "Folders of logs: a scenario (WORKER/BLOCK-train/data-log.tsv), or a folder of scenarios, one for each run.", Arity = ArgumentArity.OneOrMore };
        var experts = new Option<string[]>("--ste") { Description = "Folders of single-task experts in the same layout; needed for relative performance and sample efficiency.", HelpName = "folder", AllowMultipleArgumentsPerToken = true };
        var measure = new Option<string?>("--measure") { Description = "The column with the performance; the first of logger_info.json by default.", HelpName = "column" };
        var maintenance = new Option<MaintenanceReference>("--maintenance") { Description = "What later evaluations are compared with.", HelpName = "evaluation|training" };
        var smoothing = new Option<SmoothingWindow>("--smoothing") { Description = "The window of the moving average.", HelpName = "none|flat|hanning|hamming|bartlett|blackman", DefaultValueFactory = _ => SmoothingWindow.Flat };
        var length = new Option<int?>("--window") { Description = "The window's length.", HelpName = "n" };
        var normalization = new Option<LifelongNormalization>("--normalization") { Description = "What values are scaled by to 1 … 101.", HelpName = "task|run|none" };
        var averaging = new Option<ExpertAveraging>("--experts") { Description = "Whether metrics against several experts or their curves are averaged.", HelpName = "metrics|time" };
        var clamp = new Option<bool>("--clamp") { Description = "Clamp outliers to the 10th and 90th percentile of each task." };
        var median = new Option<bool>("--median") { Description = "Medians over tasks instead of means." };
        var merge = new Option<bool>("--merge-variants") { Description = "Count variants of a task (maze_1, maze_2) as one task." };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var regimes = new Option<string?>("--regimes") { Description = "Write a table of all regimes (TSV, CSV, Parquet …).", HelpName = "file" };
        var command = new Command("lifelong", "Judge continual learners by their logs: maintenance, transfer, relative performance, sample efficiency, recovery.")
        {
            logs, experts, measure, maintenance, smoothing, length, normalization, averaging, clamp, median, merge, html, regimes,
        };
        command.Example("assay lifelong ll_logs/multi_task --ste ste_logs", "one run against its single-task experts");
        command.Example("assay lifelong runs --ste experts --html report.html", "several runs with statistics over them, as a page");
        command.Example("assay lifelong run --normalization none --smoothing none --regimes r.tsv", "raw values, and the quantities of every regime");
        command.Handle(environment, session =>
        {
            var column = session.Get(measure);
            ImmutableArray<LifelongLog> Load(IEnumerable<string> folders) => [.. folders.SelectMany(f => LifelongLog.LoadAll(environment.PathOf(f), column))];
            var options = new LifelongOptions
            {
                Maintenance = session.Get(maintenance),
                Smoothing = session.Get(smoothing),
                SmoothingLength = session.Get(length),
                Normalization = session.Get(normalization),
                Experts = session.Get(averaging),
                Clamps = session.Get(clamp),
                UsesMedian = session.Get(median),
                MergesVariants = session.Get(merge),
            };
            var runs = Load(session.Require(logs));
            var singles = Load(session.Get(experts) ?? []);
            ImmutableArray<LifelongReport> reports = [.. runs.Select(r => LifelongMetrics.Compute(r, singles, options))];
            foreach (var warning in reports.SelectMany(r => r.Warnings.Select(w => $"{r.Run}: {w}")).Distinct())
                session.Warn(warning);
            var result = new LifelongResult(reports, LifelongSummary.Of(reports));
            if (session.Get(regimes) is { } table)
                TableFile.Write(environment.PathOf(table), Regimes(environment.PathOf(table), reports));
            if (session.Get(html) is { } page)
                session.WriteReport(page, Report(environment, result, runs));
            session.Show(result, LifelongRendering.Render);
            return CliHost.Done;
        });
        return command;
    }

    private static Table Regimes(string path, ImmutableArray<LifelongReport> reports)
    {
        var all = reports.SelectMany(r => r.Regimes.Select(x => (r.Run, Regime: x))).ToArray();
        TextColumn Texts(string name, Func<(string Run, RegimeResult Regime), string> value) => new(name, [.. all.Select(value)]);
        DoubleColumn Numbers(string name, Func<RegimeResult, double> value) => new(name, [.. all.Select(a => value(a.Regime))]);
        return new Table(path,
        [
            Texts("run", a => a.Run), Numbers("regime", r => r.Number), Numbers("block", r => r.Block), Texts("type", a => LabJson.Name(a.Regime.Type)), Texts("task", a => a.Regime.Task),
            Numbers("experiences", r => r.Experiences), Numbers("terminal", r => r.Terminal), Numbers("saturation", r => r.Saturation),
            Numbers("experiences_to_saturation", r => r.ExperiencesToSaturation), Numbers("mean", r => r.Mean), Numbers("recovery_time", r => r.RecoveryTime ?? double.NaN),
        ]);
    }

    private static Report Report(CliEnvironment environment, LifelongResult result, ImmutableArray<LifelongLog> runs)
    {
        var maintenance = result.Statistics.FirstOrDefault(s => s.Metric == LifelongMetric.PerformanceMaintenance);
        var forgets = maintenance is { Estimate.Value: < 0 };
        return new Report(
            "Lifelong learning", maintenance is null ? "Nothing is evaluated again after it was trained." : forgets
                ? $"The learner forgets: performance maintenance is {ReportNumbers.ValueAndInterval(maintenance.Estimate)}."
                : $"The learner keeps what it learned: performance maintenance is {ReportNumbers.ValueAndInterval(maintenance.Estimate)}.",
            environment.Time.GetUtcNow(), LifelongSections.Of(result.Runs, result.Statistics, runs))
        {
            Tone = maintenance is null ? ReportTone.Neutral : forgets ? ReportTone.Warning : ReportTone.Good,
            Subtitle = $"{runs.Length} run{(runs.Length == 1 ? "" : "s")}",
        };
    }
}

/// <summary>What <c>assay lifelong</c> found.</summary>
/// <param name="Runs">Each run.</param>
/// <param name="Statistics">The metrics over the runs.</param>
internal sealed record LifelongResult(ImmutableArray<LifelongReport> Runs, ImmutableArray<LifelongStatistic> Statistics);
