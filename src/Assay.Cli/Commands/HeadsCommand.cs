using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay heads</c>: which linear head suits features and the number of labels at hand.</summary>
internal static class HeadsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "Features with class labels: a data set's name, or a table or NPZ of features from any model." };
        var test = new Option<string?>("--test") { Description = "Test rows in a file of their own; else three tenths of the rows.", HelpName = "file" };
        var label = new Option<string?>("--label") { Description = "The column of class labels.", HelpName = "column" };
        var drop = new Option<string[]>("--drop") { Description = "A column to leave out; may be given several times.", HelpName = "column" };
        var at = new Option<int?>("--at") { Description = "Advise for this number of labelled rows; all training rows by default.", HelpName = "count" };
        var grid = new Option<int[]>("--grid") { Description = "The numbers of training rows to try.", HelpName = "count", AllowMultipleArgumentsPerToken = true };
        var repeats = new Option<int>("--repeats") { Description = "Random subsets of each size.", HelpName = "count", DefaultValueFactory = _ => 5 };
        var penalty = new Option<double>("--penalty") { Description = "The penalty of logistic regression, 1/C.", HelpName = "number", DefaultValueFactory = _ => 1 };
        var seed = new Option<long>("--seed") { Description = "Decides the subsets.", HelpName = "number" };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("heads", "Naive Bayes or logistic regression on these features? Draws both learning curves and says which, for your number of labels.")
        {
            data, test, label, drop, at, grid, repeats, penalty, seed, html,
        };
        command.Example("assay heads digits --at 50", "which head for 50 labelled rows");
        command.Example("assay heads embeddings.parquet --label species --html heads.html", "features of your own model, as a page with curves");
        command.Example("assay heads train.npz --test test.npz --grid 20 50 100 500 --repeats 10", "a test set of its own, another grid");
        command.Handle(environment, session =>
        {
            var roles = new DataRoles { Label = session.Get(label), Drop = [.. session.Get(drop) ?? []] };
            Dataset Load(string source) => DatasetFile.Load(DatasetCatalog.Contains(source) ? source : environment.PathOf(source), roles) is { HasLabels: true, Features: not null } loaded
                ? loaded : throw new ArgumentException($"{source} needs class labels and features; name the column of labels with --label");
            var train = Load(session.Require(data));
            var judged = session.Get(test) is { } file ? Load(file) : null;
            if (judged is null)
            {
                var split = DatasetSplit.Of(train, 0.3, 0, session.Get(seed));
                (train, judged) = (split.Train, split.Test);
            }
            else if (!judged.ClassNames.SequenceEqual(train.ClassNames))
                throw new ArgumentException($"the classes of the test rows ({string.Join(", ", judged.ClassNames.Take(8))}) are not those of the training rows ({string.Join(", ", train.ClassNames.Take(8))})");
            var options = new HeadComparisonOptions { At = session.Get(at), Grid = [.. session.Get(grid) ?? []], Repeats = session.Get(repeats), Penalty = session.Get(penalty), Seed = session.Get(seed) };
            if (options.At is < 1)
                throw new ArgumentException($"--at must be at least 1, not {options.At}");
            var result = session.WithProgress(progress => HeadAdvisor.Compare(train.Features!, train.Labels.AsSpan(), judged.Features!, judged.Labels.AsSpan(), options, progress, session.Cancellation));
            foreach (var warning in result.Warnings)
                session.Warn(warning);
            if (session.Get(html) is { } page)
                session.WriteReport(page, new Report("Heads", HeadSections.Verdict(result), environment.Time.GetUtcNow(), HeadSections.Of(result)) { Subtitle = $"{train.Name}: {result.Features} features, {result.Classes} classes" }, session.Get(seed));
            session.Show(result, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static IRenderable Render(HeadComparison result)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn(JudgeRendering.Right("rows")).AddColumn(JudgeRendering.Right("naive Bayes")).AddColumn(JudgeRendering.Right("logistic")).AddColumn("difference")
            .AddColumn(JudgeRendering.Right("log-losses"));
        foreach (var p in result.Points)
            table.AddRow(new Text($"{p.M}"), new Text(ReportNumbers.Value(p.NaiveBayes.Value)), new Text(ReportNumbers.Value(p.Logistic.Value)), new Text(ReportNumbers.ValueAndInterval(p.Difference)), new Text($"{ReportNumbers.Value(p.NaiveBayesLoss)}, {ReportNumbers.Value(p.LogisticLoss)}"));
        return new Rows(
            new Markup($"[grey]{result.Rows:n0} training rows, {result.Features} features, {result.Classes} classes; test errors, naive Bayes − logistic[/]"), table,
            new Text($"Logistic regression is the better head from {HeadSections.CrossingText(result)} on."), new Markup($"[bold]{Markup.Escape(HeadSections.Verdict(result))}[/]"));
    }
}
