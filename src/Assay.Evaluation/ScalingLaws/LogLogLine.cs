using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A straight line of logarithms, ln y = intercept + slope·ln x, by least squares.</summary>
/// <param name="Intercept">The logarithm of y at x = 1.</param>
/// <param name="Slope">The exponent, with its interval (Student's t; unknown for two points).</param>
/// <param name="RSquared">The share of ln y's variance that the line explains.</param>
/// <param name="Count">The number of points.</param>
public sealed record LogLogLine(double Intercept, Estimate Slope, double RSquared, int Count)
{
    /// <summary>y of the line at x.</summary>
    public double At(double x) => Math.Exp(Intercept + Slope.Value * Math.Log(x));

    /// <summary>Fits the line.</summary>
    /// <exception cref="ArgumentException">Fewer than two distinct x, or a value that is not positive.</exception>
    public static LogLogLine FitTo(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        LawData.CheckPositive(x, "x");
        LawData.CheckPositive(y, "y");
        if (x.Count != y.Count || x.Distinct().Count() < 2)
            throw new ArgumentException($"{x.Distinct().Count()} distinct abscissas: a line needs at least 2");
        var n = x.Count;
        double[] u = [.. x.Select(value => Math.Log(value))];
        double[] v = [.. y.Select(value => Math.Log(value))];
        var (meanU, meanV) = (u.Average(), v.Average());
        var (uu, uv, vv) = (0.0, 0.0, 0.0);
        for (var i = 0; i < n; i++)
        {
            uu += (u[i] - meanU) * (u[i] - meanU);
            uv += (u[i] - meanU) * (v[i] - meanV);
            vv += (v[i] - meanV) * (v[i] - meanV);
        }
        var slope = uv / uu;
        var residual = Math.Max(0, vv - slope * uv);
        var margin = n > 2 ? CurveFit.Quantile(n - 2) * Math.Sqrt(residual / (n - 2) / uu) : double.NaN;
        return new LogLogLine(meanV - slope * meanU, new Estimate(slope, n > 2 ? new Interval(slope - margin, slope + margin) : Interval.Unknown), vv > 0 ? 1 - residual / vv : 1, n);
    }
}
