using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay losses</c>: which loss serves a data set best.</summary>
internal static class LossesCommand
{
    public static Command Create(CliEnvironment environment) =>
        new("losses", "Compare training objectives on your own data.") { Compare(environment) };

    private static Command Compare(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "A data set's name, or a table." };
        var losses = new Option<string[]>("--losses") { Description = "The losses as a recipe names them, the baseline first.", HelpName = "a,b,c", Required = true };
        var label = new Option<string?>("--label") { Description = "The column of class labels.", HelpName = "column" };
        var model = new Option<string>("--model") { Description = "The model.", HelpName = "model", DefaultValueFactory = _ => "mlp(64)" };
        var epochs = new Option<int>("--epochs") { Description = "The passes over the training part.", HelpName = "count", DefaultValueFactory = _ => 30 };
        var seeds = new Option<int>("--seeds", "-s") { Description = "How many divisions of the data; two or more give a test.", HelpName = "count", DefaultValueFactory = _ => 5 };
        var rates = new Option<double[]>("--rates") { Description = "The learning rates that every loss may try on validation data.", HelpName = "rate", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1e-3, 1e-2] };
        var metric = new Option<string>("--metric") { Description = "What they are ranked by.", HelpName = "metric", DefaultValueFactory = _ => "accuracy" };
        var command = new Command("compare", "Train one model with several losses on equal terms; rank them with intervals and corrected tests.")
        {
            data, losses, label, model, epochs, seeds, rates, metric,
        };
        command.Example("assay losses compare digits --losses cross-entropy,gce,ldr-kl", "three losses, five divisions of the data");
        command.Example("assay losses compare breast-cancer --losses \"bce,anyloss(metric: f1),dice-loss\" --metric f1", "ranked by macro-F1");
        command.Example("assay losses compare mail.csv --label spam --losses \"cross-entropy,focal(gamma: 1)\" --model linear --epochs 50", "your own table");
        command.Handle(environment, session =>
        {
            if (session.Get(seeds) < 1)
                throw new ArgumentException($"--seeds must be at least 1, not {session.Get(seeds)}");
            if (session.Get(epochs) < 1)
                throw new ArgumentException($"--epochs must be at least 1, not {session.Get(epochs)}");
            var source = session.Require(data);
            var loaded = DatasetFile.Load(DatasetCatalog.Contains(source) ? source : environment.PathOf(source), new DataRoles { Label = session.Get(label) });
            var result = session.WithProgress(progress => LossComparison.Run(loaded, environment.Catalog, new LossComparisonOptions
            {
                Losses = [.. CommaList.Of(session.Require(losses))],
                Model = session.Get(model)!,
                Epochs = session.Get(epochs),
                Seeds = [.. Enumerable.Range(0, session.Get(seeds)).Select(s => (long)s)],
                LearningRates = [.. session.Get(rates)!],
                Metric = environment.Catalog.Create<Metric>(session.Get(metric)!),
                Progress = progress,
                Cancellation = session.Cancellation,
            }));
            session.Show(result, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static IRenderable Render(LossComparisonResult result)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("", "loss", result.Metric, "95 % interval", $"to {result.Baseline}", "p (Holm)", "rate");
        foreach (var line in result.Ranking)
        {
            var isBaseline = line.Loss == result.Baseline;
            table.AddRow(
                new Text($"{line.Rank}"), new Text(line.Loss), new Text(Units.Number(line.Mean)),
                new Text(double.IsNaN(line.Low) ? "–" : $"[{Units.Number(line.Low)}, {Units.Number(line.High)}]"),
                new Text(isBaseline ? "" : $"{(line.Difference >= 0 ? "+" : "")}{Units.Number(line.Difference)}"),
                new Text(isBaseline ? "" : double.IsNaN(line.PValue) ? "–" : Units.Number(line.PValue)), new Text(Units.Number(line.LearningRate)));
        }
        var seeds = result.Ranking[0].Scores.Length;
        return new Rows(table, new Markup($"[grey]{Markup.Escape(result.Model)} on {Markup.Escape(result.Data)}, {seeds} division{(seeds == 1 ? ": no test without a second one" : "s; corrected resampled t test")}[/]"));
    }
}
