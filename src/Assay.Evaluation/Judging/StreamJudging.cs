using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>
/// Accumulates a judgement block by block. A block is cut in four whatever the number of cores, each part has its accumulator, and they are merged in order
/// at the end: the result depends on the stream and its blocks alone.
/// </summary>
internal sealed class StreamJudging(IEnumerable<Metric>? metrics, ImmutableArray<string> by)
{
    private const int Lanes = 4, MostSlices = 128;

    private readonly Dictionary<string, Dictionary<string, MetricAccumulator>> slices = by.Distinct().ToDictionary(c => c, _ => new Dictionary<string, MetricAccumulator>(StringComparer.Ordinal));
    private ImmutableArray<Metric> chosen = metrics?.ToImmutableArray() ?? default;
    private MetricAccumulator[] lanes = [];
    private Predictions? like;
    private long rows;

    public void Add(Predictions block)
    {
        ArgumentNullException.ThrowIfNull(block);
        block.Validate();
        block.RequireTruth();
        Begin(block);
        var size = (block.Count + Lanes - 1) / Lanes;
        Parallel.For(0, Lanes, lane =>
        {
            var start = lane * size;
            AddRows(lanes[lane], block, start, Math.Min(size, block.Count - start), rows + start);
        });
        foreach (var (column, accumulators) in slices)
            AddSlices(block, column, accumulators);
        rows += block.Count;
    }

    public StreamJudgement Result(double level)
    {
        if (like is null)
            throw new ArgumentException("there are no predictions");
        foreach (var lane in lanes.AsSpan(1))
            lanes[0].Merge(lane);
        lanes = [lanes[0]];
        return new StreamJudgement(
            Judgement.Of(like, lanes[0], chosen.Length, level),
            [.. slices.Select(s => (s.Key, s.Value.OrderByDescending(a => a.Value.Count).ThenBy(a => a.Key, StringComparer.Ordinal).Select(a => new SliceJudgement(a.Key, Judgement.Of(like, a.Value, chosen.Length, level))).ToImmutableArray()))]);
    }

    private void Begin(Predictions block)
    {
        if (like is not null)
        {
            if (block.Kind != like.Kind || block.ClassCount != like.ClassCount || !block.ClassNames.SequenceEqual(like.ClassNames))
                throw new ArgumentException($"a block of {block.Kind} with {block.ClassCount} classes follows {like.Kind} with {like.ClassCount}: all blocks must be alike");
            return;
        }
        if (chosen.IsDefault)
            chosen = [.. Metric.Defaults.Where(m => m.AppliesTo(block.Kind))];
        lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Accumulator(block))];
        // Only what later blocks are compared with: the first block's data must not stay in memory.
        like = block.Select([0]);
    }

    private MetricAccumulator Accumulator(Predictions block) => new(Judgement.WithCommon(chosen, block.Kind), block.Kind, block.ClassCount, bounded: true);

    private void AddSlices(Predictions block, string column, Dictionary<string, MetricAccumulator> accumulators)
    {
        if (!block.Slices.TryGetValue(column, out var categories))
            throw new ArgumentException($"{block.Model}: there is no column '{column}' to slice by; there {(block.Slices.IsEmpty ? "are none" : $"are: {string.Join(", ", block.Slices.Keys.Order())}")}");
        var members = new List<int>[categories.Names.Length];
        for (var i = 0; i < categories.Count; i++)
            (members[categories.Codes[i]] ??= []).Add(i);
        for (var c = 0; c < members.Length; c++)
        {
            if (members[c] is not { } own)
                continue;
            if (!accumulators.TryGetValue(categories.Names[c], out var accumulator))
            {
                if (accumulators.Count == MostSlices)
                    throw new ArgumentException($"column '{column}' has more than {MostSlices} values: too many slices for a stream in bounded memory");
                accumulators.Add(categories.Names[c], accumulator = Accumulator(block));
            }
            var part = block.Select(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(own));
            AddRows(accumulator, part, 0, part.Count, accumulator.Count);
        }
    }

    private static void AddRows(MetricAccumulator accumulator, Predictions block, int start, int count, long firstRow)
    {
        if (count <= 0)
            return;
        if (block.IsRegression)
            accumulator.Add(block.Scores.Values.Slice(start, count), block.Targets.AsSpan().Slice(start, count));
        else
            accumulator.Add(block.Scores.Values.Slice(start * block.ClassCount, count * block.ClassCount), block.Labels.AsSpan().Slice(start, count), firstRow);
    }
}
