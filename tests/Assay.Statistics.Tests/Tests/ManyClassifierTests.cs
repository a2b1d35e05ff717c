using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class ManyClassifierTests
{
    // The brief's 40 items: 6×(1,1,0) 20×(1,1,1) 4×(0,0,0) 3×(1,0,0) 2×(0,1,1) 5×(0,1,0).
    private static readonly bool[][] Forty = Table((6, "110"), (20, "111"), (4, "000"), (3, "100"), (2, "011"), (5, "010"));

    private static bool[][] Table(params (int Times, string Pattern)[] rows) =>
        [.. Enumerable.Range(0, rows[0].Pattern.Length).Select(m => rows.SelectMany(r => Enumerable.Repeat(r.Pattern[m] == '1', r.Times)).ToArray())];

    [Fact]
    public void Cochran_Q()
    {
        Assert.Equal([29, 33, 22], Forty.Select(m => m.Count(x => x)));
        var result = CochranQTest.Of(Forty);
        Assert.Equal(11.625, result.Statistic, 1e-9);
        Assert.Equal(.00298995, result.PValue, 1e-8);
    }

    [Fact]
    public void Looney_F()
    {
        var result = LooneyFTest.Of(Forty);
        Assert.Equal(6.630713, result.Statistic, 1e-6);
        Assert.Equal(.00219021, result.PValue, 1e-8);
        Assert.Equal([2, 78], result.DegreesOfFreedom);
    }

    [Fact]
    public void Cochran_Q_of_two_models_is_McNemar()
    {
        Gen.Select(Gen.Bool, Gen.Bool).Array[1, 60].Sample(items =>
        {
            bool[] a = [.. items.Select(x => x.Item1)], b = [.. items.Select(x => x.Item2)];
            var q = CochranQTest.Of([a, b]);
            var mcnemar = McNemarTest.Of(a, b, McNemarVariant.Uncorrected);
            Assert.Equal(mcnemar.Statistic, q.Statistic, 1e-9);
            Assert.Equal(mcnemar.PValue, q.PValue, 1e-9);
        });
    }

    [Fact]
    public void Identical_models_show_no_difference()
    {
        bool[] a = [true, false, true, true];
        Assert.Equal(1, CochranQTest.Of([a, a, a]).PValue);
        Assert.Equal(1, LooneyFTest.Of([a, a, a]).PValue);
        Assert.Throws<ArgumentException>(() => CochranQTest.Of([a]));
        Assert.Throws<ArgumentException>(() => CochranQTest.Of([a, [true]]));
    }

    [Fact]
    public void Corrections_for_many_tests()
    {
        double[] p = [.01, .04, .03, .005];
        AssertAll([.03, .06, .06, .02], MultipleComparisons.Adjust(p));
        AssertAll([.04, .16, .12, .02], MultipleComparisons.Adjust(p, Correction.Bonferroni));
        AssertAll([1 - Math.Pow(.99, 4), 1 - Math.Pow(.96, 4), 1 - Math.Pow(.97, 4), 1 - Math.Pow(.995, 4)], MultipleComparisons.Adjust(p, Correction.Sidak));
        Assert.Equal(.142625, MultipleComparisons.FamilyWiseError(3), 1e-9);
        Assert.True(double.IsNaN(MultipleComparisons.Adjust([double.NaN, .01])[0]));
        Assert.Equal(.02, MultipleComparisons.Adjust([double.NaN, .01])[1], 1e-12);

        static void AssertAll(double[] expected, double[] actual) => Assert.All(expected.Zip(actual), x => Assert.Equal(x.First, x.Second, 1e-12));
    }

    [Fact]
    public void Holm_rejects_whatever_Bonferroni_rejects()
    {
        Gen.Double[0, 1].Array[1, 12].Sample(p =>
        {
            var holm = MultipleComparisons.Adjust(p);
            var bonferroni = MultipleComparisons.Adjust(p, Correction.Bonferroni);
            Assert.All(Enumerable.Range(0, p.Length), i => Assert.InRange(holm[i], p[i] - 1e-15, bonferroni[i] + 1e-15));
        });
    }

    // The brief's ranks (1,2,3)(1,3,2)(1,2,3)(2,1,3)(1,2,3)(1,2,3); as scores the lower is better.
    [Fact]
    public void Friedman_and_Nemenyi()
    {
        var result = FriedmanTest.Of([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3], [1, 2, 3], [1, 2, 3]], higherIsBetter: false);
        Assert.Equal(8.33333, result.ChiSquare.Statistic, 1e-5);
        Assert.Equal(.0155039, result.ChiSquare.PValue, 1e-7);
        Assert.Equal(11.36364, result.F.Statistic, 1e-5);
        // The brief's 1.352732 rests on the table's q = 2.343; SciPy's studentized_range.ppf(.95, 3, inf)/√2 is 2.343701.
        Assert.Equal(1.352732, result.CriticalDifference(), 5e-4);
        Assert.Equal(2.343701 * Math.Sqrt(3 * 4 / 36.0), result.CriticalDifference(), 1e-5);
        // Mean ranks 7/6, 2 and 17/6: only the first and the last are further apart than the critical difference.
        Assert.True(result.PairPValue(0, 2) < .05);
        Assert.True(result.PairPValue(0, 1) > .05);
    }

    // SciPy 1.10: friedmanchisquare of the columns of these tied scores gives 5.571429, p = .061685.
    [Fact]
    public void Friedman_corrects_for_ties()
    {
        var result = FriedmanTest.Of([[.8, .8, .7], [.9, .85, .85], [.7, .6, .65], [.5, .5, .5], [.9, .8, .7]]);
        Assert.Equal(5.57142857, result.ChiSquare.Statistic, 1e-7);
        Assert.Equal(.061685013, result.ChiSquare.PValue, 1e-8);
    }
}
