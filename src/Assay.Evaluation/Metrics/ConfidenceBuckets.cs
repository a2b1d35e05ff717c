using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>Confidences and outcomes summed in narrow buckets: 8 MB, whatever the number of rows.</summary>
internal sealed class ConfidenceBuckets : Tally
{
    private static readonly ScoreBuckets Buckets = new(1 << 18);
    private readonly BinSums[] sums = new BinSums[Buckets.Count];

    public BinSums[] Sums => sums;

    public static int BucketOf(float confidence) => Buckets.Of(confidence);

    public void Add(float confidence, bool correct) => sums[Buckets.Of(confidence)].Add(confidence, correct);

    public override void Add(in PredictionBlock block)
    {
        for (var i = 0; i < block.Labels.Length; i++)
            Add(block.Confidences[i], block.Labels[i] == block.Predicted[i]);
    }

    public override void Merge(Tally other)
    {
        var others = Same<ConfidenceBuckets>(other).sums;
        for (var b = 0; b < sums.Length; b++)
            sums[b].Add(others[b]);
    }
}

/// <summary>Bins of equal mass from buckets: a bin ends at its quota, but never within a bucket.</summary>
internal sealed class EqualMassBuckets(int count) : ReliabilityTally
{
    private readonly ConfidenceBuckets buckets = new();
    private readonly List<int> edges = []; // The first bucket of each bin but the first.

    public override void Add(float confidence, bool correct) => buckets.Add(confidence, correct);

    public override void Merge(Tally other) => buckets.Merge(Same<EqualMassBuckets>(other).buckets);

    public override Func<float, int> Binning()
    {
        _ = ToBins();
        var starts = edges.ToArray();
        return confidence => Array.BinarySearch(starts, ConfidenceBuckets.BucketOf(confidence)) is var at && at >= 0 ? at + 1 : ~at;
    }

    public override ReadOnlySpan<ReliabilityBin> ToBins()
    {
        edges.Clear();
        var total = 0L;
        foreach (var bucket in buckets.Sums)
            total += bucket.Count;
        var bins = ImmutableArray.CreateBuilder<ReliabilityBin>(count);
        var (current, seen, boundary) = (default(BinSums), 0L, 0L);
        for (var b = 0; b < buckets.Sums.Length; b++)
        {
            var bucket = buckets.Sums[b];
            if (bucket.Count == 0)
                continue;
            if (seen >= boundary)
            {
                if (current.Count > 0)
                {
                    edges.Add(b);
                    bins.Add(current.ToBin());
                    current = default;
                }
                boundary = Boundary(seen);
            }
            current.Add(bucket);
            seen += bucket.Count;
        }
        if (current.Count > 0)
            bins.Add(current.ToBin());
        return bins.ToArray();

        // The first multiple of n/B, rounded down, beyond row i.
        long Boundary(long i)
        {
            var bin = (long)((Int128)i * count / total) + 1;
            while ((long)((Int128)bin * total / count) <= i)
                bin++;
            return (long)((Int128)bin * total / count);
        }
    }
}
