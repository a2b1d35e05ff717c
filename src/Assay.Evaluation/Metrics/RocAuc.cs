using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The area under the ROC curve: the chance that an example of the class scores above one of the rest, ties counted half. Two classes:
/// of class 1. More: the mean over classes of one against the rest. The interval is DeLong's (1988) on the logit scale; for the mean of
/// several classes each example's placement values are added up first, so that the classes' dependence counts.
/// </summary>
[Method("roc-auc", Kind = MethodKind.Metric)]
public sealed class RocAuc : RankMetric
{
    /// <inheritdoc/>
    public override string Title => "ROC-AUC";

    internal override Estimate Of(RankSummary summary, double level)
    {
        var both = Array.FindAll(summary.Classes, c => c.HasBoth);
        return both.Length == 0 ? Estimate.Undefined : RankSummary.ToEstimate(summary.Auc, both.Min(c => Math.Min(c.Positives, c.Negatives)), level);
    }

    internal override double InfluenceOf((float Auc, float Precision) row) => row.Auc;

    internal override double[] Choose((double[] Auc, double[] AveragePrecision) resampled) => resampled.Auc;
}
