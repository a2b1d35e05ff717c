using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>Trains on some rows and predicts the classes of others.</summary>
/// <param name="train">Rows to train on; for bootstrap samples with repetitions.</param>
/// <param name="test">Rows to predict.</param>
/// <param name="seed">The seed of all chance in training.</param>
/// <returns>The predicted class of each row of <paramref name="test"/>.</returns>
public delegate int[] FitPredict(ImmutableArray<int> train, ImmutableArray<int> test, long seed);

/// <summary>An algorithm that takes part in a comparison.</summary>
/// <param name="Name">Its name.</param>
/// <param name="FitPredict">How it trains and predicts.</param>
public sealed record Contestant(string Name, FitPredict FitPredict);

/// <summary>
/// Runs contestants on common splits and keeps, for each of them, which test items it got right: every test of this room can be computed
/// from that afterwards.
/// </summary>
public sealed class Contest
{
    private readonly bool[][][] correct; // [contestant][split][item of the split's test set]

    private Contest(ImmutableArray<string> names, ImmutableArray<Split> splits, bool[][][] correct)
    {
        Names = names;
        Splits = splits;
        this.correct = correct;
    }

    /// <summary>The names of the contestants.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>The common splits.</summary>
    public ImmutableArray<Split> Splits { get; }

    /// <summary>Trains and judges every contestant on every split, splits in parallel.</summary>
    /// <param name="contestants">The contestants.</param>
    /// <param name="labels">The class of each example.</param>
    /// <param name="splits">The splits; <see cref="Splitters"/> makes them.</param>
    /// <param name="seed">The seed that training draws from.</param>
    /// <param name="cancellation">Stops the contest between splits.</param>
    /// <exception cref="ArgumentException">There are no contestants or no splits, or a contestant returned another number of predictions than asked for.</exception>
    public static Contest Run(IReadOnlyList<Contestant> contestants, ImmutableArray<int> labels, IEnumerable<Split> splits, long seed = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(contestants);
        var common = splits.ToImmutableArray();
        if (contestants.Count == 0 || common.IsEmpty)
            throw new ArgumentException("at least one contestant and one split were expected", nameof(contestants));
        var correct = contestants.Select(_ => new bool[common.Length][]).ToArray();
        try
        {
            Parallel.For(0, common.Length, new ParallelOptions { CancellationToken = cancellation }, s =>
            {
                for (var c = 0; c < contestants.Count; c++)
                    correct[c][s] = Judge(contestants[c], labels, common[s], SeededRandom.At(seed, s, c).NextSeed());
            });
        }
        catch (AggregateException e)
        {
            // The caller's own exception, not the wrapping of the threads.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
        return new Contest([.. contestants.Select(c => c.Name)], common, correct);
    }

    private static bool[] Judge(Contestant contestant, ImmutableArray<int> labels, Split split, long seed)
    {
        var predicted = contestant.FitPredict(split.Train, split.Test, seed);
        if (predicted.Length != split.Test.Length)
            throw new ArgumentException($"'{contestant.Name}' returned {predicted.Length} predictions for {split.Test.Length} rows", nameof(contestant));
        var right = new bool[predicted.Length];
        for (var i = 0; i < right.Length; i++)
            right[i] = predicted[i] == labels[split.Test[i]];
        return right;
    }

    /// <summary>The accuracy of a contestant on each split.</summary>
    public double[] Accuracies(int contestant) => Array.ConvertAll(correct[contestant], static right => (double)right.AsSpan().Count(true) / right.Length);

    /// <summary>The difference of two contestants' accuracies on each split, first minus second.</summary>
    public double[] Differences(int first, int second) => [.. Accuracies(first).Zip(Accuracies(second), static (a, b) => a - b)];

    /// <summary>Whether a contestant was right on the test items of one split.</summary>
    public ReadOnlySpan<bool> Correct(int contestant, int split) => correct[contestant][split];

    /// <summary>
    /// Whether a contestant was right on each tested item, split after split; the same order for all contestants. Where the splits test
    /// each example once (one k-fold cross-validation, leave-one-out) these are outcomes of distinct items.
    /// </summary>
    public bool[] AllCorrect(int contestant) => [.. correct[contestant].SelectMany(static right => right)];

    /// <summary>n_test/n_train of the splits, for <see cref="PairedTTest.Corrected"/>.</summary>
    public double TestToTrain => Splits.Average(static s => (double)s.Test.Length / s.Train.Length);

    /// <summary>The combined 5x2cv F test of two contestants; the splits must be those of <see cref="Splitters.FiveByTwo"/>.</summary>
    /// <exception cref="InvalidOperationException">There are not ten splits.</exception>
    public TestResult FiveByTwoF(int first, int second)
    {
        if (Splits.Length != 10)
            throw new InvalidOperationException($"five times two folds were expected, not {Splits.Length} splits");
        var d = Differences(first, second);
        return FiveByTwoTest.CombinedF([.. Enumerable.Range(0, 5).Select(i => (d[2 * i], d[2 * i + 1]))]);
    }
}
