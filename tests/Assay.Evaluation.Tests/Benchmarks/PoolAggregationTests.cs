using Assay.Statistics;
using CsCheck;

namespace Assay.Evaluation.Tests;

public sealed class PoolAggregationTests
{
    private static readonly AggregationOptions Bare = new() { Resamples = 0 };

    private static SamplePool Pool(params (string Model, string Sample, double Score)[] results)
    {
        var builder = new PoolBuilder();
        foreach (var (model, sample, score) in results)
            builder.Add(model, sample, score);
        return builder.Build();
    }

    private static double Tau(SyntheticPool world, AggregationOptions options) => RankCorrelation.KendallTau([.. world.Skills], world.Pool.Aggregate(options).ScoresOf(world.Pool.Models));

    // Pair by pair, without any of the shortcuts.
    private static double[,] PlainWins(SamplePool pool)
    {
        var n = pool.Models.Length;
        var wins = new double[n, n];
        for (var s = 0; s < pool.SampleCount; s++)
        {
            var (models, scores) = pool.Sample(s);
            for (var a = 0; a < models.Length; a++)
            {
                for (var b = 0; b < models.Length; b++)
                    wins[models.Span[a], models.Span[b]] += a != b && scores.Span[a] >= scores.Span[b] ? 1 : 0;
            }
        }
        return wins;
    }

    [Theory]
    [InlineData(20, 900)] // dense: 0/1 samples are counted by bit sets, in groups
    [InlineData(12, 100)] // a group for each sample
    public void Comparisons_are_counted_as_pair_by_pair(int models, int samples)
    {
        var pool = SyntheticPool.Gaussian(models, samples, 0.25, 1).Pool;
        var counted = GroupedWins.Count(pool, 3).Total();
        var plain = PlainWins(pool);
        for (var i = 0; i < models; i++)
        {
            for (var j = 0; j < models; j++)
            {
                Assert.Equal(plain[i, j], counted[i, j]);
                if (i != j)
                    Assert.Equal(samples, counted.Comparisons(i, j));
            }
        }
    }

    [Fact]
    public void Every_aggregator_gives_intervals_and_those_of_means_are_the_bootstrap_of_the_mean()
    {
        var random = new SeededRandom(8);
        var builder = new PoolBuilder();
        for (var s = 0; s < 300; s++)
        {
            var sample = builder.Sample($"s{s}", "");
            builder.Describe(sample, "dataset", $"d{s % 3}");
            for (var m = 0; m < 4; m++)
                builder.Add(builder.Model($"m{m}"), sample, random.NextGaussian() + 0.4 * m);
        }
        var pool = builder.Build("pool");
        foreach (var aggregator in Enum.GetValues<Aggregator>())
        {
            var ranking = pool.Aggregate(new AggregationOptions { Aggregator = aggregator, Resamples = 200 });
            Assert.All(ranking.Models, m =>
            {
                // The normalised mean of the weakest is 0 by definition, of the strongest 1.
                Assert.True(m.Score.Interval.Low <= m.Score.Value && m.Score.Value <= m.Score.Interval.High && (m.Score.Interval.Width > 0 || aggregator == Aggregator.NormalizedMean), $"{aggregator}: {m.Score}");
                Assert.InRange(m.Rank, m.RankLow, m.RankHigh);
            });
        }
        // ±1.96·σ/√n with σ = 1 and n = 300: 0.226 wide.
        Assert.All(pool.Aggregate(new AggregationOptions { Aggregator = Aggregator.MeanScore, Resamples = 1000 }).Models, m => Assert.InRange(m.Score.Interval.Width, 0.19, 0.27));
    }

    [Fact]
    public void Sparse_comparisons_are_counted_too()
    {
        var pool = SyntheticPool.Heterogeneous(20, 100).Pool;
        var counted = GroupedWins.Count(pool, 3).Total();
        var plain = PlainWins(pool);
        Assert.All(Enumerable.Range(0, 400), i => Assert.Equal(plain[i / 20, i % 20], counted[i / 20, i % 20]));
    }

    [Fact]
    public void Monotone_changes_of_a_sample_change_nothing()
    {
        var world = SyntheticPool.Gaussian(12, 60, seed: 2).Pool;
        var builder = new PoolBuilder();
        for (var s = 0; s < world.SampleCount; s++)
        {
            var (models, scores) = world.Sample(s);
            for (var i = 0; i < models.Length; i++)
                builder.Add(world.Models[models.Span[i]], $"{s}", s % 3 == 0 ? Math.Exp(scores.Span[i]) : s % 3 == 1 ? 100 * scores.Span[i] - 7 : Math.Cbrt(scores.Span[i]));
        }
        var changed = builder.Build();
        Assert.Equal(world.Aggregate(Bare).ScoresOf(world.Models), changed.Aggregate(Bare).ScoresOf(world.Models));
        Assert.NotEqual(world.Aggregate(Bare with { Aggregator = Aggregator.MeanScore }).ScoresOf(world.Models), changed.Aggregate(Bare with { Aggregator = Aggregator.MeanScore }).ScoresOf(world.Models));
    }

    [Fact]
    public void Duplicating_every_sample_changes_nothing()
    {
        var pool = SyntheticPool.Gaussian(10, 80, seed: 3).Pool;
        var doubled = pool.Select([.. Enumerable.Range(0, 80), .. Enumerable.Range(0, 80)]);
        var (once, twice) = (pool.Aggregate(Bare).ScoresOf(pool.Models), doubled.Aggregate(Bare).ScoresOf(pool.Models));
        Assert.All(once.Zip(twice), p => Assert.Equal(p.First, p.Second, 1e-6));
    }

    [Fact]
    public void A_sample_that_all_solve_only_shrinks_the_differences()
    {
        var pool = SyntheticPool.Gumbel(6, 50, 0.5, 4).Pool;
        var builder = new PoolBuilder();
        for (var s = 0; s < pool.SampleCount + 20; s++)
        {
            for (var m = 0; m < 6; m++)
                builder.Add(pool.Models[m], $"{s}", s < pool.SampleCount ? pool.Sample(s).Scores.Span[m] : 1);
        }
        var (before, after) = (pool.Aggregate(Bare).ScoresOf(pool.Models), builder.Build().Aggregate(Bare).ScoresOf(pool.Models));
        Assert.True(after.Max() - after.Min() < before.Max() - before.Min() - 0.01);
        Assert.True(RankCorrelation.KendallTau(before, after) > 0.9);
    }

    [Fact]
    public void In_a_world_of_Luce_the_true_scores_are_recovered_as_samples_grow()
    {
        double Error(int samples)
        {
            var world = SyntheticPool.Gumbel(8, samples, 0.3, 5, isBinarised: false);
            var theta = world.Pool.Aggregate(Bare).ScoresOf(world.Pool.Models);
            var mean = world.Skills.Average();
            return theta.Select((t, i) => Math.Abs(t - (world.Skills[i] - mean))).Max();
        }
        Assert.True(Error(50) > 2 * Error(5000));
        Assert.InRange(Error(5000), 0, 0.08);
    }

    [Fact]
    public void Intervals_cover_the_truth()
    {
        var hits = 0;
        for (var seed = 0; seed < 25; seed++)
        {
            var world = SyntheticPool.Gumbel(6, 200, 0.3, 100 + seed, isBinarised: false);
            var mean = world.Skills.Average();
            hits += world.Pool.Aggregate(new AggregationOptions { Seed = seed }).Models.Count(m => m.Score.Interval.Contains(world.Skills[world.Pool.Models.IndexOf(m.Model)] - mean));
        }
        Assert.InRange(hits / 150.0, 0.86, 0.995); // binomial, 150 dependent draws at 95 %
    }

    [Fact]
    public void Groups_of_samples_give_intervals_as_wide_as_samples_do()
    {
        // 4,000 samples are grouped, 400 are not: ten times the samples must narrow the interval by √10.
        double Width(int samples) => SyntheticPool.Gumbel(5, samples, 0.2, 6, isBinarised: false).Pool.Aggregate(new AggregationOptions { Resamples = 400 }).Models.Average(m => m.Score.Interval.Width);
        Assert.InRange(Width(400) / Width(4000), 2.7, 3.7);
    }

    [Fact]
    public void A_heterogeneous_world_is_ranked_by_order_and_not_by_means()
    {
        var world = SyntheticPool.Heterogeneous(30, 150, 1);
        Assert.InRange(Tau(world, Bare with { Alpha = 0.01 }), 0.75, 1);
        Assert.InRange(Tau(world, Bare with { Aggregator = Aggregator.MeanScore }), -0.3, 0.6);
    }

    [Fact]
    public void On_one_scale_order_and_mean_agree()
    {
        var world = SyntheticPool.Gaussian(20, 300, seed: 7);
        var (pl, mean) = (world.Pool.Aggregate(Bare).ScoresOf(world.Pool.Models), world.Pool.Aggregate(Bare with { Aggregator = Aggregator.MeanScore }).ScoresOf(world.Pool.Models));
        Assert.InRange(RankCorrelation.KendallTau(pl, mean), 0.85, 1);
        Assert.Equal(1, RankCorrelation.KendallTau(world.Pool.Aggregate(Bare with { Aggregator = Aggregator.WinRate }).ScoresOf(world.Pool.Models), pl), 0.1);
    }

    [Fact]
    public void Models_without_a_common_sample_are_refused_by_name()
    {
        var pool = Pool(("a", "1", 1), ("b", "1", 0), ("a", "2", 0), ("b", "2", 1), ("c", "3", 1), ("d", "3", 1));
        var failure = Assert.Throws<ArgumentException>(() => pool.Aggregate(Bare));
        Assert.Contains("no comparison", failure.Message, StringComparison.Ordinal);
        Assert.Contains("group 1: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("c, d", failure.Message, StringComparison.Ordinal);
        Assert.Contains(pool.Aggregate(Bare with { Alpha = 0.01 }).Warnings, w => w.Contains("cannot be set against", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unbeaten_model_is_refused_without_alpha()
    {
        var pool = Pool(("a", "1", 1), ("b", "1", 0), ("c", "1", 0), ("b", "2", 1), ("c", "2", 0), ("c", "3", 1), ("b", "3", 0));
        Assert.Contains("infinite", Assert.Throws<ArgumentException>(() => pool.Aggregate(Bare)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => pool.Aggregate(Bare with { Aggregator = Aggregator.ArenaMle, Alpha = 1 }));
        var ranking = pool.Aggregate(new AggregationOptions { Alpha = 0.01, Resamples = 20 });
        Assert.Equal("a", ranking.Models[0].Model);
        Assert.Equal([["a"], ["b", "c"]], ranking.Components);
    }

    [Fact]
    public void Solved_by_all_says_so()
    {
        var pool = Pool(("a", "1", 1), ("b", "1", 1), ("a", "2", 0), ("b", "2", 0));
        var ranking = pool.Aggregate();
        Assert.Contains(ranking.Warnings, w => w.Contains("every comparison is a tie", StringComparison.Ordinal));
        Assert.All(ranking.Models, m => Assert.Equal(1.5, m.Rank));
    }

    [Fact]
    public void Missing_is_not_zero_and_duplicates_are_averaged()
    {
        var pool = Pool(("a", "1", 1), ("b", "1", double.NaN), ("a", "1", 0), ("b", "2", 1), ("a", "2", 1));
        Assert.Equal((3, 1), (pool.MeasurementCount, pool.DuplicateCount));
        Assert.Equal(0.5, pool.Sample(0).Scores.Span[0]);
        Assert.Throws<InvalidDataException>(() => Pool(("a", "1", double.NaN)));
        Assert.Throws<InvalidDataException>(() => Pool(("a", "1", double.PositiveInfinity)));
        Assert.Throws<ArgumentException>(() => Pool(("a", "1", 1)).Aggregate());
        Assert.Contains("nothing to compare", Assert.Throws<ArgumentException>(() => Pool(("a", "1", 1), ("b", "2", 1)).Aggregate(Bare with { Alpha = 0.01 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Direct_comparisons_count_beside_scores()
    {
        var builder = new PoolBuilder();
        var (a, b, s) = (builder.Model("a"), builder.Model("b"), builder.Sample("1"));
        for (var i = 0; i < 3; i++)
            builder.Add(new PairResult(s, a, b, PairOutcome.First));
        builder.Add(new PairResult(builder.Sample("2"), b, a, PairOutcome.First));
        var ranking = builder.Build().Aggregate(Bare);
        Assert.Equal(0.549306, ranking.Models[0].Score.Value, 1e-6);
        Assert.Equal((3.0, 0.0, 1.0), (ranking.Models[0].Wins, ranking.Models[0].Ties, ranking.Models[0].Losses));
    }

    [Fact]
    public void Removing_cells_lowers_agreement_gracefully()
    {
        var curve = MissingnessCurve.Of(SyntheticPool.Gaussian(15, 600, seed: 8).Pool, null, [0, 0.5, 0.95], 2);
        Assert.Equal(1, curve[0].Tau, 1e-12);
        Assert.True(curve[1].Tau > curve[2].Tau);
        Assert.InRange(curve[2].Tau, 0.5, 0.99);
        Assert.InRange(MissingnessCurve.Of(SyntheticPool.Gaussian(15, 600, seed: 8).Pool, null, [0.95], 2, Removal.Samples)[0].Tau, 0.5, 0.99);
        Assert.Throws<ArgumentOutOfRangeException>(() => MissingnessCurve.Of(SyntheticPool.Gaussian(4, 10).Pool, null, [1]));
    }

    [Fact]
    public void A_query_ranks_by_the_skill_it_asks_for()
    {
        var (world, second) = SyntheticPool.TwoSkills(25, 500, 9);
        var (first, other) = (world.Pool.Query(new SampleQuery { Text = "algebra equation proof integral", Top = null }), world.Pool.Query(new SampleQuery { Text = "poem rhyme verse metaphor", Top = null }));
        Assert.InRange(first.SampleCount, 200, 300);
        Assert.InRange(RankCorrelation.KendallTau([.. world.Skills], first.Aggregate(Bare).ScoresOf(first.Models)), 0.8, 1);
        Assert.InRange(RankCorrelation.KendallTau([.. second], other.Aggregate(Bare).ScoresOf(other.Models)), 0.8, 1);
        Assert.Equal(10, world.Pool.Find(new SampleQuery { Text = "algebra" }).Length);
        Assert.Throws<ArgumentException>(() => world.Pool.Find(new SampleQuery { Text = "zebra" }));
        Assert.Throws<ArgumentException>(() => world.Pool.Find(new SampleQuery()));
        Assert.Throws<ArgumentException>(() => world.Pool.Find(new SampleQuery { Filters = [SampleFilter.Parse("year eq 3")] }));
    }

    [Theory]
    [InlineData("year >= 2020", "2021", true)]
    [InlineData("year lt 2020", "2021", false)]
    [InlineData("year gt 5", "", false)]
    [InlineData("source eq helm", "helm", true)]
    [InlineData("source ne helm", "helm", false)]
    [InlineData("n = 1", "1.0", true)]
    [InlineData("text contains Integral of", "the integral OF x", true)]
    [InlineData("references len 2", "[\"a\",\"b\"]", true)]
    [InlineData("text len 3", "abc", true)]
    [InlineData("text len 3", "[bc", true)]
    public void Conditions_hold_as_written(string condition, string value, bool holds) => Assert.Equal(holds, SampleFilter.Parse(condition).Holds(value));

    [Theory]
    [InlineData("year 3")]
    [InlineData("year about 3")]
    [InlineData("text len many")]
    public void A_malformed_condition_is_refused(string condition) => Assert.Throws<FormatException>(() => SampleFilter.Parse(condition));

    [Fact]
    public void Similarity_is_one_for_the_same_words_and_finds_rare_ones()
    {
        var index = new TextSimilarity(["the cat sat", "the dog sat on the mat", "Quantum physics"]);
        Assert.Equal(1, index.To("sat, the cat!")[0], 1e-12);
        var similarity = index.To("quantum cat");
        Assert.True(similarity[2] > similarity[0] && similarity[0] > similarity[1]);
        Assert.Equal([0, 0, 0], index.To("zebra"));
    }
}
