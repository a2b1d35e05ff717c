using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// The sparsemax loss (Martins and Astudillo 2016): with p = sparsemax(z), the Euclidean projection of z onto the simplex, and its
/// threshold τ, L = −z_y + ½ Σ_{j: p_j > 0} (z_j² − τ²) + ½; the gradient is p − onehot(y). The mean over the batch.
/// </summary>
[Method("sparsemax", Kind = MethodKind.Loss)]
public sealed class SparsemaxLoss() : nn.Module<Tensor, Tensor, Tensor>(nameof(SparsemaxLoss)), IClosedFormLoss
{
    /// <summary>The projection of each row onto the simplex.</summary>
    /// <param name="logits">(B, K).</param>
    /// <returns>Probabilities (B, K), some of them exactly 0.</returns>
    public static Tensor Sparsemax(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using var scope = NewDisposeScope();
        return logits.sub(Threshold(logits)).clamp_min(0).MoveToOuterDisposeScope();
    }

    /// <summary>The loss.</summary>
    /// <param name="logits">(B, K).</param>
    /// <param name="target">Class numbers, (B) of int64.</param>
    public override Tensor forward(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        // τ is held constant; the term `linear`, of value 0, takes τ off the gradient z of the quadratic, which leaves z − τ = p.
        var tau = Threshold(logits.detach()); // (B, 1)
        var support = logits.detach().gt(tau);
        var quadratic = logits.square().sub(tau.square()).mul(support).sum([1]).mul(0.5);
        var picked = logits.gather(1, target.unsqueeze(1)).squeeze(1);
        var linear = logits.sub(logits.detach()).mul(support).sum([1], keepdim: true).mul(tau).squeeze(1);
        return quadratic.sub(linear).sub(picked).add(0.5).mean().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var gradient = Sparsemax(logits);
        using var column = target.unsqueeze(1);
        using var hit = full(logits.shape[0], 1, -1.0, dtype: logits.dtype, device: logits.device);
        gradient.scatter_add_(1, column, hit);
        using var _ = no_grad();
        using var loss = forward(logits, target);
        return (loss.ToDouble(), gradient.div_(logits.shape[0]));
    }

    // τ = (Σ_{j ≤ k} z_(j) − 1) / k for the largest k with 1 + k z_(k) > Σ_{j ≤ k} z_(j); (B, 1).
    private static Tensor Threshold(Tensor logits)
    {
        var sorted = logits.sort(1, descending: true).Values;
        var sums = sorted.cumsum(1);
        var ranks = arange(1, logits.shape[1] + 1, dtype: logits.dtype, device: logits.device);
        var size = sorted.mul(ranks).add(1).gt(sums).sum(1, keepdim: true); // k (B, 1)
        return sums.gather(1, size.sub(1)).sub(1).div(size);
    }
}
