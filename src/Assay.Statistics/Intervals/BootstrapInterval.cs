using MathNet.Numerics.Statistics;

namespace Assay.Statistics;

/// <summary>Intervals from the values of a statistic on bootstrap resamples.</summary>
[Method("bootstrap-interval", Paper = 83, Kind = MethodKind.Inference)]
public static class BootstrapInterval
{
    /// <summary>The α/2 and 1 − α/2 quantiles of the resampled values. Values that are NaN (undefined on a resample) are left out.</summary>
    /// <param name="resampled">The statistic on each resample.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentException">No value is a number.</exception>
    public static Interval Percentile(ReadOnlySpan<double> resampled, double level = 0.95)
    {
        Interval.CheckLevel(level);
        var sorted = Sorted(resampled);
        return new Interval(Quantile(sorted, (1 - level) / 2), Quantile(sorted, (1 + level) / 2), level);
    }

    /// <summary>The quantiles mirrored at the estimate: [2θ − q₍₁₋α/₂₎, 2θ − q₍α/₂₎].</summary>
    /// <inheritdoc cref="Percentile"/>
    /// <param name="estimate">θ, the statistic on the sample itself.</param>
    /// <param name="resampled">The statistic on each resample.</param>
    /// <param name="level">The confidence level.</param>
    public static Interval Basic(double estimate, ReadOnlySpan<double> resampled, double level = 0.95)
    {
        var percentile = Percentile(resampled, level);
        return new Interval(2 * estimate - percentile.High, 2 * estimate - percentile.Low, level);
    }

    /// <summary>
    /// centre ± t₍b−1₎·SE with SE = √(Σ(a_i − ā)²/(b − 1)). The article's first version is centred at the mean ā of the resamples
    /// (leave <paramref name="centre"/> out), its other one at the full sample's value.
    /// </summary>
    /// <param name="resampled">The statistic on each resample, at least two numbers.</param>
    /// <param name="level">The confidence level.</param>
    /// <param name="centre">The centre, or null for the mean.</param>
    /// <exception cref="ArgumentException">Fewer than two values are numbers.</exception>
    public static Interval StandardError(ReadOnlySpan<double> resampled, double level = 0.95, double? centre = null)
    {
        Interval.CheckLevel(level);
        var moments = Moments.Of(Sorted(resampled));
        if (moments.Count < 2)
            throw new ArgumentException("at least two values were expected", nameof(resampled));
        var margin = Tails.StudentQuantile(0.5 + level / 2, moments.Count - 1) * moments.StandardDeviation;
        var middle = centre ?? moments.Mean;
        return new Interval(middle - margin, middle + margin, level);
    }

    /// <summary>
    /// The bias-corrected and accelerated interval (Efron 1987): percentiles at Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))), with z₀ from the share of
    /// resampled values below the estimate and the acceleration a = Σ(θ̄ − θ_i)³/(6 (Σ(θ̄ − θ_i)²)^{3/2}) from the jackknife.
    /// </summary>
    /// <param name="estimate">The statistic on the sample itself.</param>
    /// <param name="resampled">The statistic on each resample.</param>
    /// <param name="jackknife">The statistic without each example in turn.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentException">No resampled value is a number.</exception>
    public static Interval BiasCorrected(double estimate, ReadOnlySpan<double> resampled, ReadOnlySpan<double> jackknife, double level = 0.95)
    {
        Interval.CheckLevel(level);
        var sorted = Sorted(resampled);
        var below = 0.0;
        foreach (var value in sorted)
            below += value < estimate ? 1 : value == estimate ? 0.5 : 0;
        // A share of 0 or 1 has no normal quantile; half a resample keeps it finite.
        var share = Math.Clamp(below / sorted.Length, 0.5 / sorted.Length, 1 - 0.5 / sorted.Length);
        var bias = Tails.NormalQuantile(share);
        var mean = jackknife.IsEmpty ? 0 : Moments.Of(jackknife).Mean;
        double squares = 0, cubes = 0;
        foreach (var value in jackknife)
        {
            var d = mean - value;
            squares += d * d;
            cubes += d * d * d;
        }
        var acceleration = squares > 0 ? cubes / (6 * Math.Pow(squares, 1.5)) : 0;
        return new Interval(Quantile(sorted, Corrected((1 - level) / 2)), Quantile(sorted, Corrected((1 + level) / 2)), level);

        double Corrected(double p)
        {
            var z = bias + Tails.NormalQuantile(p);
            return Tails.NormalLower(bias + z / (1 - acceleration * z));
        }
    }

    private static double[] Sorted(ReadOnlySpan<double> values)
    {
        var sorted = new double[values.Length];
        var count = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
                sorted[count++] = value;
        }
        if (count == 0)
            throw new ArgumentException("at least one value that is a number was expected", nameof(values));
        Array.Resize(ref sorted, count);
        Array.Sort(sorted);
        return sorted;
    }

    // Linear interpolation between order statistics, as NumPy's default.
    private static double Quantile(double[] sorted, double p) => SortedArrayStatistics.QuantileCustom(sorted, p, QuantileDefinition.R7);
}
