using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Σ_t (recall_t − recall_{t−1}) precision_t over thresholds t at the distinct scores, without interpolation. Two classes: of class 1.
/// More: the mean over classes. The interval is the infinitesimal jackknife's (Efron 1982) on the logit scale (Boyd et al. 2013).
/// </summary>
[Method("average-precision", Kind = MethodKind.Metric)]
public sealed class AveragePrecision : RankMetric
{
    /// <inheritdoc/>
    public override string Title => "average precision";

    internal override Estimate Of(RankSummary summary, double level)
    {
        var present = Array.FindAll(summary.Classes, c => c.Positives > 0);
        return present.Length == 0 ? Estimate.Undefined : RankSummary.ToEstimate(summary.AveragePrecision, present.Min(c => c.Positives), level);
    }

    internal override double InfluenceOf((float Auc, float Precision) row) => row.Precision;

    internal override double[] Choose((double[] Auc, double[] AveragePrecision) resampled) => resampled.AveragePrecision;
}
