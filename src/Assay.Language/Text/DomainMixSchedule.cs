using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Language;

/// <summary>
/// Domain upsampling at the end of training (Blakeney et al. 2024): up to token (1 − d)·T domains are drawn with base weights, from there on
/// with up weights; d of 0.1 to 0.2 is best in the paper. Nothing else changes: optimiser and learning rate go on. Optionally the weights
/// move from the one to the other in a straight line over a ramp.
/// </summary>
[Method("domain-upsampling", Paper = 58, Kind = MethodKind.Schedule)]
public sealed class DomainMixSchedule
{
    /// <summary>The passes over one domain above which repetition is warned of.</summary>
    public const double EpochLimit = 4;

    /// <summary>Creates a schedule.</summary>
    /// <param name="domains">The domains' names.</param>
    /// <param name="baseWeights">One weight of 0 or more for each; they are normalised.</param>
    /// <param name="upWeights">The same for the last part.</param>
    /// <param name="upShare">d, 0 to 1.</param>
    /// <param name="ramp">The share of the run over which the weights move, from (1 − d) on; 0 is a step, as in the paper.</param>
    /// <exception cref="ArgumentException">Weights are negative, all 0 or of another number than the domains.</exception>
    public DomainMixSchedule(ImmutableArray<string> domains, ImmutableArray<double> baseWeights, ImmutableArray<double> upWeights, double upShare = 0.2, double ramp = 0)
    {
        if (domains.IsDefaultOrEmpty)
            throw new ArgumentException("no domains", nameof(domains));
        if (upShare is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(upShare), upShare, "0 to 1 was expected");
        if (!(ramp >= 0 && ramp <= upShare))
            throw new ArgumentOutOfRangeException(nameof(ramp), ramp, "0 to the up share was expected");
        (Domains, UpShare, Ramp) = (domains, upShare, ramp);
        BaseWeights = Normalized(baseWeights, domains, nameof(baseWeights));
        UpWeights = Normalized(upWeights, domains, nameof(upWeights));
    }

    /// <summary>The domains.</summary>
    public ImmutableArray<string> Domains { get; }

    /// <summary>The normalised base weights.</summary>
    public ImmutableArray<double> BaseWeights { get; }

    /// <summary>The normalised up weights.</summary>
    public ImmutableArray<double> UpWeights { get; }

    /// <summary>d.</summary>
    public double UpShare { get; }

    /// <summary>The share of the run over which the weights move.</summary>
    public double Ramp { get; }

    /// <summary>The weights at a token.</summary>
    /// <param name="token">The token, from 0.</param>
    /// <param name="total">T.</param>
    public ImmutableArray<double> WeightsAt(double token, double total)
    {
        var start = (1 - UpShare) * total;
        // A whisker's tolerance: 0.8 · 1000 in binary is a little more or less than 800.
        if (token < start - 1e-9 * total || UpShare == 0)
            return BaseWeights;
        var x = Ramp > 0 ? Math.Min(1, (token - start) / (Ramp * total)) : 1;
        return x >= 1 ? UpWeights : [.. BaseWeights.Zip(UpWeights, (b, u) => b + x * (u - b))];
    }

    /// <summary>E_g, the tokens expected of each domain: T·[(1 − d)·p_base + d·p_up], with half of the ramp counted to either side.</summary>
    public ImmutableArray<double> ExpectedTokens(double total)
    {
        var up = UpShare - Ramp / 2;
        return [.. BaseWeights.Zip(UpWeights, (b, u) => total * ((1 - up) * b + up * u))];
    }

    /// <summary>m_g = E_g / T: the static mix that reads the same data in expectation, the control for the value of timing.</summary>
    public ImmutableArray<double> EffectiveMix() => ExpectedTokens(1);

    /// <summary>E_g / n_g, the passes over each domain.</summary>
    /// <param name="total">T.</param>
    /// <param name="sizes">n_g, the unique tokens of each domain.</param>
    /// <exception cref="ArgumentException">A domain with weight has no tokens.</exception>
    public ImmutableArray<double> Epochs(double total, ReadOnlySpan<long> sizes)
    {
        if (sizes.Length != Domains.Length)
            throw new ArgumentException($"{sizes.Length} sizes for {Domains.Length} domains", nameof(sizes));
        var expected = ExpectedTokens(total);
        var epochs = ImmutableArray.CreateBuilder<double>(sizes.Length);
        for (var g = 0; g < sizes.Length; g++)
        {
            if (sizes[g] <= 0 && expected[g] > 0)
                throw new ArgumentException($"domain '{Domains[g]}' has weight but no tokens", nameof(sizes));
            epochs.Add(sizes[g] > 0 ? expected[g] / sizes[g] : 0);
        }
        return epochs.MoveToImmutable();
    }

    /// <summary>A sentence for every domain that is read more than <see cref="EpochLimit"/> times.</summary>
    public ImmutableArray<string> Warnings(double total, ReadOnlySpan<long> sizes)
    {
        var epochs = Epochs(total, sizes);
        return [.. Enumerable.Range(0, epochs.Length).Where(g => epochs[g] > EpochLimit)
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"domain '{Domains[g]}' is read {epochs[g]:f1} times; beyond {EpochLimit} repetition usually helps little"))];
    }

    /// <summary>The same schedule with one domain left out of the up weights, its share spread over the others in proportion: a probe of its worth.</summary>
    /// <exception cref="ArgumentException">No such domain, or it is all there is.</exception>
    public DomainMixSchedule Without(string domain)
    {
        var index = Domains.IndexOf(domain);
        if (index < 0)
            throw new ArgumentException($"no domain '{domain}'; there are {string.Join(", ", Domains)}", nameof(domain));
        return new DomainMixSchedule(Domains, BaseWeights, UpWeights.SetItem(index, 0), UpShare, Ramp);
    }

    /// <summary>The same weights with another d.</summary>
    public DomainMixSchedule WithUpShare(double upShare) => new(Domains, BaseWeights, UpWeights, upShare, Math.Min(Ramp, upShare));

    /// <summary>p_g·u_g, normalised: some domains raised by factors.</summary>
    public static ImmutableArray<double> Scaled(ReadOnlySpan<double> weights, ReadOnlySpan<double> factors)
    {
        if (weights.Length != factors.Length)
            throw new ArgumentException($"{factors.Length} factors for {weights.Length} weights", nameof(factors));
        var result = new double[weights.Length];
        for (var g = 0; g < result.Length; g++)
            result[g] = weights[g] * factors[g];
        var total = result.Sum();
        return total > 0 ? [.. result.Select(r => r / total)] : throw new ArgumentException("the scaled weights sum to 0", nameof(factors));
    }

    /// <summary>p_g^(1/τ), normalised: τ = 1 changes nothing, a large τ makes all domains equal.</summary>
    public static ImmutableArray<double> Tempered(ReadOnlySpan<double> weights, double temperature)
    {
        if (!(temperature > 0))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a positive number was expected");
        var powers = new double[weights.Length];
        for (var g = 0; g < powers.Length; g++)
            powers[g] = weights[g] > 0 ? Math.Pow(weights[g], 1 / temperature) : 0;
        var total = powers.Sum();
        return [.. powers.Select(p => p / total)];
    }

    /// <summary>
    /// The training sequences in the order in which the schedule draws them: each picks a domain by the weights at its place; within a domain
    /// sequences come without replacement, in a new order in every pass. The first part does not depend on d, so that runs can branch.
    /// </summary>
    /// <param name="corpus">A corpus with a stream for each domain.</param>
    /// <param name="sequences">The number of sequences of the whole run.</param>
    /// <param name="seed">Decides the draws.</param>
    /// <param name="repeat">Whether a domain may be read more than once.</param>
    /// <exception cref="ArgumentException">A domain with weight is missing in the corpus or holds no whole sequence.</exception>
    /// <exception cref="InvalidOperationException">A domain is exhausted and may not be repeated.</exception>
    public int[] Order(PackedCorpus corpus, int sequences, long seed = 0, bool repeat = true)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequences);
        var ranges = corpus.SequenceRanges.ToDictionary(r => r.Domain, StringComparer.Ordinal);
        var places = Domains.Select((d, g) => ranges.TryGetValue(d, out var range) && range.Count > 0 ? range
            : BaseWeights[g] > 0 || UpWeights[g] > 0 ? throw new ArgumentException($"domain '{d}' has weight but no whole training sequence of {corpus.Length} tokens", nameof(corpus)) : (d, 0, 0)).ToArray();
        var drawn = new int[Domains.Length];
        var passes = new int[Domains.Length][];
        var order = new int[sequences];
        for (var i = 0; i < sequences; i++)
        {
            var g = SeededRandom.At(seed, 58, i).NextIndex(WeightsAt(i, sequences).AsSpan());
            var (domain, first, count) = places[g];
            if (drawn[g] > 0 && drawn[g] % count == 0 && !repeat)
                throw new InvalidOperationException($"domain '{domain}' is exhausted after {count} sequences, at sequence {i} of {sequences}");
            if (drawn[g] % count == 0)
                passes[g] = SeededRandom.At(seed, 59, g, drawn[g] / count).Permutation(count);
            order[i] = first + passes[g][drawn[g]++ % count];
        }
        return order;
    }

    private static ImmutableArray<double> Normalized(ImmutableArray<double> weights, ImmutableArray<string> domains, string name)
    {
        if (weights.Length != domains.Length)
            throw new ArgumentException($"{weights.Length} weights for {domains.Length} domains", name);
        for (var g = 0; g < weights.Length; g++)
        {
            if (!(weights[g] >= 0) || !double.IsFinite(weights[g]))
                throw new ArgumentException($"the weight of '{domains[g]}' is {weights[g]}; 0 or more was expected", name);
        }
        var total = weights.Sum();
        return total > 0 ? [.. weights.Select(w => w / total)] : throw new ArgumentException("all weights are 0", name);
    }
}
