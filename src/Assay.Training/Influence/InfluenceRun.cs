using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>How <see cref="InfluenceRun"/> computes scores.</summary>
public sealed record InfluenceOptions
{
    /// <summary>The scores; null takes those of one training, and a random one.</summary>
    public ImmutableArray<InfluenceScore> Scores { get; init; } = [.. new InfluenceRecorderOptions().Scores, InfluenceScore.Random];

    /// <summary>R: the runs that scores are averaged over.</summary>
    public int Runs { get; init; } = 3;

    /// <summary>K: the looks at the whole data in each run.</summary>
    public int Checkpoints { get; init; } = 10;

    /// <summary>The folds of PVI, whose models never train on the example that they are asked about.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>The first seed; run r has seed + r.</summary>
    public long Seed { get; init; }

    /// <summary>Hears of what is being done, with the fraction done.</summary>
    public Action<string, double>? Progress { get; init; }

    /// <summary>Ends the computation.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>Scores of training examples from ordinary trainings: a recorder in each of R runs, and held-out models for PVI.</summary>
public static class InfluenceRun
{
    /// <summary>Trains and scores.</summary>
    /// <param name="model">The architecture.</param>
    /// <param name="training">How it is trained.</param>
    /// <param name="data">The training data.</param>
    /// <param name="options">Which scores; null takes the defaults.</param>
    /// <exception cref="ArgumentException">A score does not suit the data, or there is nothing to compare: one class.</exception>
    public static ScoreTable Compute(ModelSpec model, TrainingOptions training, TensorDataset data, InfluenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new InfluenceOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Runs);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Folds, 2);
        if (options.Scores.IsDefaultOrEmpty)
            throw new ArgumentException("at least one score was expected", nameof(options));
        ImmutableArray<int> labels = data.IsClassification ? [.. data.Targets.cpu().data<long>().ToArray().Select(l => (int)l)] : [];
        if (data.IsClassification && labels.Distinct().Count() < 2)
            throw new ArgumentException("all examples are of one class: there is nothing to learn, and nothing to score", nameof(data));
        if (!data.IsClassification && options.Scores.Where(InfluenceScores.NeedsClasses).ToArray() is { Length: > 0 } needing)
            throw new ArgumentException($"{string.Join(", ", needing)}: these scores need classes, and the targets are real values", nameof(options));
        var recorded = options.Scores.Where(s => s is not (InfluenceScore.Pvi or InfluenceScore.Random)).Distinct().ToImmutableArray();
        var runs = Enumerable.Range(0, options.Runs).Select(r => options.Seed + r).ToImmutableArray();
        var done = 0;
        var results = ParallelTrials.Run(runs, (seed, stop) =>
        {
            var scores = recorded.IsEmpty ? ImmutableDictionary<InfluenceScore, ImmutableArray<double>>.Empty : Record(model, training, data, recorded, options.Checkpoints, seed, stop);
            if (options.Scores.Contains(InfluenceScore.Pvi))
                scores = scores.Add(InfluenceScore.Pvi, HeldOut(model, training, data, labels, options.Folds, seed, stop));
            if (options.Scores.Contains(InfluenceScore.Random))
            {
                var random = SeededRandom.At(seed, 78);
                scores = scores.Add(InfluenceScore.Random, [.. Enumerable.Range(0, data.Count).Select(_ => random.NextDouble())]);
            }
            options.Progress?.Invoke($"scored with seed {seed}", (double)Interlocked.Increment(ref done) / runs.Length);
            return scores;
        }, cancellation: options.Cancellation);
        return ScoreTable.Average(results, labels);
    }

    private static ImmutableDictionary<InfluenceScore, ImmutableArray<double>> Record(
        ModelSpec model, TrainingOptions training, TensorDataset data, ImmutableArray<InfluenceScore> scores, int checkpoints, long seed, CancellationToken stop)
    {
        using var scope = NewDisposeScope();
        using var built = model.Build(data.FeatureShape, data.Outputs, SeededRandom.At(seed, 0));
        using var recorder = new InfluenceRecorder(new InfluenceRecorderOptions { Scores = scores, Checkpoints = checkpoints });
        new Trainer(training with { Seed = seed, Checkpoints = null, EarlyStopping = null }, recorder).Fit(built, data, cancellation: stop);
        return recorder.Scores;
    }

    // PVI by K folds. The model without input ends at the classes' shares, which minimise its loss; they are taken without training it.
    private static ImmutableArray<double> HeldOut(ModelSpec model, TrainingOptions training, TensorDataset data, ImmutableArray<int> labels, int folds, long seed, CancellationToken stop)
    {
        var values = new double[data.Count];
        foreach (var fold in Splitters.KFold(data.Count, Math.Min(folds, data.Count), seed, labels.AsSpan()))
        {
            using var scope = NewDisposeScope();
            using var train = data.Subset(fold.Train.AsSpan());
            using var built = model.Build(data.FeatureShape, data.Outputs, SeededRandom.At(seed, 0));
            new Trainer(training with { Seed = seed, Checkpoints = null, EarlyStopping = null }).Fit(built, train, cancellation: stop);
            var held = fold.Test.ToArray();
            var scores = TrainedModel.Scores(built, data.Inputs.index_select(0, tensor(held.Select(i => (long)i).ToArray()))).softmax(1).to(ScalarType.Float64).data<double>().ToArray();
            for (var i = 0; i < held.Length; i++)
            {
                var label = labels[held[i]];
                var prior = (fold.Train.Count(j => labels[j] == label) + 1.0) / (fold.Train.Length + data.Outputs);
                values[held[i]] = InfluenceScores.Pvi(scores[i * data.Outputs + label], prior);
            }
        }
        return [.. values];
    }
}
