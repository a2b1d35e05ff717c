namespace Assay.Statistics;

/// <summary>Draws from continuous distributions and weighted choices.</summary>
public static class ContinuousDraws
{
    /// <summary>An index with probability proportional to its weight.</summary>
    /// <param name="random">Draws.</param>
    /// <param name="weights">Weights of 0 or more, not all 0.</param>
    /// <exception cref="ArgumentException">No weight is positive.</exception>
    public static int NextIndex(this SeededRandom random, ReadOnlySpan<double> weights)
    {
        ArgumentNullException.ThrowIfNull(random);
        var total = 0.0;
        foreach (var weight in weights)
            total += weight;
        if (!(total > 0))
            throw new ArgumentException($"the weights sum to {total}; a positive number was expected", nameof(weights));
        var draw = random.NextDouble() * total;
        var last = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0)
                continue;
            last = i;
            draw -= weights[i];
            if (draw < 0)
                return i;
        }
        return last; // rounding at the very end
    }

    /// <summary>A draw from the gamma distribution with scale 1 (Marsaglia and Tsang 2000).</summary>
    /// <param name="random">Draws.</param>
    /// <param name="shape">The shape, above 0.</param>
    public static double NextGamma(this SeededRandom random, double shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (!(shape > 0) || !double.IsFinite(shape))
            throw new ArgumentOutOfRangeException(nameof(shape), shape, "a positive number was expected");
        if (shape < 1)
            return random.NextGamma(shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = random.NextGaussian();
            var v = Math.Pow(1 + c * x, 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return d * v;
        }
    }

    /// <summary>Fills a row with a draw from the symmetric Dirichlet.</summary>
    /// <param name="random">Draws.</param>
    /// <param name="concentration">α, above 0.</param>
    /// <param name="row">The row; its numbers sum to 1.</param>
    public static void NextDirichlet(this SeededRandom random, double concentration, Span<double> row)
    {
        double total;
        do
        {
            total = 0;
            for (var i = 0; i < row.Length; i++)
                total += row[i] = random.NextGamma(concentration);
        }
        while (!(total > 1e-300)); // for tiny α every draw may underflow
        for (var i = 0; i < row.Length; i++)
            row[i] /= total;
    }
}
