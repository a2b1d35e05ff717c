using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;

namespace Assay.Cli;

/// <summary><c>assay bench nested</c>: an honest nested benchmark of a table with a numeric target.</summary>
internal static class BenchNestedCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "A data set with a numeric target, by file or name." };
        var target = new Option<string?>("--target") { Description = "The column of the target.", HelpName = "column" };
        var drop = new Option<string[]>("--drop") { Description = "A column to leave out; may be given several times.", HelpName = "column" };
        var folds = new Option<int>("--folds") { Description = "Outer folds.", HelpName = "n", DefaultValueFactory = _ => 5 };
        var bootstraps = new Option<int>("--bootstraps") { Description = "Networks of each kept setting.", HelpName = "n", DefaultValueFactory = _ => 5 };
        var seed = new Option<long>("--seed") { Description = "The seed.", HelpName = "number", DefaultValueFactory = _ => 18012019 };
        var predictions = new Option<string?>("--predictions") { Description = "Write the out-of-fold predictions: id, target, prediction, sigma, distance.", HelpName = "file" };
        var html = new Option<string?>("--html") { Description = "Write a report.", HelpName = "file" };
        var command = new Command("nested", "Nested cross-validation of feature selection and an ensemble of networks, with uncertainty and distance to the training set (MODNet).") { data, target, drop, folds, bootstraps, seed, predictions, html };
        command.Example("assay bench nested diabetes --html b.html", "a data set of Assay, as a page");
        command.Example("assay bench nested data.csv --target price --predictions p.csv", "a table of your own");
        command.Handle(environment, session =>
        {
            var path = environment.PathOf(session.Require(data));
            var dataset = DatasetFile.Load(File.Exists(path) ? path : session.Require(data), new DataRoles { Target = session.Get(target), Drop = [.. session.Get(drop) ?? []] });
            if (!dataset.HasTargets || dataset.Features is null)
                throw new ArgumentException($"'{dataset.Name}' has {(dataset.HasTargets ? "no features" : "no numeric target; name its column with --target")}");
            double[] y = [.. dataset.Targets.Select(t => (double)t)];
            ArgumentOutOfRangeException.ThrowIfLessThan(session.Get(folds), 2, "--folds");
            var options = new ModNetOptions { OuterFolds = session.Get(folds), Bootstraps = session.Get(bootstraps), Seed = session.Get(seed) };
            var result = session.WithProgress(progress => ModNet.Benchmark(dataset.Features, y, options, new Fraction(progress), session.Cancellation));
            foreach (var warning in result.Warnings)
                session.Warn(warning);
            if (session.Get(predictions) is { } file)
                Write(environment.PathOf(file), dataset, result);
            if (session.Get(html) is { } page)
                session.WriteReport(page, Report(environment, dataset, result));
            session.Show(new
            {
                data = dataset.Name, rows = dataset.Count, scores = result.Scores.Select(s => new { s.Model, s.Scores }), result.FoldErrors, miscalibrationArea = result.MiscalibrationArea, result.IsOverConfident,
                sigmaCorrelation = result.SigmaCorrelation, sigmaCurveArea = Uncertainty.RelativeArea(result.SigmaCurve.AsSpan()), distanceCurveArea = Uncertainty.RelativeArea(result.DistanceCurve.AsSpan()),
                selected = result.Selected.Select(s => s.Select(j => Name(dataset, j))),
            }, _ => Render(dataset, result));
            return CliHost.Done;
        });
        return command;
    }

    private static string Name(Dataset data, int feature) => data.FeatureNames.IsEmpty ? $"{feature}" : data.FeatureNames[feature];

    private static void Write(string path, Dataset data, NestedBenchmark result)
    {
        DoubleColumn Numbers(string name, Func<BenchmarkItem, double> value) => new(name, [.. result.Items.Select(value)]);
        TableFile.Write(path, new Data.Table(path,
        [
            new TextColumn("id", [.. result.Items.Select(i => data.Ids[i.Row])]), Numbers("target", i => i.Target), Numbers("prediction", i => i.Prediction.Mean), Numbers("sigma", i => i.Prediction.Sigma),
            Numbers("distance", i => i.Prediction.Distance), Numbers("fold", i => i.Fold),
        ]));
    }

    private static Report Report(CliEnvironment environment, Dataset data, NestedBenchmark result)
    {
        double[] kept = [.. Enumerable.Range(0, result.Items.Length).Select(i => 100.0 * i / result.Items.Length)];
        ReportCurve Curve(string name, ImmutableArray<double> y) => new(name, [.. kept], y);
        var best = result.Scores.MinBy(s => s.Scores.MeanAbsolute);
        return new Report($"Nested benchmark of {data.Name}", $"Lowest mean absolute error: {best.Model}, {ReportNumbers.Value(best.Scores.MeanAbsolute)}.", environment.Time.GetUtcNow(),
        [
            new TableSection("Scores", ["model", "#MAE", "#median", "#RMSE", "#largest", "#R²", "#r", "#MAE/MAD"],
                [.. result.Scores.Select(s => (ImmutableArray<string>)[s.Model, .. new[] { s.Scores.MeanAbsolute, s.Scores.MedianAbsolute, s.Scores.RootMeanSquared, s.Scores.Largest, s.Scores.RSquared, s.Scores.Correlation, s.Scores.RelativeError }.Select(ReportNumbers.Value)])])
            { Explanation = "Pooled over the outer folds; no choice has seen the rows it is judged on." },
            new CurvesSection("Confidence curves", "most uncertain rows dropped, %", "mean absolute error of the rest", [Curve("by σ", result.SigmaCurve), Curve("by distance", result.DistanceCurve), Curve("oracle", result.OracleCurve)])
            { Explanation = $"A flat curve is no better than chance. Miscalibration area of σ {ReportNumbers.Value(result.MiscalibrationArea)} ({(result.IsOverConfident ? "over" : "under")}-confident); Spearman of σ and error {ReportNumbers.Value(result.SigmaCorrelation)}." },
            new TableSection("Selected features", ["fold", "features"], [.. result.Selected.Select((s, f) => (ImmutableArray<string>)[$"{f + 1}", string.Join(", ", s.Select(j => Name(data, j)))])]),
        ]);
    }

    private static Rows Render(Dataset data, NestedBenchmark result)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumn("model");
        foreach (var column in new[] { "MAE", "median", "RMSE", "largest", "R²", "r", "MAE/MAD" })
            table.AddColumn(JudgeRendering.Right(column));
        foreach (var (model, s) in result.Scores)
            table.AddRow([new Text(model), .. new[] { s.MeanAbsolute, s.MedianAbsolute, s.RootMeanSquared, s.Largest, s.RSquared, s.Correlation, s.RelativeError }.Select(v => new Text(ReportNumbers.Value(v)))]);
        return new Rows(
            new Markup($"[bold]{Markup.Escape(data.Name)}[/]  [grey]{data.Count} rows, {result.FoldErrors.Length} outer folds[/]"), table,
            new Text($"σ: miscalibration area {ReportNumbers.Value(result.MiscalibrationArea)} ({(result.IsOverConfident ? "over" : "under")}-confident), Spearman with the error {ReportNumbers.Value(result.SigmaCorrelation)}"),
            new Text($"dropping by σ leaves {ReportNumbers.Value(Uncertainty.RelativeArea(result.SigmaCurve.AsSpan()))} of the error on average, by distance {ReportNumbers.Value(Uncertainty.RelativeArea(result.DistanceCurve.AsSpan()))} (1: no better than chance)"),
            new Text($"first features: {string.Join(", ", result.Selected[0].Take(8).Select(j => Name(data, j)))}"));
    }

    private sealed class Fraction(IProgress<ProgressUpdate> progress) : IProgress<double>
    {
        public void Report(double value) => progress.Report(new ProgressUpdate("outer folds", value, 1));
    }
}
