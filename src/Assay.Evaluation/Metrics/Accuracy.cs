using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The share of right answers, a = (Σ_c hits_c)/n, with the Wilson interval.</summary>
[Method("accuracy", Kind = MethodKind.Metric)]
public sealed class Accuracy : ConfusionMetric
{
    /// <inheritdoc/>
    public override string Title => "accuracy";

    /// <inheritdoc/>
    public override double Compute(ClassTotals totals) => TensorPrimitives.Sum(totals.Hits) / TensorPrimitives.Sum(totals.Actual);

    /// <inheritdoc/>
    public override Estimate Result(Tally tally, double level = 0.95)
    {
        var totals = ((ConfusionMatrix)tally).Totals();
        return new Estimate(Compute(totals), ProportionInterval.Wilson(TensorPrimitives.Sum(totals.Hits), TensorPrimitives.Sum(totals.Actual), level));
    }
}
