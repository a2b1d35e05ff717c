namespace Assay.Statistics;

/// <summary>
/// How often each of n contestants beat each other one. A tie counts as one win of each side, so that wins[i, j] is the number of
/// comparisons in which i was at least as good as j; how many of them were ties is kept beside.
/// </summary>
public sealed class WinMatrix
{
    private readonly double[] wins;
    private readonly double[] ties;

    /// <summary>No comparisons among n contestants.</summary>
    /// <exception cref="ArgumentOutOfRangeException">n is below 2.</exception>
    public WinMatrix(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        Count = count;
        wins = new double[count * count];
        ties = new double[count * count];
    }

    private WinMatrix(int count, double[] wins, double[] ties) => (Count, this.wins, this.ties) = (count, wins, ties);

    /// <summary>Given counts of wins, ties counted on both sides.</summary>
    /// <param name="wins">wins[i, j]: how often i was at least as good as j, n × n; the diagonal is ignored.</param>
    /// <exception cref="ArgumentException">The matrix is not square, or holds a negative or non-finite number.</exception>
    public static WinMatrix Of(double[,] wins)
    {
        ArgumentNullException.ThrowIfNull(wins);
        if (wins.GetLength(0) != wins.GetLength(1))
            throw new ArgumentException($"a square matrix was expected, not {wins.GetLength(0)} × {wins.GetLength(1)}", nameof(wins));
        var matrix = new WinMatrix(wins.GetLength(0));
        for (var i = 0; i < matrix.Count; i++)
        {
            for (var j = 0; j < matrix.Count; j++)
            {
                if (!(wins[i, j] >= 0 && double.IsFinite(wins[i, j])))
                    throw new ArgumentException($"wins[{i}, {j}] is {wins[i, j]}; a count was expected", nameof(wins));
                matrix.wins[i * matrix.Count + j] = i == j ? 0 : wins[i, j];
            }
        }
        return matrix;
    }

    /// <summary>Wraps counts that were made elsewhere; callers do not change the arrays afterwards.</summary>
    /// <param name="count">n.</param>
    /// <param name="wins">How often i was at least as good as j, row by row.</param>
    /// <param name="ties">How often they tied, symmetric, row by row.</param>
    /// <exception cref="ArgumentException">An array has not n² entries.</exception>
    public static WinMatrix Of(int count, double[] wins, double[] ties)
    {
        ArgumentNullException.ThrowIfNull(wins);
        ArgumentNullException.ThrowIfNull(ties);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        return wins.Length == count * count && ties.Length == count * count
            ? new WinMatrix(count, wins, ties)
            : throw new ArgumentException($"{count}² counts were expected, not {wins.Length} and {ties.Length}", nameof(wins));
    }

    /// <summary>n.</summary>
    public int Count { get; }

    /// <summary>How often one was at least as good as the other, ties included.</summary>
    public double this[int winner, int loser] => wins[winner * Count + loser];

    /// <summary>How many of the comparisons of two were ties.</summary>
    public double Ties(int a, int b) => ties[a * Count + b];

    /// <summary>How many comparisons two contestants had.</summary>
    public double Comparisons(int a, int b) => this[a, b] + this[b, a] - Ties(a, b);

    /// <summary>Adds comparisons that one won.</summary>
    public void AddWins(int winner, int loser, double weight = 1)
    {
        CheckPair(winner, loser);
        wins[winner * Count + loser] += weight;
    }

    /// <summary>Adds ties: one win to each side.</summary>
    public void AddTies(int a, int b, double weight = 1)
    {
        CheckPair(a, b);
        wins[a * Count + b] += weight;
        wins[b * Count + a] += weight;
        ties[a * Count + b] += weight;
        ties[b * Count + a] += weight;
    }

    /// <summary>Row i: how often contestant i was at least as good as each.</summary>
    public ReadOnlySpan<double> Row(int i) => wins.AsSpan(i * Count, Count);

    /// <summary>
    /// The share of its comparisons that each contestant won, ties half (Borda's count for incomplete orders); NaN for one that was never compared.
    /// </summary>
    public double[] WinRates()
    {
        var rates = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            double won = 0, all = 0;
            for (var j = 0; j < Count; j++)
            {
                won += this[i, j] - 0.5 * Ties(i, j);
                all += Comparisons(i, j);
            }
            rates[i] = won / all;
        }
        return rates;
    }

    private void CheckPair(int a, int b)
    {
        if ((uint)a >= (uint)Count || (uint)b >= (uint)Count || a == b)
            throw new ArgumentException($"two different contestants among {Count} were expected, not {a} and {b}");
    }
}
