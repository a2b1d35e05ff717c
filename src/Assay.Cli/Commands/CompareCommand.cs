using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay compare</c>: whether models differ on the same examples.</summary>
internal static class CompareCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("file") { Description = "Predictions of two or more models of the same examples, matched by id; files as for assay judge, or runs. The first is measured against.", Arity = new ArgumentArity(2, 1000) };
        var resamples = new Option<int>("--resamples", "-r") { Description = "The number of bootstrap resamples.", DefaultValueFactory = _ => 1000, HelpName = "count" };
        var seed = new Option<long>("--seed") { Description = "The seed of the bootstrap.", HelpName = "number" };
        var html = new Option<string?>("--html") { Description = "Write a report with plots of the differences to this file.", HelpName = "file" };
        var options = new PredictionOptions();
        var command = new Command("compare", "Compare models on the same examples: paired intervals, McNemar's test, a verdict in words.") { files, html, resamples, seed };
        options.AddTo(command);
        command.Example("assay compare old.csv new.csv", "is the new model better, or is it chance?");
        command.Example("assay compare a.csv b.csv c.csv", "Cochran's Q, then every pair with Holm's correction");
        command.Example("assay compare a.npy b.npy --labels labels.npy", "NumPy arrays, matched by row");
        command.Example("assay compare 0412 0517 --html report.html", "two runs, by parts of their ids, as a page with plots");
        command.Example("assay compare a.csv b.csv -m log-loss --json", "one metric, for a script");
        command.Handle(environment, session =>
        {
            if (session.Get(resamples) < 1)
                throw new ArgumentException($"--resamples must be at least 1, not {session.Get(resamples)}");
            var models = options.Read(session, session.Require(files), withIds: true, []);
            session.Cancellation.ThrowIfCancellationRequested();
            var comparison = Comparison.Of(models, options.Metrics(session), options.Level(session), session.Get(resamples), session.Get(seed));
            session.Show(comparison, c => CompareRendering.Render(c, options.Level(session)));
            if (session.Get(html) is { } file)
            {
                session.WriteReport(file, new Report($"Do {string.Join(", ", comparison.Models)} differ?", string.Join(". ", comparison.Verdicts.Take(3)) + ".", environment.Time.GetUtcNow(), ComparisonSections.Of(comparison)), session.Get(seed));
            }
            return CliHost.Done;
        });
        return command;
    }
}
