using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>Feature selection among noisy copies, a nested benchmark on a small table, and uncertainty where the training set is thin.</summary>
public sealed class ModNetStudy : Study
{
    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "modnet", 71, "Robust model benchmarking and bias-imbalance in data-driven materials science: a case study on MODNet (2021)",
        "Selects the drivers of a function among noisy copies, benchmarks the ensemble on the diabetes data against a single network, ridge and the mean, and asks whether σ and distance point at a thinly sampled region. Materials data need a featuriser and are not used.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("drivers", "The first eight picks hold every driver.", "ours, from the paper's selection", "drivers of five among the first eight picks, copies counted as their driver", "", ClaimDirection.AtLeast, 5),
        new("redundancy", "Relevance alone keeps copies of a few drivers instead.", "ours", "drivers among the first eight picks minus those among the eight most relevant", "", ClaimDirection.AtLeast, 1),
        new("dummy", "The ensemble is clearly better than the mean.", "dielectric .271 against .809", "MAE of the ensemble over that of the mean, diabetes", "ratio", ClaimDirection.AtMost, 0.85),
        new("single", "Selection and ensemble are at least as good as a single network.", "best on 6 of 13 tasks below 10 000 rows", "MAE of the ensemble over that of one network on all features, diabetes", "ratio", ClaimDirection.AtMost, 1),
        new("sigma-curve", "Dropping the least certain predictions lowers the error.", "well below random", "area of the confidence curve by σ over that of chance, diabetes", "ratio", ClaimDirection.AtMost, 0.9),
        new("sigma-rank", "σ ranks errors.", "yes", "Spearman of σ and the error, diabetes", "", ClaimDirection.AtLeast, 0.2),
        new("region-sigma", "σ is higher where training rows are rare.", "bias and imbalance", "AUC of σ for telling the rare region, toy", "", ClaimDirection.AtLeast, 0.8),
        new("region-distance", "The distance is higher where training rows are rare.", "bias and imbalance", "AUC of the distance for telling the rare region, toy", "", ClaimDirection.AtLeast, 0.8),
        new("region-error", "Errors are larger where training rows are rare.", "imbalance changes validation error a lot", "MAE in the rare region over MAE elsewhere, toy", "ratio", ClaimDirection.AtLeast, 1.5),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        var options = new ModNetOptions { FeatureCounts = [5, 10], Widths = [32], InnerFolds = isQuick ? 2 : 3, Bootstraps = isQuick ? 3 : 5, Epochs = isQuick ? 30 : 60 };
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {seed}", (double)s / context.Seeds.Count);
            Selection(context, isQuick ? 300 : 600, seed);
            Diabetes(context, options with { Seed = seed }, seed);
            Region(context, options with { Seed = seed, FeatureCounts = [2] }, seed);
        }
    }

    // Friedman's function; columns 5 to 14 are noisy copies of column j mod 5, the rest is noise.
    private static void Selection(StudyContext context, int n, int seed)
    {
        var random = SeededRandom.At(seed, 1);
        var (x, y) = (new float[n * 40], new double[n]);
        for (var i = 0; i < n; i++)
        {
            var row = x.AsSpan(40 * i, 40);
            for (var j = 0; j < 5; j++)
                row[j] = (float)random.NextDouble();
            for (var j = 5; j < 15; j++)
                row[j] = row[j % 5] + 0.05f * (float)random.NextGaussian();
            for (var j = 15; j < 40; j++)
                row[j] = (float)random.NextDouble();
            y[i] = 10 * Math.Sin(Math.PI * row[0] * row[1]) + 20 * Math.Pow(row[2] - 0.5, 2) + 10 * row[3] + 5 * row[4] + random.NextGaussian();
        }
        var features = new FloatMatrix(x, n, 40);
        var picked = RelevanceRedundancy.Rank(features, y, 8);
        // Without redundancy a ranking is that of relevance alone.
        int[] relevant = [.. Enumerable.Range(0, 40).Select(j => (j, Relevance: Relevance(features, y, j))).OrderByDescending(p => p.Relevance).Take(8).Select(p => p.j)];
        static int Drivers(IEnumerable<int> columns) => columns.Where(j => j < 15).Select(j => j % 5).Distinct().Count();
        context.Measure("drivers", seed, Drivers(picked));
        context.Measure("redundancy", seed, Drivers(picked) - Drivers(relevant));
        context.Observe("drivers among the eight most relevant", Drivers(relevant));
        context.Observe("most copies of one driver among eight picks", picked.Where(j => j < 15).GroupBy(j => j % 5).Max(g => g.Count()));
    }

    private static double Relevance(FloatMatrix features, double[] y, int column) =>
        RelevanceRedundancy.Relevance([.. Enumerable.Range(0, features.Rows).Select(i => (double)features[i, column])], y);

    private static void Diabetes(StudyContext context, ModNetOptions options, int seed)
    {
        var data = DatasetCatalog.Load("diabetes");
        double[] y = [.. data.Targets.Select(t => (double)t)];
        var result = ModNet.Benchmark(data.RequireFeatures(), y, options, cancellation: context.Cancellation);
        var single = ModNet.Benchmark(data.RequireFeatures(), y, options with { FeatureCounts = [10], Bootstraps = 1, Architectures = 1 }, cancellation: context.Cancellation);
        double Error(string model) => result.Scores.Single(m => m.Model == model).Scores.MeanAbsolute;
        foreach (var (model, scores) in result.Scores)
        {
            context.Observe($"diabetes, {model}: MAE", scores.MeanAbsolute);
            context.Observe($"diabetes, {model}: largest error", scores.Largest);
        }
        context.Observe("diabetes, single network: MAE", single.Scores[0].Scores.MeanAbsolute);
        context.Observe("diabetes: miscalibration area", result.MiscalibrationArea);
        context.Observe("diabetes: σ too small (1: yes)", result.IsOverConfident ? 1 : 0);
        context.Observe("diabetes: area of the curve by distance", Uncertainty.RelativeArea(result.DistanceCurve.AsSpan()));
        context.Measure("dummy", seed, Error("modnet") / Error("dummy"));
        context.Measure("single", seed, Error("modnet") / single.Scores[0].Scores.MeanAbsolute);
        context.Measure("sigma-curve", seed, Uncertainty.RelativeArea(result.SigmaCurve.AsSpan()));
        context.Measure("sigma-rank", seed, result.SigmaCorrelation);
    }

    // Nine tenths of the training rows have x0 < .3; the test rows cover everything.
    private static void Region(StudyContext context, ModNetOptions options, int seed)
    {
        var random = SeededRandom.At(seed, 2);
        (FloatMatrix X, double[] Y) Draw(int n, bool isBiased)
        {
            var (x, y) = (new float[2 * n], new double[n]);
            for (var i = 0; i < n; i++)
            {
                x[2 * i] = (float)(isBiased && random.NextDouble() < 0.9 ? 0.3 * random.NextDouble() : random.NextDouble(isBiased ? 0.3 : 0, 1));
                x[2 * i + 1] = (float)random.NextDouble();
                y[i] = Math.Sin(6 * x[2 * i]) + x[2 * i + 1] + 0.1 * random.NextGaussian();
            }
            return (new FloatMatrix(x, n, 2), y);
        }
        var (train, test) = (Draw(200, true), Draw(400, false));
        var predicted = ModNet.Fit(train.X, train.Y, options, context.Cancellation).Predict(test.X);
        int[] isRare = [.. Enumerable.Range(0, 400).Select(i => test.X[i, 0] > 0.3f ? 1 : 0)];
        double Auc(Func<ModNetPrediction, double> key) => JudgeRepair.Score(isRare, [.. predicted.Select(key)]).RocAuc;
        double Error(int rare) => Enumerable.Range(0, 400).Where(i => isRare[i] == rare).Average(i => Math.Abs(predicted[i].Mean - test.Y[i]));
        context.Measure("region-sigma", seed, Auc(p => p.Sigma));
        context.Measure("region-distance", seed, Auc(p => p.Distance));
        context.Measure("region-error", seed, Error(1) / Error(0));
    }
}
