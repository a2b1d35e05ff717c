using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Language.Tests;

public sealed class DomainMixTests
{
    private static readonly ImmutableArray<string> Names = ["a", "b", "c", "d"];
    private static readonly ImmutableArray<double> Base = [.6, .2, .1, .1], Up = [.1, .2, .4, .3];

    private static DomainMixSchedule Mix(double d = 0.2) => new(Names, Base, Up, d);

    private static PackedCorpus Corpus(int tokens = 641)
    {
        var languages = Names.Select((n, i) => (n, new MarkovLanguage(12, 1, 0.3, seed: i))).ToArray();
        return PackedCorpus.FromTokens(
            16, [.. languages.Select(l => (l.n, l.Item2.Sample(tokens, new SeededRandom(1))))], [.. languages.Select(l => (l.n, l.Item2.Sample(321, new SeededRandom(2)), 0))]);
    }

    [Fact]
    public void Expected_tokens_mix_and_passes_are_those_of_the_brief()
    {
        AssertClose([500, 200, 160, 140], Mix().ExpectedTokens(1000));
        AssertClose([.5, .2, .16, .14], Mix().EffectiveMix());
        Assert.Equal(2.667, Mix().Epochs(1000, [1000, 1000, 60, 1000])[2], 1e-3);
        Assert.Empty(Mix().Warnings(1000, [1000, 1000, 60, 1000]));
        Assert.Contains("'c'", Assert.Single(Mix().Warnings(1000, [1000, 1000, 30, 1000])), StringComparison.Ordinal);
    }

    [Fact]
    public void The_weights_change_at_the_branching_token_and_always_sum_to_one()
    {
        AssertClose(Base, Mix().WeightsAt(799, 1000));
        AssertClose(Up, Mix().WeightsAt(800, 1000));
        AssertClose(Base, Mix(0).WeightsAt(1000, 1000));
        AssertClose(Up, Mix(1).WeightsAt(0, 1000));
        var ramped = new DomainMixSchedule(Names, Base, Up, 0.2, ramp: 0.1);
        AssertClose([.35, .2, .25, .2], ramped.WeightsAt(850, 1000));
        for (var t = 0; t < 1000; t += 7)
            Assert.Equal(1, ramped.WeightsAt(t, 1000).Sum(), 1e-12);
    }

    [Fact]
    public void Helpers_scale_temper_and_leave_out()
    {
        AssertClose([.25, .75], DomainMixSchedule.Scaled([.5, .5], [1, 3]));
        AssertClose(Base, DomainMixSchedule.Tempered(Base.AsSpan(), 1));
        AssertClose([.25, .25, .25, .25], DomainMixSchedule.Tempered(Base.AsSpan(), 1e9));
        AssertClose([.1 / .6, .2 / .6, 0, .3 / .6], Mix().Without("c").UpWeights);
        Assert.Throws<ArgumentException>(() => Mix().Without("z"));
    }

    [Fact]
    public void Draws_follow_the_expected_tokens_and_read_each_domain_without_replacement()
    {
        var corpus = Corpus();
        var order = Mix().Order(corpus, 4000, seed: 3);
        var ranges = corpus.SequenceRanges;
        var expected = Mix().ExpectedTokens(4000);
        var chi = 0.0;
        foreach (var ((_, first, count), g) in ranges.Select((r, g) => (r, g)))
        {
            var mine = order.Where(r => r >= first && r < first + count).ToArray();
            chi += Math.Pow(mine.Length - expected[g], 2) / expected[g];
            Assert.Equal(Math.Min(count, mine.Length), mine.Take(count).Distinct().Count());
        }
        Assert.True(chi < 16.3, $"χ² = {chi}"); // the 0.999 quantile with 3 degrees of freedom
        Assert.Equal(order.Take(3200), Mix(0.1).Order(corpus, 4000, seed: 3).Take(3200)); // the first part does not depend on d
        Assert.Throws<InvalidOperationException>(() => Mix().Order(corpus, 4000, repeat: false));
        Assert.Throws<ArgumentException>(() => Mix().Order(Corpus(10), 40));
    }

    [Fact]
    public void A_branch_with_the_same_weights_ends_where_the_undisturbed_run_does()
    {
        var corpus = Corpus();
        var options = new UpsamplingOptions
        {
            Model = DecoderConfig.Small(32, 1, 12, 16), Steps = 12, BatchSize = 4,
            Tasks = [("weights", m => m.parameters().Sum(p => p.detach().sum().item<float>()))],
        };
        var same = new DomainMixSchedule(Names, Base, Base, 0.25);
        var runs = DomainUpsampling.Durations(corpus, same, [0.25, 0, 0.5], options);
        Assert.Equal([0, 0.25, 0.5], runs.Select(r => r.UpShare));
        Assert.Single(runs.Select(r => r.Tasks[0]).Distinct());
        Assert.Single(runs.Select(r => r.Evaluation.Loss).Distinct());
        Assert.Equal([0, 3, 6], runs.Select(r => r.Steps)); // the base run is the trunk of all
        var different = DomainUpsampling.Durations(corpus, Mix(0.5), [0.5], options);
        Assert.NotEqual(runs[2].Tasks[0], different[0].Tasks[0]);
    }

    [Fact]
    public void What_cannot_be_branched_or_weighed_is_refused()
    {
        var options = new UpsamplingOptions { Model = DecoderConfig.Small(32, 1, 12, 16), Steps = 10, BatchSize = 4 };
        Assert.Throws<ArgumentException>(() => DomainUpsampling.Durations(Corpus(), Mix(), [0.01], options));
        Assert.Throws<ArgumentException>(() => DomainUpsampling.Attribution(Corpus(), Mix(), ["z"], options));
        Assert.Throws<ArgumentException>(() => new DomainMixSchedule(Names, [1, 1], Up));
        Assert.Throws<ArgumentException>(() => new DomainMixSchedule(Names, [1, -1, 0, 0], Up));
        Assert.Throws<ArgumentException>(() => new DomainMixSchedule(Names, [0, 0, 0, 0], Up));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DomainMixSchedule(Names, Base, Up, 1.1));
    }

    private static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
            Assert.Equal(expected[i], actual[i], 1e-9);
    }
}
