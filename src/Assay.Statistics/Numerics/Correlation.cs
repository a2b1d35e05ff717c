namespace Assay.Statistics;

/// <summary>Correlation of paired numbers.</summary>
public static class Correlation
{
    /// <summary>Pearson's r = Σ(x − x̄)(y − ȳ)/√(Σ(x − x̄)²Σ(y − ȳ)²); NaN where a side is constant or there are fewer than two pairs.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Pearson(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"pairs were expected, not {x.Length} and {y.Length} values", nameof(y));
        if (x.Length < 2)
            return double.NaN;
        var (meanX, meanY) = (Moments.Of(x).Mean, Moments.Of(y).Mean);
        double xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var (dx, dy) = (x[i] - meanX, y[i] - meanY);
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        return xx > 0 && yy > 0 ? Math.Clamp(xy / Math.Sqrt(xx * yy), -1, 1) : double.NaN;
    }

    /// <summary>Spearman's ρ: Pearson's r of the ranks, equal values sharing the mean of their ranks.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Spearman(ReadOnlySpan<double> x, ReadOnlySpan<double> y) => Pearson(Ranking.Of(x), Ranking.Of(y));
}
