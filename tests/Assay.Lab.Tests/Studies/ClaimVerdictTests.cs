using CsCheck;

namespace Assay.Lab.Tests;

public sealed class ClaimVerdictTests
{
    private static readonly int[] ThreeSeeds = [0, 1, 2];

    private static ClaimVerdict Judge(ClaimDirection direction, double bound, double? upper, params double[] values)
    {
        var claim = new Claim("c", "s", "p", "q", "u", direction, bound, upper);
        return ClaimVerdict.Of(claim, [.. values.Select((v, i) => (i, v))], [.. Enumerable.Range(0, values.Length)], values.Length);
    }

    [Fact]
    public void Interval_is_Students_over_the_seeds()
    {
        // scipy.stats.t.interval(0.95, 2, loc=2, scale=1/sqrt(3)) = (-0.484138, 4.484138)
        var judged = Judge(ClaimDirection.AtLeast, -1, null, 1, 2, 3);
        Assert.Equal(2, judged.Value, 1e-12);
        Assert.Equal(-0.48413771, judged.Low, 1e-7);
        Assert.Equal(4.48413771, judged.High, 1e-7);
        Assert.Equal(Verdict.Held, judged.Verdict);
    }

    [Theory]
    [InlineData(ClaimDirection.AtLeast, 0.9, null, Verdict.Held)]
    [InlineData(ClaimDirection.AtLeast, 1.0, null, Verdict.Inconclusive)]
    [InlineData(ClaimDirection.AtLeast, 1.1, null, Verdict.Contradicted)]
    [InlineData(ClaimDirection.AtMost, 1.1, null, Verdict.Held)]
    [InlineData(ClaimDirection.AtMost, 1.0, null, Verdict.Inconclusive)]
    [InlineData(ClaimDirection.AtMost, 0.9, null, Verdict.Contradicted)]
    [InlineData(ClaimDirection.Within, 0.9, 1.1, Verdict.Held)]
    [InlineData(ClaimDirection.Within, 1.0, 1.1, Verdict.Inconclusive)]
    [InlineData(ClaimDirection.Within, 0.0, 0.9, Verdict.Contradicted)]
    [InlineData(ClaimDirection.Within, 1.1, 2.0, Verdict.Contradicted)]
    public void The_whole_interval_decides(ClaimDirection direction, double bound, double? upper, Verdict expected)
    {
        // mean 1, s = 0.01, half-width 4.3027·0.01/√3 = 0.0248
        Assert.Equal(expected, Judge(direction, bound, upper, 0.99, 1.0, 1.01).Verdict);
    }

    [Fact]
    public void The_bound_itself_counts_as_held()
    {
        Assert.Equal(Verdict.Held, Judge(ClaimDirection.AtLeast, 2, null, 2, 2, 2).Verdict);
        Assert.Equal(Verdict.Held, Judge(ClaimDirection.AtMost, 2, null, 2, 2, 2).Verdict);
    }

    [Fact]
    public void One_exact_measurement_among_several_seeds_is_a_point()
    {
        var claim = new Claim("c", "s", "p", "q", "u", ClaimDirection.AtLeast, 3);
        var judged = ClaimVerdict.Of(claim, [(0, 2.5)], ThreeSeeds, 3);
        Assert.Equal((2.5, 2.5, 2.5, Verdict.Contradicted), (judged.Value, judged.Low, judged.High, judged.Verdict));
        Assert.Equal(Verdict.Held, ClaimVerdict.Of(claim, [(0, 3)], [0], declaredSeeds: 1).Verdict);
    }

    [Fact]
    public void One_seed_of_several_declared_decides_nothing()
    {
        var claim = new Claim("c", "s", "p", "q", "u", ClaimDirection.AtLeast, 3);
        var judged = ClaimVerdict.Of(claim, [(0, 100)], [0], declaredSeeds: 3);
        Assert.Equal(Verdict.Inconclusive, judged.Verdict);
        Assert.Equal("one seed shows no spread", judged.Reason);
        Assert.True(double.IsNaN(judged.Low));
    }

    [Theory]
    [InlineData(double.NaN, "the measurement of seed 1 is not a number")]
    [InlineData(double.PositiveInfinity, "the measurement of seed 1 is infinite")]
    public void A_value_that_is_not_finite_is_inconclusive_with_the_reason(double value, string reason)
    {
        var judged = Judge(ClaimDirection.AtLeast, 0, null, 1, value, 1);
        Assert.Equal((Verdict.Inconclusive, reason), (judged.Verdict, judged.Reason));
    }

    [Fact]
    public void A_missing_measurement_is_inconclusive_with_the_reason()
    {
        var claim = new Claim("c", "s", "p", "q", "u", ClaimDirection.AtLeast, 0);
        Assert.Equal("not measured", ClaimVerdict.Of(claim, [], ThreeSeeds, 3).Reason);
        Assert.Equal("not measured for seed 1", ClaimVerdict.Of(claim, [(0, 1), (2, 1)], ThreeSeeds, 3).Reason);
    }

    [Fact]
    public void Measurements_of_one_seed_are_averaged_before_the_interval()
    {
        // Ten copies of each seed must not make the interval narrower.
        var claim = new Claim("c", "s", "p", "q", "u", ClaimDirection.AtLeast, 0);
        var once = ClaimVerdict.Of(claim, [(0, 1), (1, 2), (2, 3)], ThreeSeeds, 3);
        var often = ClaimVerdict.Of(claim, [.. Enumerable.Range(0, 30).Select(i => (i % 3, 1.0 + i % 3))], ThreeSeeds, 3);
        Assert.Equal(once.Low, often.Low, 1e-12);
    }

    [Fact]
    public void At_least_and_at_most_mirror_each_other()
    {
        Gen.Double[-10, 10].Array[2, 6].Select(Gen.Double[-10, 10]).Sample((values, bound) =>
        {
            var up = Judge(ClaimDirection.AtLeast, bound, null, values);
            var down = Judge(ClaimDirection.AtMost, -bound, null, [.. values.Select(v => -v)]);
            Assert.Equal(up.Verdict, down.Verdict);
        });
    }

    [Fact]
    public void The_interval_holds_the_truth_in_95_of_100_cases()
    {
        var claim = new Claim("c", "s", "p", "q", "u", ClaimDirection.AtLeast, 0);
        var random = new Assay.Statistics.SeededRandom(7);
        var covered = 0;
        for (var trial = 0; trial < 4000; trial++)
        {
            var judged = ClaimVerdict.Of(claim, [.. Enumerable.Range(0, 5).Select(i => (i, 1 + random.NextGaussian()))], [0, 1, 2, 3, 4], 5);
            covered += judged.Low <= 1 && 1 <= judged.High ? 1 : 0;
        }
        Assert.InRange(covered / 4000.0, 0.938, 0.962); // 0.95 ± 3.5 standard errors
    }
}
