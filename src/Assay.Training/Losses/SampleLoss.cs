using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>One loss for each sample of a batch, not yet averaged: what a method that weighs samples needs.</summary>
public abstract class SampleLoss
{
    /// <summary>The samples' losses, differentiable.</summary>
    /// <param name="outputs">The model's outputs, (B, …).</param>
    /// <param name="target">The targets, (B, …).</param>
    /// <returns>(B).</returns>
    public abstract Tensor PerSample(Tensor outputs, Tensor target);

    /// <summary>Which samples count; null for all.</summary>
    public virtual bool[]? Counted(Tensor target) => null;

    /// <summary>The samples' losses and, given their weights, the gradient of Σ w_i ℓ_i with respect to the outputs.</summary>
    public virtual (float[] Losses, Func<float[], Tensor> Gradient) WithGradient(Tensor outputs, Tensor target)
    {
        using var _ = enable_grad();
        var leaf = outputs.detach().requires_grad_();
        var losses = PerSample(leaf, target);
        return (losses.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray(), weights =>
        {
            losses.backward([tensor(weights).to(losses.dtype).to(losses.device)]);
            return leaf.grad ?? zeros_like(leaf);
        });
    }
}

/// <summary>The softmax cross-entropy of each row: scores (B, K), class numbers (B).</summary>
public sealed class SampleCrossEntropy : SampleLoss
{
    /// <inheritdoc/>
    public override Tensor PerSample(Tensor outputs, Tensor target) => nn.functional.cross_entropy(outputs.to(ScalarType.Float32), target, reduction: nn.Reduction.None);
}

/// <summary>The squared error of each row: predictions (B, 1) or (B), real targets (B).</summary>
public sealed class SampleSquaredError : SampleLoss
{
    /// <inheritdoc/>
    public override Tensor PerSample(Tensor outputs, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        return outputs.to(ScalarType.Float32).reshape(-1).sub(target.reshape(-1)).square();
    }
}
