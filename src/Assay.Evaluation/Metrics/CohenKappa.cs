using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>κ = (a − e)/(1 − e), the accuracy beyond that of chance, e = Σ t_k p_k/n² (Cohen 1960); undefined where chance agrees always.</summary>
[Method("cohen-kappa", Kind = MethodKind.Metric)]
public sealed class CohenKappa : ConfusionMetric
{
    /// <inheritdoc/>
    public override string Title => "Cohen's kappa";

    /// <inheritdoc/>
    public override double Compute(ClassTotals totals)
    {
        var n = TensorPrimitives.Sum(totals.Actual);
        var chance = TensorPrimitives.Dot(totals.Actual, totals.Predicted) / (n * n);
        return chance < 1 ? (TensorPrimitives.Sum(totals.Hits) / n - chance) / (1 - chance) : double.NaN;
    }
}
