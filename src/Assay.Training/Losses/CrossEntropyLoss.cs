using Assay.Statistics;
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
    public (Tensor Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var (batch, classes) = (logits.shape[0], logits.shape[1]);
        using var logProbabilities = logits.log_softmax(1); // (B, K)
        using var column = target.unsqueeze(1); // (B, 1)
        using var picked = logProbabilities.gather(1, column); // (B, 1)
        var gradient = logProbabilities.exp(); // (B, K): softmax − q, divided by B
        using var hit = full(batch, 1, -(1 - labelSmoothing), dtype: logits.dtype, device: logits.device);
        gradient.scatter_add_(1, column, hit);
        Tensor loss;
        if (labelSmoothing > 0)
        {
            using var meanOfAll = logProbabilities.mean();
            using var meanOfPicked = picked.mean();
            loss = meanOfPicked.mul(-(1 - labelSmoothing)).sub_(meanOfAll.mul(labelSmoothing));
            gradient.sub_(labelSmoothing / classes);
        }
        else
        {
            loss = picked.mean().neg_();
        }
        return (loss, gradient.div_(batch));
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
    public (Tensor Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        using var shaped = target.view(logits.shape);
        var difference = logits.sub(shaped);
        using var squared = difference.square();
        return (squared.mean(), difference.mul_(2.0 / difference.numel()));
    }
}
