using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class TwoClassifierTests
{
    // The brief's figures.
    [Theory]
    [InlineData(25, 15, McNemarVariant.Uncorrected, 2.5, .113846)]
    [InlineData(25, 15, McNemarVariant.Continuity, 2.025, .154729)]
    [InlineData(25, 15, McNemarVariant.Exact, 15, .153860)]
    [InlineData(25, 15, McNemarVariant.MidP, 15, .117275)]
    [InlineData(11, 1, McNemarVariant.Uncorrected, 8.333333, .003892)]
    [InlineData(11, 1, McNemarVariant.Continuity, 6.75, .0093748)]
    [InlineData(11, 1, McNemarVariant.Exact, 1, .00634766)]
    [InlineData(6, 2, McNemarVariant.Exact, 2, .2890625)]
    [InlineData(4, 4, McNemarVariant.Exact, 4, 1)]
    [InlineData(4, 4, McNemarVariant.MidP, 4, 1)]
    [InlineData(4, 3, McNemarVariant.Continuity, 0, 1)]
    [InlineData(0, 0, McNemarVariant.Auto, 0, 1)]
    public void McNemar(long b, long c, McNemarVariant variant, double statistic, double p)
    {
        var result = McNemarTest.Of(new PairedOutcomes(50, b, c, 10), variant);
        Assert.Equal(statistic, result.Statistic, 1e-6);
        Assert.Equal(p, result.PValue, 1e-6);
    }

    [Fact]
    public void McNemar_is_exact_for_few_disagreements_and_corrected_for_many()
    {
        Assert.Contains("exact", McNemarTest.Of(new PairedOutcomes(0, 30, 19, 0)).Test, StringComparison.Ordinal);
        Assert.Contains("continuity", McNemarTest.Of(new PairedOutcomes(0, 30, 20, 0)).Test, StringComparison.Ordinal);
    }

    [Fact]
    public void Swapping_the_models_changes_no_p_value()
    {
        Gen.Select(Gen.Int[0, 80], Gen.Int[0, 80], Gen.Enum<McNemarVariant>()).Sample((b, c, variant) =>
        {
            var p = McNemarTest.Of(new PairedOutcomes(5, b, c, 5), variant).PValue;
            Assert.Equal(p, McNemarTest.Of(new PairedOutcomes(5, c, b, 5), variant).PValue, 1e-12);
            Assert.InRange(p, 0, 1);
        });
    }

    [Fact]
    public void Difference_of_proportions()
    {
        var pooled = ProportionDifferenceTest.Of(.84, .78, 200);
        Assert.Equal(1.529438, pooled.Statistic, 1e-6);
        Assert.Equal(.126156, pooled.PValue, 1e-6);
        Assert.Equal(1.533930, ProportionDifferenceTest.Of(.84, .78, 200, pooled: false).Statistic, 1e-6);
        Assert.Equal(1, ProportionDifferenceTest.Of(1, 1, 10).PValue);
        Assert.Equal(.063078, ProportionDifferenceTest.Of(.84, .78, 200, alternative: Alternative.Greater).PValue, 1e-6);
    }

    [Fact]
    public void Sign_flips_of_six_items()
    {
        var result = PermutationTest.Paired([1, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0]);
        Assert.Equal(.25, result.PValue, 1e-12);
        Assert.Equal(.125, PermutationTest.Paired([1, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0], alternative: Alternative.Greater).PValue, 1e-12);
        Assert.Equal(1, PermutationTest.Paired([1, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0], alternative: Alternative.Less).PValue, 1e-12);
    }

    [Fact]
    public void Label_shuffles_of_five_and_five()
    {
        Assert.Equal(8.0 / 252, PermutationTest.TwoSample([28, 18, 27, 25, 36], [22, 16, 18, 20, 17]).PValue, 1e-12);
    }

    [Fact]
    public void Random_rearrangements_come_near_the_exact_test()
    {
        // 24 disagreements, 17 to 7: exact binomial p = .0639.
        double[] first = [.. Enumerable.Range(0, 40).Select(i => i < 17 ? 1.0 : 0)];
        double[] second = [.. Enumerable.Range(0, 40).Select(i => i is >= 17 and < 24 ? 1.0 : 0)];
        var exact = McNemarTest.Of(new PairedOutcomes(0, 17, 7, 16), McNemarVariant.Exact).PValue;
        Assert.Equal(exact, PermutationTest.Paired(first, second, rounds: 20_000, seed: 3).PValue, .008);
        double[] a = [.. Enumerable.Range(0, 15).Select(i => i * 1.0)], b = [.. Enumerable.Range(0, 15).Select(i => i + 4.0)];
        // SciPy's ttest_ind(a, b).pvalue is .0208; the permutation test of means follows it closely.
        Assert.Equal(.0208, PermutationTest.TwoSample(a, b, rounds: 20_000, seed: 3).PValue, .005);
    }

    [Fact]
    public void Odds_ratio_and_effect_size()
    {
        var odds = EffectSize.OddsRatio(new PairedOutcomes(0, 11, 1, 0));
        Assert.Equal(11, odds.Value);
        var share = ProportionInterval.ClopperPearson(11, 12);
        Assert.Equal(share.Low / (1 - share.Low), odds.Interval.Low, 1e-12);
        Assert.Equal(.02 / .01154701, EffectSize.CohenD([.03, .01, .02, .04, 0, .02, .03, .01, .02, .02]), 1e-5);
        Assert.Throws<ArgumentException>(() => EffectSize.OddsRatio(new PairedOutcomes(5, 0, 0, 5)));
    }
}
