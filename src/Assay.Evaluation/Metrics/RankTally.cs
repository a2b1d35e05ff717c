using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What the metrics of ranking need.</summary>
internal abstract class RankTally : Tally
{
    /// <summary>ROC-AUC and average precision of each class and of their mean, with variances.</summary>
    public abstract RankSummary Summarise();
}

/// <summary>
/// All scores, class by class, and the labels. For two classes only class 1 is ranked; for more, each
/// class is ranked against the rest. One radix sort a class serves both ROC-AUC and average precision, with the influence of every
/// example on both.
/// Loops over all rows are compiled at full speed at once: a command runs them only once.
/// </summary>
internal sealed class SortedRankTally(int classCount) : RankTally
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
        chunks.AddRange(Same<SortedRankTally>(other).chunks);
        summary = null;
    }

    /// <summary>Sorts each class and summarises; the result is kept until more is added.</summary>
    public override RankSummary Summarise()
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
