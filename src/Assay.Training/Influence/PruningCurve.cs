using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A way of keeping examples that a curve follows.</summary>
/// <param name="Score">The score.</param>
/// <param name="Options">The policy.</param>
public sealed record PruningArm(InfluenceScore Score, SelectionOptions Options)
{
    /// <summary>The arm's name: <c>el2n, hard</c>.</summary>
    public string Name => Options.Policy == SelectionPolicy.Random ? "random"
        : $"{Score.ToString().ToLowerInvariant()}, {Options.Policy.ToString().ToLowerInvariant()}{(Options.DropHardest > 0 ? $" without the hardest {Options.DropHardest:0.##}" : "")}{(Options.PerClass ? "" : ", all classes together")}";
}

/// <summary>Test accuracy after training on a part of the data.</summary>
/// <param name="Arm">How the part was chosen.</param>
/// <param name="Fraction">Its share of the data.</param>
/// <param name="Accuracies">The test accuracy of each seed, 0 to 1; for regression the negative mean squared error.</param>
/// <param name="ClassShares">The largest change of a class's share by the selection, in absolute terms.</param>
public sealed record PruningPoint(string Arm, double Fraction, ImmutableArray<double> Accuracies, double ClassShares)
{
    /// <summary>The mean over the seeds.</summary>
    public double Mean => Accuracies.Average();
}

/// <summary>How <see cref="PruningCurve"/> retrains.</summary>
public sealed record PruningOptions
{
    /// <summary>The fractions of the data that are kept.</summary>
    public ImmutableArray<double> Fractions { get; init; } = [0.3, 0.5, 0.7];

    /// <summary>The seeds of retraining.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [100, 101, 102];

    /// <summary>Whether every training makes as many updates as one on all data (small parts are then seen more often); else as many epochs.</summary>
    public bool SameUpdates { get; init; } = true;

    /// <summary>Hears of what is being done, with the fraction done.</summary>
    public Action<string, double>? Progress { get; init; }

    /// <summary>Ends the retraining.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>How much of the data can go: trains on parts that a score chose, and on all of it, with the same seeds, and compares on test data.</summary>
/// <param name="Full">The accuracy on all data, one for each seed.</param>
/// <param name="Points">One point for each arm and fraction.</param>
public sealed record PruningCurve(ImmutableArray<double> Full, ImmutableArray<PruningPoint> Points)
{
    /// <summary>The arms that follow from a table: hard, easy and weighted for every score but <c>random</c>, and one random.</summary>
    public static ImmutableArray<PruningArm> Arms(ScoreTable table, params ReadOnlySpan<SelectionPolicy> policies)
    {
        ArgumentNullException.ThrowIfNull(table);
        SelectionPolicy[] chosen = policies.IsEmpty ? [SelectionPolicy.Hard, SelectionPolicy.Easy] : policies.ToArray();
        var perClass = !table.Labels.IsEmpty;
        return
        [
            new PruningArm(table.Scores.Keys.First(), new SelectionOptions { Policy = SelectionPolicy.Random, PerClass = perClass }),
            .. table.Scores.Keys.Where(s => s != InfluenceScore.Random).SelectMany(s => chosen.Select(p => new PruningArm(s, new SelectionOptions { Policy = p, PerClass = perClass }))),
        ];
    }

    /// <summary>Retrains.</summary>
    /// <param name="model">The architecture.</param>
    /// <param name="training">How all of them are trained.</param>
    /// <param name="train">The training data, in the order of the table.</param>
    /// <param name="test">The test data.</param>
    /// <param name="table">The scores.</param>
    /// <param name="arms">What is compared.</param>
    /// <param name="options">Fractions and seeds; null takes the defaults.</param>
    public static PruningCurve Run(ModelSpec model, TrainingOptions training, TensorDataset train, TensorDataset test, ScoreTable table, ImmutableArray<PruningArm> arms, PruningOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(table);
        options ??= new PruningOptions();
        if (table.Count != train.Count)
            throw new ArgumentException($"the table scores {table.Count} examples, the data has {train.Count}", nameof(table));
        var trials = options.Seeds.Select(s => new Trial(null, 1, s)).Concat(arms.SelectMany(a => options.Fractions.SelectMany(f => options.Seeds.Select(s => new Trial(a, f, s))))).ToImmutableArray();
        var done = 0;
        var results = ParallelTrials.Run(trials, (trial, stop) =>
        {
            var rows = trial.Arm is not { } arm ? null : ExampleSelection.Keep(
                arm.Options.Policy == SelectionPolicy.Weighted ? table.NormalizedHardness(arm.Score) : table.Hardness(arm.Score), table.Labels.AsSpan(), trial.Fraction, trial.Arm.Options with { Seed = trial.Seed });
            var score = Score(model, training, train, test, rows, trial.Seed, options.SameUpdates, stop);
            options.Progress?.Invoke($"{trial.Arm?.Name ?? "all data"}, {100 * trial.Fraction:0} %", (double)Interlocked.Increment(ref done) / trials.Length);
            return (Score: score, Shift: rows is null ? 0 : Shift(table.Labels, rows));
        }, cancellation: options.Cancellation);
        var joined = trials.Zip(results).ToArray();
        return new PruningCurve(
            [.. joined.Where(j => j.First.Arm is null).Select(j => j.Second.Score)],
            [.. joined.Where(j => j.First.Arm is not null).GroupBy(j => (j.First.Arm!.Name, j.First.Fraction)).Select(g => new PruningPoint(g.Key.Name, g.Key.Fraction, [.. g.Select(j => j.Second.Score)], g.Max(j => j.Second.Shift)))]);
    }

    /// <summary>The smallest fraction that an arm can keep and lose at most <paramref name="tolerance"/> of mean accuracy, or NaN.</summary>
    public double SmallestFraction(string arm, double tolerance = 0.005)
    {
        var full = Full.Average();
        return Points.Where(p => p.Arm == arm && p.Mean >= full - tolerance).Select(p => p.Fraction).DefaultIfEmpty(double.NaN).Min();
    }

    private static double Score(ModelSpec model, TrainingOptions training, TensorDataset train, TensorDataset test, int[]? rows, long seed, bool sameUpdates, CancellationToken stop)
    {
        using var scope = NewDisposeScope();
        using var part = rows is null ? null : train.Subset(rows);
        var data = part ?? train;
        int Steps(int count) => (count + training.BatchSize - 1) / training.BatchSize;
        var epochs = sameUpdates ? Math.Max(1, (int)Math.Round((double)training.Epochs * Steps(train.Count) / Steps(data.Count))) : training.Epochs;
        using var built = model.Build(train.FeatureShape, train.Outputs, SeededRandom.At(seed, 0));
        new Trainer(training with { Seed = seed, Epochs = epochs, Checkpoints = null, EarlyStopping = null }).Fit(built, data, cancellation: stop);
        if (test.IsClassification)
            return TrainedModel.Accuracy(built, test);
        using var _ = no_grad();
        return -nn.functional.mse_loss(TrainedModel.Scores(built, test.Inputs).view(-1), test.Targets).ToDouble();
    }

    private static double Shift(ImmutableArray<int> labels, int[] rows)
    {
        var all = labels.GroupBy(l => l).ToDictionary(g => g.Key, g => (double)g.Count() / labels.Length);
        var kept = rows.GroupBy(i => labels[i]).ToDictionary(g => g.Key, g => (double)g.Count() / rows.Length);
        return all.Max(p => Math.Abs(kept.GetValueOrDefault(p.Key) - p.Value));
    }

    private sealed record Trial(PruningArm? Arm, double Fraction, long Seed);
}
