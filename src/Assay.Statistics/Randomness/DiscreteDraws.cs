namespace Assay.Statistics;

/// <summary>Draws from discrete distributions.</summary>
public static class DiscreteDraws
{
    /// <summary>A draw from Binomial(n, p) in constant time: inversion below n·min(p, 1−p) = 10, else Hörmann's BTRS rejection (1993).</summary>
    /// <param name="random">The generator.</param>
    /// <param name="count">n, 0 or more.</param>
    /// <param name="probability">p in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static long NextBinomial(this SeededRandom random, long count, double probability)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!(probability is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "a probability was expected");
        if (count == 0 || probability == 0)
            return 0;
        if (probability > 0.5)
            return count - random.NextBinomial(count, 1 - probability);
        return count * probability < 10 ? ByInversion(random, count, probability) : ByRejection(random, count, probability);
    }

    /// <summary>
    /// How often each cell is hit when <paramref name="total"/> balls fall on cells with chances proportional to the weights: a multinomial
    /// draw by conditional binomials, exactly one bootstrap resample of counted data.
    /// </summary>
    /// <param name="random">The generator.</param>
    /// <param name="total">The number of balls.</param>
    /// <param name="weights">Non-negative weights.</param>
    /// <param name="hits">Receives the counts.</param>
    /// <exception cref="ArgumentException">The lengths differ, or no weight is positive.</exception>
    public static void NextMultinomial(this SeededRandom random, long total, ReadOnlySpan<long> weights, Span<long> hits)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (hits.Length != weights.Length)
            throw new ArgumentException($"{weights.Length} counters were expected, not {hits.Length}", nameof(hits));
        var rest = 0L;
        foreach (var weight in weights)
            rest += weight;
        if (rest <= 0)
            throw new ArgumentException("a positive weight was expected", nameof(weights));
        for (var i = 0; i < weights.Length; i++)
        {
            hits[i] = weights[i] == rest ? total : random.NextBinomial(total, (double)weights[i] / rest);
            total -= hits[i];
            rest -= weights[i];
            if (rest == 0)
            {
                hits[(i + 1)..].Clear();
                return;
            }
        }
    }

    private static long ByInversion(SeededRandom random, long n, double p)
    {
        var ratio = p / (1 - p);
        while (true)
        {
            var u = random.NextDouble();
            var chance = Math.Exp(n * Math.Log(1 - p));
            for (long k = 0; k <= n; k++)
            {
                if (u < chance)
                    return k;
                u -= chance;
                chance *= ratio * (n - k) / (k + 1);
                if (chance < 1e-300)
                    break; // Rounding left a sliver beyond the last term: draw again.
            }
        }
    }

    private static long ByRejection(SeededRandom random, long n, double p)
    {
        var deviation = Math.Sqrt(n * p * (1 - p));
        var b = 1.15 + 2.53 * deviation;
        var a = -0.0873 + 0.0248 * b + 0.01 * p;
        var c = n * p + 0.5;
        var accept = 0.92 - 4.2 / b;
        var alpha = (2.83 + 5.1 / b) * deviation;
        var odds = p / (1 - p);
        var mode = Math.Floor((n + 1) * p);
        while (true)
        {
            var v = random.NextDouble();
            var u = random.NextDouble() - 0.5;
            var us = 0.5 - Math.Abs(u);
            var k = Math.Floor((2 * a / us + b) * u + c);
            if (us >= 0.07 && v <= accept)
                return (long)k;
            if (k < 0 || k > n)
                continue;
            v = Math.Log(v * alpha / (a / (us * us) + b));
            var bound = (mode + 0.5) * Math.Log((mode + 1) / (odds * (n - mode + 1)))
                + (n + 1) * Math.Log((n - mode + 1) / (n - k + 1))
                + (k + 0.5) * Math.Log(odds * (n - k + 1) / (k + 1))
                + StirlingTail(mode) + StirlingTail(n - mode) - StirlingTail(k) - StirlingTail(n - k);
            if (v <= bound)
                return (long)k;
        }
    }

    // ln k! minus Stirling's (k + ½) ln(k + 1) − (k + 1) + ½ ln 2π.
    private static double StirlingTail(double k)
    {
        ReadOnlySpan<double> table =
        [
            0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
            0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
        ];
        if (k < table.Length)
            return table[(int)k];
        var x = k + 1;
        var x2 = x * x;
        return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / x2) / x2) / x;
    }
}
