using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>√ of the mean of (y − ŷ)², in the unit of the target; its interval is the root of that of the mean square.</summary>
[Method("rmse", Kind = MethodKind.Metric)]
public sealed class RootMeanSquaredError : LossMetric
{
    /// <inheritdoc/>
    public override string Title => "root mean squared error";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Values;

    /// <inheritdoc/>
    public override void Losses(in PredictionBlock block, Span<double> losses)
    {
        for (var i = 0; i < losses.Length; i++)
        {
            var residual = (double)block.Scores[i] - block.Targets[i];
            losses[i] = residual * residual;
        }
    }

    /// <inheritdoc/>
    public override double OfMean(double mean) => Math.Sqrt(mean);
}
