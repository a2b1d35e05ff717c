using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The mean of |y − ŷ|, in the unit of the target.</summary>
[Method("mae", Kind = MethodKind.Metric)]
public sealed class MeanAbsoluteError : LossMetric
{
    /// <inheritdoc/>
    public override string Title => "mean absolute error";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Values;

    /// <inheritdoc/>
    public override void Losses(in PredictionBlock block, Span<double> losses)
    {
        for (var i = 0; i < losses.Length; i++)
            losses[i] = Math.Abs((double)block.Scores[i] - block.Targets[i]);
    }
}
