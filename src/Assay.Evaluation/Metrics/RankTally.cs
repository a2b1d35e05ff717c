using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// What the metrics of ranking need: all scores, class by class, and the labels. For two classes only class 1 is ranked; for more, each
/// class is ranked against the rest. One radix sort a class serves both ROC-AUC and average precision, with the influence of every
/// example on both.
/// Loops over all rows are compiled at full speed at once: a command runs them only once.
/// </summary>
internal sealed class RankTally(int classCount) : Tally
{
    private const int ChunkRows = 1 << 16;

    private readonly List<Chunk> chunks = [];
    private RankSummary? summary;

    private int RankedClasses => classCount == 2 ? 1 : classCount;

    private int ClassAt(int index) => classCount == 2 ? 1 : index;

    public override void Expect(int rows) => chunks.Add(new Chunk(rows, RankedClasses));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(in PredictionBlock block)
    {
        summary = null;
        for (var start = 0; start < block.Count;)
        {
            if (chunks.Count == 0 || chunks[^1].IsFull)
                chunks.Add(new Chunk(ChunkRows, RankedClasses));
            var chunk = chunks[^1];
            var count = Math.Min(chunk.Capacity - chunk.Count, block.Count - start);
            for (var c = 0; c < RankedClasses; c++)
            {
                var keys = chunk.Keys.AsSpan(c * chunk.Capacity + chunk.Count, count);
                var column = ClassAt(c);
                for (var i = 0; i < keys.Length; i++)
                    keys[i] = RadixSort.Key(block.Scores[(start + i) * block.ClassCount + column]);
            }
            block.Labels.Slice(start, count).CopyTo(chunk.Labels.AsSpan(chunk.Count));
            chunk.Count += count;
            start += count;
        }
    }

    public override void Merge(Tally other)
    {
        chunks.AddRange(Same<RankTally>(other).chunks);
        summary = null;
    }

    /// <summary>Sorts each class and summarises; the result is kept until more is added.</summary>
    public RankSummary Summarise()
    {
        if (summary is not null)
            return summary;
        var total = chunks.Sum(c => c.Count);
        var curves = new RankedClass[RankedClasses];
        // Classes of one lane follow each other, so that sums of influences have one order on any number of cores.
        var lanes = new Influence[Math.Min(RankedClasses, total > 1 << 22 ? 2 : 8)];
        Parallel.For(0, lanes.Length, () => (new ulong[total], new ulong[total]), (lane, _, buffers) =>
        {
            var influence = lanes[lane] = new Influence(total);
            for (var c = lane; c < RankedClasses; c += lanes.Length)
            {
                Gather(c, buffers.Item1);
                RadixSort.SortByUpperHalf(buffers.Item1, buffers.Item2);
                curves[c] = RankedClass.Of(buffers.Item1, influence);
            }
            return buffers;
        }, static _ => { });
        return summary = RankSummary.Of(curves, lanes);
    }

    // Sort key above; row and whether the example is of the class below.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather(int c, Span<ulong> items)
    {
        var row = 0;
        foreach (var chunk in chunks)
        {
            var keys = chunk.Keys.AsSpan(c * chunk.Capacity, chunk.Count);
            for (var i = 0; i < keys.Length; i++, row++)
                items[row] = ((ulong)keys[i] << 32) | ((uint)row << 1) | (chunk.Labels[i] == ClassAt(c) ? 1u : 0u);
        }
    }

    private sealed class Chunk(int capacity, int classes)
    {
        public int Capacity { get; } = capacity;
        public int Count { get; set; }
        public uint[] Keys { get; } = GC.AllocateUninitializedArray<uint>(capacity * classes);
        public int[] Labels { get; } = GC.AllocateUninitializedArray<int>(capacity);
        public bool IsFull => Count == Capacity;
    }
}

/// <summary>For each example, by how much one more of it would move the metrics (their sum over classes).</summary>
internal sealed class Influence(int count)
{
    // Side by side: rows come in order of score, so that each is a cache miss.
    public (float Auc, float Precision)[] Rows { get; } = new (float, float)[count];
}

/// <summary>ROC-AUC and average precision of one class against the rest.</summary>
internal readonly record struct RankedClass(double Auc, double AveragePrecision, int Positives, int Negatives)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddInfluence(ReadOnlySpan<ulong> items, Influence influence, double auc, double ap, int m, int n)
    {
        // DeLong's variances have m − 1 and n − 1 in the denominator.
        var positiveScale = m > 1 ? 1 / Math.Sqrt((double)m * (m - 1)) : 1.0 / m;
        var negativeScale = n > 1 ? 1 / Math.Sqrt((double)n * (n - 1)) : n == 0 ? 0 : 1.0 / n;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RankSummary Of(RankedClass[] classes, Influence[] lanes)
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
            both.Length == 0 ? (double.NaN, double.NaN) : (both.Average(c => c.Auc), auc),
            present.Length == 0 ? (double.NaN, double.NaN) : (present.Average(c => c.AveragePrecision), precision),
            total);
    }

    /// <summary>
    /// The interval on the logit scale, which keeps it within (0, 1). At 1 (or 0) the influences vanish; the end is then that of a
    /// proportion without a failure among as many trials as the rarest side has examples.
    /// </summary>
    public static Estimate ToEstimate((double Value, double Variance) metric, int rarest, double level)
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
