using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Language.Tests;

public sealed class GenerationTests
{
    private static readonly DecoderConfig Config = new() { Vocabulary = 13, Width = 16, Layers = 2, Heads = 4, KeyValueHeads = 2, HiddenWidth = 24, Context = 16 };

    private static Decoder Model()
    {
        var model = new Decoder(Config, new SeededRandom(3));
        using var _ = no_grad();
        foreach (var parameter in model.parameters().Where(p => p.dim() == 2))
            parameter.mul_(15);
        model.eval();
        return model;
    }

    private static float[] Logits(Decoder model, IEnumerable<int> tokens)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var input = tensor(tokens.Select(t => (long)t).ToArray()).unsqueeze(0);
        return model.call(input)[0, -1].data<float>().ToArray();
    }

    [Fact]
    public void Greedy_takes_the_largest_logit_of_the_full_forward_pass()
    {
        using var model = Model();
        var sequence = new List<int> { 1, 2 };
        foreach (var token in TextGeneration.Generate(model, new[] { 1, 2 }, new GenerationOptions { Temperature = 0, MaxTokens = 10 }))
        {
            var logits = Logits(model, sequence);
            Assert.Equal(Array.IndexOf(logits, logits.Max()), token);
            sequence.Add(token);
        }
        Assert.Equal(12, sequence.Count);
    }

    [Fact]
    public void The_context_s_end_and_a_stop_token_end_the_text()
    {
        using var model = Model();
        var all = TextGeneration.Generate(model, new[] { 1, 2 }, new GenerationOptions { Temperature = 0, MaxTokens = 100 }).ToArray();
        Assert.Equal(15, all.Length); // 2 + 14 read, and the one that the last reading gives
        var stopped = TextGeneration.Generate(model, new[] { 1, 2 }, new GenerationOptions { Temperature = 0, MaxTokens = 100, Stop = [all[4]] }).ToArray();
        Assert.Equal(all[..Array.IndexOf(all, all[4])], stopped);
    }

    [Fact]
    public void Sampling_follows_the_softmax_and_its_limits()
    {
        var logits = new[] { 2f, 1f, 0f, -1f };
        var random = new SeededRandom(4);
        double[] Shares(GenerationOptions options)
        {
            var counts = new double[4];
            for (var i = 0; i < 20_000; i++)
                counts[TextGeneration.Choose([.. logits], options, random)] += 1.0 / 20_000;
            return counts;
        }

        // exp(2, 1, 0, −1) over their sum.
        Assert.All(Shares(new GenerationOptions()).Zip([.6439, .2369, .0871, .0321]), p => Assert.Equal(p.Second, p.First, 0.015));
        var two = Shares(new GenerationOptions { TopK = 2 });
        Assert.Equal(.7311, two[0], 0.015);
        Assert.Equal(0, two[2] + two[3]);
        // 0.6439 alone is below 0.7, so the second is needed too.
        var nucleus = Shares(new GenerationOptions { TopP = 0.7 });
        Assert.Equal(.7311, nucleus[0], 0.015);
        Assert.Equal(0, nucleus[2] + nucleus[3]);
        Assert.Equal(1, Shares(new GenerationOptions { TopP = 0.6 })[0], 1e-9);
        Assert.Equal(.8650, Shares(new GenerationOptions { Temperature = 0.5 })[0], 0.015);
    }

    [Fact]
    public void A_seed_gives_the_same_text_again()
    {
        using var model = Model();
        int[] Text(long seed) => [.. TextGeneration.Generate(model, new[] { 5 }, new GenerationOptions { Seed = seed, MaxTokens = 12 })];
        Assert.Equal(Text(1), Text(1));
        Assert.NotEqual(Text(1), Text(2));
    }

    [Fact]
    public void A_wide_enough_beam_finds_the_most_probable_text()
    {
        using var model = Model();
        // All 13³ continuations, scored one by one.
        var all = from a in Enumerable.Range(0, 13) from b in Enumerable.Range(0, 13) from c in Enumerable.Range(0, 13) select new[] { a, b, c };
        var texts = all.ToArray();
        var scores = Likelihood.Score(model, [.. texts.Select(t => (new[] { 3, 4 }, t))], batch: 256);
        var best = Enumerable.Range(0, texts.Length).MaxBy(i => scores[i].LogProbability);
        var beam = TextGeneration.Beam(model, new[] { 3, 4 }, 169, 3);
        Assert.Equal(texts[best], beam[0].Tokens);
        Assert.Equal(scores[best].LogProbability, beam[0].LogProbability, 1e-4);
        var greedy = TextGeneration.Beam(model, new[] { 3, 4 }, 1, 3).Single();
        Assert.Equal(TextGeneration.Generate(model, new[] { 3, 4 }, new GenerationOptions { Temperature = 0, MaxTokens = 3 }), greedy.Tokens);
    }

    [Fact]
    public void Scores_are_those_of_the_softmax_whatever_they_are_batched_with()
    {
        using var model = Model();
        (int[], int[])[] items = [([1, 2, 3], [4, 5]), ([7], [8, 9, 10, 11]), ([1, 2, 3, 4, 5, 6], [0])];
        var together = Likelihood.Score(model, items);
        for (var i = 0; i < items.Length; i++)
        {
            var (context, continuation) = items[i];
            var expected = 0.0;
            for (var j = 0; j < continuation.Length; j++)
            {
                var logits = Logits(model, context.Concat(continuation[..j]));
                expected += logits[continuation[j]] - Math.Log(logits.Sum(l => Math.Exp(l)));
            }
            Assert.Equal(expected, together[i].LogProbability, 1e-4);
            Assert.Equal(continuation.Length, together[i].Tokens);
        }
        Assert.Equal(-together[0].LogProbability / Math.Log(2) / 7, together[0].BitsPerByte(7), 1e-12);
    }

    [Fact]
    public void A_context_that_is_too_long_loses_its_beginning()
    {
        using var model = Model();
        var scores = Likelihood.Score(model, [([.. Enumerable.Repeat(1, 40).Append(2)], [3])]);
        var shortened = Likelihood.Score(model, [([.. Enumerable.Repeat(1, 15).Append(2)], [3])]);
        Assert.Equal(shortened[0].LogProbability, scores[0].LogProbability, 1e-5);
    }

    [Fact]
    public void Empty_and_overlong_prompts_are_refused()
    {
        using var model = Model();
        Assert.Throws<ArgumentException>(() => TextGeneration.Generate(model, Array.Empty<int>(), new GenerationOptions()));
        Assert.Throws<ArgumentException>(() => TextGeneration.Generate(model, new int[16], new GenerationOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextGeneration.Generate(model, new[] { 1 }, new GenerationOptions { TopP = 0 }));
        Assert.Throws<ArgumentException>(() => Likelihood.Score(model, [([], [1])]));
    }
}
