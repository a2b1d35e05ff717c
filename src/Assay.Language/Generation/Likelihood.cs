using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>How probable a model finds a continuation.</summary>
/// <param name="LogProbability">Σ log p(token | all before), nats.</param>
/// <param name="Tokens">The number of tokens scored.</param>
/// <param name="IsGreedy">Whether every token was the most probable one.</param>
public readonly record struct ContinuationScore(double LogProbability, int Tokens, bool IsGreedy)
{
    /// <summary>The mean loss of a token, nats.</summary>
    public double MeanLoss => -LogProbability / Tokens;

    /// <summary>The loss of a byte of the continuation's text, in bits: comparable between tokenizers.</summary>
    public double BitsPerByte(int bytes) => -LogProbability / Math.Log(2) / bytes;
}

/// <summary>Scores given continuations of given contexts, many at once.</summary>
public static class Likelihood
{
    /// <summary>Scores continuations. Sequences of like length are run together; the result does not depend on the grouping beyond rounding.</summary>
    /// <param name="model">The model.</param>
    /// <param name="items">Context and continuation, each of one token or more; a context longer than fits loses its beginning.</param>
    /// <param name="batch">The most sequences of one forward pass.</param>
    /// <exception cref="ArgumentException">A context or continuation is empty, or a continuation fills the context.</exception>
    public static ImmutableArray<ContinuationScore> Score(Decoder model, IReadOnlyList<(int[] Context, int[] Continuation)> items, int batch = 32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i].Context.Length == 0 || items[i].Continuation.Length == 0)
                throw new ArgumentException($"item {i}: context and continuation need at least one token each", nameof(items));
            if (items[i].Continuation.Length >= model.Config.Context + 1)
                throw new ArgumentException($"item {i}: the continuation has {items[i].Continuation.Length} tokens, the context holds {model.Config.Context}", nameof(items));
        }
        var results = new ContinuationScore[items.Count];
        var order = Enumerable.Range(0, items.Count).OrderByDescending(i => items[i].Context.Length + items[i].Continuation.Length).ToArray();
        foreach (var group in order.Chunk(batch))
            ScoreGroup(model, items, group, results);
        return [.. results];
    }

    private static void ScoreGroup(Decoder model, IReadOnlyList<(int[] Context, int[] Continuation)> items, int[] group, ContinuationScore[] results)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        // The last token is predicted, never read; the beginning goes where the sequence is too long. Causality makes padding at the end harmless.
        var sequences = group.Select(i => items[i].Context.Concat(items[i].Continuation).SkipLast(1).TakeLast(model.Config.Context).ToArray()).ToArray();
        var length = sequences.Max(s => s.Length);
        var flat = new long[group.Length * length];
        for (var r = 0; r < group.Length; r++)
        {
            for (var t = 0; t < sequences[r].Length; t++)
                flat[r * length + t] = sequences[r][t];
        }
        var hidden = model.Hidden(tensor(flat, group.Length, length).to(model.Embedding.device)); // (B, T, d)
        var head = model.Head.to(model.ComputeType);
        for (var r = 0; r < group.Length; r++)
        {
            using var inner = NewDisposeScope();
            var continuation = items[group[r]].Continuation;
            var start = sequences[r].Length - continuation.Length;
            var wanted = tensor(continuation.Select(t => (long)t).ToArray()).to(hidden.device);
            var logits = nn.functional.linear(hidden[r].narrow(0, start, continuation.Length), head).to(ScalarType.Float32); // (C, V)
            var logp = nn.functional.log_softmax(logits, 1).gather(1, wanted.unsqueeze(1)).to(ScalarType.Float64).sum().item<double>();
            results[group[r]] = new ContinuationScore(logp, continuation.Length, logits.argmax(1).eq(wanted).all().item<bool>());
        }
    }
}
