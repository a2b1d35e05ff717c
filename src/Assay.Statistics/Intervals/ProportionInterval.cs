namespace Assay.Statistics;

/// <summary>
/// Confidence intervals for a proportion a = s/n, such as an accuracy. <see cref="Wilson(double, double, double)"/> is the default everywhere in Assay: its
/// coverage stays near the level at every n and a; the normal approximation falls far below it for small n or a near 0 or 1.
/// </summary>
[Method("proportion-interval", Paper = 83, Kind = MethodKind.Inference)]
public static class ProportionInterval
{
    /// <summary>a ± z √(a(1−a)/n), the article's normal approximation; not cut to [0, 1].</summary>
    /// <inheritdoc cref="Wilson(double, double, double)"/>
    public static Interval Normal(double successes, double count, double level = 0.95)
    {
        Check(successes, count, level);
        var a = successes / count;
        return Interval.Normal(a, Math.Sqrt(a * (1 - a) / count), level);
    }

    /// <summary>(a + z²/2n ± z √(a(1−a)/n + z²/4n²)) / (1 + z²/n) (Wilson 1927).</summary>
    /// <param name="successes">s, between 0 and n.</param>
    /// <param name="count">n, at least 1.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static Interval Wilson(double successes, double count, double level = 0.95)
    {
        Check(successes, count, level);
        var a = successes / count;
        var z = Tails.NormalQuantile(0.5 + level / 2);
        var z2n = z * z / count;
        var centre = (a + z2n / 2) / (1 + z2n);
        var margin = z * Math.Sqrt(a * (1 - a) / count + z2n / (4 * count)) / (1 + z2n);
        return new Interval(successes == 0 ? 0 : centre - margin, successes == count ? 1 : centre + margin, level);
    }

    /// <summary>The exact interval from Beta quantiles, B(α/2; s, n−s+1) to B(1−α/2; s+1, n−s) (Clopper and Pearson 1934): never below its level.</summary>
    /// <inheritdoc cref="Wilson(double, double, double)"/>
    public static Interval ClopperPearson(double successes, double count, double level = 0.95)
    {
        Check(successes, count, level);
        var tail = (1 - level) / 2;
        return new Interval(
            successes == 0 ? 0 : Tails.BetaQuantile(tail, successes, count - successes + 1),
            successes == count ? 1 : Tails.BetaQuantile(1 - tail, successes + 1, count - successes),
            level);
    }

    /// <summary>The Wilson interval of the share of true entries.</summary>
    /// <exception cref="ArgumentException">There are no entries.</exception>
    public static Interval Wilson(ReadOnlySpan<bool> correct, double level = 0.95)
    {
        if (correct.IsEmpty)
            throw new ArgumentException("at least one outcome was expected", nameof(correct));
        return Wilson(correct.Count(true), correct.Length, level);
    }

    private static void Check(double successes, double count, double level)
    {
        Interval.CheckLevel(level);
        if (!(count >= 1))
            throw new ArgumentOutOfRangeException(nameof(count), count, "at least one trial was expected");
        if (!(successes >= 0 && successes <= count))
            throw new ArgumentOutOfRangeException(nameof(successes), successes, $"between 0 and {count} successes were expected");
    }
}
