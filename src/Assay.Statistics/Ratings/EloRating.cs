namespace Assay.Statistics;

/// <summary>
/// Elo's ratings, updated comparison by comparison: R_a += K(s − E), E = 1/(1 + base^((R_b − R_a)/scale)), s = 1 for a win, ½ for a tie. The
/// sum of all ratings never changes; the result depends on the order of the comparisons.
/// </summary>
[Method("elo", Kind = MethodKind.Inference)]
public sealed class EloRating
{
    private readonly double[] ratings;
    private readonly double k, scale, logBase;

    /// <summary>Starts all contestants at the same rating.</summary>
    /// <param name="count">The number of contestants.</param>
    /// <param name="start">The rating at the start.</param>
    /// <param name="k">K, the step.</param>
    /// <param name="scale">The rating difference at which the odds are <paramref name="logarithmBase"/> to 1.</param>
    /// <param name="logarithmBase">The base of the odds.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public EloRating(int count, double start = 1000, double k = 4, double scale = 400, double logarithmBase = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(logarithmBase, 1);
        ratings = new double[count];
        Array.Fill(ratings, start);
        (this.k, this.scale, logBase) = (k, scale, Math.Log(logarithmBase));
    }

    /// <summary>The ratings.</summary>
    public ReadOnlySpan<double> Ratings => ratings;

    /// <summary>Takes one comparison into account.</summary>
    /// <param name="first">A contestant.</param>
    /// <param name="second">Another one.</param>
    /// <param name="result">1 where the first won, 0 where the second did, ½ for a tie.</param>
    /// <exception cref="ArgumentException">The contestants are the same, or the result is outside [0, 1].</exception>
    public void Add(int first, int second, double result)
    {
        if (first == second || !(result is >= 0 and <= 1))
            throw new ArgumentException($"two contestants and a result between 0 and 1 were expected, not {first}, {second} and {result}");
        var expected = 1 / (1 + Math.Exp(logBase * (ratings[second] - ratings[first]) / scale));
        ratings[first] += k * (result - expected);
        ratings[second] -= k * (result - expected);
    }
}
