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
}
