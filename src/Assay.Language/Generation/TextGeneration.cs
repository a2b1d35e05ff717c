using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>How the next token is chosen.</summary>
public sealed record GenerationOptions
{
    /// <summary>The most new tokens, 1 or more; generation also ends at the context's end.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>τ: logits are divided by it before sampling; 0 always takes the most probable token.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Only the k most probable tokens are drawn from; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the most probable tokens that together reach this probability are drawn from (nucleus), above 0 to 1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Decides the draws.</summary>
    public long Seed { get; init; }

    /// <summary>Tokens that end the text; they are not part of it.</summary>
    public ImmutableArray<int> Stop { get; init; } = [];

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(TopK);
        if (!(Temperature >= 0) || !double.IsFinite(Temperature))
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature, "0 or more was expected");
        if (!(TopP is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(TopP), TopP, "above 0 to 1 was expected");
    }
}

/// <summary>Continues token sequences with a <see cref="Decoder"/> and its key-value cache.</summary>
public static class TextGeneration
{
    /// <summary>Continues a prompt, token by token.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">The prompt's tokens, one or more, fewer than the context.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <exception cref="ArgumentException">The prompt is empty or fills the context.</exception>
    public static IEnumerable<int> Generate(Decoder model, ReadOnlyMemory<int> prompt, GenerationOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        CheckPrompt(model, prompt.Length);
        return Run();

        IEnumerable<int> Run()
        {
            using var cache = new KeyValueCache(model.Config, 1, model.ComputeType, model.Embedding.device);
            var random = new SeededRandom(options.Seed);
            var input = prompt.ToArray();
            for (var made = 0; made < options.MaxTokens; made++)
            {
                cancellation.ThrowIfCancellationRequested();
                var token = Choose(NextLogits(model, cache, input), options, random);
                if (options.Stop.Contains(token))
                    yield break;
                yield return token;
                if (cache.Length == model.Config.Context)
                    yield break;
                input = [token];
            }
        }
    }

    /// <summary>
    /// The most probable continuations that beam search finds: at every step the best <paramref name="beams"/> of all extensions are kept.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="beams">The number of sequences kept.</param>
    /// <param name="maxTokens">The most new tokens.</param>
    /// <param name="stop">A token that ends a sequence; it counts in the score and is not part of the result.</param>
    /// <param name="lengthPenalty">α: sequences are ranked by log-probability / length^α; 0 ranks by log-probability.</param>
    /// <returns>Tokens and log-probability, best first.</returns>
    public static ImmutableArray<(ImmutableArray<int> Tokens, double LogProbability)> Beam(
        Decoder model, ReadOnlyMemory<int> prompt, int beams, int maxTokens, int? stop = null, double lengthPenalty = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(beams);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxTokens);
        CheckPrompt(model, prompt.Length);
        var finished = new List<(ImmutableArray<int> Tokens, double LogProbability)>();
        var live = new List<(ImmutableArray<int> Tokens, double LogProbability)> { ([], 0) };
        using var cache = new KeyValueCache(model.Config, 1, model.ComputeType, model.Embedding.device);
        var current = cache;
        var logits = LogProbabilities(model, current, [prompt.ToArray()]);
        for (var made = 0; made < maxTokens && live.Count > 0; made++)
        {
            var extensions = live.SelectMany((sequence, row) => Largest(logits[row], beams).Select(t => (Row: row, Token: t, Score: sequence.LogProbability + logits[row][t])))
                .OrderByDescending(e => e.Score).Take(beams).ToArray();
            finished.AddRange(extensions.Where(e => e.Token == stop).Select(e => (live[e.Row].Tokens, e.Score)));
            var kept = extensions.Where(e => e.Token != stop).ToArray();
            live = [.. kept.Select(e => (live[e.Row].Tokens.Add(e.Token), e.Score))];
            if (live.Count == 0 || made + 1 == maxTokens || current.Length == model.Config.Context)
                break;
            var next = current.Rows([.. kept.Select(e => e.Row)]);
            if (current != cache)
                current.Dispose();
            current = next;
            logits = LogProbabilities(model, current, [.. kept.Select(e => new[] { e.Token })]);
        }
        if (current != cache)
            current.Dispose();
        return [.. finished.Concat(live).OrderByDescending(s => s.LogProbability / Math.Pow(Math.Max(1, s.Tokens.Length), lengthPenalty)).Take(beams)];
    }

    /// <summary>The token that the options choose from logits.</summary>
    /// <param name="logits">One number for each token; changed.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="random">Draws.</param>
    public static int Choose(float[] logits, GenerationOptions options, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        if (options.Temperature == 0)
            return System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits);
        var count = options.TopK > 0 ? Math.Min(options.TopK, logits.Length) : logits.Length;
        var order = Largest(logits, count);
        var most = logits[order[0]];
        var weights = order.Select(t => Math.Exp((logits[t] - most) / options.Temperature)).ToArray();
        var total = weights.Sum();
        // The nucleus: the shortest beginning that holds the wanted probability.
        var (kept, mass) = (0, 0.0);
        while (kept < weights.Length && (kept == 0 || mass < options.TopP * total))
            mass += weights[kept++];
        var draw = random.NextDouble() * mass;
        for (var i = 0; i < kept - 1; i++)
        {
            draw -= weights[i];
            if (draw < 0)
                return order[i];
        }
        return order[kept - 1];
    }

    private static int[] Largest(float[] values, int count)
    {
        var order = Enumerable.Range(0, values.Length).ToArray();
        var keys = values.Select(v => -v).ToArray();
        Array.Sort(keys, order);
        return order[..Math.Min(count, order.Length)];
    }

    private static float[] NextLogits(Decoder model, KeyValueCache cache, int[] tokens)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var input = tensor(tokens.Select(t => (long)t).ToArray(), 1, tokens.Length).to(model.Embedding.device);
        return Last(model, model.Hidden(input, cache)).cpu().data<float>().ToArray();
    }

    private static float[][] LogProbabilities(Decoder model, KeyValueCache cache, int[][] rows)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var input = tensor(rows.SelectMany(r => r).Select(t => (long)t).ToArray(), rows.Length, rows[0].Length).to(model.Embedding.device);
        var flat = nn.functional.log_softmax(Last(model, model.Hidden(input, cache)), 1).cpu().data<float>().ToArray();
        return [.. flat.Chunk(model.Config.Vocabulary)];
    }

    // Only the last position's logits are wanted: (B, V).
    private static Tensor Last(Decoder model, Tensor hidden) =>
        nn.functional.linear(hidden.select(1, hidden.shape[1] - 1), model.Head.to(model.ComputeType)).to(ScalarType.Float32);

    private static void CheckPrompt(Decoder model, int length)
    {
        if (length == 0)
            throw new ArgumentException("the prompt is empty; give it at least the end-of-text token");
        if (length >= model.Config.Context)
            throw new ArgumentException($"the prompt has {length} tokens; the context of {model.Config.Context} leaves no room for more");
    }
}
