using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class RatingTests
{
    private static void Close(ReadOnlySpan<double> expected, IEnumerable<double> actual, double tolerance = 1e-6)
    {
        var values = actual.ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(expected[i], values[i], tolerance);
    }

    private static readonly WinMatrix Three = WinMatrix.Of(new double[,] { { 0, 4, 3 }, { 2, 0, 5 }, { 1, 3, 0 } });

    private static readonly Gen<WinMatrix> Dense = Gen.Int[2, 7].SelectMany(n => Gen.Int[1, 9].Array[n * n].Select(w =>
    {
        var wins = new double[n, n];
        for (var i = 0; i < n * n; i++)
            wins[i / n, i % n] = i / n == i % n ? 0 : w[i];
        return WinMatrix.Of(wins);
    }));

    [Fact]
    public void Two_models_after_one_step_have_the_odds_of_their_wins()
    {
        var wins = WinMatrix.Of(new double[,] { { 0, 3 }, { 1, 0 } });
        var one = LuceSpectralRanking.Fit(wins, iterations: 1);
        Close([1.5, 0.5], one.Weights);
        Close([Math.Log(3) / 2, -Math.Log(3) / 2], one.Theta);
        Close([1.495050, 0.504950], LuceSpectralRanking.Fit(wins, 0.01, iterations: 1).Weights);
    }

    [Fact]
    public void Three_models_reach_the_brief_s_figures_in_five_iterations()
    {
        var one = LuceSpectralRanking.Fit(Three, iterations: 1);
        Close([1.64, 0.84, 0.52], one.Weights);
        Close([0.605891, -0.063159, -0.542732], one.Theta);
        var full = LuceSpectralRanking.Fit(Three);
        Close([0.605337, -0.057911, -0.547427], full.Theta);
        Assert.True(full.Converged);
        Assert.InRange(full.Iterations, 4, 6);
    }

    [Fact]
    public void Rankings_reach_the_brief_s_figures()
    {
        int[][] rankings = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 0, 1]];
        Close([1.909091, 0.545455, 0.545455], LuceSpectralRanking.OfRankings(3, rankings, iterations: 1).Weights);
        Close([1.854102, 0.572949, 0.572949], LuceSpectralRanking.OfRankings(3, rankings).Weights);
    }

    [Fact]
    public void Choices_reach_the_brief_s_figures()
    {
        (int, int[])[] choices = [(0, [1, 2]), (0, [2]), (1, [0, 2]), (2, [1])];
        Close([1.775510, 0.857143, 0.367347], LuceSpectralRanking.OfChoices(3, choices, iterations: 1).Weights);
        Assert.NotEqual(LuceSpectralRanking.OfChoices(3, choices, iterations: 1).Weights[0], LuceSpectralRanking.OfChoices(3, choices, iterations: 1, pairwiseWeights: true).Weights[0], 0.01);
    }

    [Fact]
    public void At_the_fixed_point_expected_wins_equal_observed_wins() => Dense.Sample(wins =>
    {
        var fit = LuceSpectralRanking.Fit(wins);
        for (var i = 0; i < wins.Count; i++)
        {
            double observed = 0, expected = 0;
            for (var j = 0; j < wins.Count; j++)
            {
                observed += wins[i, j];
                expected += i == j ? 0 : (wins[i, j] + wins[j, i]) * fit.WinProbability(i, j);
            }
            Assert.Equal(observed, expected, 1e-5);
        }
    }, iter: 100);

    [Fact]
    public void Without_ties_the_arena_s_rating_is_the_same_model() => Dense.Sample(wins =>
    {
        var theta = LuceSpectralRanking.Fit(wins).Theta;
        Close([.. theta.Select(t => 400 * t / Math.Log(10) + 1000)], ArenaRating.Fit(wins), 1e-3);
    }, iter: 50);

    [Fact]
    public void A_tie_weighs_half_as_much_in_the_arena()
    {
        var wins = new WinMatrix(2);
        wins.AddWins(0, 1, 3);
        wins.AddWins(1, 0, 1);
        wins.AddTies(0, 1, 2);
        Assert.Equal(0.5 * Math.Log(5.0 / 3), LuceSpectralRanking.Fit(wins).Theta[0], 1e-6);
        Assert.Equal(1000 + 200 * Math.Log10(8.0 / 4), ArenaRating.Fit(wins)[0], 1e-3);
        Close([4.0 / 6, 2.0 / 6], wins.WinRates());
    }

    [Fact]
    public void Permuting_contestants_permutes_the_strengths() => Dense.Sample(wins =>
    {
        var n = wins.Count;
        var turned = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                turned[(i + 1) % n, (j + 1) % n] = wins[i, j];
        }
        var theta = LuceSpectralRanking.Fit(wins).Theta;
        Close([.. Enumerable.Range(0, n).Select(i => theta[(i + n - 1) % n])], LuceSpectralRanking.Fit(WinMatrix.Of(turned)).Theta, 1e-6);
    }, iter: 50);

    [Fact]
    public void The_likelihood_falls_off_in_every_direction()
    {
        var theta = LuceSpectralRanking.Fit(Three).Theta.ToArray();
        var best = LuceSpectralRanking.LogLikelihood(Three, theta);
        for (var i = 0; i < 3; i++)
        {
            foreach (var step in new[] { -0.01, 0.01 })
            {
                var moved = theta.ToArray();
                moved[i] += step;
                Assert.True(LuceSpectralRanking.LogLikelihood(Three, moved) < best - 1e-6);
            }
        }
    }

    [Fact]
    public void Elo_reaches_the_brief_s_figures_and_keeps_the_sum()
    {
        var elo = new EloRating(2);
        foreach (var result in new[] { 1, 1, 0.5, 0 })
            elo.Add(0, 1, result);
        Close([1001.885945, 998.114055], elo.Ratings.ToArray());
        Assert.Equal(2000, elo.Ratings[0] + elo.Ratings[1], 1e-9);
    }

    [Fact]
    public void Components_name_the_unbeaten_first()
    {
        var wins = new WinMatrix(5);
        wins.AddWins(0, 1);
        wins.AddWins(1, 0);
        wins.AddWins(2, 0); // 2 never lost
        wins.AddTies(3, 4);
        var components = ComparisonGraph.StrongComponents(wins);
        Assert.Equal(3, components.Length);
        Assert.Contains(components, c => c.SequenceEqual([3, 4]));
        var order = components.Select(c => c[0]).ToList();
        Assert.True(order.IndexOf(2) < order.IndexOf(0));
        Assert.Equal(2, ComparisonGraph.IsolatedGroups(wins).Length);
        Assert.Throws<ArgumentException>(() => LuceSpectralRanking.Fit(wins));
        Assert.Throws<ArgumentException>(() => ArenaRating.Fit(wins));
        Assert.True(double.IsFinite(LuceSpectralRanking.Fit(wins, 0.01).Theta[2]));
    }

    [Fact]
    public void Strong_components_are_those_of_mutual_reachability() => Gen.Int[2, 8].SelectMany(n => Gen.Bool.Array[n * n].Select(e => (n, e))).Sample(t =>
    {
        var (n, edges) = t;
        var wins = new double[n, n];
        var reach = new bool[n, n];
        for (var i = 0; i < n * n; i++)
        {
            wins[i / n, i % n] = edges[i] && i % 3 != 0 && i / n != i % n ? 1 : 0;
            reach[i / n, i % n] = wins[i / n, i % n] > 0 || i / n == i % n;
        }
        for (var k = 0; k < n; k++)
        {
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                    reach[i, j] |= reach[i, k] && reach[k, j];
            }
        }
        var components = ComparisonGraph.StrongComponents(WinMatrix.Of(wins));
        Assert.Equal(n, components.Sum(c => c.Length));
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                Assert.Equal(reach[i, j] && reach[j, i], components.Single(c => c.Contains(i)).Contains(j));
        }
    });

    [Fact]
    public void Kendall_and_Spearman_reach_the_brief_s_figures()
    {
        Assert.Equal(2.0 / 3, RankCorrelation.KendallTau([1, 2, 3, 4], [1, 3, 2, 4]), 1e-12);
        Assert.Equal(0.737865, RankCorrelation.KendallTau([0.9, 0.8, 0.7, 0.6, 0.6], [0.85, 0.7, 0.72, 0.5, 0.4]), 1e-6);
        Assert.Equal(0.9, RankCorrelation.Spearman([0.9, 0.8, 0.7, 0.6, 0.5], [0.85, 0.7, 0.72, 0.5, 0.4]), 1e-12);
        Assert.True(double.IsNaN(RankCorrelation.KendallTau([1, 1], [1, 2])));
        Assert.Equal(0.5, RankCorrelation.TopOverlap([4, 3, 2, 1], [4, 1, 2, 3], 2), 1e-12);
        Assert.Throws<ArgumentException>(() => RankCorrelation.Spearman([1, 2], [1]));
        Assert.Throws<ArgumentException>(() => RankCorrelation.KendallTau([1, double.NaN], [1, 2]));
    }

    [Theory]
    [InlineData(-1.0, 5)]
    [InlineData(double.NaN, 5)]
    [InlineData(0.0, 0)]
    public void Bad_settings_are_refused(double alpha, int iterations) => Assert.ThrowsAny<ArgumentException>(() => LuceSpectralRanking.Fit(Three, alpha, iterations));
}
