using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>
/// The mean cross-entropy of the next token over all positions of a batch: logits (B, T, V), targets (B, T). Positions whose target is
/// <see cref="Ignored"/> do not count.
/// </summary>
public sealed class NextTokenLoss() : nn.Module<Tensor, Tensor, Tensor>(nameof(NextTokenLoss)), IClosedFormLoss
{
    /// <summary>The target of a position that does not count.</summary>
    public const long Ignored = -100;

    /// <summary>The loss, nats per token; 0 where no position counts.</summary>
    public override Tensor forward(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        var counted = target.ne(Ignored).sum().clamp_min(1);
        return nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index: Ignored, reduction: nn.Reduction.Sum).div(counted).MoveToOuterDisposeScope();
    }

    /// <summary>The loss and its gradient. On a CPU the gradient takes the place of the logits in their memory.</summary>
    public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        using var flat = target.contiguous();
        var (losses, sums) = TokenCrossEntropy.Losses(logits, flat, Ignored);
        var ids = flat.data<long>();
        var counted = 0;
        for (var i = 0; i < losses.Length; i++)
            counted += ids[i] == Ignored ? 0 : 1;
        var weights = new float[losses.Length];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = ids[i] == Ignored ? 0 : 1f / counted;
        TokenCrossEntropy.ToGradient(logits, flat, sums, weights);
        var total = 0.0;
        foreach (var loss in losses)
            total += loss;
        return (total / Math.Max(1, counted), logits);
    }
}
