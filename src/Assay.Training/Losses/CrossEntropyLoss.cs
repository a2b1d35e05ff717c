using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Softmax cross-entropy: the mean over the batch of −Σ_k q_k log softmax(z)_k with q = (1 − ε)·onehot(y) + ε/K.
/// </summary>
/// <param name="labelSmoothing">ε, 0 to below 1.</param>
[Method("cross-entropy", Kind = MethodKind.Loss)]
public sealed class CrossEntropyLoss(double labelSmoothing = 0) : nn.Module<Tensor, Tensor, Tensor>(nameof(CrossEntropyLoss)), IClosedFormLoss
{
    private readonly double labelSmoothing = labelSmoothing is >= 0 and < 1
        ? labelSmoothing
        : throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "0 to below 1 was expected");

    /// <summary>The loss.</summary>
    /// <param name="logits">(B, K).</param>
    /// <param name="target">Class numbers, (B) of int64.</param>
    public override Tensor forward(Tensor logits, Tensor target) =>
        nn.functional.cross_entropy(logits, target, label_smoothing: labelSmoothing);

    /// <inheritdoc/>
    public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        if (DenseKernels.IsPlain(logits) && target.is_contiguous())
            return DenseKernels.SoftmaxCrossEntropy(logits, target, labelSmoothing);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var loss = forward(logits, target).ToDouble();
        var wanted = nn.functional.one_hot(target, logits.shape[1]).mul(1 - labelSmoothing).add(labelSmoothing / logits.shape[1]);
        return (loss, logits.softmax(1).sub(wanted).div(logits.shape[0]).MoveToOuterDisposeScope());
    }
}

/// <summary>Mean squared error for regression: the mean of (ŷ − y)² over the batch.</summary>
[Method("mse", Kind = MethodKind.Loss)]
public sealed class MeanSquaredErrorLoss() : nn.Module<Tensor, Tensor, Tensor>(nameof(MeanSquaredErrorLoss)), IClosedFormLoss
{
    /// <summary>The loss.</summary>
    /// <param name="predictions">(B, 1) or (B).</param>
    /// <param name="target">(B).</param>
    public override Tensor forward(Tensor predictions, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(target);
        using var shaped = target.view(predictions.shape);
        return nn.functional.mse_loss(predictions, shaped);
    }

    /// <inheritdoc/>
    public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        using var shaped = target.view(logits.shape);
        var difference = logits.sub(shaped);
        using var squared = difference.square();
        using var mean = squared.mean();
        return (mean.ToDouble(), difference.mul_(2.0 / difference.numel()));
    }
}
