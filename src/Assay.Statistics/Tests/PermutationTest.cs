namespace Assay.Statistics;

/// <summary>
/// Tests by rearrangement: if nothing distinguishes two models, exchanging their results changes nothing. All arrangements where there are
/// few, else random ones with p = (1 + hits)/(R + 1), which is never 0 and keeps its level (Phipson and Smyth 2010).
/// </summary>
[Method("permutation", Paper = 83, Kind = MethodKind.Inference)]
public static class PermutationTest
{
    /// <summary>The number of pairs up to which all sign changes are tried.</summary>
    public const int ExactPairs = 20;

    private const int ExactSplits = 200_000;
    private const double Slack = 1e-12;

    /// <summary>
    /// The paired test: the signs of the differences d_i = first_i − second_i are flipped, all 2ⁿ ways up to <see cref="ExactPairs"/> pairs that differ.
    /// The statistic is the mean difference.
    /// </summary>
    /// <param name="first">Results of the first model: 0/1 correctness, losses, scores.</param>
    /// <param name="second">Results of the second on the same items.</param>
    /// <param name="rounds">R, the number of random sign patterns where not all are tried.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="alternative">Which direction counts.</param>
    /// <exception cref="ArgumentException">The lengths differ, there are no items, or a value is not finite.</exception>
    public static TestResult Paired(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int rounds = 5000, long seed = 0, Alternative alternative = Alternative.TwoSided)
    {
        if (first.Length != second.Length || first.IsEmpty)
            throw new ArgumentException($"two lists of results of the same items were expected, not of {first.Length} and {second.Length}", nameof(second));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        var differences = new List<double>();
        var observed = 0.0;
        for (var i = 0; i < first.Length; i++)
        {
            var d = first[i] - second[i];
            if (!double.IsFinite(d))
                throw new ArgumentException($"item {i}: {first[i]} and {second[i]}, finite results were expected", nameof(first));
            observed += d;
            if (d != 0)
                differences.Add(d);
        }
        var d0 = differences.ToArray();
        var exact = d0.Length <= ExactPairs;
        var p = exact ? AllSigns(d0, observed, alternative) : RandomSigns(d0, observed, rounds, seed, alternative);
        return new TestResult($"paired permutation ({(exact ? "exact" : $"{rounds} rounds")})", observed / first.Length, p, []);
    }

    /// <summary>
    /// The two-sample test: the items are dealt anew to groups of the same sizes, in all ways where there are at most 200,000. The
    /// statistic is the difference of the means.
    /// </summary>
    /// <inheritdoc cref="Paired"/>
    /// <param name="first">Results of the first group.</param>
    /// <param name="second">Results of the second group, of other items.</param>
    /// <param name="rounds">R, the number of random deals where not all are tried.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="alternative">Which direction counts.</param>
    public static TestResult TwoSample(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int rounds = 5000, long seed = 0, Alternative alternative = Alternative.TwoSided)
    {
        if (first.IsEmpty || second.IsEmpty)
            throw new ArgumentException("two groups with at least one item each were expected", nameof(first));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        int firstCount = first.Length, secondCount = second.Length;
        double[] pool = [.. first, .. second];
        foreach (var value in pool)
        {
            if (!double.IsFinite(value))
                throw new ArgumentException($"finite results were expected, not {value}", nameof(first));
        }
        var total = pool.Sum();
        var observed = Spread(Sum(first));
        var exact = Combinatorics.Count(pool.Length, first.Length, ExactSplits) <= ExactSplits;
        double hits = 0, tried = 0;
        if (exact)
        {
            var chosen = Enumerable.Range(0, first.Length).ToArray();
            do
            {
                tried++;
                hits += IsExtreme(Spread(chosen.Sum(i => pool[i])), observed, alternative) ? 1 : 0;
            }
            while (Combinatorics.Next(chosen, pool.Length));
        }
        else
        {
            var random = new SeededRandom(seed);
            hits = tried = 1;
            for (var r = 0; r < rounds; r++, tried++)
            {
                random.Shuffle(pool.AsSpan());
                hits += IsExtreme(Spread(Sum(pool.AsSpan(0, first.Length))), observed, alternative) ? 1 : 0;
            }
        }
        return new TestResult($"two-sample permutation ({(exact ? "exact" : $"{rounds} rounds")})", observed, hits / tried, []);

        double Spread(double sum) => sum / firstCount - (total - sum) / secondCount;
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum;
    }

    private static bool IsExtreme(double value, double observed, Alternative alternative) => alternative switch
    {
        Alternative.Greater => value >= observed - Slack,
        Alternative.Less => value <= observed + Slack,
        _ => Math.Abs(value) >= Math.Abs(observed) - Slack,
    };

    private static double AllSigns(double[] d, double observed, Alternative alternative)
    {
        var hits = 0;
        var patterns = 1 << d.Length;
        var sum = -d.Sum();
        for (var pattern = 0; ;)
        {
            hits += IsExtreme(sum, observed, alternative) ? 1 : 0;
            if (++pattern == patterns)
                return (double)hits / patterns;
            // Gray code: each step flips one sign.
            var bit = System.Numerics.BitOperations.TrailingZeroCount(pattern);
            var gray = pattern ^ (pattern >> 1);
            sum += (gray >> bit & 1) != 0 ? 2 * d[bit] : -2 * d[bit];
        }
    }

    private static double RandomSigns(double[] d, double observed, int rounds, long seed, Alternative alternative)
    {
        var hits = 0;
        Parallel.For(0, rounds, r =>
        {
            var random = SeededRandom.At(seed, r);
            var sum = 0.0;
            ulong bits = 0;
            for (var i = 0; i < d.Length; i++)
            {
                if ((i & 63) == 0)
                    bits = random.NextUInt64();
                sum += (bits & 1) != 0 ? d[i] : -d[i];
                bits >>= 1;
            }
            if (IsExtreme(sum, observed, alternative))
                Interlocked.Increment(ref hits);
        });
        return (1.0 + hits) / (rounds + 1);
    }
}
