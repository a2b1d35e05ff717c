using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay demo</c>: the whole way on real data in under a minute.</summary>
internal static class DemoCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var seed = new Option<int>("--seed") { Description = "Decides the split, the weights and the order of the data.", DefaultValueFactory = _ => 0 };
        var runs = new Option<string>("--runs") { Description = "The folder of the runs.", HelpName = "folder", DefaultValueFactory = _ => RunStore.DefaultFolder };
        var command = new Command("demo", "Train four ways on handwritten digits, judge them on held-out ones, and say whether the difference is real.") { seed, runs };
        command.Example("assay demo", "under a minute; ends with the path of an HTML report");
        command.Example("assay demo --json", "the comparison as JSON");
        command.Handle(environment, session =>
        {
            var store = new RunStore(environment.PathOf(session.Get(runs)!), environment.Time);
            var line = session.Get(seed) == 0 ? "assay demo" : $"assay demo --seed {session.Get(seed)}";
            using var writer = store.Create(new RunRequest("demo", line) { Seed = session.Get(seed) });
            var result = session.WithProgress(progress => Run(session.Get(seed), line, writer, environment.Time.GetUtcNow(), progress, session.Cancellation));
            session.Show(result, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static DemoResult Run(int seed, string line, RunWriter writer, DateTimeOffset now, IProgress<ProgressUpdate> progress, CancellationToken cancellation)
    {
        try
        {
            var comparison = AlgorithmComparison.Run(DatasetCatalog.Load("digits"), Algorithms(), seed, progress, cancellation);
            writer.SetMetrics(comparison.Comparison.Models.Select((m, i) => KeyValuePair.Create($"accuracy {m}", comparison.Comparison["accuracy"].Values[i].Value)));
            foreach (var predictions in comparison.Predictions)
            {
                var name = string.Concat(predictions.Model.Where(c => char.IsLetterOrDigit(c) || c == '-'));
                writer.WriteFile($"{name}.parquet", path => TableFile.Write(path, PredictionTable.Of(predictions)));
            }
            writer.Finish();
            writer.WriteReport(ReportBuilder.Write(comparison.ToReport(line, seed, now)));
            return DemoResult.Of(comparison, writer.ToRun().ReportPath);
        }
        catch (OperationCanceledException)
        {
            writer.Cancel();
            throw;
        }
    }

    private static ImmutableArray<TrainingAlgorithm> Algorithms() =>
    [
        new Backprop(new MlpSpec([128, 128]), new TrainingOptions { Epochs = 40, BatchSize = 64, EarlyStopping = new EarlyStopping(10) }),
        new MonoForward(new MonoForwardOptions { Hidden = [128, 128], LearningRate = 1e-3, EpochsPerLayer = 40, BatchSize = 64 }),
        new ForwardForward(new ForwardForwardOptions { Hidden = [256, 256], LearningRate = 2e-3, Epochs = 60, BatchSize = 64 }),
        new CascadedForward(new CascadedForwardOptions { Channels = [16, 32], AlignmentEpochs = 10, AlignmentLearningRate = 1e-3, LearningRate = 2e-3, PredictorEpochs = 30, BatchSize = 64 }),
    ];

    private static IRenderable Render(DemoResult result)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("algorithm", "accuracy", "95 % interval", "seconds", "joules");
        foreach (var row in result.Algorithms)
            table.AddRow(new Text(row.Algorithm), new Text($"{row.Accuracy:0.000}"), new Text($"[{row.Low:0.000}, {row.High:0.000}]"), new Text($"{row.Seconds:0.00}"), new Text($"{row.Joules:0.0}"));
        var rows = new List<IRenderable> { new Text($"Four ways to train a classifier on {result.Data}, judged on {result.TestExamples} examples that none of them saw:"), table };
        rows.AddRange(result.Verdicts.Select(v => new Text($"- {v}")));
        rows.Add(new Text($"Energy: {result.EnergySource}."));
        rows.Add(Text.Empty);
        rows.Add(new Markup($"[grey]report:[/] {Markup.Escape(Path.GetRelativePath(Environment.CurrentDirectory, result.Report))}"));
        return new Rows(rows);
    }

    /// <summary>What the demo found.</summary>
    private sealed record DemoResult(string Data, int TestExamples, ImmutableArray<DemoRow> Algorithms, ImmutableArray<string> Verdicts, string EnergySource, string Report)
    {
        public static DemoResult Of(AlgorithmComparison c, string report)
        {
            var accuracy = c.Comparison["accuracy"].Values;
            return new DemoResult(
                c.Data, c.Parts.Test,
                [.. c.Costs.Runs.Select((r, i) => new DemoRow(r.Algorithm, accuracy[i].Value, accuracy[i].Interval.Low, accuracy[i].Interval.High, r.Cost.Seconds, r.Cost.Joules))],
                // The baseline against each of the others.
                [.. c.Comparison.Verdicts.Take(c.Comparison.Models.Length - 1)], c.Costs.Runs[0].Cost.SourceText, report);
        }
    }

    private sealed record DemoRow(string Algorithm, double Accuracy, double Low, double High, double Seconds, double Joules);
}
