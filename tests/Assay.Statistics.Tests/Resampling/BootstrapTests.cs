namespace Assay.Statistics.Tests;

public sealed class BootstrapTests
{
    [Fact]
    public void Resampled_accuracies_have_the_binomial_spread()
    {
        var values = Bootstrap.Proportion(800, 1000, resamples: 20_000, seed: 1);
        var moments = Moments.Of(values);
        Assert.Equal(.8, moments.Mean, .0005);
        Assert.Equal(Math.Sqrt(.8 * .2 / 1000), moments.StandardDeviation, .0003);
    }

    [Fact]
    public void Resampled_aucs_have_the_spread_of_drawing_examples()
    {
        var (scores, positive) = Scores(300);
        var fast = Moments.Of(Bootstrap.RocAuc(scores, positive, 4000, seed: 1));
        var slow = Moments.Of(Bootstrap.Of(300, rows => PairwiseAuc([.. rows.Select(i => scores[i])], [.. rows.Select(i => positive[i])]), 1000, seed: 2));
        Assert.Equal(PairwiseAuc(scores, positive), fast.Mean, .003);
        Assert.Equal(1, fast.StandardDeviation / slow.StandardDeviation, .1);
    }

    [Fact]
    public void Each_resample_is_the_weighted_auc_and_average_precision_of_its_weights()
    {
        var (scores, positive) = Scores(60);
        var (auc, precision) = new RankResampler(scores, positive).Resample(40, seed: 3);
        var counts = Bootstrap.Sums(60, [new SumColumn(60, [.. Enumerable.Range(0, 60)], null)], 40, seed: 3)[0];
        for (var r = 0; r < 40; r++)
        {
            var rows = Enumerable.Range(0, 60).SelectMany(i => Enumerable.Repeat(i, (int)counts[r * 60 + i])).ToArray();
            float[] s = [.. rows.Select(i => scores[i])];
            bool[] p = [.. rows.Select(i => positive[i])];
            Assert.Equal(PairwiseAuc(s, p), auc[r], 1e-12);
            Assert.Equal(AveragePrecision(s, p), precision[r], 1e-12);
        }
    }

    [Fact]
    public void Weights_are_independent_poisson_counts_of_mean_one()
    {
        const int N = 2000, R = 320;
        var counts = Bootstrap.Sums(N, [new SumColumn(N, [.. Enumerable.Range(0, N)], null)], R, seed: 9)[0];
        var moments = Moments.Of(counts);
        Assert.Equal(1, moments.Mean, .005);
        Assert.Equal(1, moments.Variance, .01);
        for (var k = 0; k < 5; k++)
            Assert.Equal(Math.Exp(-1) / new[] { 1, 1, 2, 6, 24 }[k], counts.Count(c => c == k) / (double)counts.Length, .002);
        // Neither neighbouring examples nor neighbouring resamples go together: correlations are of the order 1/√(N R) = .00125.
        double examples = 0, resamples = 0;
        for (var r = 0; r + 1 < R; r++)
        {
            for (var i = 0; i + 1 < N; i++)
            {
                examples += (counts[r * N + i] - 1) * (counts[r * N + i + 1] - 1);
                resamples += (counts[r * N + i] - 1) * (counts[(r + 1) * N + i] - 1);
            }
        }
        Assert.Equal(0, examples / N / R, .006);
        Assert.Equal(0, resamples / N / R, .006);
    }

    [Fact]
    public void The_seed_alone_decides_and_resamplers_share_resamples()
    {
        var (scores, positive) = Scores(100);
        Assert.Equal(Bootstrap.RocAuc(scores, positive, 50, 4), Bootstrap.RocAuc(scores, positive, 50, 4));
        Assert.NotEqual(Bootstrap.RocAuc(scores, positive, 50, 4), Bootstrap.RocAuc(scores, positive, 50, 5));
        // A model with the same order, scores changed: the same resamples give the same values.
        Assert.Equal(Bootstrap.RocAuc(scores, positive, 50, 4), Bootstrap.RocAuc([.. scores.Select(s => 2 * s + 1)], positive, 50, 4));
    }

    [Fact]
    public void Sums_by_slot_are_means_of_groups()
    {
        int[] slots = [0, 1, 0, 1, 0];
        double[] values = [1, 10, 2, 20, 3];
        var both = Bootstrap.Sums(5, [new SumColumn(2, slots, values), new SumColumn(2, slots, null), new SumColumn(1, null, values)], 20_000, seed: 1);
        double[] sums = both[0], weights = both[1];
        Assert.Equal(6, Enumerable.Range(0, 20_000).Average(r => sums[2 * r]), .1);
        Assert.Equal(30, Enumerable.Range(0, 20_000).Average(r => sums[2 * r + 1]), .8);
        Assert.Equal(3, Enumerable.Range(0, 20_000).Average(r => weights[2 * r]), .05);
        // All columns see the same resamples.
        Assert.All(Enumerable.Range(0, 20_000), r => Assert.Equal(both[2][r], sums[2 * r] + sums[2 * r + 1], 1e-9));
        Assert.Throws<ArgumentException>(() => Bootstrap.Sums(2, [new SumColumn(2, [0, 2], null)]));
        Assert.Throws<ArgumentException>(() => Bootstrap.Sums(2, [new SumColumn(2, [0], null)]));
    }

    [Fact]
    public void Binomial_draws_have_the_right_mean_and_variance()
    {
        var random = new SeededRandom(1);
        foreach (var (n, p) in new[] { (5L, .3), (40L, .1), (100L, .5), (1_000_000L, .2), (1_000_000_000L, .9) })
        {
            var moments = Moments.Of([.. Enumerable.Range(0, 40_000).Select(_ => (double)random.NextBinomial(n, p))]);
            var sd = Math.Sqrt(n * p * (1 - p));
            Assert.Equal(0, (moments.Mean - n * p) / (sd / 200), 4.0);
            Assert.Equal(1, moments.StandardDeviation / sd, .02);
        }
        Assert.Equal(0, random.NextBinomial(10, 0));
        Assert.Equal(10, random.NextBinomial(10, 1));
    }

    // χ² of 200,000 draws against the exact probabilities, for both algorithms (n p below and above 10); 1e-4 fails one seed in 10,000.
    [Theory]
    [InlineData(20, .25)]
    [InlineData(60, .4)]
    public void Binomial_draws_follow_the_distribution(int n, double p)
    {
        var random = new SeededRandom(11);
        var counts = new double[n + 1];
        const int Draws = 200_000;
        for (var i = 0; i < Draws; i++)
            counts[random.NextBinomial(n, p)]++;
        double chi = 0, cells = 0;
        for (var k = 0; k <= n; k++)
        {
            var expected = Draws * Tails.BinomialProbability(k, n, p);
            if (expected < 10)
                continue;
            chi += (counts[k] - expected) * (counts[k] - expected) / expected;
            cells++;
        }
        Assert.True(Tails.ChiSquareUpper(chi, cells - 1) > 1e-4, $"χ² {chi} over {cells} cells");
    }

    [Fact]
    public void Multinomial_draws_add_up_and_follow_the_weights()
    {
        var random = new SeededRandom(2);
        var hits = new long[4];
        var sums = new double[4];
        for (var r = 0; r < 5000; r++)
        {
            random.NextMultinomial(100, [10, 0, 30, 60], hits);
            Assert.Equal(100, hits.Sum());
            for (var i = 0; i < 4; i++)
                sums[i] += hits[i] / 5000.0;
        }
        Assert.Equal(0, sums[1]);
        Assert.Equal(10, sums[0], .2);
        Assert.Equal(60, sums[3], .4);
    }

    private static (float[], bool[]) Scores(int n)
    {
        var random = new SeededRandom(n);
        bool[] positive = [.. Enumerable.Range(0, n).Select(i => i % 3 == 0)];
        // Rounded, so that there are ties.
        return ([.. positive.Select(p => MathF.Round((float)random.NextGaussian() + (p ? 1 : 0), 1))], positive);
    }

    private static double PairwiseAuc(float[] scores, bool[] positive)
    {
        double wins = 0, pairs = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            for (var j = 0; j < scores.Length && positive[i]; j++)
            {
                if (positive[j])
                    continue;
                wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? .5 : 0;
                pairs++;
            }
        }
        return wins / pairs;
    }

    private static double AveragePrecision(float[] scores, bool[] positive) =>
        Enumerable.Range(0, scores.Length).Where(i => positive[i]).Average(i =>
            Enumerable.Range(0, scores.Length).Count(j => positive[j] && scores[j] >= scores[i]) / (double)scores.Count(s => s >= scores[i]));
}
