namespace Assay.Statistics.Tests;

public sealed class WilcoxonTests
{
    [Theory]
    [InlineData(Alternative.TwoSided, 0.0546875)]
    [InlineData(Alternative.Greater, 0.02734375)]
    [InlineData(Alternative.Less, 0.98046875)]
    public void Without_ties_it_is_exact_as_in_scipy(Alternative alternative, double p)
    {
        var test = WilcoxonTest.Of([1.5, -0.4, 2.2, 3.1, -1.1, 0.7, 4.0, 2.5], alternative);
        Assert.Equal(32, test.Statistic);
        Assert.Equal(p, test.PValue, 1e-12);
    }

    [Theory]
    [InlineData(Alternative.TwoSided, 0.07435886206781978)]
    [InlineData(Alternative.Greater, 0.03717943103390989)]
    [InlineData(Alternative.Less, 0.9628205689660901)]
    public void With_ties_and_zeros_it_is_normal_as_in_scipy(Alternative alternative, double p) =>
        Assert.Equal(p, WilcoxonTest.Of([1, 1, -1, 2, 3, 0, -2, 4, 5, 5, 6, -3], alternative).PValue, 1e-9);

    [Fact]
    public void Changing_all_signs_mirrors_the_statistic_and_keeps_p()
    {
        double[] d = [0.3, -1.2, 2.5, 0.9, -0.1];
        var (one, other) = (WilcoxonTest.Of(d), WilcoxonTest.Of([.. d.Select(x => -x)]));
        Assert.Equal(15, one.Statistic + other.Statistic);
        Assert.Equal(one.PValue, other.PValue, 1e-12);
    }

    [Fact]
    public void No_difference_at_all_is_no_evidence_and_few_differences_cannot_be()
    {
        Assert.Equal(1, WilcoxonTest.Of([0, 0, 0]).PValue);
        Assert.Contains("no p-value", WilcoxonTest.Of([1, 2, 3]).Caution, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => WilcoxonTest.Of([]));
        Assert.Throws<ArgumentException>(() => WilcoxonTest.Of([1, double.NaN]));
    }
}
