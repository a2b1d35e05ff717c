using System.Runtime.CompilerServices;

namespace Assay.Statistics;

/// <summary>Count, mean and sum of squared deviations of a stream of numbers, mergeable without loss (Welford 1962; Chan et al. 1979).</summary>
/// <param name="Count">The number of values.</param>
/// <param name="Mean">Their mean; NaN where there are none.</param>
/// <param name="SquaredDeviations">Σ (x − mean)².</param>
public readonly record struct Moments(long Count, double Mean, double SquaredDeviations)
{
    /// <summary>Of no values.</summary>
    public static Moments Empty { get; } = new(0, double.NaN, 0);

    /// <summary>s² = Σ(x − mean)²/(n − 1); NaN for fewer than two values.</summary>
    public double Variance => Count < 2 ? double.NaN : SquaredDeviations / (Count - 1);

    /// <summary>s.</summary>
    public double StandardDeviation => Math.Sqrt(Variance);

    /// <summary>s/√n.</summary>
    public double StandardError => Math.Sqrt(Variance / Count);

    /// <summary>Of the values, in two passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Moments Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return Empty;
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        var mean = sum / values.Length;
        var squares = 0.0;
        foreach (var value in values)
            squares += (value - mean) * (value - mean);
        return new Moments(values.Length, mean, squares);
    }

    /// <summary>Of both streams together.</summary>
    public Moments Merge(Moments other)
    {
        if (Count == 0)
            return other;
        if (other.Count == 0)
            return this;
        var count = Count + other.Count;
        var delta = other.Mean - Mean;
        return new Moments(
            count,
            Mean + delta * other.Count / count,
            SquaredDeviations + other.SquaredDeviations + delta * delta * Count / count * other.Count);
    }
}
