using System.Collections.Immutable;
using Assay.Statistics;
using CsCheck;

namespace Assay.Data.Tests;

public sealed class SplitTests
{
    [Fact]
    public void Parts_are_disjoint_complete_and_keep_the_classes_shares()
    {
        var data = DatasetCatalog.Load("digits");
        var split = DatasetSplit.Of(data, test: 0.2, validation: 0.1, seed: 3);
        Assert.Equal(data.Ids.Order(), split.Train.Ids.Concat(split.Validation!.Ids).Concat(split.Test.Ids).Order());
        Assert.InRange(split.Test.Count, 358, 361);
        foreach (var (label, count) in data.Labels.CountBy(l => l))
            Assert.InRange(split.Test.Labels.Count(l => l == label), (count * 0.2) - 2, (count * 0.2) + 2);
        Assert.Equal(split.Test.Ids, DatasetSplit.Of(data, 0.2, 0.1, 3).Test.Ids);
        Assert.NotEqual(split.Test.Ids, DatasetSplit.Of(data, 0.2, 0.1, 4).Test.Ids);
        Assert.Null(DatasetSplit.Of(data, validation: 0).Validation);
    }

    [Fact]
    public void Groups_are_never_torn_apart() => Gen.Select(Gen.Int[3, 12], Gen.Long).Sample((groups, seed) =>
    {
        var random = new SeededRandom(seed);
        int[] codes = [.. Enumerable.Range(0, 60).Select(i => i < groups ? i : random.Next(groups))];
        var data = new Dataset
        {
            Name = "g",
            Ids = [.. Enumerable.Range(0, 60).Select(i => $"{i}")],
            Groups = new CategoryColumn([.. codes], [.. Enumerable.Range(0, groups).Select(g => $"g{g}")]),
        };
        var split = DatasetSplit.Of(data, seed: seed);
        ImmutableArray<int>[] parts = [split.Train.Groups!.Codes, split.Validation!.Groups!.Codes, split.Test.Groups!.Codes];
        return parts.Sum(p => p.Distinct().Count()) == codes.Distinct().Count() && parts.Sum(p => p.Length) == 60;
    });

    [Fact]
    public void Standardising_uses_the_training_part_alone()
    {
        var (split, standardizer) = DatasetSplit.Of(DatasetCatalog.Load("wine"), validation: 0).Standardize();
        var train = split.Train.RequireFeatures();
        for (var j = 0; j < train.Columns; j++)
        {
            var column = Enumerable.Range(0, train.Rows).Select(i => (double)train[i, j]).ToArray();
            Assert.Equal(0, column.Average(), 1e-5);
            Assert.Equal(1, column.Average(v => v * v), 1e-4);
        }
        var back = standardizer.Invert(split.Test.RequireFeatures());
        var original = DatasetSplit.Of(DatasetCatalog.Load("wine"), validation: 0).Test.RequireFeatures();
        Assert.All(back.Values.ToArray().Zip(original.Values.ToArray()), p => Assert.Equal(p.Second, p.First, Math.Abs(p.Second) * 1e-5 + 1e-4));
    }

    // scikit-learn 1.2.1: StandardScaler().fit(load_wine().data): mean_[0], scale_[0], mean_[12], scale_[12].
    [Fact]
    public void Means_and_deviations_are_those_of_scikit_learn()
    {
        var standardizer = Standardizer.Fit(DatasetCatalog.Load("wine").RequireFeatures());
        Assert.Equal(13.00061798, standardizer.Mean[0], 1e-5);
        Assert.Equal(0.80954291, standardizer.Deviation[0], 1e-6);
        Assert.Equal(746.8932584, standardizer.Mean[12], 1e-3);
        Assert.Equal(314.0216568, standardizer.Deviation[12], 1e-3);
    }

    [Fact]
    public void Constant_features_are_only_centred_and_missing_values_do_not_count()
    {
        var standardizer = Standardizer.Fit(new FloatMatrix([1e6f, 1, 1e6f, float.NaN, 1e6f, 3], 3, 2));
        Assert.Equal([1e6f, 2], standardizer.Mean);
        Assert.Equal([1, 1], standardizer.Deviation);
        Assert.Equal([0, -1, 5, float.NaN], standardizer.Apply(new FloatMatrix([1e6f, 1, 1e6f + 5, float.NaN], 2, 2)).Values.ToArray());
    }

    [Fact]
    public void One_mean_for_all_features_is_the_mean_of_all_values()
    {
        var standardizer = Standardizer.Fit(new FloatMatrix([1, 2, 3, 6], 2, 2), perFeature: false);
        Assert.Equal([3, 3], standardizer.Mean);
        Assert.Equal(Math.Sqrt(3.5), standardizer.Deviation[1], 1e-6);
    }
}
