namespace Assay.Statistics;

/// <summary>
/// Wilcoxon's signed-rank test (1945): are paired differences symmetric around 0? W is the sum of the ranks of |d| over positive d; differences of 0 are
/// left out, equal ones share ranks. Exact for up to 50 differences without ties, as in SciPy; else the normal approximation with the variance corrected
/// for ties, without continuity correction.
/// </summary>
[Method("wilcoxon-signed-rank", Kind = MethodKind.Inference)]
public static class WilcoxonTest
{
    private const int MostExact = 50;

    /// <summary>Tests paired differences.</summary>
    /// <param name="differences">One difference for each pair.</param>
    /// <param name="alternative">Which departures count.</param>
    /// <returns>The statistic is W₊. Where all differences are 0, p is 1.</returns>
    /// <exception cref="ArgumentException">There are no differences, or one is not finite.</exception>
    public static TestResult Of(ReadOnlySpan<double> differences, Alternative alternative = Alternative.TwoSided)
    {
        if (differences.IsEmpty)
            throw new ArgumentException("at least one difference was expected", nameof(differences));
        var kept = new List<double>();
        foreach (var d in differences)
        {
            if (!double.IsFinite(d))
                throw new ArgumentException($"a difference is {d}", nameof(differences));
            if (d != 0)
                kept.Add(d);
        }
        var n = kept.Count;
        if (n == 0)
            return new TestResult("Wilcoxon signed-rank", 0, 1, []);
        double[] sizes = [.. kept.Select(Math.Abs)];
        var ranks = Ranking.Of(sizes);
        var statistic = kept.Select((d, i) => d > 0 ? ranks[i] : 0).Sum();
        var isExact = n <= MostExact && sizes.Distinct().Count() == n && n == differences.Length;
        var p = isExact ? Exact((int)statistic, n, alternative) : Normal(statistic, n, sizes, alternative);
        return new TestResult($"Wilcoxon signed-rank ({(isExact ? "exact" : "normal")})", statistic, p, [], !isExact && n < 10 ? $"only {n} differences with ties or zeros: the normal approximation is rough" : n < 6 && alternative == Alternative.TwoSided ? $"with {n} differences no p-value falls below 0.05" : null);
    }

    // counts[w]: the subsets of {1, …, n} whose sum is w.
    private static double Exact(int statistic, int n, Alternative alternative)
    {
        var most = n * (n + 1) / 2;
        var counts = new double[most + 1];
        counts[0] = 1;
        for (var rank = 1; rank <= n; rank++)
        {
            for (var w = most; w >= rank; w--)
                counts[w] += counts[w - rank];
        }
        var all = Math.Pow(2, n);
        var lower = counts.Take(statistic + 1).Sum() / all;
        var upper = counts.Skip(statistic).Sum() / all;
        return alternative switch { Alternative.Greater => upper, Alternative.Less => lower, _ => Math.Min(1, 2 * Math.Min(lower, upper)) };
    }

    private static double Normal(double statistic, int n, double[] sizes, Alternative alternative)
    {
        var ties = sizes.CountBy(s => s).Sum(g => (double)g.Value * g.Value * g.Value - g.Value);
        var variance = n * (n + 1.0) * (2 * n + 1) / 24 - ties / 48;
        var z = (statistic - n * (n + 1) / 4.0) / Math.Sqrt(variance);
        return alternative switch { Alternative.Greater => Tails.NormalUpper(z), Alternative.Less => Tails.NormalLower(z), _ => Tails.NormalTwoSided(z) };
    }
}
