using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class ResampledAlgorithmTests
{
    private static readonly double[] TenFolds = [.03, .01, .02, .04, 0, .02, .03, .01, .02, .02];
    private static readonly (double, double)[] FiveByTwo = [(.02, .01), (.03, -.01), (.01, .02), (0, .03), (.02, .02)];

    [Fact]
    public void Paired_t_over_ten_folds()
    {
        var result = PairedTTest.CrossValidated(TenFolds);
        Assert.Equal(5.477226, result.Statistic, 1e-6);
        Assert.Equal(.000391571, result.PValue, 1e-9);
        Assert.NotNull(result.Caution);
    }

    [Theory]
    [InlineData(1.0 / 9, 3.769685, .00441860)]
    [InlineData(1.0 / 2, 2.236068, .0521772)]
    public void Corrected_t_over_ten_splits(double testToTrain, double t, double p)
    {
        var result = PairedTTest.Corrected(TenFolds, testToTrain);
        Assert.Equal(t, result.Statistic, 1e-6);
        Assert.Equal(p, result.PValue, 1e-7);
        Assert.Null(result.Caution);
    }

    [Fact]
    public void Five_times_two_folds()
    {
        var t = FiveByTwoTest.T(FiveByTwo);
        Assert.Equal(1.217161, t.Statistic, 1e-6);
        Assert.Equal(.277852, t.PValue, 1e-6);
        var f = FiveByTwoTest.CombinedF(FiveByTwo);
        Assert.Equal(1.370370, f.Statistic, 1e-6);
        Assert.Equal(.382851, f.PValue, 1e-6);
    }

    [Fact]
    public void Swapping_the_algorithms_flips_t_and_leaves_F_and_p()
    {
        Gen.Double[-.1, .1].Array[10].Sample(d =>
        {
            double[] flipped = [.. d.Select(x => -x)];
            var (a, b) = (PairedTTest.Corrected(d, .5), PairedTTest.Corrected(flipped, .5));
            Assert.Equal(a.Statistic, -b.Statistic, 1e-9);
            Assert.Equal(a.PValue, b.PValue, 1e-12);
            var pairs = Enumerable.Range(0, 5).Select(i => (d[2 * i], d[2 * i + 1])).ToArray();
            var swapped = Enumerable.Range(0, 5).Select(i => (flipped[2 * i], flipped[2 * i + 1])).ToArray();
            Assert.Equal(FiveByTwoTest.T(pairs).Statistic, -FiveByTwoTest.T(swapped).Statistic, 1e-9);
            Assert.Equal(FiveByTwoTest.CombinedF(pairs), FiveByTwoTest.CombinedF(swapped), (x, y) => x!.Statistic == y!.Statistic && x.PValue == y.PValue);
        });
    }

    [Fact]
    public void One_sided_p_values_add_up_to_one()
    {
        var greater = PairedTTest.Corrected(TenFolds, .5, Alternative.Greater).PValue;
        Assert.Equal(.0521772 / 2, greater, 1e-7);
        Assert.Equal(1, greater + PairedTTest.Corrected(TenFolds, .5, Alternative.Less).PValue, 1e-12);
    }

    [Fact]
    public void Differences_without_spread_are_degenerate_unless_they_are_zero()
    {
        Assert.Equal(1, PairedTTest.CrossValidated([0, 0, 0]).PValue);
        var equal = PairedTTest.CrossValidated([.1, .1, .1]);
        Assert.True(double.IsNaN(equal.PValue));
        Assert.False(equal.IsSignificant());
        Assert.Contains("degenerate", equal.Caution, StringComparison.Ordinal);
        Assert.True(double.IsNaN(FiveByTwoTest.CombinedF([(.1, .1), (.1, .1), (.1, .1), (.1, .1), (.1, .1)]).PValue));
        Assert.Equal(1, FiveByTwoTest.CombinedF([(0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]).PValue);
        Assert.Throws<ArgumentException>(() => PairedTTest.CrossValidated([.1]));
        Assert.Throws<ArgumentException>(() => PairedTTest.CrossValidated([.1, double.NaN]));
        Assert.Throws<ArgumentException>(() => FiveByTwoTest.T([(.1, .2)]));
    }
}
