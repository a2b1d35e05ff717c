using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A metric of confidences (the predicted class's probability) in order, and of whether the predictions are right.</summary>
public abstract class ConfidenceMetric : Metric
{
    /// <inheritdoc/>
    public sealed override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    public sealed override object TallyKey => typeof(ConfidenceMetric);

    /// <inheritdoc/>
    public sealed override Tally CreateTally(int classCount) => new Confidences();

    /// <inheritdoc/>
    public sealed override Tally CreateBoundedTally(int classCount) => new ConfidenceBuckets();

    /// <inheritdoc/>
    public sealed override Estimate Result(Tally tally, double level = 0.95)
    {
        if (tally is ConfidenceBuckets buckets)
            return OfBuckets(buckets.Sums, level);
        var (confidences, correct) = ((Confidences)tally).Sorted();
        return Compute(confidences, correct, level);
    }

    /// <summary>The metric of confidences and outcomes.</summary>
    /// <param name="confidences">The probability of the predicted class of each example.</param>
    /// <param name="correct">Whether that class was the true one.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentException">The lengths differ, there are none, or a confidence is NaN.</exception>
    public Estimate Compute(ReadOnlySpan<float> confidences, ReadOnlySpan<bool> correct, double level = 0.95)
    {
        if (confidences.IsEmpty || confidences.Length != correct.Length)
            throw new ArgumentException($"{confidences.Length} confidences, {correct.Length} outcomes", nameof(correct));
        var (sorted, outcomes) = (confidences.ToArray(), correct.ToArray());
        if (Array.Exists(sorted, float.IsNaN))
            throw new ArgumentException("a confidence is NaN", nameof(confidences));
        Array.Sort(sorted, outcomes);
        return OfSorted(sorted, outcomes, level);
    }

    private protected abstract Estimate OfSorted(float[] confidences, bool[] correct, double level);

    // The same of sums over narrow buckets of confidence, in ascending order; some are empty.
    private protected abstract Estimate OfBuckets(BinSums[] buckets, double level);

    // 8 bytes an example, sorted at the end.
    private sealed class Confidences : Tally
    {
        private readonly List<ulong> items = [];

        public override void Expect(int rows) => items.EnsureCapacity(items.Count + rows);

        public override void Add(in PredictionBlock block)
        {
            for (var i = 0; i < block.Labels.Length; i++)
                items.Add(((ulong)RadixSort.Key(block.Confidences[i]) << 32) | (block.Labels[i] == block.Predicted[i] ? 1UL : 0));
        }

        public override void Merge(Tally other) => items.AddRange(Same<Confidences>(other).items);

        public (float[] Confidences, bool[] Correct) Sorted()
        {
            var sorted = items.ToArray();
            RadixSort.SortByUpperHalf(sorted, new ulong[sorted.Length]);
            return (Array.ConvertAll(sorted, s => RadixSort.Value((uint)(s >> 32))), Array.ConvertAll(sorted, s => (s & 1) != 0));
        }
    }
}
