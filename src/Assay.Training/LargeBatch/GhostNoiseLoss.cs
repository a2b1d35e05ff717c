using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Multiplicative noise: each ghost batch's mean loss, and with it its gradient, is multiplied by its own z ~ N(1, σ²). With σ² = k − 1 the
/// covariance of a large batch's update becomes that of one small batch, without a larger learning rate; the mean is unchanged (Hoffer,
/// Hubara and Soudry 2017; the constant is inferred).
/// </summary>
/// <param name="loss">The loss of a ghost batch, a mean over its examples; null takes cross-entropy.</param>
/// <param name="ghostSize">The examples of a ghost batch, 1 or more.</param>
/// <param name="variance">σ²; null takes k − 1.</param>
[Method("ghost-noise", Paper = 87, Kind = MethodKind.Loss)]
public sealed class GhostNoiseLoss(nn.Module<Tensor, Tensor, Tensor>? loss = null, int ghostSize = 128, double? variance = null)
    : nn.Module<Tensor, Tensor, Tensor>(nameof(GhostNoiseLoss)), ISeededModule
{
    private readonly nn.Module<Tensor, Tensor, Tensor> loss = loss ?? new CrossEntropyLoss();
    private readonly int ghostSize = ghostSize > 0 ? ghostSize : throw new ArgumentOutOfRangeException(nameof(ghostSize), ghostSize, "1 or more was expected");
    private readonly double? variance = variance is null or >= 0 ? variance : throw new ArgumentOutOfRangeException(nameof(variance), variance, "0 or more was expected");
    private SeededRandom random = new(0);

    /// <inheritdoc/>
    public void Reseed(long seed) => random = new SeededRandom(seed);

    /// <summary>Σ_g (n_g/B)·z_g·loss(ghost g) in training mode, without noise otherwise.</summary>
    /// <param name="logits">(B, …).</param>
    /// <param name="target">(B).</param>
    public override Tensor forward(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var count = logits.shape[0];
        var pieces = Math.Max(1, count / ghostSize);
        // A loss has no mode of its own in the trainer: noise belongs to outputs that carry a graph.
        if (pieces == 1 || !logits.requires_grad)
            return loss.call(logits, target);
        var size = (count + pieces - 1) / pieces;
        var deviation = Math.Sqrt(variance ?? pieces - 1);
        using var scope = NewDisposeScope();
        var total = zeros(1, dtype: logits.dtype, device: logits.device).squeeze(0);
        for (long start = 0; start < count; start += size)
        {
            var length = Math.Min(size, count - start);
            var z = 1 + deviation * random.NextGaussian();
            total = total + loss.call(logits.narrow(0, start, length), target.narrow(0, start, length)) * (z * length / count);
        }
        return total.MoveToOuterDisposeScope();
    }
}
