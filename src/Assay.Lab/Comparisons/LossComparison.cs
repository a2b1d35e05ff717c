using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Lab;

/// <summary>The same terms for every loss of a comparison.</summary>
public sealed record LossComparisonOptions
{
    /// <summary>The losses as a recipe names them, the baseline first: <c>cross-entropy</c>, <c>dice-loss(alpha: 0.1)</c>.</summary>
    public required ImmutableArray<string> Losses { get; init; }

    /// <summary>The model as a recipe names it.</summary>
    public string Model { get; init; } = "mlp(64)";

    /// <summary>The passes over the training part.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>The examples of one step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>One division of the data and one set of initial weights each; two or more for a test.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [0, 1, 2, 3, 4];

    /// <summary>The learning rates that every loss may try; the best on the validation part of the first seed is kept.</summary>
    public ImmutableArray<double> LearningRates { get; init; } = [1e-3, 1e-2];

    /// <summary>The share to judge with.</summary>
    public double TestShare { get; init; } = 0.3;

    /// <summary>The share of the rest for the choice of the learning rate.</summary>
    public double ValidationShare { get; init; } = 0.2;

    /// <summary>What losses are ranked by.</summary>
    public Metric Metric { get; init; } = new Accuracy();

    /// <summary>Hears of what is being done.</summary>
    public IProgress<ProgressUpdate>? Progress { get; init; }

    /// <summary>Ends the comparison.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>One loss's place.</summary>
/// <param name="Rank">1 is best by the mean.</param>
/// <param name="Loss">The loss.</param>
/// <param name="LearningRate">The rate that tuning chose.</param>
/// <param name="Mean">The metric's mean over the seeds.</param>
/// <param name="Low">The 95 % interval's lower end; NaN with one seed.</param>
/// <param name="High">Its upper end.</param>
/// <param name="Difference">The mean difference to the baseline; 0 for the baseline.</param>
/// <param name="PValue">Of the corrected resampled t test against the baseline, after Holm; NaN for the baseline, with one seed, or where all differences are equal.</param>
/// <param name="Scores">The metric of each seed.</param>
public sealed record RankedLoss(int Rank, string Loss, double LearningRate, double Mean, double Low, double High, double Difference, double PValue, ImmutableArray<double> Scores);

/// <summary>What a comparison of losses gave.</summary>
/// <param name="Data">The data's name.</param>
/// <param name="Model">The model.</param>
/// <param name="Metric">The metric's title.</param>
/// <param name="Baseline">The loss that others are tested against.</param>
/// <param name="Ranking">The losses, the best first.</param>
public sealed record LossComparisonResult(string Data, string Model, string Metric, string Baseline, ImmutableArray<RankedLoss> Ranking);

/// <summary>
/// Compares losses on one data set: the same divisions, initial weights, data order, epochs and tuning budget for each. Divisions of one
/// data set overlap, so differences are tested by Nadeau and Bengio's corrected t test, and p values are Holm's.
/// </summary>
public static class LossComparison
{
    /// <summary>Runs the comparison.</summary>
    /// <param name="data">Features and class labels.</param>
    /// <param name="catalog">The methods that may be named.</param>
    /// <param name="options">The terms.</param>
    /// <exception cref="ArgumentException">There are no labels, a loss is unknown or does not fit the classes, or an option is out of its range.</exception>
    public static LossComparisonResult Run(Dataset data, MethodCatalog catalog, LossComparisonOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(catalog);
        Check(data, catalog, options);
        var parts = options.Seeds.Select(s => Parts.Of(data, options, s)).ToImmutableArray();
        try
        {
            var rates = Tune(parts[0], catalog, options);
            var trials = options.Losses.SelectMany(l => parts.Select(p => (Loss: l, Part: p))).ToImmutableArray();
            var done = 0;
            var scores = ParallelTrials.Run(trials, (t, stop) =>
            {
                var score = Score(t.Part.Train, t.Part.Test, t.Part.Seed, t.Loss, rates[t.Loss], catalog, options, stop);
                options.Progress?.Report(new ProgressUpdate("comparing losses", Interlocked.Increment(ref done), trials.Length, t.Loss));
                return score;
            }, cancellation: options.Cancellation);
            return Rank(data, options, rates, scores);
        }
        finally
        {
            foreach (var part in parts)
                part.Dispose();
        }
    }

    private static void Check(Dataset data, MethodCatalog catalog, LossComparisonOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!data.HasLabels)
            throw new ArgumentException($"'{data.Name}' has no class labels; name the column of labels");
        if (options.Losses.IsDefaultOrEmpty || options.Seeds.IsDefaultOrEmpty || options.LearningRates.IsDefaultOrEmpty)
            throw new ArgumentException("at least one loss, one seed and one learning rate were expected");
        if (options.Losses.GroupBy(l => l).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"loss '{twice.Key}' is given twice");
        if (options.LearningRates.FirstOrDefault(r => !(r > 0), 1) is var bad and not 1)
            throw new ArgumentException($"positive learning rates were expected, not {bad}");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Epochs);
        using var scope = NewDisposeScope();
        foreach (var name in options.Losses)
        {
            // Ask each loss once, on nothing: a loss for two classes given ten fails here and not after the others are trained.
            using var loss = catalog.Create<nn.Module<Tensor, Tensor, Tensor>>(name);
            try
            {
                LossProbe.Call(loss, data.ClassCount, tensor(new long[] { 0, 1 }));
            }
            catch (Exception e) when (e is ArgumentException or System.Runtime.InteropServices.ExternalException or InvalidOperationException)
            {
                throw new ArgumentException($"loss '{name}' does not fit '{data.Name}' with {data.ClassCount} classes: {FailureText.Of(e)}", e);
            }
        }
    }

    private static ImmutableDictionary<string, double> Tune(Parts part, MethodCatalog catalog, LossComparisonOptions options)
    {
        if (options.LearningRates.Length == 1)
            return options.Losses.ToImmutableDictionary(l => l, _ => options.LearningRates[0]);
        var trials = options.Losses.SelectMany(l => options.LearningRates.Select(r => (Loss: l, Rate: r))).ToImmutableArray();
        var done = 0;
        var scores = ParallelTrials.Run(trials, (t, stop) =>
        {
            double score;
            try
            {
                score = Score(part.Train, part.Validation, part.Seed, t.Loss, t.Rate, catalog, options, stop);
            }
            catch (NonFiniteLossException)
            {
                score = double.NegativeInfinity; // this rate is too large for this loss
            }
            options.Progress?.Report(new ProgressUpdate("tuning", Interlocked.Increment(ref done), trials.Length, t.Loss));
            return score;
        }, cancellation: options.Cancellation);
        var better = options.Metric.HigherIsBetter ? 1 : -1;
        return trials.Zip(scores).GroupBy(t => t.First.Loss)
            .ToImmutableDictionary(g => g.Key, g => g.MaxBy(t => double.IsNaN(t.Second) ? double.NegativeInfinity : better * t.Second).First.Rate);
    }

    private static double Score(
        TensorDataset train, TensorDataset judged, long seed, string lossName, double rate, MethodCatalog catalog, LossComparisonOptions options, CancellationToken stop)
    {
        using var scope = NewDisposeScope();
        using var loss = catalog.Create<nn.Module<Tensor, Tensor, Tensor>>(lossName);
        var algorithm = new Backprop(catalog.Create<ModelSpec>(options.Model), new TrainingOptions
        {
            Epochs = options.Epochs, BatchSize = options.BatchSize, Optimizer = new AdamW(rate), Loss = loss,
        });
        using var model = algorithm.Fit(train, null, new TrainingContext { Seed = seed, Cancellation = stop });
        var scores = model.Scores(judged.Inputs);
        var labels = judged.Targets.data<long>().ToArray();
        return options.Metric.Evaluate(new Predictions
        {
            Model = lossName,
            Kind = ScoreKind.Logits,
            Scores = new FloatMatrix(scores.data<float>().ToArray(), judged.Count, judged.Outputs),
            Labels = [.. labels.Select(l => (int)l)],
        }).Value;
    }

    private static LossComparisonResult Rank(Dataset data, LossComparisonOptions options, ImmutableDictionary<string, double> rates, ImmutableArray<double> scores)
    {
        var n = options.Seeds.Length;
        double[][] byLoss = [.. options.Losses.Select((_, i) => scores.AsSpan(i * n, n).ToArray())];
        var ratio = options.TestShare / ((1 - options.TestShare) * (1 - options.ValidationShare));
        var p = new double[byLoss.Length];
        for (var i = 1; i < p.Length; i++)
            p[i] = n < 2 ? double.NaN : PairedTTest.Corrected([.. byLoss[i].Zip(byLoss[0], (a, b) => a - b)], ratio).PValue;
        var tested = Enumerable.Range(1, p.Length - 1).Where(i => !double.IsNaN(p[i])).ToArray();
        var adjusted = MultipleComparisons.Adjust([.. tested.Select(i => p[i])]);
        for (var j = 0; j < tested.Length; j++)
            p[tested[j]] = adjusted[j];
        p[0] = double.NaN;
        var order = Enumerable.Range(0, p.Length).OrderBy(i => options.Metric.HigherIsBetter ? -byLoss[i].Average() : byLoss[i].Average()).ToArray();
        var ranking = order.Select((i, rank) =>
        {
            var estimate = MeanInterval.Of(byLoss[i]);
            return new RankedLoss(
                rank + 1, options.Losses[i], rates[options.Losses[i]], estimate.Value, estimate.Interval.Low, estimate.Interval.High, estimate.Value - byLoss[0].Average(), p[i], [.. byLoss[i]]);
        });
        return new LossComparisonResult(data.Name, options.Model, options.Metric.Title, options.Losses[0], [.. ranking]);
    }

    /// <summary>One division of the data, scaled by its training part.</summary>
    private sealed record Parts(long Seed, TensorDataset Train, TensorDataset Validation, TensorDataset Test) : IDisposable
    {
        public static Parts Of(Dataset data, LossComparisonOptions options, long seed)
        {
            var split = DatasetSplit.Of(data, options.TestShare, options.ValidationShare * (1 - options.TestShare), seed);
            var scaling = FeatureScaling.Fit(split.Train);
            return new Parts(
                seed, TensorDataset.From(scaling.Apply(split.Train)), TensorDataset.From(scaling.Apply(split.Validation!)), TensorDataset.From(scaling.Apply(split.Test)));
        }

        public void Dispose()
        {
            Train.Dispose();
            Validation.Dispose();
            Test.Dispose();
        }
    }
}
