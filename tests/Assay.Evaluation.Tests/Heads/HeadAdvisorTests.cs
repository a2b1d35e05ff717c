using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class HeadAdvisorTests
{
    // The released simulation: class 0 at −c, class 1 at c in every feature, half of the features with variance n.
    private static (FloatMatrix X, int[] Y) Mixture(int rows, int n, double c, long seed, int copies = 1)
    {
        var random = new SeededRandom(seed);
        var y = Enumerable.Range(0, rows).Select(i => i % 2).ToArray();
        var x = new float[rows * n * copies];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var v = (float)((y[i] == 0 ? -c : c) + (j < n / 2 ? Math.Sqrt(n) : 1) * random.NextGaussian());
                for (var k = 0; k < copies; k++)
                    x[(i * n + j) * copies + k] = v;
            }
        }
        return (new FloatMatrix(x, rows, n * copies), y);
    }

    [Theory]
    [InlineData(2, 1, .110336)]
    [InlineData(4, 1, .0569231)]
    [InlineData(10, 1, .00950824)]
    [InlineData(20, 1, .000596873)]
    [InlineData(40, 1, 2.98156e-6)]
    [InlineData(50, .25, .1034)]
    [InlineData(200, .25, .0061)]
    public void Bayes_errors_of_the_simulation(int n, double c, double expected)
    {
        var d2 = 4 * c * c * (n / 2 / (double)n + n - n / 2);
        Assert.Equal(expected, Tails.NormalLower(-Math.Sqrt(d2) / 2), expected * (c == 1 ? 1e-4 : .01));
    }

    [Fact]
    public void Errors_are_those_of_scikit_learn_and_scaling_is_what_logistic_regression_lives_by()
    {
        // n = 50, c = ¼; logistic regression by scikit-learn (C = 1, means of 60 plain random subsets), naive Bayes by the reference.
        var (x, y) = Mixture(4000, 50, .25, 1);
        var (t, truth) = Mixture(4000, 50, .25, 2);
        var scaled = HeadAdvisor.Compare(x, y, t, truth, new HeadComparisonOptions { Grid = [20, 80, 1000], Repeats = 12, At = 80 });
        double[] nb = [.227, .151, .109], lr = [.291, .159, .109];
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(nb[i], scaled.Points[i].NaiveBayes.Value, .03);
            Assert.Equal(lr[i], scaled.Points[i].Logistic.Value, .035);
        }
        Assert.True(scaled.Conditions.Dependence < .05);
        // Unscaled, loud features without much meaning separate 20 rows first: scikit-learn has .475 and .263.
        var raw = HeadAdvisor.Compare(x, y, t, truth, new HeadComparisonOptions { Grid = [20, 80], Repeats = 4, At = 80, ScaleFeatures = false, Iterations = 300 });
        Assert.Equal(.475, raw.Points[0].Logistic.Value, .03);
        Assert.Equal(.263, raw.Points[1].Logistic.Value, .04);
        Assert.Equal(scaled.Points[0].NaiveBayes.Value, raw.Points[0].NaiveBayes.Value, .03);
        Assert.Equal(LinearHead.NaiveBayes, raw.Advice);
        Assert.True(raw.IsClear && double.IsPositiveInfinity(raw.Crossing.Value));
        Assert.Equal(raw.Points[1].NaiveBayes.Value, raw.ExpectedError, 1e-9);
    }

    [Fact]
    public void Dependent_features_leave_naive_bayes_over_confident_and_lead_to_a_crossing()
    {
        // A class in the difference of two strongly dependent features: naive Bayes cannot see it well.
        var random = new SeededRandom(3);
        (FloatMatrix, int[]) Draw(int rows)
        {
            var y = Enumerable.Range(0, rows).Select(i => i % 2).ToArray();
            var x = new float[rows * 3];
            for (var i = 0; i < rows; i++)
            {
                var common = random.NextGaussian();
                x[i * 3] = (float)(common + .3 * random.NextGaussian() + .5 * y[i]);
                x[i * 3 + 1] = (float)(common + .3 * random.NextGaussian() - .1 * y[i]);
                x[i * 3 + 2] = (float)(random.NextGaussian() + .6 * y[i]);
            }
            return (new FloatMatrix(x, rows, 3), y);
        }
        var (train, labels) = Draw(3000);
        var (test, truth) = Draw(3000);
        var result = HeadAdvisor.Compare(train, labels, test, truth, new HeadComparisonOptions { Grid = [4, 10, 30, 100, 1000], Repeats = 8, Penalty = 1 });
        Assert.Equal(LinearHead.Logistic, result.Advice);
        Assert.True(double.IsFinite(result.Crossing.Value));
        Assert.True(result.Crossing.Interval.Low <= result.Crossing.Value && result.Crossing.Interval.High >= result.Crossing.Value);
        Assert.True(result.RowsToFlip < 0);
        Assert.True(result.Conditions.Dependence > .25);
        Assert.Contains(result.Warnings, w => w.Contains("beyond the largest subset", StringComparison.Ordinal));
        var (copied, copiedLabels) = Mixture(600, 10, .3, 5, copies: 5);
        var (plain, _) = Mixture(600, 10, .3, 5);
        double Loss(FloatMatrix x) => HeadAdvisor.Compare(x, copiedLabels, x, copiedLabels, new HeadComparisonOptions { Grid = [600], Repeats = 1 }).Points[0].NaiveBayesLoss;
        Assert.True(Loss(copied) > Loss(plain) + .02);
    }

    [Theory]
    [InlineData(new[] { -1.0, -1, 1, 1 }, 20)] // halfway in log m between 10 and 40
    [InlineData(new[] { 1.0, 1, 1, 1 }, 0)]
    [InlineData(new[] { -1.0, -1, -1, -1 }, double.PositiveInfinity)]
    [InlineData(new[] { -1.0, .1, -1, 1 }, 80)] // one contradiction does not move it
    public void Curves_cross_where_the_differences_turn(double[] difference, double expected)
    {
        var m = new[] { 5.0, 10, 40, 160 };
        Assert.Equal(expected, HeadCrossing.Split(m, difference), 1e-9);
    }

    [Fact]
    public void The_bound_on_the_error_holds_for_every_conditional_law()
    {
        // Two classes: excess error |2η − 1|·1[wrong side], excess log-loss KL(η‖p).
        foreach (var eta in Enumerable.Range(1, 49).Select(i => i / 50.0))
        {
            foreach (var p in Enumerable.Range(1, 49).Select(i => i / 50.0))
            {
                var loss = eta * Math.Log(eta / p) + (1 - eta) * Math.Log((1 - eta) / (1 - p));
                var error = (eta > .5) != (p > .5) && eta != .5 ? Math.Abs(2 * eta - 1) : 0;
                Assert.True(error <= HeadAdvisor.ErrorBound(Math.Max(0, loss)) + 1e-12);
            }
        }
    }

    [Fact]
    public void Constant_features_are_told_and_bad_input_is_refused()
    {
        var (x, y) = Mixture(100, 4, 1, 1);
        var constant = new FloatMatrix([.. x.Values.ToArray().Select((v, i) => i % 4 == 2 ? 3 : v)], 100, 4);
        var result = HeadAdvisor.Compare(constant, y, constant, y, new HeadComparisonOptions { Grid = [50, 100], Repeats = 2 });
        Assert.Equal(1, result.Conditions.Dropped);
        Assert.Contains(result.Warnings, w => w.Contains("1 of 4 features", StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => HeadAdvisor.Compare(x, y[..50], x, y));
        Assert.Throws<ArgumentException>(() => HeadAdvisor.Compare(x, new int[100], x, y)); // one class
        Assert.Throws<ArgumentException>(() => HeadAdvisor.Compare(x, [.. y.Select(l => 2 * l)], x, y)); // class 1 is missing
        Assert.Throws<ArgumentException>(() => HeadAdvisor.Compare(x, y, x, y, new HeadComparisonOptions { Grid = [101] }));
        Assert.Throws<ArgumentException>(() => HeadAdvisor.Compare(new FloatMatrix([.. x.Values.ToArray().Select((v, i) => i == 5 ? float.NaN : v)], 100, 4), y, x, y));
    }
}
