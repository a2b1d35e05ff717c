using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>The mean cross-entropy of the next token over all positions of a batch: logits (B, T, V), targets (B, T).</summary>
public sealed class NextTokenLoss() : nn.Module<Tensor, Tensor, Tensor>(nameof(NextTokenLoss))
{
    /// <summary>The loss, nats per token.</summary>
    public override Tensor forward(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        return nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten()).MoveToOuterDisposeScope();
    }
}
