using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>How the members' predictions become one.</summary>
public enum EnsembleCombination
{
    /// <summary>The softmax of the mean logits.</summary>
    Logits,
    /// <summary>The mean of the probabilities.</summary>
    Probabilities,
}

/// <summary>
/// Several language models of one vocabulary as one (Kim et al. 2025): trained on the same data from other seeds, their mean lies below
/// what any single model can reach on those data. Members are run one after another, their predictions summed up.
/// </summary>
[Method("language-ensemble", Paper = 6, Kind = MethodKind.Model)]
public sealed class LanguageEnsemble : IDisposable
{
    /// <summary>Creates an ensemble.</summary>
    /// <param name="members">The models; the ensemble owns them.</param>
    /// <param name="combination">How their predictions become one.</param>
    /// <exception cref="ArgumentException">No member, or members of different vocabularies.</exception>
    public LanguageEnsemble(IEnumerable<Decoder> members, EnsembleCombination combination = EnsembleCombination.Logits)
    {
        Members = [.. members];
        if (Members.IsEmpty)
            throw new ArgumentException("an ensemble needs at least one member", nameof(members));
        if (Members.FirstOrDefault(m => m.Config.Vocabulary != Members[0].Config.Vocabulary) is { } other)
            throw new ArgumentException($"members with vocabularies of {Members[0].Config.Vocabulary} and {other.Config.Vocabulary} tokens cannot be combined", nameof(members));
        Combination = combination;
    }

    /// <summary>The models.</summary>
    public ImmutableArray<Decoder> Members { get; }

    /// <summary>How their predictions become one.</summary>
    public EnsembleCombination Combination { get; }

    /// <summary>The longest sequence that every member can read.</summary>
    public int Context => Members.Min(m => m.Config.Context);

    /// <summary>The logits of the next token, up to a constant of each position: the mean logits, or the logarithm of the mean probability.</summary>
    /// <param name="tokens">(B, T).</param>
    /// <returns>(B, T, V).</returns>
    public Tensor Logits(Tensor tokens) => Combine(Members.Select(m => m.call(tokens)));

    /// <summary>The loss on held-out text.</summary>
    public LanguageEvaluation Evaluate(PackedCorpus corpus, int limit = 0) => LanguageEvaluation.Of(Logits, corpus, limit, Members[0].Embedding.device);

    /// <summary>The ensemble of some of the members, which stay the property of this one.</summary>
    public LanguageEvaluation EvaluateSubset(IReadOnlyList<int> members, PackedCorpus corpus, int limit = 0)
    {
        ArgumentNullException.ThrowIfNull(members);
        return LanguageEvaluation.Of(tokens => Combine(members.Select(m => Members[m].call(tokens))), corpus, limit, Members[0].Embedding.device);
    }

    /// <summary>L(K) for K = 1 … all members: the loss of ensembles of K, averaged over up to ten subsets.</summary>
    /// <param name="corpus">The corpus.</param>
    /// <param name="limit">The most held-out tokens of each domain.</param>
    /// <param name="seed">Chooses the subsets.</param>
    public ImmutableArray<(int Members, double Loss)> LossBySize(PackedCorpus corpus, int limit = 0, long seed = 0)
    {
        var result = ImmutableArray.CreateBuilder<(int, double)>();
        for (var k = 1; k <= Members.Length; k++)
        {
            var subsets = Subsets(k, seed);
            result.Add((k, subsets.Average(s => EvaluateSubset(s, corpus, limit).Loss)));
        }
        return result.ToImmutable();
    }

    /// <summary>Combines the members' logits (…, V) as the ensemble does.</summary>
    public Tensor Combine(IEnumerable<Tensor> logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using var scope = NewDisposeScope();
        Tensor? sum = null;
        var count = 0;
        foreach (var each in logits)
        {
            count++;
            if (Combination == EnsembleCombination.Logits)
            {
                sum = sum is null ? each.to(ScalarType.Float32) : sum.add_(each);
            }
            else
            {
                var logp = nn.functional.log_softmax(each.to(ScalarType.Float32), -1);
                sum = sum is null ? logp : logaddexp(sum, logp);
            }
        }
        if (sum is null)
            throw new ArgumentException("nothing to combine", nameof(logits));
        return (Combination == EnsembleCombination.Logits ? sum.div(count) : sum.sub(Math.Log(count))).MoveToOuterDisposeScope();
    }

    private int[][] Subsets(int size, long seed)
    {
        if (size == 1)
            return [.. Enumerable.Range(0, Members.Length).Select(i => new[] { i })];
        if (size == Members.Length)
            return [[.. Enumerable.Range(0, size)]];
        var chosen = new SortedSet<string>(StringComparer.Ordinal);
        var subsets = new List<int[]>();
        for (var attempt = 0; attempt < 40 && subsets.Count < 10; attempt++)
        {
            var subset = SeededRandom.At(seed, size, attempt).Permutation(Members.Length).Take(size).Order().ToArray();
            if (chosen.Add(string.Join(' ', subset)))
                subsets.Add(subset);
        }
        return [.. subsets];
    }

    /// <summary>
    /// Draws sequences from the ensemble, many at a time: each begins with the given token and follows the combined probabilities at
    /// temperature 1.
    /// </summary>
    /// <param name="count">The number of sequences.</param>
    /// <param name="length">Tokens of each, the first included; at most the context.</param>
    /// <param name="first">The first token, as a rule the end of a text.</param>
    /// <param name="seed">Decides the draws.</param>
    /// <param name="cancellation">Ends the drawing.</param>
    /// <returns>The sequences, one after the other.</returns>
    public int[] Sample(int count, int length, int first, long seed = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Context);
        const int batch = 128;
        var result = new int[count * length];
        using var _ = no_grad();
        for (var start = 0; start < count; start += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            var rows = Math.Min(batch, count - start);
            var caches = Members.Select(m => new KeyValueCache(m.Config, rows, m.ComputeType, m.Embedding.device)).ToArray();
            var random = SeededRandom.At(seed, 61, start);
            var current = Enumerable.Repeat((long)first, rows).ToArray();
            for (var t = 0; t < length; t++)
            {
                for (var r = 0; r < rows; r++)
                    result[(start + r) * length + t] = (int)current[r];
                if (t + 1 == length)
                    break;
                using var scope = NewDisposeScope();
                var input = tensor(current, rows, 1).to(Members[0].Embedding.device);
                var logits = Combine(Members.Select((m, i) => m.Forward(input, caches[i]).select(1, 0))); // (B, V)
                var cumulative = logits.softmax(1).cumsum(1).cpu().contiguous(); // (B, V)
                var draws = tensor(Enumerable.Range(0, rows).Select(_ => (float)random.NextDouble()).ToArray(), rows, 1);
                current = searchsorted(cumulative, draws.mul(cumulative.narrow(1, cumulative.shape[1] - 1, 1))).clamp_max(cumulative.shape[1] - 1).reshape(-1).data<long>().ToArray();
            }
            foreach (var cache in caches)
                cache.Dispose();
        }
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var member in Members)
            member.Dispose();
    }
}
