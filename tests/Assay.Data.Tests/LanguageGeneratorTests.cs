using Assay.Statistics;

namespace Assay.Data.Tests;

public sealed class LanguageGeneratorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_surprise_of_long_samples_is_the_entropy_rate(int order)
    {
        var language = new MarkovLanguage(8, order, 0.5, seed: 4);
        var sample = language.Sample(200_000, new SeededRandom(1));
        var total = 0.0;
        for (var i = order; i < sample.Length; i++)
            total -= Math.Log(language.Next(sample.AsSpan(i - order, order))[sample[i]]);
        Assert.Equal(language.EntropyRate(), total / (sample.Length - order), 0.01);
        Assert.True(language.EntropyRate() <= language.UnigramEntropy() + 1e-9);
    }

    [Fact]
    public void Flat_rows_have_the_entropy_of_the_alphabet()
    {
        Assert.Equal(Math.Log(16), new MarkovLanguage(16, 1, 1e6).EntropyRate(), 1e-4);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MarkovLanguage(100, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MarkovLanguage(10, 1, 0));
        Assert.Throws<ArgumentException>(() => new MarkovLanguage(10, 2).Next([1]).ToArray());
    }

    [Fact]
    public void The_conditionals_of_a_hidden_chain_sum_to_one_and_an_independent_one_has_its_own_entropy()
    {
        var ring = HiddenMarkovLanguage.Ring();
        var (symbols, states) = ring.Sample(50, new SeededRandom(2));
        Assert.All(states, s => Assert.InRange(s, 0, 9));
        var conditionals = ring.Conditionals(symbols);
        for (var t = 0; t < 50; t++)
            Assert.Equal(1, Enumerable.Range(0, 24).Sum(v => conditionals[t, v]), 1e-9);
        // One state only: symbols are independent.
        var independent = new HiddenMarkovLanguage(new double[,] { { 1 } }, new[,] { { 0.5, 0.25, 0.25 } });
        var (value, error) = independent.EntropyRate(100, 400, new SeededRandom(3));
        Assert.InRange(value, 1.0397 - 4 * error, 1.0397 + 4 * error);
        Assert.Throws<ArgumentException>(() => new HiddenMarkovLanguage(new[,] { { 0.9 } }, new double[,] { { 1 } }));
    }

    // Two states that alternate and emit their own symbol: after the first, nothing is uncertain.
    [Fact]
    public void Knowing_the_past_of_a_hidden_chain_makes_the_future_certain_where_it_is()
    {
        var flip = new HiddenMarkovLanguage(new double[,] { { 0, 1 }, { 1, 0 } }, new double[,] { { 1, 0 }, { 0, 1 } });
        var conditionals = flip.Conditionals([1, 0, 1]);
        Assert.Equal(0.5, conditionals[0, 0], 1e-12);
        Assert.Equal(1, conditionals[1, 0], 1e-12);
        Assert.Equal(1, conditionals[2, 1], 1e-12);
    }

    [Fact]
    public void The_entropy_of_a_grammar_is_that_of_its_choices()
    {
        // Sentences a^n b with n geometric: H = h(0.5)/0.5 = 2 ln 2; words 1 + 1.
        var grammar = GrammarLanguage.Parse("S -> a S [0.5] | b [0.5]");
        var (entropy, words) = grammar.DerivationEntropy();
        Assert.Equal(2 * Math.Log(2), entropy, 1e-12);
        Assert.Equal(2, words, 1e-12);
        var random = new SeededRandom(5);
        Assert.Equal(2, Enumerable.Range(0, 4000).Average(_ => grammar.Sample(random).Length), 0.1);
        Assert.Equal(["a", "b"], grammar.Words);
    }

    [Theory]
    [InlineData("S a b")]
    [InlineData("S -> a [x]")]
    [InlineData("S -> a [0.5] | b [0.6]")]
    [InlineData("# nothing")]
    public void A_grammar_that_is_none_is_refused(string text) => Assert.Throws<FormatException>(() => GrammarLanguage.Parse(text));

    [Fact]
    public void A_grammar_that_never_ends_is_found_out()
    {
        var grammar = GrammarLanguage.Parse("S -> S S [0.9] | a [0.1]");
        Assert.Throws<InvalidOperationException>(() => grammar.DerivationEntropy());
        Assert.Throws<InvalidOperationException>(() => grammar.Sample(new SeededRandom(1), 500));
    }

    [Fact]
    public void Additions_carry_and_are_checked()
    {
        Assert.Equal("457+386: 7+6+0=13 5+8+1=14 4+3+1=8 = 843", ColumnAddition.WithWorking(457, 386));
        Assert.Equal("0+0: 0+0+0=0 = 0", ColumnAddition.WithWorking(0, 0));
        Assert.Equal("99+1: 9+1+0=10 9+0+1=10 = 100", ColumnAddition.WithWorking(99, 1));
        Assert.True(ColumnAddition.IsRight(457, 386, " 7+6+0=13 5+8+1=14 4+3+1=8 = 843\n"));
        Assert.True(ColumnAddition.IsRight(457, 386, " nonsense = 843"));
        Assert.False(ColumnAddition.IsRightThroughout(457, 386, " nonsense = 843"));
        Assert.True(ColumnAddition.IsRightThroughout(457, 386, " 7+6+0=13 5+8+1=14 4+3+1=8 = 843\n"));
        Assert.False(ColumnAddition.IsRight(457, 386, " = 8430"));
        Assert.False(ColumnAddition.IsRight(457, 386, ""));
    }

    [Fact]
    public void Planted_facts_are_one_value_for_each_name_and_relation()
    {
        var facts = PlantedFacts.Draw(200, seed: 1);
        Assert.Equal(600, facts.Length);
        Assert.Equal(600, facts.Select(f => f.Prompt).Distinct().Count());
        Assert.Equal(facts, PlantedFacts.Draw(200, seed: 1));
        Assert.Equal($"{facts[0].Prompt} {facts[0].Value}.", facts[0].Sentence);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(6.5)]
    public void Gamma_draws_have_mean_and_variance_of_their_shape(double shape)
    {
        var random = new SeededRandom(8);
        var draws = Enumerable.Range(0, 40_000).Select(_ => random.NextGamma(shape)).ToArray();
        var mean = draws.Average();
        Assert.Equal(shape, mean, 0.03 * Math.Max(1, shape));
        Assert.Equal(shape, draws.Average(d => (d - mean) * (d - mean)), 0.1 * Math.Max(1, shape));
    }

    [Fact]
    public void Weighted_choices_follow_their_weights_and_refuse_nothing_to_choose()
    {
        var random = new SeededRandom(9);
        var hits = new int[3];
        for (var i = 0; i < 30_000; i++)
            hits[random.NextIndex([1, 0, 3])]++;
        Assert.Equal(0, hits[1]);
        Assert.Equal(0.25, hits[0] / 30_000.0, 0.01);
        Assert.Throws<ArgumentException>(() => random.NextIndex([0, 0]));
    }
}
