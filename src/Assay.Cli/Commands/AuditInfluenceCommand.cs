using System.CommandLine;
using Assay.Data;
using Assay.Lab;
using Assay.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay audit influence</c>: how each example is learnt, and how much of the data a training needs.</summary>
internal static class AuditInfluenceCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "A data set's name, or a file or folder." };
        var roles = new DataRoleOptions();
        var scores = new Option<string?>("--scores") { Description = "Some of vog, el2n, grand, forgetting, margin, trac-in, loss, confidence, pvi, random; all but pvi, which trains more models, without it.", HelpName = "a,b" };
        var model = new Option<string>("--model") { Description = "The model, as in a recipe.", HelpName = "model", DefaultValueFactory = _ => "mlp(128)" };
        var optimizer = new Option<string>("--optimizer") { Description = "The optimiser, as in a recipe.", HelpName = "optimizer", DefaultValueFactory = _ => "adamw" };
        var epochs = new Option<int>("--epochs") { Description = "The passes over the data.", HelpName = "n", DefaultValueFactory = _ => 20 };
        var batch = new Option<int>("--batch") { Description = "The examples of one step.", HelpName = "n", DefaultValueFactory = _ => 64 };
        var runs = new Option<int>("--runs") { Description = "The trainings that scores are averaged over.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var looks = new Option<int>("--checkpoints") { Description = "The looks at the whole data in each training.", HelpName = "n", DefaultValueFactory = _ => 10 };
        var seed = new Option<long>("--seed") { Description = "The first seed.", HelpName = "n" };
        var top = new Option<int>("--top") { Description = "How many of the hardest examples are named for each score.", HelpName = "n", DefaultValueFactory = _ => 5 };
        var prune = new Option<string?>("--prune") { Description = "Train again on these shares of the data, and judge on examples held out.", HelpName = "0.3,0.5" };
        var policies = new Option<string>("--policies") { Description = "What is kept: hard, easy, middle, random, weighted; random is always there.", HelpName = "a,b", DefaultValueFactory = _ => "hard,easy" };
        var seeds = new Option<int>("--seeds") { Description = "The trainings of each part.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var output = new Option<string?>("--output", "-o") { Description = "Write all scores (CSV, Parquet, JSONL).", HelpName = "file" };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("influence", "Score every example by how it is learnt (VoG, EL2N, GraNd, forgetting, margin, TracIn, PVI); show how much of the data a training needs.")
        {
            data, scores, model, optimizer, epochs, batch, runs, looks, seed, top, prune, policies, seeds, output, html,
        };
        roles.AddTo(command);
        command.Example("assay audit influence digits -o scores.csv", "all scores of every example, and the hardest");
        command.Example("assay audit influence fashion-mnist --model \"cnn(16, 32)\" --epochs 10 --runs 1 --html hard.html", "a page with the hardest images");
        command.Example("assay audit influence mail.csv --label spam --scores el2n,margin,pvi --prune 0.3,0.5,0.7", "what accuracy is left on parts of the data");
        command.Handle(environment, session =>
        {
            var source = session.Require(data);
            var loaded = DatasetFile.Load(DatasetCatalog.Contains(source) ? source : environment.PathOf(source), roles.Read(session)).Validate();
            var options = new InfluenceAuditOptions
            {
                Model = session.Get(model)!,
                Optimizer = session.Get(optimizer)!,
                Epochs = Positive(session.Get(epochs), "--epochs"),
                BatchSize = Positive(session.Get(batch), "--batch"),
                Top = Positive(session.Get(top), "--top"),
                PruneSeeds = Positive(session.Get(seeds), "--seeds"),
                Prune = [.. Words(session.Get(prune)).Select(Fraction)],
                Policies = [.. Words(session.Get(policies)).Select(p => Choice.Of<SelectionPolicy>(p, "--policies")).Where(p => p != SelectionPolicy.Random)],
                Scoring = new InfluenceOptions
                {
                    Runs = Positive(session.Get(runs), "--runs"), Checkpoints = Positive(session.Get(looks), "--checkpoints"), Seed = session.Get(seed), Cancellation = session.Cancellation,
                },
            };
            if (session.Get(scores) is { } named)
                options = options with { Scoring = options.Scoring with { Scores = [.. Words(named).Select(s => Choice.Of<InfluenceScore>(s, "--scores"))] } };
            else if (!loaded.HasLabels)
                options = options with { Scoring = options.Scoring with { Scores = [.. options.Scoring.Scores.Where(s => !InfluenceScores.NeedsClasses(s))] } };
            var audit = session.WithProgress(progress => InfluenceAudit.Run(loaded, environment.Catalog, options with { Progress = progress }));
            if (session.Get(output) is { } file)
            {
                TableFile.Write(environment.PathOf(file), audit.ToTable(file));
                session.Note($"scores: {file}");
            }
            if (session.Get(html) is { } page)
                session.WriteReport(page, audit.ToReport(environment.Time.GetUtcNow()), session.Get(seed));
            session.Show(audit.Result, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static IRenderable Render(InfluenceAuditResult result)
    {
        var scores = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("score", "mean", "deviation", "ρ with el2n", "hardest");
        foreach (var s in result.Scores)
            scores.AddRow(new Text(LabJson.Name(s.Score)), new Text(Units.Number(s.Mean)), new Text(Units.Number(s.Deviation)), new Text(Units.Number(s.ToEl2n)), new Text(string.Join(", ", s.Hardest)));
        var parts = new List<IRenderable> { scores };
        if (!result.Pruning.IsEmpty)
        {
            var pruning = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("kept", "which", "test accuracy", "to all data", "deviation");
            pruning.AddRow(new Text("all"), new Text(""), new Text(Units.Number(result.Full)), new Text(""), new Text(""));
            foreach (var p in result.Pruning)
            {
                pruning.AddRow(
                    new Text($"{100 * p.Fraction:0} %"), new Text(p.Arm), new Text(Units.Number(p.Accuracy)), new Text($"{(p.Difference >= 0 ? "+" : "")}{Units.Number(p.Difference)}"),
                    new Text(double.IsNaN(p.Deviation) ? "–" : Units.Number(p.Deviation)));
            }
            parts.Add(pruning);
            parts.Add(new Markup("[grey]Every training makes as many updates as one on all data: small parts are seen more often.[/]"));
        }
        parts.Add(new Markup($"[grey]{Markup.Escape(result.Model)} on {result.Count} examples of {Markup.Escape(result.Data)}[/]"));
        return new Rows(parts);
    }

    private static string[] Words(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static int Positive(int value, string option) => value > 0 ? value : throw new ArgumentException($"{option} must be at least 1, not {value}");

    private static double Fraction(string text) =>
        double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var value) && value is > 0 and < 1
            ? value
            : throw new ArgumentException($"--prune takes shares between 0 and 1, not '{text}'");
}
