namespace Assay.Statistics;

/// <summary>Student's interval for a mean: x̄ ± t₍ₙ₋₁₎ s/√n.</summary>
[Method("mean-interval", Kind = MethodKind.Inference)]
public static class MeanInterval
{
    /// <summary>The mean of the values and its interval; unknown ends for fewer than two values.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static Estimate Of(ReadOnlySpan<double> values, double level = 0.95)
    {
        if (values.IsEmpty)
            throw new ArgumentException("at least one value was expected", nameof(values));
        var moments = Moments.Of(values);
        return Of(moments, level);
    }

    /// <summary>The mean that the moments hold and its interval.</summary>
    public static Estimate Of(Moments moments, double level = 0.95)
    {
        Interval.CheckLevel(level);
        if (moments.Count < 2)
            return new Estimate(moments.Mean, Interval.Unknown with { Level = level });
        var margin = Tails.StudentQuantile(0.5 + level / 2, moments.Count - 1) * moments.StandardDeviation / Math.Sqrt(moments.Count);
        return new Estimate(moments.Mean, new Interval(moments.Mean - margin, moments.Mean + margin, level));
    }
}
