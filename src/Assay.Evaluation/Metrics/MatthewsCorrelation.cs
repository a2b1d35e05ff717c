using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The multi-class Matthews correlation R_K = (c·n − Σ t_k p_k)/√((n² − Σ p_k²)(n² − Σ t_k²)) with c right answers, t true and p predicted
/// members (Gorodkin 2004); 0 where labels or predictions are all of one class.
/// </summary>
[Method("mcc", Kind = MethodKind.Metric)]
public sealed class MatthewsCorrelation : ConfusionMetric
{
    /// <inheritdoc/>
    public override string Title => "Matthews correlation";

    /// <inheritdoc/>
    public override double Compute(ClassTotals totals)
    {
        var n = TensorPrimitives.Sum(totals.Actual);
        var covariance = TensorPrimitives.Sum(totals.Hits) * n - TensorPrimitives.Dot(totals.Actual, totals.Predicted);
        var spread = (n * n - TensorPrimitives.SumOfSquares(totals.Predicted)) * (n * n - TensorPrimitives.SumOfSquares(totals.Actual));
        return spread > 0 ? covariance / Math.Sqrt(spread) : 0;
    }
}
