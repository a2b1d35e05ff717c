using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A metric of how well scores order the examples of a class above the rest; for more than two classes the mean over classes.</summary>
public abstract class RankMetric : Metric
{
    /// <inheritdoc/>
    public sealed override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    public sealed override object TallyKey => typeof(RankTally);

    /// <inheritdoc/>
    public sealed override Tally CreateTally(int classCount) => new SortedRankTally(classCount);

    /// <inheritdoc/>
    public sealed override Tally CreateBoundedTally(int classCount) => new BucketedRankTally(classCount);

    /// <inheritdoc/>
    public sealed override Estimate Result(Tally tally, double level = 0.95) => Of(((RankTally)tally).Summarise(), level);

    /// <summary>The metric of the scores of one class against the rest.</summary>
    /// <param name="scores">Any scores, larger for the class; none NaN.</param>
    /// <param name="positive">Whether each example is of the class.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a score is NaN.</exception>
    public Estimate Compute(ReadOnlySpan<float> scores, ReadOnlySpan<bool> positive, double level = 0.95)
    {
        if (scores.Length != positive.Length)
            throw new ArgumentException($"{scores.Length} scores but {positive.Length} outcomes", nameof(positive));
        var items = new ulong[scores.Length];
        for (var i = 0; i < items.Length; i++)
        {
            if (float.IsNaN(scores[i]))
                throw new ArgumentException($"score {i} is NaN", nameof(scores));
            items[i] = ((ulong)RadixSort.Key(scores[i]) << 32) | ((uint)i << 1) | (positive[i] ? 1u : 0u);
        }
        RadixSort.SortByUpperHalf(items, new ulong[items.Length]);
        var influence = new Influence(items.Length);
        return Of(RankSummary.Of([RankedClass.Of(items, influence)], [influence]), level);
    }

    internal abstract Estimate Of(RankSummary summary, double level);

    internal abstract double InfluenceOf((float Auc, float Precision) row);

    internal abstract double[] Choose((double[] Auc, double[] AveragePrecision) resampled);
}
