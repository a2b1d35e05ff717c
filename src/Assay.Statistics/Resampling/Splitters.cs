using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>
/// Every resampling scheme of the article. All take a seed; those that draw at random keep the shares of the classes where
/// <c>strata</c> is given (class counts of a part are less than 2 away from proportional ones) and never tear a group apart where
/// <c>groups</c> is given (then sizes and shares are kept as well as whole groups allow).
/// </summary>
[Method("splitters", Paper = 83, Kind = MethodKind.Resampling)]
public static class Splitters
{
    /// <summary>A random share of the examples for testing (one third unless told otherwise).</summary>
    /// <param name="count">n, at least 2.</param>
    /// <param name="testShare">The share to test on, strictly between 0 and 1; each part gets at least one example.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty.</param>
    /// <param name="groups">The group of each example, or empty.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a part would be empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The share or n is out of range.</exception>
    public static Split Holdout(int count, double testShare = 1.0 / 3, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        CheckShare(testShare);
        var parts = Partition.Shares(count, [1 - testShare, testShare], strata, groups, new SeededRandom(seed));
        return new Split(parts[0], parts[1]);
    }

    /// <summary>Random shares for training, validation and testing.</summary>
    /// <inheritdoc cref="Holdout"/>
    /// <param name="count">n, at least 3.</param>
    /// <param name="validationShare">The share to choose settings with.</param>
    /// <param name="testShare">The share to test on.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty.</param>
    /// <param name="groups">The group of each example, or empty.</param>
    public static ThreeWaySplit ThreeWayHoldout(int count, double validationShare = 0.2, double testShare = 0.2, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        CheckShare(validationShare);
        CheckShare(testShare);
        CheckShare(validationShare + testShare);
        var parts = Partition.Shares(count, [1 - validationShare - testShare, validationShare, testShare], strata, groups, new SeededRandom(seed));
        return new ThreeWaySplit(parts[0], parts[1], parts[2]);
    }

    /// <summary>Repeated holdout, also called Monte-Carlo cross-validation.</summary>
    /// <inheritdoc cref="Holdout"/>
    /// <param name="count">n, at least 2.</param>
    /// <param name="repeats">The number of splits.</param>
    /// <param name="testShare">The share to test on.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty.</param>
    /// <param name="groups">The group of each example, or empty.</param>
    public static ImmutableArray<Split> MonteCarlo(int count, int repeats = 50, double testShare = 1.0 / 3, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repeats);
        var splits = ImmutableArray.CreateBuilder<Split>(repeats);
        for (var r = 0; r < repeats; r++)
            splits.Add(Holdout(count, testShare, SeededRandom.At(seed, r).NextSeed(), strata, groups));
        return splits.MoveToImmutable();
    }

    /// <summary>k-fold cross-validation: each example is tested once; fold sizes, and with strata the class counts per fold, differ by at most 1.</summary>
    /// <param name="count">n, at least k.</param>
    /// <param name="folds">k, 2 to n.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty.</param>
    /// <param name="groups">The group of each example, or empty; there must be at least k groups.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, a class has fewer than k examples, or there are fewer than k groups.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is out of range.</exception>
    public static ImmutableArray<Split> KFold(int count, int folds = 10, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        var assignment = Partition.Folds(count, folds, strata, groups, new SeededRandom(seed));
        return [.. Enumerable.Range(0, folds).Select(f => new Split(
            [.. Enumerable.Range(0, count).Where(i => assignment[i] != f)],
            [.. Enumerable.Range(0, count).Where(i => assignment[i] == f)]))];
    }

    /// <summary>k-fold cross-validation repeated with new folds: the article's choice for small data.</summary>
    /// <inheritdoc cref="KFold"/>
    /// <param name="count">n, at least k.</param>
    /// <param name="folds">k, 2 to n.</param>
    /// <param name="repeats">The number of repetitions.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty.</param>
    /// <param name="groups">The group of each example, or empty.</param>
    public static ImmutableArray<Split> RepeatedKFold(int count, int folds = 10, int repeats = 5, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repeats);
        var splits = ImmutableArray.CreateBuilder<Split>();
        for (var r = 0; r < repeats; r++)
            splits.AddRange(KFold(count, folds, SeededRandom.At(seed, r).NextSeed(), strata, groups));
        return splits.ToImmutable();
    }

    /// <summary>Five repetitions of two folds, for <see cref="FiveByTwoTest"/>: splits 2i and 2i + 1 are the folds of repetition i.</summary>
    /// <inheritdoc cref="KFold"/>
    public static ImmutableArray<Split> FiveByTwo(int count, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default) =>
        RepeatedKFold(count, folds: 2, repeats: 5, seed, strata, groups);

    /// <summary>
    /// Splits that share no example at all: the data are dealt to disjoint sets, each of which is split into train and test. Scores on them
    /// are independent, so that plain tests are right; it takes much data.
    /// </summary>
    /// <inheritdoc cref="Holdout"/>
    /// <param name="count">n, at least twice the number of sets.</param>
    /// <param name="sets">The number of sets.</param>
    /// <param name="testShare">The share of each set to test on.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty.</param>
    /// <param name="groups">The group of each example, or empty.</param>
    public static ImmutableArray<Split> Independent(int count, int sets = 10, double testShare = 1.0 / 3, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        var splits = ImmutableArray.CreateBuilder<Split>(sets);
        foreach (var fold in KFold(count, sets, seed, strata, groups))
        {
            var rows = fold.Test;
            var split = Holdout(rows.Length, testShare, SeededRandom.At(seed, splits.Count).NextSeed(), Of(rows, strata), Of(rows, groups));
            splits.Add(new Split([.. split.Train.Select(i => rows[i])], [.. split.Test.Select(i => rows[i])]));
        }
        return splits.MoveToImmutable();

        static int[] Of(ImmutableArray<int> rows, ReadOnlySpan<int> keys)
        {
            if (keys.IsEmpty)
                return [];
            var chosen = new int[rows.Length];
            for (var i = 0; i < chosen.Length; i++)
                chosen[i] = keys[rows[i]];
            return chosen;
        }
    }

    /// <summary>Each example is tested once by a model of all others.</summary>
    /// <param name="count">n, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is less than 2.</exception>
    public static IEnumerable<Split> LeaveOneOut(int count) => LeaveOut(count, 1);

    /// <summary>Each set of p examples is tested once: n!/(p!(n − p)!) splits, drawn lazily.</summary>
    /// <param name="count">n, more than p.</param>
    /// <param name="left">p, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">n or p is out of range.</exception>
    public static IEnumerable<Split> LeaveOut(int count, int left)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(left);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(count, left);
        return Subsets();

        IEnumerable<Split> Subsets()
        {
            var chosen = Enumerable.Range(0, left).ToArray();
            do
            {
                var test = chosen.ToImmutableArray();
                var set = test.ToHashSet();
                yield return new Split([.. Enumerable.Range(0, count).Where(i => !set.Contains(i))], test);
            }
            while (Combinatorics.Next(chosen, count));
        }
    }

    /// <summary>
    /// Bootstrap samples of n examples drawn with replacement, tested on those not drawn (36.8 % of them on average). A sample that leaves
    /// nobody out is drawn anew. With groups, whole groups are drawn.
    /// </summary>
    /// <param name="count">n, at least 2.</param>
    /// <param name="samples">b, 50 to 200 or more.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="strata">The class of each example, or empty; each class keeps its number of draws.</param>
    /// <param name="groups">The group of each example, or empty; not together with strata.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, both strata and groups are given, or there is only one group.</exception>
    /// <exception cref="ArgumentOutOfRangeException">n or b is out of range.</exception>
    public static ImmutableArray<Split> Bootstrap(int count, int samples = 200, long seed = 0, ReadOnlySpan<int> strata = default, ReadOnlySpan<int> groups = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        if (!strata.IsEmpty && !groups.IsEmpty)
            throw new ArgumentException("a bootstrap is drawn by classes or by groups, not by both", nameof(groups));
        // Units are what is drawn: examples or whole groups; pools are what each keeps its number of draws: all, or each class.
        var units = groups.IsEmpty ? [.. Enumerable.Range(0, count).Select(i => new[] { i })] : Partition.Members(count, groups);
        var pools = strata.IsEmpty ? [[.. Enumerable.Range(0, units.Length)]] : Partition.Members(count, strata);
        if (units.Length < 2 || pools.All(p => p.Length < 2))
            throw new ArgumentException("there is nothing that could be left out", nameof(groups));
        var splits = ImmutableArray.CreateBuilder<Split>(samples);
        for (var s = 0; s < samples; s++)
        {
            var random = SeededRandom.At(seed, s);
            Split split;
            do
            {
                var train = pools.SelectMany(pool => Enumerable.Range(0, pool.Length).Select(_ => pool[random.Next(pool.Length)])).SelectMany(u => units[u]).ToImmutableArray();
                var drawn = new bool[count];
                foreach (var i in train)
                    drawn[i] = true;
                split = new Split(train, [.. Enumerable.Range(0, count).Where(i => !drawn[i])]);
            }
            while (split.Test.IsEmpty);
            splits.Add(split);
        }
        return splits.MoveToImmutable();
    }

    /// <summary>The chance 1 − (1 − 1/n)ⁿ that a bootstrap sample holds a given example; .632 in the limit.</summary>
    public static double InclusionProbability(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return 1 - Math.Pow(1 - 1.0 / count, count);
    }

    private static void CheckShare(double share)
    {
        if (!(share > 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "shares strictly between 0 and 1 that leave something to train on were expected");
    }
}
