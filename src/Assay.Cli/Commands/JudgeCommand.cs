using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay judge</c>: how good predictions are, with intervals.</summary>
internal static class JudgeCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("file") { Description = "Predictions: CSV, TSV, Parquet, JSONL, NPY or NPZ; or a run, by its folder or id.", Arity = ArgumentArity.OneOrMore };
        var by = new Option<string[]>("--by", "-b") { Description = "Judge each value of this column by itself too; may be given several times.", HelpName = "column" };
        var html = new Option<string?>("--html") { Description = "Write a report with plots to this file.", HelpName = "file" };
        var stream = new Option<bool>("--stream") { Description = "Read a table block by block, in memory that does not grow with it; by itself where a file would fill more than half of the memory." };
        var options = new PredictionOptions();
        var command = new Command("judge", "Judge predictions of any framework: metrics with intervals, classes, calibration, slices.") { files, by, html, stream };
        options.AddTo(command);
        command.Example("assay judge predictions.csv", "columns: label, and p_cat, p_dog, … or prediction");
        command.Example("assay judge predictions.parquet --by city", "each city by itself too");
        command.Example("assay judge scores.npy --labels labels.npy", "NumPy arrays");
        command.Example("assay judge last --html report.html", "the newest run, as a page with plots");
        command.Example("assay judge a.csv --label truth --scores no,yes", "other names of columns");
        command.Example("assay judge huge.parquet --stream --by city", "a file larger than memory");
        command.Example("assay judge a.csv -m accuracy -m \"ece(bins: 10)\" --json", "two metrics, for a script");
        command.Handle(environment, session =>
        {
            var columns = session.Get(by) ?? [];
            var metrics = options.Metrics(session);
            var level = options.Level(session);
            var names = session.Require(files);
            var results = ImmutableArray.CreateBuilder<JudgeResult>();
            var sections = ImmutableArray.CreateBuilder<ReportSection>();
            // One after the other: only one file's predictions are in memory.
            foreach (var name in names)
            {
                session.Cancellation.ThrowIfCancellationRequested();
                var (judgement, slices) = session.Get(stream) || options.FillsMemory(session, name)
                    ? OfStream(options.ReadBlocks(session, name, [.. columns]))
                    : OfWhole(options.Read(session, name, withIds: false, [.. columns]));
                results.Add(JudgeResult.Of(name, judgement, slices));
                if (session.Has(html))
                    AddSections(sections, judgement, slices, names.Length > 1);
            }
            if (session.Json && results.Count == 1)
                session.Show(results[0], _ => throw new InvalidOperationException());
            else
                session.Show(results.ToImmutable(), r => JudgeRendering.Render(r));
            if (session.Get(html) is { } file)
                session.WriteReport(file, Report(results, sections, environment.Time.GetUtcNow()));
            return CliHost.Done;

            (Judgement, (string Column, ImmutableArray<SliceJudgement> Slices)[]) OfStream(IEnumerable<Predictions> blocks) =>
                Judgement.OfStream(blocks.Select(Uncancelled), metrics, level, columns) is var judged ? (judged.Whole, [.. judged.Slices]) : default;

            (Judgement, (string Column, ImmutableArray<SliceJudgement> Slices)[]) OfWhole(Predictions predictions) =>
                (Judgement.Of(predictions, metrics, level), [.. columns.Select(s => (s, Judgement.BySlice(predictions, s, metrics, level)))]);

            Predictions Uncancelled(Predictions block)
            {
                session.Cancellation.ThrowIfCancellationRequested();
                return block;
            }
        });
        return command;
    }

    private static void AddSections(ImmutableArray<ReportSection>.Builder sections, Judgement judgement, IEnumerable<(string Column, ImmutableArray<SliceJudgement> Slices)> slices, bool isOneOfMany)
    {
        ReportSection[] own =
        [
            .. JudgementSections.Of(judgement, [.. judgement.Classes.Select(c => c.Name)]),
            .. slices.Select(s => JudgementSections.BySlice(s.Column, judgement, s.Slices, judgement.Metrics[0].Name)),
        ];
        sections.AddRange(isOneOfMany ? own.Select(s => s with { Title = $"{judgement.Model}: {s.Title}" }) : own);
    }

    private static Report Report(IReadOnlyList<JudgeResult> results, ImmutableArray<ReportSection>.Builder sections, DateTimeOffset now)
    {
        var verdict = string.Join("; ", results.Select(r => $"{(results.Count > 1 ? $"{r.Model}: " : "")}{r.Metrics[0].Title} {ReportNumbers.ValueAndInterval(r.Metrics[0].Estimate)} on {r.Examples} examples"));
        return new Report($"How good is {string.Join(", ", results.Select(r => r.Model))}?", $"{char.ToUpperInvariant(verdict[0])}{verdict[1..]}.", now, [.. sections]);
    }
}
