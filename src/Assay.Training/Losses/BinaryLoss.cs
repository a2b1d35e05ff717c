using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// A loss of two classes. It takes one logit for each example, (B) or (B, 1), or the two scores of a two-class model, (B, 2), whose
/// difference z₁ − z₀ is the logit: sigmoid(z₁ − z₀) is the softmax probability of class 1. Labels are 0 or 1.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class BinaryLoss(string name) : ClassLoss(name)
{
    /// <inheritdoc/>
    protected sealed override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var logit = logits.dim() == 1 ? logits : logits.shape[1] == 1 ? logits.squeeze(1) : logits.select(1, 1).sub(logits.select(1, 0));
        return ComputeBinary(logit, target.to(logit.dtype));
    }

    /// <summary>The mean loss.</summary>
    /// <param name="logit">(B).</param>
    /// <param name="label">0 or 1 as real numbers, (B).</param>
    protected abstract Tensor ComputeBinary(Tensor logit, Tensor label);

    /// <inheritdoc/>
    protected override void Check(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        if (logits.dim() > 2 || logits.dim() == 0 || (logits.dim() == 2 && logits.shape[1] is not (1 or 2)))
            throw new ArgumentException($"one logit (B), (B, 1) or the scores of two classes (B, 2) were expected, not {LossArguments.Shape(logits)}", nameof(logits));
        LossArguments.CheckRows(logits, target);
        LossArguments.CheckBinaryLabels(target);
    }
}
