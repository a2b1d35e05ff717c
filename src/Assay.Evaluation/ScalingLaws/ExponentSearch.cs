namespace Assay.Evaluation;

/// <summary>The exponent of least error: a logarithmic grid, then golden section around its best point.</summary>
internal static class ExponentSearch
{
    private const int GridPoints = 160;

    public static double Minimize(Func<double, double> squaredError, double low = 0.002, double high = 6)
    {
        var grid = Enumerable.Range(0, GridPoints).Select(i => low * Math.Pow(high / low, i / (GridPoints - 1.0))).ToArray();
        var best = Enumerable.Range(0, GridPoints).MinBy(i => squaredError(grid[i]));
        var (a, b) = (grid[Math.Max(0, best - 1)], grid[Math.Min(GridPoints - 1, best + 1)]);
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (c, d) = (b - ratio * (b - a), a + ratio * (b - a));
        var (fc, fd) = (squaredError(c), squaredError(d));
        for (var i = 0; i < 90 && b - a > 1e-13 * b; i++)
        {
            if (fc < fd)
            {
                (b, d, fd) = (d, c, fc);
                c = b - ratio * (b - a);
                fc = squaredError(c);
            }
            else
            {
                (a, c, fc) = (c, d, fd);
                d = a + ratio * (b - a);
                fd = squaredError(d);
            }
        }
        return (a + b) / 2;
    }
}
