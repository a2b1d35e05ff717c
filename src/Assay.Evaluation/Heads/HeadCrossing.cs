using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Where the curves of two heads cross, and what lies between their points.</summary>
internal static class HeadCrossing
{
    private const int Resamples = 500;

    /// <summary>m* with an interval from resampling the subsets of each size.</summary>
    public static Estimate Of(ImmutableArray<HeadAdvisor.Trial[]> byM, HeadComparisonOptions options)
    {
        double[] m = [.. byM.Select(t => (double)t[0].M)];
        var value = Split(m, [.. byM.Select(t => t.Average(r => r.NaiveBayes - r.Logistic))]);
        var random = SeededRandom.At(options.Seed, 631);
        var drawn = new double[Resamples];
        for (var b = 0; b < Resamples; b++)
            drawn[b] = Split(m, [.. byM.Select(t => Enumerable.Range(0, t.Length).Average(_ => t[random.Next(t.Length)] is var r ? r.NaiveBayes - r.Logistic : 0))]);
        Array.Sort(drawn);
        // Order statistics, not interpolated quantiles: some are infinite.
        var tail = (1 - options.Level) / 2;
        return new Estimate(value, new Interval(drawn[(int)(tail * (Resamples - 1))], drawn[(int)Math.Ceiling((1 - tail) * (Resamples - 1))], options.Level));
    }

    /// <summary>
    /// The split of the sizes that contradicts the differences (naive Bayes − logistic) least: naive Bayes below, logistic above. 0 where logistic
    /// is better from the start, infinite where it never is; else linear in log m between the two points.
    /// </summary>
    public static double Split(double[] m, double[] difference)
    {
        var (best, at) = (double.PositiveInfinity, 0);
        for (var split = 0; split <= m.Length; split++)
        {
            var cost = 0.0;
            for (var i = 0; i < m.Length; i++)
                cost += i < split ? Math.Max(0, difference[i]) : Math.Max(0, -difference[i]);
            if (cost < best - 1e-15)
                (best, at) = (cost, split);
        }
        if (at == 0)
            return 0;
        if (at == m.Length)
            return double.PositiveInfinity;
        var (a, b) = (difference[at - 1], difference[at]);
        var share = a <= 0 && b > 0 ? -a / (b - a) : 0.5;
        return Math.Exp(Math.Log(m[at - 1]) + share * Math.Log(m[at] / m[at - 1]));
    }

    /// <summary>The value of a curve at m: linear in log m between points, the fitted curve beyond the last, else the last point's.</summary>
    public static double Interpolate(ImmutableArray<HeadPoint> points, Func<HeadPoint, double> value, LearningCurve? curve, double m)
    {
        if (m <= points[0].M)
            return value(points[0]);
        if (m > points[^1].M)
            return curve is null ? value(points[^1]) : Math.Min(value(points[^1]), curve.Value(m));
        var i = 1;
        while (points[i].M < m)
            i++;
        var share = Math.Log(m / points[i - 1].M) / Math.Log((double)points[i].M / points[i - 1].M);
        return value(points[i - 1]) + share * (value(points[i]) - value(points[i - 1]));
    }

    /// <summary>How many rows beyond <paramref name="at"/> logistic regression becomes better: m* where it lies ahead, else where the continued curves cross within 100 times the grid.</summary>
    public static double? NextFlip(int at, int last, double crossing, Func<double, bool> logisticIsBetter)
    {
        if (double.IsFinite(crossing) && crossing > at)
            return crossing - at;
        for (var m = Math.Max(at, last) * 1.05; m < 100.0 * last; m *= 1.05)
        {
            if (logisticIsBetter(m))
                return m - at;
        }
        return null;
    }
}
