using Assay.Statistics;

namespace Assay.Evaluation.Tests.Benchmarks;

public sealed class ModNetTests
{
    private static readonly double[] Y = [1, 2, 3, 4, 5], Predicted = [1.1, 1.8, 3.5, 3.6, 6.0], Errors = [.1, .2, .5, .4, 1], Sigma = [.1, .2, .3, .5, .8], D = [.1, .5, .2, .4, .9];

    [Fact]
    public void Scores_have_the_computed_values()
    {
        var s = RegressionScores.Of(Y, Predicted);
        double[] actual = [s.MeanAbsolute, s.MedianAbsolute, s.MeanPercentage, s.RootMeanSquared * s.RootMeanSquared, s.RootMeanSquared, s.Largest, s.Slope, s.Correlation, s.RSquared, s.RelativeError];
        double[] expected = [.44, .4, .133333, .292, .540370, 1.0, 1.16, .964659, .854, .366667];
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-6));
        Assert.True(double.IsNaN(RegressionScores.Of([0], [1]).MeanPercentage));
    }

    [Fact]
    public void Curves_and_calibration_have_the_computed_values()
    {
        void Same(double[] expected, double[] actual) => Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-6));
        Same([.44, .3, .233333, .15, .1], Uncertainty.ConfidenceCurve(Errors, Errors));
        Same([.44, .3, .266667, .15, .1], Uncertainty.ConfidenceCurve(Errors, Sigma));
        Same([.44, .3, .333333, .3, .1], Uncertainty.ConfidenceCurve(Errors, D));
        Same([.556061, .571212, .669697], [.. new[] { Errors, Sigma, D }.Select(k => Uncertainty.RelativeArea(Uncertainty.ConfidenceCurve(Errors, k)))]);
        Same([.682689, .682689, .904419, .576289, .788700], Uncertainty.CentralConfidences(Errors, Sigma));
        Assert.Equal(.234903, Uncertainty.Miscalibration(Errors, Sigma).Area, 1e-6);
        var random = new SeededRandom(1);
        double[] exact = [.. Enumerable.Range(0, 100_000).Select(_ => Math.Abs(random.NextGaussian()))];
        Assert.True(Uncertainty.Miscalibration(exact, [.. exact.Select(_ => 1.0)]).Area < .01);
        Assert.True(Uncertainty.Miscalibration(exact, [.. exact.Select(_ => .5)]).IsOverConfident);
        Assert.Equal(1, Uncertainty.CentralConfidences([1], [0])[0]);
        var flat = Uncertainty.ConfidenceCurve(exact, [.. exact.Select(_ => random.NextDouble())]);
        Assert.True(Math.Abs(flat[50_000] - flat[0]) < 3 * .603 / Math.Sqrt(50_000));
    }

    [Fact]
    public void Picks_weigh_relevance_against_redundancy()
    {
        double[] relevance = [.8, .7, .5, .45];
        double[,] cross = { { 1, .9, .2, .3 }, { .9, 1, .25, .3 }, { .2, .25, 1, .6 }, { .3, .3, .6, 1 } };
        Assert.Equal([0, 2, 3, 1], RelevanceRedundancy.Order(relevance, (a, b) => cross[a, b]));
        Assert.Equal([1.0782, 366.7991, 62.6549], new[] { (.7, .9), (.5, .2), (.45, .3) }.Select(p => Math.Round(RelevanceRedundancy.Score(p.Item1, p.Item2, 1), 4)));
        Assert.Equal([1.0638, 3.4230], new[] { (.7, .9), (.45, .6) }.Select(p => Math.Round(RelevanceRedundancy.Score(p.Item1, p.Item2, 2), 4)));
    }

    // y = 10x0 + 5x1; column 2 copies column 0, column 3 is constant, column 4 is noise.
    private static (FloatMatrix X, double[] Y) World(int n, int seed)
    {
        var random = new SeededRandom(seed);
        var (x, y) = (new float[n * 5], new double[n]);
        for (var i = 0; i < n; i++)
        {
            float a = (float)random.NextDouble(), b = (float)random.NextDouble();
            (x[5 * i], x[5 * i + 1], x[5 * i + 2], x[5 * i + 3], x[5 * i + 4]) = (a, b, a + 0.01f * (float)random.NextGaussian(), 7, (float)random.NextDouble());
            y[i] = 10 * a + 5 * b;
        }
        return (new FloatMatrix(x, n, 5), y);
    }

    [Fact]
    public void Selection_drops_constants_and_puts_the_copy_last_of_the_drivers()
    {
        var (x, y) = World(400, 1);
        var ranked = RelevanceRedundancy.Rank(x, y);
        Assert.DoesNotContain(3, ranked);
        Assert.True(ranked[0] is 0 or 2);
        Assert.Equal(1, ranked[1]);
    }

    [Fact]
    public void The_benchmark_beats_the_mean_and_selects_without_test_rows()
    {
        var (x, y) = World(120, 2);
        var options = new ModNetOptions { OuterFolds = 3, InnerFolds = 2, FeatureCounts = [2, 3], Bootstraps = 2, Epochs = 30, Architectures = 1, Widths = [16] };
        var result = ModNet.Benchmark(x, y, options);
        Assert.Equal(120, result.Items.Length);
        Assert.True(result.Scores[0].Scores.MeanAbsolute < 0.4 * result.Scores[2].Scores.MeanAbsolute);
        var first = result.Items.Where(i => i.Fold == 0).Select(i => i.Row).ToArray();
        var shuffled = (double[])y.Clone();
        foreach (var (a, b) in first.Zip(first.Reverse()))
            shuffled[a] = y[b];
        Assert.Equal(result.Selected[0], ModNet.Benchmark(x, shuffled, options).Selected[0]);
        var rows = Uncertainty.Distance(x, x, 1, cosine: false);
        Assert.All(rows, d => Assert.Equal(0, d));
        Assert.All(Uncertainty.Distance(x, x, 1, cosine: false, excludesSelf: true), d => Assert.True(d > 0));
        Assert.Throws<ArgumentException>(() => ModNet.Benchmark(x, [1.0]));
    }
}
