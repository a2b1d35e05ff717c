using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Settings of <see cref="ModNet"/>.</summary>
public sealed record ModNetOptions
{
    /// <summary>The numbers of selected features that the inner validation chooses among.</summary>
    public ImmutableArray<int> FeatureCounts { get; init; } = [8, 32];

    /// <summary>The widths of the first hidden layer; each further one has half.</summary>
    public ImmutableArray<int> Widths { get; init; } = [64];

    /// <summary>The learning rates.</summary>
    public ImmutableArray<double> LearningRates { get; init; } = [0.005];

    /// <summary>The outer folds.</summary>
    public int OuterFolds { get; init; } = 5;

    /// <summary>The inner folds.</summary>
    public int InnerFolds { get; init; } = 3;

    /// <summary>The settings that are kept for the ensemble.</summary>
    public int Architectures { get; init; } = 2;

    /// <summary>The bootstrap networks of each kept setting.</summary>
    public int Bootstraps { get; init; } = 5;

    /// <summary>The passes over the data.</summary>
    public int Epochs { get; init; } = 60;

    /// <summary>The seed; the benchmark's own by default.</summary>
    public long Seed { get; init; } = 18012019;
}

/// <summary>A prediction with what speaks for and against it.</summary>
/// <param name="Mean">The ensemble's mean.</param>
/// <param name="Sigma">The standard deviation over its members.</param>
/// <param name="Distance">The mean cosine distance to the 5 nearest training rows in selected, standardised features.</param>
public readonly record struct ModNetPrediction(double Mean, double Sigma, double Distance);

/// <summary>One item of a benchmark, predicted by a model that did not see it.</summary>
/// <param name="Row">The item.</param>
/// <param name="Fold">Its outer fold.</param>
/// <param name="Target">Its target.</param>
/// <param name="Prediction">The prediction.</param>
/// <param name="Dummy">The training mean.</param>
/// <param name="Ridge">Ridge regression on all features.</param>
public readonly record struct BenchmarkItem(int Row, int Fold, double Target, ModNetPrediction Prediction, double Dummy, double Ridge);

/// <summary>A nested benchmark's result, pooled over the outer folds.</summary>
/// <param name="Scores">Scores of the ensemble and the baselines.</param>
/// <param name="FoldErrors">The ensemble's MAE in each fold.</param>
/// <param name="Items">All items.</param>
/// <param name="Selected">The first features of each outer fold.</param>
/// <param name="SigmaCurve">Mean error after dropping the items with the largest σ.</param>
/// <param name="DistanceCurve">The same by distance.</param>
/// <param name="OracleCurve">The same by the error itself.</param>
/// <param name="MiscalibrationArea">The miscalibration area of σ.</param>
/// <param name="IsOverConfident">Whether σ is too small.</param>
/// <param name="SigmaCorrelation">Spearman of σ and the error.</param>
/// <param name="Warnings">What makes the result doubtful.</param>
public sealed record NestedBenchmark(
    ImmutableArray<(string Model, RegressionScores Scores)> Scores, ImmutableArray<double> FoldErrors, ImmutableArray<BenchmarkItem> Items, ImmutableArray<ImmutableArray<int>> Selected,
    ImmutableArray<double> SigmaCurve, ImmutableArray<double> DistanceCurve, ImmutableArray<double> OracleCurve, double MiscalibrationArea, bool IsOverConfident, double SigmaCorrelation, ImmutableArray<string> Warnings);

/// <summary>
/// MODNet for one numeric target (arXiv 2102.02263): features ranked by relevance and redundancy, an ensemble of small ELU networks on the first of
/// them, trained on the mean absolute error, and a nested benchmark in which every choice, the selection of features included, is made on training rows only.
/// The joint tree for several targets, classification and the paper's nearest-neighbour information are not built.
/// </summary>
[Method("modnet", Paper = 71, Kind = MethodKind.Model)]
public sealed class ModNet
{
    private readonly (int[] Features, DenseNetwork Network)[] members;
    private readonly (float[] Low, float[] Scale) inputs;
    private readonly (double Mean, double Deviation) targets;
    private readonly FloatMatrix training;
    private readonly int[] chosen;

    private ModNet((int[], DenseNetwork)[] members, (float[], float[]) inputs, (double, double) targets, FloatMatrix training, int[] chosen) =>
        (this.members, this.inputs, this.targets, this.training, this.chosen) = (members, inputs, targets, training, chosen);

    /// <summary>The features in the order of the selection.</summary>
    public ImmutableArray<int> Selected => [.. chosen];

    /// <summary>Trains an ensemble: settings are chosen by inner folds, then each kept one is trained on bootstrap samples.</summary>
    /// <param name="features">n × d.</param>
    /// <param name="target">The target of each row.</param>
    /// <param name="options">The settings, or null for the defaults.</param>
    /// <param name="cancellation">Ends the training.</param>
    /// <exception cref="ArgumentException">Fewer than 10 rows, lengths that differ, or no feature that varies.</exception>
    public static ModNet Fit(FloatMatrix features, ReadOnlySpan<double> target, ModNetOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        options ??= new ModNetOptions();
        if (features.Rows != target.Length || features.Rows < 10)
            throw new ArgumentException($"at least 10 rows with as many targets were expected, not {features.Rows} and {target.Length}", nameof(target));
        var inputs = Range(features);
        var x = Scale(features, inputs);
        var moments = Moments.Of(target);
        var scale = (moments.Mean, Deviation: moments.StandardDeviation > 0 ? moments.StandardDeviation : 1);
        var y = new FloatMatrix([.. target.ToArray().Select(t => (float)((t - scale.Mean) / scale.Deviation))], target.Length, 1);
        int[] ranked = [.. RelevanceRedundancy.Rank(features, target, options.FeatureCounts.Max())];
        if (ranked.Length == 0)
            throw new ArgumentException("no feature varies", nameof(features));
        var settings = options.FeatureCounts.Select(c => Math.Min(c, ranked.Length)).Distinct().SelectMany(c => options.Widths.SelectMany(w => options.LearningRates.Select(r => (Count: c, Width: w, Rate: r)))).ToArray();
        if (settings.Length > 1)
        {
            var splits = Splitters.KFold(features.Rows, Math.Min(options.InnerFolds, features.Rows / 5), options.Seed);
            settings = [.. settings.OrderBy(s => splits.Average(split =>
            {
                var network = Train(x, y, ranked, s, [.. split.Train], options, options.Seed, cancellation);
                var outputs = network.Outputs(Columns(x.Select(split.Test.AsSpan()), ranked[..s.Count]));
                return Enumerable.Range(0, outputs.Rows).Average(i => Math.Abs(outputs[i, 0] - y[split.Test[i], 0]));
            })).Take(options.Architectures)];
        }
        var members = settings.SelectMany(s => Enumerable.Range(0, options.Bootstraps).Select(b =>
        {
            var random = SeededRandom.At(options.Seed, 4, b);
            int[] sample = [.. Enumerable.Range(0, features.Rows).Select(_ => random.Next(features.Rows))];
            return (ranked[..s.Count], Train(x, y, ranked, s, sample, options, options.Seed + b + 1, cancellation));
        })).ToArray();
        return new ModNet(members, inputs, scale, Standard(x, ranked), ranked);
    }

    /// <summary>Predicts rows.</summary>
    /// <exception cref="ArgumentException">The rows have another width.</exception>
    public ModNetPrediction[] Predict(FloatMatrix rows)
    {
        var x = Scale(rows, inputs);
        var outputs = members.Select(m => m.Network.Outputs(Columns(x, m.Features))).ToArray();
        var distances = Uncertainty.Distance(Standard(x, chosen), training);
        return [.. Enumerable.Range(0, rows.Rows).Select(i =>
        {
            var moments = Moments.Of([.. outputs.Select(o => (double)o[i, 0])]);
            return new ModNetPrediction(moments.Mean * targets.Deviation + targets.Mean, Math.Sqrt(moments.SquaredDeviations / moments.Count) * targets.Deviation, distances[i]);
        })];
    }

    /// <summary>A nested benchmark: every outer fold is predicted by an ensemble whose selection, settings and weights saw only the others.</summary>
    /// <inheritdoc cref="Fit"/>
    /// <param name="features">n × d.</param>
    /// <param name="target">The target of each row.</param>
    /// <param name="options">The settings, or null for the defaults.</param>
    /// <param name="progress">Takes the fraction done.</param>
    /// <param name="cancellation">Ends the benchmark.</param>
    public static NestedBenchmark Benchmark(FloatMatrix features, ReadOnlySpan<double> target, ModNetOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        options ??= new ModNetOptions();
        var y = target.ToArray();
        if (features.Rows != y.Length || y.Length < 20)
            throw new ArgumentException($"at least 20 rows with as many targets were expected, not {features.Rows} and {y.Length}", nameof(target));
        var warnings = new List<string>();
        var folds = options.OuterFolds;
        if (y.Length < 50 && folds > 3)
        {
            folds = 3;
            warnings.Add($"only {y.Length} rows: 3 outer folds instead of {options.OuterFolds}");
        }
        if (Enumerable.Range(0, y.Length).Select(i => Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(features.Row(i)))).Distinct().Count() is var distinct && distinct < y.Length)
            warnings.Add($"{y.Length - distinct} rows repeat others: equal rows on both sides of a split flatter the model");
        var (items, selected) = (new List<BenchmarkItem>(), new List<ImmutableArray<int>>());
        var splits = Splitters.KFold(y.Length, folds, options.Seed);
        for (var fold = 0; fold < folds; fold++)
        {
            int[] train = [.. splits[fold].Train], test = [.. splits[fold].Test];
            double[] known = [.. train.Select(i => y[i])];
            var model = Fit(features.Select(train), known, options with { Seed = options.Seed + 1000 * fold }, cancellation);
            selected.Add([.. model.Selected.Take(16)]);
            var predicted = model.Predict(features.Select(test));
            var ridge = Ridge(features.Select(train), known, features.Select(test));
            items.AddRange(test.Select((row, i) => new BenchmarkItem(row, fold, y[row], predicted[i], known.Average(), ridge[i])));
            progress?.Report((fold + 1.0) / folds);
        }
        items = [.. items.OrderBy(i => i.Row)];
        double[] truth = [.. items.Select(i => i.Target)], errors = [.. items.Select(i => Math.Abs(i.Prediction.Mean - i.Target))], sigma = [.. items.Select(i => i.Prediction.Sigma)];
        var (area, isOver) = Uncertainty.Miscalibration(errors, sigma);
        return new NestedBenchmark(
            [
                ("modnet", RegressionScores.Of(truth, [.. items.Select(i => i.Prediction.Mean)])), ("ridge", RegressionScores.Of(truth, [.. items.Select(i => i.Ridge)])), ("dummy", RegressionScores.Of(truth, [.. items.Select(i => i.Dummy)])),
            ],
            [.. items.GroupBy(i => i.Fold).OrderBy(g => g.Key).Select(g => g.Average(i => Math.Abs(i.Prediction.Mean - i.Target)))], [.. items], [.. selected],
            [.. Uncertainty.ConfidenceCurve(errors, sigma)], [.. Uncertainty.ConfidenceCurve(errors, [.. items.Select(i => i.Prediction.Distance)])], [.. Uncertainty.ConfidenceCurve(errors, errors)],
            area, isOver, Correlation.Spearman(sigma, errors), [.. warnings]);
    }

    private static DenseNetwork Train(FloatMatrix x, FloatMatrix y, int[] ranked, (int Count, int Width, double Rate) s, int[] rows, ModNetOptions options, long seed, CancellationToken cancellation) =>
        new DenseTraining { Hidden = [s.Width, Math.Max(2, s.Width / 2), Math.Max(2, s.Width / 4)], Activation = DenseActivation.Elu, LearningRate = s.Rate, Epochs = options.Epochs, Seed = seed }
            .Fit(Columns(x.Select(rows), ranked[..s.Count]), y.Select(rows), DenseLoss.AbsoluteError, cancellation);

    private static double[] Ridge(FloatMatrix train, double[] y, FloatMatrix test)
    {
        var range = Range(train);
        var targets = new double[y.Length, 1];
        for (var i = 0; i < y.Length; i++)
            targets[i, 0] = y[i];
        var (weights, intercepts) = RidgeRegression.Solve(Scale(train, range), targets, 1);
        var x = Scale(test, range);
        return [.. Enumerable.Range(0, test.Rows).Select(i => intercepts[0] + Enumerable.Range(0, x.Columns).Sum(j => weights[0, j] * x[i, j]))];
    }

    private static (float[] Low, float[] Scale) Range(FloatMatrix features)
    {
        var (low, high) = (features.Row(0).ToArray(), features.Row(0).ToArray());
        for (var i = 1; i < features.Rows; i++)
        {
            for (var j = 0; j < low.Length; j++)
                (low[j], high[j]) = (Math.Min(low[j], features[i, j]), Math.Max(high[j], features[i, j]));
        }
        return (low, [.. high.Select((h, j) => h > low[j] ? 1 / (h - low[j]) : 0)]);
    }

    private static FloatMatrix Scale(FloatMatrix features, (float[] Low, float[] Scale) range)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Columns != range.Low.Length)
            throw new ArgumentException($"{range.Low.Length} features were expected, not {features.Columns}", nameof(features));
        var d = features.Columns;
        return new FloatMatrix([.. features.Values.ToArray().Select((v, i) => (v - range.Low[i % d]) * range.Scale[i % d])], features.Rows, d);
    }

    // Min-max scaled columns lie around ½; centred there, cosines tell directions apart.
    private static FloatMatrix Standard(FloatMatrix x, int[] columns)
    {
        var part = Columns(x, columns);
        return new FloatMatrix([.. part.Values.ToArray().Select(v => v - 0.5f)], part.Rows, part.Columns);
    }

    private static FloatMatrix Columns(FloatMatrix x, int[] columns) =>
        new([.. Enumerable.Range(0, x.Rows).SelectMany(i => columns.Select(j => x[i, j]))], x.Rows, columns.Length);
}
