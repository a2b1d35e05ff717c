using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class IntervalTests
{
    // The brief's figures for a = .875, n = 80.
    [Fact]
    public void Proportion_intervals_of_70_in_80()
    {
        AssertInterval(.802529, .947471, ProportionInterval.Normal(70, 80));
        AssertInterval(.784972, .930664, ProportionInterval.Wilson(70, 80));
        AssertInterval(.782111, .938398, ProportionInterval.ClopperPearson(70, 80));
    }

    [Fact]
    public void Proportion_intervals_stay_within_0_and_1_at_the_ends()
    {
        Assert.Equal(0, ProportionInterval.Wilson(0, 10).Low);
        Assert.Equal(1, ProportionInterval.ClopperPearson(10, 10).High);
        Assert.Equal(Math.Pow(.025, .1), ProportionInterval.ClopperPearson(10, 10).Low, 1e-9);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProportionInterval.Wilson(11, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProportionInterval.Wilson(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProportionInterval.Wilson(1, 2, level: 1));
    }

    // Brief; and SciPy 1.10: norm.ppf, t.sf, chi2.sf, f.sf, studentized_range.ppf(df=inf), norm.sf, norm.ppf.
    [Fact]
    public void Quantiles_and_tails_agree_with_scipy()
    {
        Assert.Equal(1.959963984540054, Tails.NormalQuantile(.975), 1e-12);
        Assert.Equal(-6.361340902404056, Tails.NormalQuantile(1e-10), 1e-9);
        Assert.Equal(2.776445, Tails.StudentQuantile(.975, 4), 1e-6);
        Assert.Equal(2.262157, Tails.StudentQuantile(.975, 9), 1e-6);
        Assert.Equal(1.971957, Tails.StudentQuantile(.975, 199), 1e-6);
        Assert.Equal(0.00039157032551292813, Tails.StudentTwoSided(5.477226, 9), 1e-12);
        Assert.Equal(1, Tails.ChiSquareUpper(50, 3) / 7.989179244951495e-11, 1e-9);
        Assert.Equal(0.002191550042440516, Tails.FisherUpper(6.63, 2, 78), 1e-12);
        Assert.Equal(3.314493155398122, Tails.StudentizedRangeQuantile(.95, 3), 1e-7);
        Assert.Equal(4.474124221725907, Tails.StudentizedRangeQuantile(.95, 10), 1e-7);
        Assert.Equal(1, Tails.NormalTwoSided(10) / 1.523970604832094e-23, 1e-9);
        Assert.Equal(0.5, Tails.StudentUpper(0, 3), 1e-15);
    }

    [Fact]
    public void A_mean_has_students_interval()
    {
        double[] values = [1, 2, 3, 4, 5];
        var estimate = MeanInterval.Of(values);
        Assert.Equal(3, estimate.Value);
        Assert.Equal(3 - 2.7764451 * Math.Sqrt(2.5 / 5), estimate.Interval.Low, 1e-6);
        Assert.True(double.IsNaN(MeanInterval.Of([1.0]).Interval.Low));
    }

    [Fact]
    public void Moments_merge_as_if_seen_together()
    {
        Gen.Select(Gen.Double[-1e6, 1e6].Array[0, 20], Gen.Double[-1, 1].Array[1, 20]).Sample((a, b) =>
        {
            var whole = Moments.Of([.. a, .. b]);
            var merged = Moments.Of(a).Merge(Moments.Of(b));
            Assert.Equal(whole.Count, merged.Count);
            Assert.Equal(whole.Mean, merged.Mean, 1e-9 * Math.Max(1, Math.Abs(whole.Mean)));
            Assert.Equal(whole.SquaredDeviations, merged.SquaredDeviations, 1e-9 * Math.Max(1, whole.SquaredDeviations));
        });
    }

    // SciPy's stats.bootstrap((x,), np.mean, n_resamples=200000): BCa 3.4333 to 5.2583, basic 3.3667 to 5.1833.
    [Fact]
    public void Bootstrap_intervals_of_a_mean_agree_with_scipy()
    {
        double[] x = [3.1, 4.5, 2.2, 5.9, 4.4, 3.8, 7.2, 1.9, 4.1, 5.0, 2.8, 6.6];
        var mean = x.Average();
        var resampled = Bootstrap.Of(x.Length, rows => rows.Average(i => x[i]), resamples: 100_000, seed: 1);
        double[] jackknife = [.. Enumerable.Range(0, x.Length).Select(i => x.Where((_, j) => j != i).Average())];
        AssertInterval(3.4333, 5.2583, BootstrapInterval.BiasCorrected(mean, resampled, jackknife), 0.02);
        AssertInterval(3.3667, 5.1833, BootstrapInterval.Basic(mean, resampled), 0.02);
        var percentile = BootstrapInterval.Percentile(resampled);
        AssertInterval(2 * mean - 5.1833, 2 * mean - 3.3667, percentile, 0.02);
        // SE of the bootstrap is √((1 − 1/n) s²/n); t with 99,999 degrees of freedom is 1.96.
        var se = Math.Sqrt(Moments.Of(x).SquaredDeviations) / x.Length;
        AssertInterval(mean - 1.96 * se, mean + 1.96 * se, BootstrapInterval.StandardError(resampled, centre: mean), 0.02);
    }

    [Fact]
    public void The_bootstrap_standard_error_uses_students_quantile()
    {
        double[] five = [.80, .82, .84, .86, .88];
        AssertInterval(.84 - 2.776445 * Math.Sqrt(.001), .84 + 2.776445 * Math.Sqrt(.001), BootstrapInterval.StandardError(five), 1e-6);
        AssertInterval(.85 - 2.776445 * Math.Sqrt(.001), .85 + 2.776445 * Math.Sqrt(.001), BootstrapInterval.StandardError(five, centre: .85), 1e-6);
    }

    private static void AssertInterval(double low, double high, Interval interval, double tolerance = 1e-6)
    {
        Assert.Equal(low, interval.Low, tolerance);
        Assert.Equal(high, interval.High, tolerance);
    }
}
