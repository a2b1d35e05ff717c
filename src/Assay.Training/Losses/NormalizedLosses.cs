using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>What is added to the normalised cross-entropy.</summary>
public enum PassivePart
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Reverse cross-entropy.</summary>
    Rce,
    /// <summary>Asymmetric generalised cross-entropy.</summary>
    Agce,
    /// <summary>The asymmetric unhinged loss.</summary>
    Aul,
}

/// <summary>
/// Normalised cross-entropy (Ma et al. 2020), log p_y / Σ_k log p_k, alone or as the active part of an active–passive pair:
/// active·NCE + passive·(RCE, AGCE with a = 3 or AUL with a = 6, q = 1.5); the mean over the batch.
/// </summary>
/// <param name="with">The passive part.</param>
/// <param name="active">The weight of NCE, 0 or more.</param>
/// <param name="passive">The weight of the passive part, 0 or more.</param>
[Method("nce", Kind = MethodKind.Loss)]
public sealed class NormalizedCrossEntropyLoss(PassivePart with = PassivePart.None, double active = 1, double passive = 1) : ClassLoss(nameof(NormalizedCrossEntropyLoss))
{
    private readonly double active = active >= 0 ? active : throw new ArgumentOutOfRangeException(nameof(active), active, "0 or more was expected");
    private readonly double passive = passive >= 0 ? passive : throw new ArgumentOutOfRangeException(nameof(passive), passive, "0 or more was expected");

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var logP = nn.functional.log_softmax(logits, 1);
        var own = logP.gather(1, target.unsqueeze(1)).squeeze(1);
        var loss = own.div(logP.sum([1])).mul(active);
        var p = own.exp();
        return (with switch
        {
            PassivePart.Rce => loss.add(p.neg().add(1).mul(passive * ReverseCrossEntropyLoss.A)),
            PassivePart.Agce => loss.add(p.add(3).pow(1.5).neg().add(8).mul(passive / 1.5)),
            PassivePart.Aul => loss.add(p.neg().add(6).pow(1.5).sub(Math.Pow(5, 1.5)).mul(passive / 1.5)),
            _ => loss,
        }).mean();
    }
}

/// <summary>The Brier loss of the probabilities, Σ_k (y_k − p_k)²; the mean over the batch.</summary>
[Method("brier-loss", Kind = MethodKind.Loss)]
public sealed class BrierLoss() : ClassLoss(nameof(BrierLoss))
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var p = nn.functional.softmax(logits, 1);
        return p.square().sum([1]).sub(p.gather(1, target.unsqueeze(1)).squeeze(1).mul(2)).add(1).mean();
    }
}

/// <summary>
/// The robust log loss (Patel and Sastry 2023), a symmetric loss:
/// log((1 + t)/t) − log(t + p_y) + (1/(K − 1)) Σ_{k≠y} log(t + p_k), 0 for a perfect answer; the mean over the batch.
/// </summary>
/// <param name="t">t, positive; the paper's is 0.01.</param>
[Method("rll", Kind = MethodKind.Loss)]
public sealed class RobustLogLoss(double t = 0.01) : ClassLoss(nameof(RobustLogLoss))
{
    private readonly double t = t > 0 ? t : throw new ArgumentOutOfRangeException(nameof(t), t, "a positive number was expected");

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var logs = nn.functional.softmax(logits, 1).add(t).log();
        var own = logs.gather(1, target.unsqueeze(1)).squeeze(1);
        var others = logs.sum([1]).sub(own).div(logits.shape[1] - 1);
        return others.sub(own).add(Math.Log((1 + t) / t)).mean();
    }
}
