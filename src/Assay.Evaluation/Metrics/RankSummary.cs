using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>For each example, by how much one more of it would move the metrics (their sum over classes).</summary>
internal sealed class Influence(int count)
{
    // Side by side: rows come in order of score, so that each is a cache miss.
    public (float Auc, float Precision)[] Rows { get; } = new (float, float)[count];
}

/// <summary>ROC-AUC and average precision of one class against the rest.</summary>
internal readonly record struct RankedClass(double Auc, double AveragePrecision, long Positives, long Negatives)
{
    public bool HasBoth => Positives > 0 && Negatives > 0;

    /// <summary>
    /// Of items in ascending order of score, (score key &lt;&lt; 32 | row &lt;&lt; 1 | is positive); adds each row's influence.
    /// AUC = P(positive above negative) + ½ P(tie), influence by placement values (DeLong et al. 1988).
    /// AP = Σ_g (p_g/m) P_g over groups of equal scores, P_g the precision at that threshold; its influence is its derivative by the
    /// example's weight (the infinitesimal jackknife).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RankedClass Of(ReadOnlySpan<ulong> items, Influence influence)
    {
        var m = 0;
        foreach (var item in items)
            m += (int)(item & 1);
        var n = items.Length - m;
        if (m == 0)
            return new RankedClass(double.NaN, double.NaN, m, n);
        double pairs = 0, precision = 0;
        var positivesBelow = 0;
        for (var start = 0; start < items.Length;)
        {
            var end = GroupEnd(items, start, out var positives);
            pairs += positives * (start - positivesBelow + 0.5 * (end - start - positives));
            precision += positives * ((double)(m - positivesBelow) / (items.Length - start));
            positivesBelow += positives;
            start = end;
        }
        var auc = n == 0 ? double.NaN : pairs / ((double)m * n);
        var ap = precision / m;
        AddInfluence(items, influence, auc, ap, m, n);
        return new RankedClass(auc, ap, m, n);
    }

    /// <summary>The same of counts in buckets, whose scores are tied if they are equal and in random order if they are not.</summary>
    public static RankedClass Of(BucketCounts counts)
    {
        var (m, n) = (counts.Positives, counts.Negatives);
        if (m == 0)
            return new RankedClass(double.NaN, double.NaN, m, n);
        double pairs = 0, precision = 0;
        var (below, positivesBelow) = (0L, 0L);
        counts.ForEach((_, bucket) =>
        {
            pairs += bucket.Positives * (below - positivesBelow + 0.5 * bucket.Negatives);
            precision += bucket.Positives * Precision(bucket, m - positivesBelow, m + n - below);
            positivesBelow += bucket.Positives;
            below += bucket.Positives + bucket.Negatives;
        });
        return new RankedClass(n == 0 ? double.NaN : pairs / ((double)m * n), precision / m, m, n);
    }

    // Of a positive in the bucket, given the positives and all examples in the bucket or above. In random order half of the others come first.
    private static double Precision(in Bucket bucket, long positives, long all) => bucket.Positives == 0 || !bucket.IsMixed
        ? (double)positives / all
        : (positives - (bucket.Positives - 1) / 2.0) / (all - (bucket.Positives - 1) / 2.0 - bucket.Negatives / 2.0);

    /// <summary>The influence of an example of each bucket, if it is of the class and if it is not.</summary>
    public void Influences(BucketCounts counts, Action<Bucket, int, (float Auc, float Precision), (float Auc, float Precision)> take)
    {
        var (m, n, auc, ap) = (Positives, Negatives, Auc, AveragePrecision);
        if (m == 0)
            return;
        var (positiveScale, negativeScale) = Scales(m, n);
        var (below, positivesBelow) = (0L, 0L);
        double inverse = 0, precisionOverCount = 0;
        counts.ForEach((number, bucket) =>
        {
            double count = m + n - below, precision = Precision(bucket, m - positivesBelow, m + n - below);
            inverse += bucket.Positives / count;
            precisionOverCount += bucket.Positives * precision / count;
            take(
                bucket, number,
                (n == 0 ? 0 : (float)(((below - positivesBelow + 0.5 * bucket.Negatives) / n - auc) * positiveScale), (float)((precision - ap + inverse - precisionOverCount) / m)),
                (n == 0 ? 0 : (float)(((m - positivesBelow - 0.5 * bucket.Positives) / m - auc) * negativeScale), (float)(-precisionOverCount / m)));
            positivesBelow += bucket.Positives;
            below += bucket.Positives + bucket.Negatives;
        });
    }

    // DeLong's variances have m − 1 and n − 1 in the denominator.
    private static (double Positive, double Negative) Scales(long m, long n) =>
        (m > 1 ? 1 / Math.Sqrt((double)m * (m - 1)) : 1.0 / m, n > 1 ? 1 / Math.Sqrt((double)n * (n - 1)) : n == 0 ? 0 : 1.0 / n);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddInfluence(ReadOnlySpan<ulong> items, Influence influence, double auc, double ap, int m, int n)
    {
        var (positiveScale, negativeScale) = Scales(m, n);
        var rows = influence.Rows;
        var positivesBelow = 0;
        double inverse = 0, precisionOverCount = 0; // Σ_g p_g/N_g and Σ_g p_g P_g/N_g over the groups at or below.
        for (var start = 0; start < items.Length;)
        {
            var end = GroupEnd(items, start, out var positives);
            var count = items.Length - start;
            var precision = (double)(m - positivesBelow) / count;
            inverse += (double)positives / count;
            precisionOverCount += positives * precision / count;
            var negativesBelow = start - positivesBelow;
            var aucPositive = n == 0 ? 0 : (float)(((negativesBelow + 0.5 * (end - start - positives)) / n - auc) * positiveScale);
            var aucNegative = n == 0 ? 0 : (float)(((m - positivesBelow - 0.5 * positives) / m - auc) * negativeScale);
            var precisionPositive = (float)((precision - ap + inverse - precisionOverCount) / m);
            var precisionNegative = (float)(-precisionOverCount / m);
            for (var i = start; i < end; i++)
            {
                ref var row = ref rows[(uint)items[i] >> 1];
                var positive = (items[i] & 1) != 0;
                row.Auc += positive ? aucPositive : aucNegative;
                row.Precision += positive ? precisionPositive : precisionNegative;
            }
            positivesBelow += positives;
            start = end;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int GroupEnd(ReadOnlySpan<ulong> items, int start, out int positives)
    {
        var key = items[start] >> 32;
        positives = (int)(items[start] & 1);
        var end = start + 1;
        while (end < items.Length && items[end] >> 32 == key)
            positives += (int)(items[end++] & 1);
        return end;
    }
}

/// <summary>The rank metrics of all classes and of their mean.</summary>
/// <param name="Classes">One entry for each ranked class.</param>
/// <param name="Auc">The mean ROC-AUC over the classes that have both members and others.</param>
/// <param name="AveragePrecision">The mean average precision over the classes that have members.</param>
/// <param name="Influence">By how much each example moves the two means.</param>
internal sealed record RankSummary(RankedClass[] Classes, (double Value, double Variance) Auc, (double Value, double Variance) AveragePrecision, Influence Influence)
{
    /// <summary>The means over classes, and their variances from the influences of all examples, or of a sample: then <paramref name="scale"/> is the examples for each sampled one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RankSummary Of(RankedClass[] classes, Influence[] lanes, double scale = 1)
    {
        var both = Array.FindAll(classes, c => c.HasBoth);
        var present = Array.FindAll(classes, c => c.Positives > 0);
        var total = new Influence(lanes[0].Rows.Length);
        double auc = 0, precision = 0;
        for (var i = 0; i < total.Rows.Length; i++)
        {
            double a = 0, p = 0;
            foreach (var lane in lanes)
            {
                a += lane.Rows[i].Auc;
                p += lane.Rows[i].Precision;
            }
            a /= Math.Max(1, both.Length);
            p /= Math.Max(1, present.Length);
            auc += a * a;
            precision += p * p;
            total.Rows[i] = ((float)a, (float)p);
        }
        return new RankSummary(
            classes,
            both.Length == 0 ? (double.NaN, double.NaN) : (both.Average(c => c.Auc), auc * scale),
            present.Length == 0 ? (double.NaN, double.NaN) : (present.Average(c => c.AveragePrecision), precision * scale),
            total);
    }

    /// <summary>
    /// The interval on the logit scale, which keeps it within (0, 1). At 1 (or 0) the influences vanish; the end is then that of a
    /// proportion without a failure among as many trials as the rarest side has examples.
    /// </summary>
    public static Estimate ToEstimate((double Value, double Variance) metric, long rarest, double level)
    {
        var (value, variance) = metric;
        if (double.IsNaN(value))
            return Estimate.Undefined;
        if (value is <= 0 or >= 1 || variance <= 0)
        {
            var bound = Math.Pow((1 - level) / 2, 1.0 / rarest);
            return new Estimate(value, value >= 1 ? new Interval(bound, 1, level) : value <= 0 ? new Interval(0, 1 - bound, level) : Interval.Unknown with { Level = level });
        }
        var logit = Interval.Normal(Math.Log(value / (1 - value)), Math.Sqrt(variance) / (value * (1 - value)), level);
        return new Estimate(value, logit.Map(static x => 1 / (1 + Math.Exp(-x))));
    }
}
