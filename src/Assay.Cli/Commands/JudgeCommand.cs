using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay judge</c>: how good predictions are, with intervals.</summary>
internal static class JudgeCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("file") { Description = "Predictions: CSV, TSV, Parquet, JSONL, NPY or NPZ.", Arity = ArgumentArity.OneOrMore };
        var by = new Option<string[]>("--by", "-b") { Description = "Judge each value of this column by itself too; may be given several times.", HelpName = "column" };
        var report = new Option<string?>("--report") { Description = "Write an HTML report with plots to this file.", HelpName = "file" };
        var options = new PredictionOptions();
        var command = new Command("judge", "Judge predictions of any framework: metrics with intervals, classes, calibration, slices.") { files, by, report };
        options.AddTo(command);
        command.Example("assay judge predictions.csv", "columns: label, and p_cat, p_dog, … or prediction");
        command.Example("assay judge predictions.parquet --by city", "each city by itself too");
        command.Example("assay judge scores.npy --labels labels.npy", "NumPy arrays");
        command.Example("assay judge a.csv --label truth --scores no,yes", "other names of columns");
        command.Example("assay judge a.csv -m accuracy -m \"ece(bins: 10)\" --json", "two metrics, for a script");
        command.Handle(environment, session =>
        {
            var slices = session.Get(by) ?? [];
            var metrics = options.Metrics(session);
            var level = options.Level(session);
            var names = session.Require(files);
            if (session.Get(report) is not null && names.Length > 1)
                throw new ArgumentException("--report takes one file of predictions");
            // One after the other: only one file's predictions are in memory.
            var results = names.Select(name =>
            {
                session.Cancellation.ThrowIfCancellationRequested();
                var predictions = options.Read(session, [name], withIds: false, [.. slices])[0];
                var judgement = Judgement.Of(predictions, metrics, level);
                var bySlice = slices.Select(s => (Column: s, Slices: Judgement.BySlice(predictions, s, metrics, level))).ToArray();
                if (session.Get(report) is { } path)
                    WriteReport(session, path, judgement, [.. bySlice.Select(s => JudgementSections.BySlice(s.Column, judgement, s.Slices, judgement.Metrics[0].Name))]);
                return JudgeResult.Of(name, judgement, bySlice);
            }).ToArray();
            if (session.Json && results.Length == 1)
                session.Show(results[0], _ => throw new InvalidOperationException());
            else
                session.Show(results, JudgeRendering.Render);
            return CliHost.Done;
        });
        return command;
    }

    private static void WriteReport(CommandSession session, string path, Judgement judgement, ReportSection[] slices)
    {
        var sections = JudgementSections.Of(judgement, [.. judgement.Classes.Select(c => c.Name)]);
        var lead = judgement.Metrics[0];
        var report = new Report(judgement.Model, $"{lead.Title} {ReportNumbers.ValueAndInterval(lead.Estimate)}", session.Environment.Time.GetLocalNow(), [.. sections, .. slices]);
        var full = session.Environment.PathOf(path);
        AtomicFile.Write(full, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(ReportBuilder.Write(report))));
        session.Note($"report in {full}");
    }
}
