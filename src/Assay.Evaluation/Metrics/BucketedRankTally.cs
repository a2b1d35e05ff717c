using System.Runtime.CompilerServices;

namespace Assay.Evaluation;

/// <summary>
/// The metrics of ranking in bounded memory: counts of each class's scores in <see cref="ScoreBuckets"/>. Scores of one bucket that differ count as in random
/// order: ROC-AUC is off by less than ½ Σ_b p_b n_b/(mn), the pairs within buckets, and in practice by far less, since these are in either order about equally often. The
/// influence of an example on the mean over classes needs all of its scores: variances come from a sample of 65,536 rows.
/// </summary>
internal sealed class BucketedRankTally : RankTally
{
    private const int MostCounts = 1 << 21, MostSampled = 1 << 22, MostRows = 1 << 16;

    private readonly int classCount;
    private readonly ScoreBuckets buckets;
    private readonly BucketCounts[] counts;
    private readonly RowSample sample;
    private RankSummary? summary;

    public BucketedRankTally(int classCount)
    {
        this.classCount = classCount;
        buckets = new ScoreBuckets(Math.Max(1 << 10, MostCounts / RankedClasses));
        counts = [.. Enumerable.Range(0, RankedClasses).Select(_ => new BucketCounts(buckets.Count))];
        sample = new RowSample(classCount, Math.Max(1 << 10, Math.Min(MostRows, MostSampled / classCount)));
    }

    private int RankedClasses => classCount == 2 ? 1 : classCount;

    private int ClassAt(int index) => classCount == 2 ? 1 : index;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(in PredictionBlock block)
    {
        summary = null;
        for (var c = 0; c < RankedClasses; c++)
        {
            var (own, column) = (counts[c], ClassAt(c));
            for (var i = 0; i < block.Count; i++)
            {
                var score = block.Scores[i * block.ClassCount + column];
                own.Add(buckets.Of(score), score, block.Labels[i] == column);
            }
        }
        for (var i = 0; i < block.Count; i++)
            sample.Add(block.FirstRow + i, block.Scores.Slice(i * block.ClassCount, block.ClassCount), block.Labels[i]);
    }

    public override void Merge(Tally other)
    {
        var same = Same<BucketedRankTally>(other);
        for (var c = 0; c < counts.Length; c++)
            counts[c].Merge(same.counts[c]);
        sample.Merge(same.sample);
        summary = null;
    }

    public override RankSummary Summarise()
    {
        if (summary is not null)
            return summary;
        var influence = new Influence(sample.Count);
        var classes = new RankedClass[RankedClasses];
        var table = new ((float Auc, float Precision) Positive, (float Auc, float Precision) Negative)[buckets.Count];
        for (var c = 0; c < classes.Length; c++)
        {
            classes[c] = RankedClass.Of(counts[c]);
            classes[c].Influences(counts[c], (_, bucket, positive, negative) => table[bucket] = (positive, negative));
            var column = ClassAt(c);
            for (var i = 0; i < sample.Count && classes[c].Positives > 0; i++)
            {
                var (positive, negative) = table[buckets.Of(sample.Score(i, column))];
                var (auc, precision) = sample.Label(i) == column ? positive : negative;
                influence.Rows[i].Auc += auc;
                influence.Rows[i].Precision += precision;
            }
        }
        var total = classes[0].Positives + classes[0].Negatives;
        return summary = RankSummary.Of(classes, [influence], sample.Count == 0 ? 1 : (double)total / sample.Count);
    }
}

/// <summary>
/// A sample of rows that depends on their numbers alone, not on how a stream is cut and merged: rows whose hash is below a threshold, which is halved
/// whenever there are too many.
/// </summary>
internal sealed class RowSample(int columns, int capacity)
{
    private readonly List<ulong> hashes = [];
    private readonly List<float> scores = [];
    private readonly List<int> labels = [];
    private ulong threshold = ulong.MaxValue;

    public int Count => hashes.Count;

    public float Score(int row, int column) => scores[row * columns + column];

    public int Label(int row) => labels[row];

    public void Add(long row, ReadOnlySpan<float> values, int label)
    {
        var hash = Hash((ulong)row);
        if (hash > threshold)
            return;
        hashes.Add(hash);
        scores.AddRange(values);
        labels.Add(label);
        while (hashes.Count > capacity)
            Halve();
    }

    public void Merge(RowSample other)
    {
        threshold = Math.Min(threshold, other.threshold);
        hashes.AddRange(other.hashes);
        scores.AddRange(other.scores);
        labels.AddRange(other.labels);
        Compact();
        while (hashes.Count > capacity)
            Halve();
    }

    private void Halve()
    {
        threshold /= 2;
        Compact();
    }

    private void Compact()
    {
        var kept = 0;
        var flat = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(scores);
        for (var i = 0; i < hashes.Count; i++)
        {
            if (hashes[i] > threshold)
                continue;
            hashes[kept] = hashes[i];
            labels[kept] = labels[i];
            flat.Slice(i * columns, columns).CopyTo(flat[(kept * columns)..]);
            kept++;
        }
        hashes.RemoveRange(kept, hashes.Count - kept);
        labels.RemoveRange(kept, labels.Count - kept);
        scores.RemoveRange(kept * columns, scores.Count - kept * columns);
    }

    // SplitMix64's finaliser.
    private static ulong Hash(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
