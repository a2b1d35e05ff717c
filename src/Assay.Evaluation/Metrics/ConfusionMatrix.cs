using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// How often each class was predicted as each class: rows are true, columns are predicted classes. All metrics of predicted classes are
/// functions of it. Mergeable.
/// </summary>
public sealed class ConfusionMatrix : Tally
{
    /// <summary>Resamples of the bootstrap behind the intervals.</summary>
    private const int Resamples = 1000;

    private readonly long[] counts;
    private double[]? resampled;

    /// <summary>An empty matrix.</summary>
    /// <param name="classCount">The number of classes, 2 to 16,384.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of classes is out of range.</exception>
    public ConfusionMatrix(int classCount)
    {
        if (classCount is < 2 or > 16_384)
            throw new ArgumentOutOfRangeException(nameof(classCount), classCount, "2 to 16384 classes were expected");
        ClassCount = classCount;
        counts = new long[classCount * classCount];
    }

    /// <summary>The number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>The number of examples.</summary>
    public long Count { get; private set; }

    /// <summary>The number of examples of a true class that were predicted as another, or as the same.</summary>
    public long this[int actual, int predicted] => counts[actual * ClassCount + predicted];

    /// <summary>Of labels and predicted classes.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or a class is out of range.</exception>
    public static ConfusionMatrix Of(ReadOnlySpan<int> labels, ReadOnlySpan<int> predicted, int classCount)
    {
        if (labels.Length != predicted.Length)
            throw new ArgumentException($"{labels.Length} labels but {predicted.Length} predictions", nameof(predicted));
        var matrix = new ConfusionMatrix(classCount);
        for (var i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classCount || (uint)predicted[i] >= (uint)classCount)
                throw new ArgumentException($"row {i}: label {labels[i]}, prediction {predicted[i]}, but there are {classCount} classes", nameof(labels));
            matrix.Add(labels[i], predicted[i]);
        }
        return matrix;
    }

    /// <summary>Takes examples of one true and one predicted class.</summary>
    public void Add(int actual, int predicted, long count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        counts[actual * ClassCount + predicted] += count;
        Count += count;
        resampled = null;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(in PredictionBlock block)
    {
        var cells = counts;
        for (var i = 0; i < block.Labels.Length; i++)
            cells[block.Labels[i] * ClassCount + block.Predicted[i]]++;
        Count += block.Labels.Length;
        resampled = null;
    }

    /// <inheritdoc/>
    public override void Merge(Tally other)
    {
        var matrix = Same<ConfusionMatrix>(other);
        if (matrix.ClassCount != ClassCount)
            throw new ArgumentException($"a matrix of {ClassCount} classes was expected, not of {matrix.ClassCount}", nameof(other));
        for (var i = 0; i < counts.Length; i++)
            counts[i] += matrix.counts[i];
        Count += matrix.Count;
        resampled = null;
    }

    /// <summary>The counts, row after row.</summary>
    public ReadOnlySpan<long> Counts => counts;

    /// <summary>The counts by class that the metrics are functions of.</summary>
    public ClassTotals Totals()
    {
        var totals = new ClassTotals(new double[3 * ClassCount]);
        for (var actual = 0; actual < ClassCount; actual++)
        {
            for (var predicted = 0; predicted < ClassCount; predicted++)
                totals.Add(actual, predicted, this[actual, predicted]);
        }
        return totals;
    }

    /// <summary>
    /// The totals of 1,000 bootstrap resamples, one after the other. Resampling the examples is the same as drawing the cells from a
    /// multinomial, which costs a binomial draw for each cell that is not empty, whatever the number of examples.
    /// </summary>
    internal Span<double> ResampledTotals()
    {
        if (resampled is not null)
            return resampled;
        var cells = new List<int>();
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
                cells.Add(i);
        }
        var weights = cells.ConvertAll(i => counts[i]).ToArray();
        var size = 3 * ClassCount;
        var all = new double[Resamples * size];
        Parallel.For(0, Resamples, () => new long[cells.Count], (r, _, hits) =>
        {
            SeededRandom.At(0, r).NextMultinomial(Count, weights, hits);
            var totals = new ClassTotals(all.AsSpan(r * size, size));
            for (var c = 0; c < cells.Count; c++)
                totals.Add(cells[c] / ClassCount, cells[c] % ClassCount, hits[c]);
            return hits;
        }, static _ => { });
        return resampled = all;
    }
}

/// <summary>The right answers, the true and the predicted members of each class.</summary>
public readonly ref struct ClassTotals
{
    private readonly Span<double> values;

    internal ClassTotals(Span<double> values) => this.values = values;

    /// <summary>The number of classes.</summary>
    public int ClassCount => values.Length / 3;

    /// <summary>For each class, the examples of it that were predicted as it (true positives).</summary>
    public ReadOnlySpan<double> Hits => values[..ClassCount];

    /// <summary>For each class, the examples of it.</summary>
    public ReadOnlySpan<double> Actual => values.Slice(ClassCount, ClassCount);

    /// <summary>For each class, the examples predicted as it.</summary>
    public ReadOnlySpan<double> Predicted => values[(2 * ClassCount)..];

    internal void Add(int actual, int predicted, double count)
    {
        if (actual == predicted)
            values[actual] += count;
        values[ClassCount + actual] += count;
        values[2 * ClassCount + predicted] += count;
    }
}
