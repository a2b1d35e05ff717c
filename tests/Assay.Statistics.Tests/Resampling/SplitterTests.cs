using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class SplitterTests
{
    [Fact]
    public void Folds_partition_the_data_and_differ_in_size_by_one_at_most()
    {
        Gen.Select(Gen.Int[4, 90], Gen.Int[2, 4], Gen.Long).Sample((n, k, seed) =>
        {
            var folds = Splitters.KFold(n, k, seed);
            Assert.Equal(Enumerable.Range(0, n), folds.SelectMany(f => f.Test).Order());
            Assert.All(folds, f => Assert.Equal(Enumerable.Range(0, n), f.Train.Concat(f.Test).Order()));
            Assert.True(folds.Max(f => f.Test.Length) - folds.Min(f => f.Test.Length) <= 1);
        });
    }

    [Fact]
    public void Stratified_folds_hold_equal_numbers_of_each_class()
    {
        Gen.Select(Gen.Int[0, 2].Array[30, 90], Gen.Int[2, 5], Gen.Long).Where((y, k, _) => Enumerable.Range(0, 3).All(c => y.Count(v => v == c) >= k)).Sample((y, k, seed) =>
        {
            var folds = Splitters.KFold(y.Length, k, seed, y);
            for (var c = 0; c < 3; c++)
            {
                var counts = folds.Select(f => f.Test.Count(i => y[i] == c)).ToArray();
                Assert.True(counts.Max() - counts.Min() <= 1);
            }
            Assert.True(folds.Max(f => f.Test.Length) - folds.Min(f => f.Test.Length) <= 1);
        });
    }

    [Fact]
    public void No_split_tears_a_group_apart()
    {
        Gen.Select(Gen.Int[0, 11].Array[40, 80], Gen.Long).Where((g, _) => g.Distinct().Count() >= 6).Sample((groups, seed) =>
        {
            int[] strata = [.. groups.Select((g, i) => (g + i) % 2)];
            Split[] splits =
            [
                .. Splitters.KFold(groups.Length, 3, seed, groups: groups), .. Splitters.KFold(groups.Length, 3, seed, strata, groups),
                Splitters.Holdout(groups.Length, seed: seed, groups: groups), .. Splitters.MonteCarlo(groups.Length, 3, seed: seed, strata: strata, groups: groups),
                .. Splitters.Bootstrap(groups.Length, 5, seed, groups: groups), .. Splitters.FiveByTwo(groups.Length, seed, groups: groups),
            ];
            Assert.All(splits, s => Assert.Empty(s.Train.Select(i => groups[i]).Intersect(s.Test.Select(i => groups[i]))));
            Assert.All(splits, s => Assert.NotEmpty(s.Test));
        });
    }

    [Fact]
    public void Grouped_folds_are_of_similar_size()
    {
        int[] groups = [.. Enumerable.Range(0, 200).Select(i => i / 5)];
        Assert.All(Splitters.KFold(200, 4, groups: groups), f => Assert.Equal(50, f.Test.Length));
    }

    [Fact]
    public void Holdouts_have_the_share_asked_for_and_keep_class_shares()
    {
        Gen.Select(Gen.Int[0, 2].Array[30, 200], Gen.Double[.1, .6], Gen.Long).Sample((y, share, seed) =>
        {
            var split = Splitters.Holdout(y.Length, share, seed, y);
            Assert.Equal(Enumerable.Range(0, y.Length), split.Train.Concat(split.Test).Order());
            Assert.True(Math.Abs(split.Test.Length - share * y.Length) <= 1);
            foreach (var c in y.Distinct())
                Assert.True(Math.Abs(split.Test.Count(i => y[i] == c) - share * y.Count(v => v == c)) < 2);
        });
    }

    [Fact]
    public void Three_parts_are_disjoint_and_whole()
    {
        var split = Splitters.ThreeWayHoldout(100, .2, .3, seed: 4);
        Assert.Equal((50, 20, 30), (split.Train.Length, split.Validation.Length, split.Test.Length));
        Assert.Equal(Enumerable.Range(0, 100), split.Train.Concat(split.Validation).Concat(split.Test).Order());
    }

    [Fact]
    public void Independent_sets_share_no_example()
    {
        var splits = Splitters.Independent(300, 10, seed: 2, strata: [.. Enumerable.Range(0, 300).Select(i => i % 2)]);
        Assert.Equal(Enumerable.Range(0, 300), splits.SelectMany(s => s.Train.Concat(s.Test)).Order());
        Assert.All(splits, s => Assert.Equal((20, 10), (s.Train.Length, s.Test.Length)));
    }

    [Fact]
    public void Leaving_two_of_five_out_gives_ten_splits()
    {
        var splits = Splitters.LeaveOut(5, 2).ToArray();
        Assert.Equal(10, splits.Select(s => string.Join(",", s.Test)).Distinct().Count());
        Assert.All(splits, s => Assert.Equal(3, s.Train.Length));
        Assert.Equal([0, 1, 2], Splitters.LeaveOneOut(3).Select(s => s.Test.Single()));
    }

    [Fact]
    public void Bootstrap_samples_have_n_draws_and_test_the_rest()
    {
        var splits = Splitters.Bootstrap(100, 200, seed: 1);
        Assert.All(splits, s => Assert.Equal(100, s.Train.Length));
        Assert.All(splits, s => Assert.Empty(s.Train.Intersect(s.Test)));
        Assert.Equal(1 - Splitters.InclusionProbability(100), splits.Average(s => s.Test.Length / 100.0), .01);
        // With two examples half of all samples would leave nobody out.
        Assert.All(Splitters.Bootstrap(2, 50), s => Assert.Single(s.Test));
    }

    [Fact]
    public void Inclusion_probabilities()
    {
        Assert.Equal(.651322, Splitters.InclusionProbability(10), 1e-6);
        Assert.Equal(.633968, Splitters.InclusionProbability(100), 1e-6);
    }

    [Fact]
    public void The_seed_alone_decides()
    {
        Assert.Equal(Splitters.KFold(50, 5, 7).SelectMany(f => f.Test), Splitters.KFold(50, 5, 7).SelectMany(f => f.Test));
        Assert.NotEqual(Splitters.KFold(50, 5, 7).SelectMany(f => f.Test), Splitters.KFold(50, 5, 8).SelectMany(f => f.Test));
    }

    [Fact]
    public void Impossible_splits_are_refused()
    {
        Assert.Contains("too few for 3", Assert.Throws<ArgumentException>(() => Splitters.KFold(6, 3, strata: [0, 0, 0, 0, 1, 1])).Message, StringComparison.Ordinal);
        Assert.Contains("2 groups", Assert.Throws<ArgumentException>(() => Splitters.KFold(4, 3, groups: [0, 0, 1, 1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Splitters.KFold(3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Splitters.Holdout(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Splitters.Holdout(10, 1));
        Assert.Throws<ArgumentException>(() => Splitters.KFold(10, 2, strata: [0, 1]));
    }
}
