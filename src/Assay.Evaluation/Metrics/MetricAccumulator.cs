using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Computes any number of metrics over a stream of predictions in one pass: rows are taken in blocks that stay in cache, and metrics that
/// need the same counts share them. Accumulators of parts of a stream merge.
/// </summary>
/// <example><code>
/// var accumulator = new MetricAccumulator([new Accuracy(), new LogLoss()], ScoreKind.Logits, classCount: 10);
/// foreach (var (logits, labels) in batches)
///     accumulator.Add(logits, labels);
/// foreach (var result in accumulator.Result())
///     Console.WriteLine($"{result.Name} {result.Estimate.Value}");
/// </code></example>
public sealed class MetricAccumulator
{
    private const int BlockRows = 512;

    private readonly ImmutableArray<Metric> metrics;
    private readonly ScoreKind kind;
    private readonly Dictionary<object, Tally> tallies = [];
    private readonly float[] probabilities;
    private readonly float[] confidences = new float[BlockRows];
    private readonly int[] predicted = new int[BlockRows];

    /// <summary>Creates an accumulator that has seen nothing.</summary>
    /// <param name="metrics">The metrics.</param>
    /// <param name="kind">What the scores mean.</param>
    /// <param name="classCount">The number of classes; 1 for regression.</param>
    /// <param name="bounded">Whether memory must not grow with the number of rows: see <see cref="Metric.CreateBoundedTally"/>.</param>
    /// <exception cref="ArgumentException">A metric cannot be computed from scores of that kind.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 classes, or more than 1 column for regression.</exception>
    public MetricAccumulator(IEnumerable<Metric> metrics, ScoreKind kind, int classCount, bool bounded = false)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        if (kind == ScoreKind.Values ? classCount != 1 : classCount < 2)
            throw new ArgumentOutOfRangeException(nameof(classCount), classCount, kind == ScoreKind.Values ? "1 column was expected" : "at least 2 classes were expected");
        this.metrics = [.. metrics];
        this.kind = kind;
        ClassCount = classCount;
        probabilities = kind == ScoreKind.Logits ? new float[BlockRows * classCount] : [];
        foreach (var metric in this.metrics)
        {
            if (!metric.AppliesTo(kind))
                throw new ArgumentException($"{metric.Name} needs {metric.Input}, the scores are {kind}", nameof(metrics));
            if (!tallies.ContainsKey(metric.TallyKey))
                tallies.Add(metric.TallyKey, bounded ? metric.CreateBoundedTally(classCount) : metric.CreateTally(classCount));
        }
    }

    /// <summary>The number of classes; 1 for regression.</summary>
    public int ClassCount { get; }

    /// <summary>The number of rows seen.</summary>
    public long Count { get; private set; }

    /// <summary>The accumulator of whole predictions: segments of rows on all cores, merged in order, so that the result does not depend on the number of cores.</summary>
    public static MetricAccumulator Over(Predictions predictions, IEnumerable<Metric> metrics)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var chosen = metrics.ToArray();
        var rows = SegmentRows(predictions.Count, predictions.ClassCount);
        var parts = new MetricAccumulator[Math.Max(1, (predictions.Count + rows - 1) / rows)];
        Parallel.For(0, parts.Length, i =>
        {
            var part = parts[i] = new MetricAccumulator(chosen, predictions.Kind, predictions.ClassCount);
            part.AddRows(predictions, i * rows, Math.Min(rows, predictions.Count - i * rows));
        });
        foreach (var part in parts.AsSpan(1))
            parts[0].Merge(part);
        return parts[0];
    }

    /// <summary>Takes classified examples.</summary>
    /// <param name="scores">rows × classes, of the kind given to the constructor.</param>
    /// <param name="labels">The true class of each row.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public void Add(ReadOnlySpan<float> scores, ReadOnlySpan<int> labels) => Add(scores, labels, Count);

    /// <summary>Takes classified examples of which the first is at that row of the whole stream.</summary>
    internal void Add(ReadOnlySpan<float> scores, ReadOnlySpan<int> labels, long firstRow)
    {
        if (kind == ScoreKind.Values || scores.Length != labels.Length * ClassCount)
            throw new ArgumentException($"{scores.Length} scores do not fit {labels.Length} labels of {ClassCount} classes", nameof(scores));
        for (var start = 0; start < labels.Length; start += BlockRows)
        {
            var count = Math.Min(BlockRows, labels.Length - start);
            AddBlock(scores.Slice(start * ClassCount, count * ClassCount), labels.Slice(start, count), firstRow + start);
        }
        Count += labels.Length;
    }

    /// <summary>Takes examples with real-valued targets.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Add(ReadOnlySpan<float> values, ReadOnlySpan<float> targets)
    {
        if (kind != ScoreKind.Values || values.Length != targets.Length)
            throw new ArgumentException($"{values.Length} values do not fit {targets.Length} targets", nameof(values));
        var block = new PredictionBlock { ClassCount = 1, Scores = values, Targets = targets };
        foreach (var tally in tallies.Values)
            tally.Add(block);
        Count += values.Length;
    }

    /// <summary>Takes all that another accumulator of the same metrics has seen.</summary>
    /// <exception cref="ArgumentException">The other accumulates something else.</exception>
    public void Merge(MetricAccumulator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.kind != kind || other.ClassCount != ClassCount || other.tallies.Count != tallies.Count)
            throw new ArgumentException("an accumulator of the same metrics, kind and classes was expected", nameof(other));
        foreach (var (key, tally) in tallies)
            tally.Merge(other.tallies.TryGetValue(key, out var same) ? same : throw new ArgumentException("an accumulator of the same metrics was expected", nameof(other)));
        Count += other.Count;
    }

    /// <summary>All metrics of what was seen, in the order given to the constructor.</summary>
    public ImmutableArray<MetricResult> Result(double level = 0.95) =>
        [.. metrics.Select(m => new MetricResult(m.Name, m.Title, m.HigherIsBetter, Count == 0 ? Estimate.Undefined : m.Result(tallies[m.TallyKey], level)))];

    /// <summary>The tally that a metric reads, or null where no metric has asked for one of that kind.</summary>
    internal T? TallyOf<T>(object key) where T : Tally => tallies.GetValueOrDefault(key) as T;

    private void AddRows(Predictions predictions, int first, int rows)
    {
        foreach (var tally in tallies.Values)
            tally.Expect(rows);
        if (kind == ScoreKind.Values)
            Add(predictions.Scores.Values.Slice(first, rows), predictions.Targets.AsSpan().Slice(first, rows));
        else
            Add(predictions.Scores.Values.Slice(first * ClassCount, rows * ClassCount), predictions.Labels.AsSpan().Slice(first, rows));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddBlock(ReadOnlySpan<float> scores, ReadOnlySpan<int> labels, long firstRow)
    {
        if (kind == ScoreKind.Logits)
        {
            var target = probabilities.AsSpan(0, scores.Length);
            Softmax(scores, target, ClassCount);
            scores = target;
        }
        for (var i = 0; i < labels.Length; i++)
        {
            var row = scores.Slice(i * ClassCount, ClassCount);
            predicted[i] = Predictions.ArgMax(row);
            confidences[i] = row[predicted[i]];
        }
        var block = new PredictionBlock
        {
            ClassCount = ClassCount,
            FirstRow = firstRow,
            Scores = scores,
            Labels = labels,
            Predicted = predicted.AsSpan(0, labels.Length),
            Confidences = confidences.AsSpan(0, labels.Length),
        };
        foreach (var tally in tallies.Values)
            tally.Add(block);
    }

    /// <summary>exp(z − max z) / Σ exp(z − max z) row by row.</summary>
    internal static void Softmax(ReadOnlySpan<float> logits, Span<float> result, int columns)
    {
        for (var start = 0; start < logits.Length; start += columns)
        {
            var row = logits.Slice(start, columns);
            TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), result.Slice(start, columns));
        }
        TensorPrimitives.Exp(result[..logits.Length], result);
        for (var start = 0; start < logits.Length; start += columns)
        {
            var row = result.Slice(start, columns);
            TensorPrimitives.Divide(row, TensorPrimitives.Sum<float>(row), row);
        }
    }

    // Few enough segments that tallies of k² counters stay small beside the data, many enough for any number of cores.
    private static int SegmentRows(int rows, int classes) =>
        (int)Math.Min(int.MaxValue, Math.Max(Math.Max(1 << 16, rows / 64 + 1), (long)classes * classes / 4));
}
