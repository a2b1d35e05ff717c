using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The chance that a right prediction has a higher confidence than a wrong one, ties counted half: how well confidence tells right from wrong.
/// The interval is DeLong's. Undefined where all predictions are right, or all wrong.
/// </summary>
[Method("confidence-auroc", Kind = MethodKind.Metric)]
public sealed class ConfidenceAuroc : ConfidenceMetric
{
    private static readonly RocAuc Auc = new();

    /// <inheritdoc/>
    public override string Title => "ROC-AUC of confidence for right predictions";

    private protected override Estimate OfSorted(float[] confidences, bool[] correct, double level) => Auc.Compute(confidences, correct, level);

    private protected override Estimate OfBuckets(BinSums[] buckets, double level)
    {
        var counts = new BucketCounts(buckets.Length);
        for (var b = 0; b < buckets.Length; b++)
            counts.Add(b, new Bucket { Positives = (long)buckets[b].Correct, Negatives = buckets[b].Count - (long)buckets[b].Correct });
        var ranked = RankedClass.Of(counts);
        // Each example's influence depends on its bucket and outcome alone, so that the variance is a sum over buckets.
        var variance = 0.0;
        ranked.Influences(counts, (bucket, _, positive, negative) => variance += bucket.Positives * (double)positive.Auc * positive.Auc + bucket.Negatives * (double)negative.Auc * negative.Auc);
        return Auc.Of(new RankSummary([ranked], (ranked.Auc, variance), (double.NaN, double.NaN), new Influence(0)), level);
    }
}
