using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Binary cross-entropy of the logit, the logistic loss log(1 + exp(−s f)) with s = ±1; balanced, positives weigh n₀/n and negatives n₁/n
/// of the batch. The mean over the batch.
/// </summary>
/// <param name="balanced">Whether the classes weigh alike in each batch.</param>
[Method("bce", Kind = MethodKind.Loss)]
public sealed class BinaryCrossEntropyLoss(bool balanced = false) : BinaryLoss(nameof(BinaryCrossEntropyLoss))
{
    /// <inheritdoc/>
    protected override Tensor ComputeBinary(Tensor logit, Tensor label) => Of(logit, label, balanced);

    internal static Tensor Of(Tensor logit, Tensor label, bool balanced)
    {
        var losses = logit.clamp_min(0).sub(logit.mul(label)).add(logit.abs().neg().exp().log1p()); // max(f, 0) − f y + log(1 + e^−|f|)
        if (!balanced)
            return losses.mean();
        var share = label.mean(); // n₁/n
        return losses.mul(label.mul(share.neg().add(1)).add(label.neg().add(1).mul(share))).mean();
    }
}

/// <summary>How a hinge goes on beyond the margin 1, where the plain one is 0. All are convex and have the slope −1 at 1.</summary>
public enum HingeTail
{
    /// <summary>0: the plain hinge.</summary>
    Zero,
    /// <summary>1/z − 1.</summary>
    Inverse,
    /// <summary>−log z.</summary>
    Log,
    /// <summary>e/log(z + e − 1) − e.</summary>
    InverseLog,
    /// <summary>2 − 2√z. (The released code's −2√(z − 1) has an infinite slope at 1.)</summary>
    SquareRoot,
}

/// <summary>The hinge of the margin z = s f with s = ±1: 1 − z for z ≤ 1, and beyond it the tail; the mean over the batch.</summary>
/// <param name="tail">How it goes on beyond 1.</param>
[Method("hinge", Kind = MethodKind.Loss)]
public sealed class HingeLoss(HingeTail tail = HingeTail.Zero) : BinaryLoss(nameof(HingeLoss))
{
    /// <inheritdoc/>
    protected override Tensor ComputeBinary(Tensor logit, Tensor label)
    {
        ArgumentNullException.ThrowIfNull(logit);
        ArgumentNullException.ThrowIfNull(label);
        var z = logit.mul(label.mul(2).sub(1)); // (B)
        if (tail == HingeTail.Zero)
            return z.neg().add(1).relu().mean();
        var above = z.clamp_min(1); // the tail's formula need not hold below 1
        var beyond = tail switch
        {
            HingeTail.Inverse => above.reciprocal().sub(1),
            HingeTail.Log => above.log().neg(),
            HingeTail.InverseLog => above.add(Math.E - 1).log().reciprocal().sub(1).mul(Math.E),
            _ => above.sqrt().sub(1).mul(-2),
        };
        return where(z.gt(1), beyond, z.neg().add(1)).mean();
    }
}

/// <summary>
/// The exponential loss exp(−z) of the margin z = s f; below z = −20 it goes on along its tangent, so that it stays finite. The mean over
/// the batch. Clip the gradient's norm (10 in the EnsLoss paper).
/// </summary>
[Method("exponential", Kind = MethodKind.Loss)]
public sealed class ExponentialLoss() : BinaryLoss(nameof(ExponentialLoss))
{
    private const double Steepest = 20;

    /// <inheritdoc/>
    protected override Tensor ComputeBinary(Tensor logit, Tensor label)
    {
        ArgumentNullException.ThrowIfNull(logit);
        ArgumentNullException.ThrowIfNull(label);
        var x = logit.mul(label.mul(-2).add(1)); // −z
        var inner = x.clamp_max(Steepest);
        return inner.exp().add(x.sub(inner).mul(Math.Exp(Steepest))).mean();
    }
}
