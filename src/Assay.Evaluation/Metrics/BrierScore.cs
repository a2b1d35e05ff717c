using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The mean squared distance of the probabilities from the truth (Brier 1950): (p₁ − y)² for two classes, Σ_c (p_c − 1[y = c])² for more,
/// as in scikit-learn (which halves the sum for two classes).
/// </summary>
[Method("brier", Kind = MethodKind.Metric)]
public sealed class BrierScore : LossMetric
{
    /// <inheritdoc/>
    public override string Title => "Brier score";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Losses(in PredictionBlock block, Span<double> losses)
    {
        var k = block.ClassCount;
        for (var i = 0; i < losses.Length; i++)
        {
            var label = block.Labels[i];
            var row = block.Scores.Slice(i * k, k);
            var others = 0.0;
            for (var c = 0; c < row.Length; c++)
                others += c == label ? 0 : (double)row[c] * row[c];
            var own = 1.0 - row[label];
            losses[i] = k > 2 ? own * own + others : label == 1 ? own * own : others;
        }
    }
}
