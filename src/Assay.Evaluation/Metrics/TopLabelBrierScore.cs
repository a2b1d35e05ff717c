using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The mean of (c − r)²: c the probability of the predicted class, r whether it is the true one.</summary>
[Method("brier-top-label", Kind = MethodKind.Metric)]
public sealed class TopLabelBrierScore : LossMetric
{
    /// <inheritdoc/>
    public override string Title => "Brier score of the predicted class";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    public override void Losses(in PredictionBlock block, Span<double> losses)
    {
        for (var i = 0; i < losses.Length; i++)
        {
            var gap = block.Confidences[i] - (block.Predicted[i] == block.Labels[i] ? 1.0 : 0);
            losses[i] = gap * gap;
        }
    }
}
