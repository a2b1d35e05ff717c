namespace Assay.Statistics.Tests;

public sealed class AggregateTests
{
    [Theory]
    [InlineData(5, .1, .714286)]
    [InlineData(5, .5, .333333)]
    [InlineData(5, 1, .2)]
    [InlineData(10, .1, .526316)]
    public void Shrinkage_of_many_bags(int bagSize, double rho, double expected)
    {
        Assert.Equal(expected, AggregateRisk.Shrinkage(rho, bagSize), 1e-6);
        const int bags = 4000, d = 3;
        var (x, bag, means) = Draw(bags, bagSize, d, 0.1, 1);
        var model = new LinearAggregate(x, bag, means, intercept: false).Fit(rho);
        Assert.All(model.Weights, w => Assert.Equal(expected / Math.Sqrt(d), w, .02));
        // The predicted curve shrinks alike.
        var point = AggregateRisk.Curve(new AggregateSetting(bags * bagSize, d, bagSize, .1), [rho], 4)[0];
        Assert.Equal((1 - expected) * (1 - expected), point.Bias2, .01);
    }

    [Theory]
    [InlineData(30, .555556, .1)]
    [InlineData(400, .0131926, .0005)]
    public void Variance_of_the_bag_loss_is_exact(int bags, double expected, double tolerance)
    {
        Assert.Equal(expected, AggregateRisk.BagVariance(bags, 20, .5), 1e-6);
        var point = AggregateRisk.Curve(new AggregateSetting(bags * 5, 20, 5, .5), [0], 150)[0];
        Assert.Equal(expected, point.Risk, tolerance);
        Assert.Equal(0, point.Bias2, 1e-12);
    }

    // d = 20, k = 5, s = ½; the figures are means of 200 simulations.
    [Theory]
    [InlineData(30, new[] { .02, .05, .1, .2, .5, 1 }, new[] { .295, .272, .304, .380, .533, .664 }, .02)]
    [InlineData(400, new[] { .02, .05, .1, .2, .5, 1 }, new[] { .0175, .0397, .0938, .208, .449, .640 }, .006)]
    public void Risk_over_rho_is_that_of_simulations(int bags, double[] grid, double[] expected, double tolerance)
    {
        var curve = AggregateRisk.Curve(new AggregateSetting(bags * 5, 20, 5, .5), grid, 80);
        for (var i = 0; i < grid.Length; i++)
            Assert.Equal(expected[i], curve[i].Risk, tolerance);
    }

    [Fact]
    public void Simulated_fits_have_the_predicted_bias_and_variance()
    {
        const int repeats = 150, bags = 40, k = 4, d = 6;
        double[] rhos = [0, .1, .5];
        var theta = new double[rhos.Length][][];
        for (var r = 0; r < rhos.Length; r++)
            theta[r] = new double[repeats][];
        for (var i = 0; i < repeats; i++)
        {
            var (x, bag, means) = Draw(bags, k, d, .5, 100 + i);
            var fit = new LinearAggregate(x, bag, means, intercept: false);
            for (var r = 0; r < rhos.Length; r++)
                theta[r][i] = [.. fit.Fit(rhos[r]).Weights];
        }
        var curve = AggregateRisk.Curve(new AggregateSetting(bags * k, d, k, .5), rhos, 100);
        for (var r = 0; r < rhos.Length; r++)
        {
            var risk = theta[r].Average(t => t.Sum(w => Math.Pow(w - 1 / Math.Sqrt(d), 2)));
            Assert.Equal(curve[r].Risk, risk, .12 * curve[r].Risk);
        }
    }

    [Fact]
    public void Few_bags_have_their_best_rho_inside_and_many_at_zero()
    {
        double Best(int bags, double noise) => AggregateRisk.Curve(new AggregateSetting(bags * 5, 20, 5, noise), AggregateRisk.FineGrid, 30).MinBy(p => p.Risk).Rho;
        Assert.InRange(Best(30, .5), .01, .2);
        Assert.True(Best(400, .5) <= .005);
        Assert.True(Best(30, 1) > Best(30, .25));
    }

    // Tuned ρ, B = 3, s = ½, k of {1, 2, 5, 10}: means of 300 simulations in NumPy.
    [Theory]
    [InlineData(2000, 10, double.PositiveInfinity, new[] { .00132, .00249, .00626, .01322 })]
    [InlineData(2000, 10, 4, new[] { .02265, .02387, .03039, .03566 })]
    [InlineData(2000, 10, 1, new[] { .35813, .27637, .26027, .27496 })]
    [InlineData(400, 20, 4, new[] { .25599, .2226, .26342, .35876 })]
    [InlineData(400, 20, 1, new[] { 3.80677, 2.64261, 1.38046, .94109 })]
    public void Risk_under_privacy_is_that_of_simulations(int rows, int features, double epsilon, double[] expected)
    {
        int[] sizes = [1, 2, 5, 10];
        for (var i = 0; i < sizes.Length; i++)
        {
            var setting = new AggregateSetting(rows, features, sizes[i]) { Epsilon = epsilon, Bound = 3 };
            var risk = AggregateRisk.Curve(setting, [0, .005, .01, .02, .05, .1, .2], 60).Min(p => p.Risk);
            Assert.Equal(expected[i], risk, .09 * expected[i]);
        }
    }

    [Fact]
    public void The_best_bag_grows_as_privacy_tightens()
    {
        int Best(double epsilon) => AggregateRisk.BagSizes(new AggregateSetting(2000, 10, 1) { Epsilon = epsilon, Bound = 3 }, [1, 2, 5, 10], 16).MinBy(s => s.Best.Risk).BagSize;
        Assert.Equal([1, 1, 2, 10], new[] { double.PositiveInfinity, 4, 1, .25 }.Select(Best));
    }

    [Fact]
    public void Clipping_shrinks_by_the_share_that_is_not_clipped()
    {
        // Many rows, no bags: θ → P(|y| < B)·θ₀.
        var point = AggregateRisk.Curve(new AggregateSetting(200_000, 2, 1, .5) { Bound = 1 }, [0], 4)[0];
        var kept = 2 * Tails.NormalLower(1 / Math.Sqrt(1.25)) - 1;
        Assert.Equal((1 - kept) * (1 - kept), point.Bias2, 1e-6);
    }

    [Fact]
    public void Losses_are_an_identity_and_order_and_numbers_of_bags_do_not_matter()
    {
        var (x, bag, means) = Draw(12, 3, 2, .3, 7);
        var a = new LinearAggregate(x, bag, means).Fit(.25);
        var renamed = bag.Select(b => (b + 5) % 12).ToArray();
        var moved = Enumerable.Range(0, 12).Select(b => means[(b + 7) % 12]).ToArray();
        var order = new SeededRandom(3).Permutation(36);
        var b2 = new LinearAggregate(x.Select(order), [.. order.Select(i => renamed[i])], moved).Fit(.25);
        for (var j = 0; j < 2; j++)
            Assert.Equal(a.Weights[j], b2.Weights[j], 1e-10);
        Assert.Equal(a.Intercept, b2.Intercept, 1e-10);
        // The minimum of L_bag + ρR: no small step makes it less.
        var fit = new LinearAggregate(x, bag, means);
        double Loss(LinearAggregateModel m)
        {
            var f = m.Predict(x);
            var bagMeans = Enumerable.Range(0, 12).Select(q => Enumerable.Range(0, 36).Where(i => bag[i] == q).Average(i => f[i])).ToArray();
            var instances = Enumerable.Range(0, 36).Average(i => Math.Pow(means[bag[i]] - f[i], 2));
            var bags = Enumerable.Range(0, 12).Average(q => Math.Pow(means[q] - bagMeans[q], 2));
            Assert.Equal(instances - bags, fit.WithinVariance(m), 1e-9);
            return .75 * bags + .25 * instances;
        }
        var best = Loss(a);
        Assert.True(best < Loss(a with { Intercept = a.Intercept + .01 }) && best < Loss(a with { Weights = a.Weights.SetItem(0, a.Weights[0] - .01) }));
    }

    [Fact]
    public void Bags_of_one_row_are_least_squares_for_every_rho()
    {
        var (x, bag, means) = Draw(30, 1, 2, .3, 7);
        var fit = new LinearAggregate(x, bag, means);
        Assert.Equal(fit.Fit(0).Weights[0], fit.Fit(1).Weights[0], 1e-9);
        Assert.Equal(0, fit.WithinVariance(fit.Fit(0)), 1e-12);
    }

    [Fact]
    public void Held_out_bags_choose_rho()
    {
        var (x, bag, means) = Draw(30, 5, 20, .5, 3);
        var (rho, curve) = new LinearAggregate(x, bag, means, intercept: false).SelectRho();
        Assert.Equal(LinearAggregate.DefaultGrid.Length, curve.Length);
        Assert.True(rho > 0);
        Assert.True(curve[0].BagLoss > curve.Min(c => c.BagLoss));
        var (many, _) = new LinearAggregate(Draw(2000, 5, 3, .1, 3).X, Draw(2000, 5, 3, .1, 3).Bag, Draw(2000, 5, 3, .1, 3).Means).SelectRho();
        Assert.Equal(0, many);
    }

    [Fact]
    public void Bad_input_is_refused_and_too_few_bags_are_told()
    {
        var (x, bag, means) = Draw(4, 3, 6, .3, 7);
        Assert.True(new LinearAggregate(x, bag, means, intercept: false).Fit(0).IsMinimumNorm);
        Assert.False(new LinearAggregate(x, bag, means, intercept: false).Fit(.1).IsMinimumNorm);
        Assert.Throws<ArgumentException>(() => new LinearAggregate(x, bag, [1, 2, 3, 4, 5]));
        Assert.Throws<ArgumentException>(() => new LinearAggregate(x, bag, [1, 2]));
        Assert.Throws<ArgumentException>(() => new LinearAggregate(x, bag, [1, 2, 3, double.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearAggregate(x, bag, means).Fit(-.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => AggregateRisk.Curve(new AggregateSetting(100, 5, 5) { Epsilon = 1 }, [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => AggregateRisk.Curve(new AggregateSetting(100, 5, 5) { Epsilon = 0, Bound = 1 }, [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => AggregateRisk.Curve(new AggregateSetting(100, 5, 5), [-1]));
    }

    private static (FloatMatrix X, int[] Bag, double[] Means) Draw(int bags, int k, int d, double noise, long seed)
    {
        var random = new SeededRandom(seed);
        var x = new float[bags * k * d];
        var means = new double[bags];
        var bag = new int[bags * k];
        for (var i = 0; i < bag.Length; i++)
        {
            bag[i] = i / k;
            var y = noise * random.NextGaussian();
            for (var j = 0; j < d; j++)
            {
                x[i * d + j] = (float)random.NextGaussian();
                y += x[i * d + j] / Math.Sqrt(d);
            }
            means[i / k] += y / k;
        }
        return (new FloatMatrix(x, bag.Length, d), bag, means);
    }
}
