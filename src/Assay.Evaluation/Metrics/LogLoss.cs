using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The mean of −ln p_y, the negative log-likelihood of the true class in nats; p is kept at 2⁻⁵² or above, as in scikit-learn.</summary>
[Method("log-loss", Kind = MethodKind.Metric)]
public sealed class LogLoss : LossMetric
{
    /// <inheritdoc/>
    public override string Title => "log-loss";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Losses(in PredictionBlock block, Span<double> losses)
    {
        const double Floor = 2.220446049250313e-16;
        for (var i = 0; i < losses.Length; i++)
            losses[i] = Math.Clamp(block.Scores[i * block.ClassCount + block.Labels[i]], Floor, 1 - Floor);
        TensorPrimitives.Log(losses, losses);
        TensorPrimitives.Negate(losses, losses);
    }
}
