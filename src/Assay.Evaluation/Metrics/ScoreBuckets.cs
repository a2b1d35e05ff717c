namespace Assay.Evaluation;

/// <summary>
/// Cuts [0, 1] into buckets of nearly equal width in the logarithm of the odds: by the leading bits of p below ½ and of 1 − p above it, so that scores
/// near both ends stay apart. A higher score is never in a lower bucket.
/// </summary>
internal readonly struct ScoreBuckets
{
    private const uint HalfBits = 0x3F000000; // of 0.5f

    private readonly int shift;

    /// <summary>The finest cut with at most that many buckets.</summary>
    public ScoreBuckets(int most)
    {
        while (2 * (HalfBits >> shift) + 2 > most)
            shift++;
    }

    public int Count => 2 * (int)(HalfBits >> shift) + 2;

    public int Of(float p) => p <= 0.5f
        ? (int)(BitConverter.SingleToUInt32Bits(Math.Max(0, p)) >> shift)
        : Count - 1 - (int)(BitConverter.SingleToUInt32Bits(Math.Max(0, 1 - p)) >> shift); // 1 − p is exact here
}

/// <summary>Numbers of positives and negatives in each bucket, and whether all its scores are equal; pages appear where there are any.</summary>
internal sealed class BucketCounts(int buckets)
{
    private const int PageBits = 9, PageMask = (1 << PageBits) - 1;

    private readonly Bucket[]?[] pages = new Bucket[]?[(buckets >> PageBits) + 1];

    public int Count => buckets;

    public long Positives { get; private set; }

    public long Negatives { get; private set; }

    public void Add(int bucket, float score, bool isPositive)
    {
        ref var at = ref At(bucket);
        at.IsMixed |= at.Positives + at.Negatives > 0 && at.Score != score;
        at.Score = score;
        if (isPositive)
        {
            at.Positives++;
            Positives++;
        }
        else
        {
            at.Negatives++;
            Negatives++;
        }
    }

    public void Add(int bucket, in Bucket other)
    {
        ref var at = ref At(bucket);
        at.IsMixed |= other.IsMixed || (at.Positives + at.Negatives > 0 && at.Score != other.Score);
        at.Score = other.Score;
        at.Positives += other.Positives;
        at.Negatives += other.Negatives;
        Positives += other.Positives;
        Negatives += other.Negatives;
    }

    public void Merge(BucketCounts other) => other.ForEach((bucket, counts) => Add(bucket, counts));

    /// <summary>The buckets that are not empty, in ascending order.</summary>
    public void ForEach(Action<int, Bucket> take)
    {
        for (var p = 0; p < pages.Length; p++)
        {
            if (pages[p] is not { } page)
                continue;
            for (var i = 0; i < page.Length; i++)
            {
                if (page[i].Positives + page[i].Negatives > 0)
                    take((p << PageBits) + i, page[i]);
            }
        }
    }

    private ref Bucket At(int bucket) => ref (pages[bucket >> PageBits] ??= new Bucket[PageMask + 1])[bucket & PageMask];
}

/// <summary>One bucket.</summary>
internal struct Bucket
{
    public long Positives, Negatives;
    public float Score;

    /// <summary>Whether scores differ: then the order within is unknown, otherwise they are tied.</summary>
    public bool IsMixed;
}
