using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// A loss over class scores: the mean over the batch. Shapes and class numbers are checked here, half precision is computed in single,
/// and the gradient with respect to the scores is had without the model's autograd graph: by a fused pass where the loss has one, else by
/// autograd over the loss alone. A score that is NaN makes the loss NaN, which the trainer reports with the step and the likely cause.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class ClassLoss(string name) : nn.Module<Tensor, Tensor, Tensor>(name), IClosedFormLoss
{
    /// <summary>The loss.</summary>
    /// <param name="logits">Scores (B, K).</param>
    /// <param name="target">Class numbers, (B) of int64.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, the batch is empty, or a class number is out of range.</exception>
    public sealed override Tensor forward(Tensor logits, Tensor target)
    {
        Check(logits, target);
        using var scope = NewDisposeScope();
        return Compute(LossArguments.AtLeastSingle(logits), target).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public virtual (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        Check(logits, target);
        return AutogradLossAndGradient(logits, target);
    }

    /// <summary>The mean loss of checked arguments in single or double precision; built of differentiable operations.</summary>
    protected abstract Tensor Compute(Tensor logits, Tensor target);

    /// <summary>Checks what the loss is given.</summary>
    protected virtual void Check(Tensor logits, Tensor target) => LossArguments.CheckClasses(logits, target);

    private protected (double Loss, Tensor Gradient) AutogradLossAndGradient(Tensor logits, Tensor target)
    {
        using var _ = enable_grad();
        using var scope = NewDisposeScope();
        var leaf = logits.detach().requires_grad_();
        var loss = Compute(LossArguments.AtLeastSingle(leaf), target);
        loss.backward();
        return (loss.ToDouble(), (leaf.grad ?? zeros_like(leaf)).MoveToOuterDisposeScope());
    }
}

/// <summary>
/// A loss that is a mean of one function of each row's scores and class, L = (1/B) Σ_i ℓ(z_i, y_i): the fused pass calls that function
/// with single-precision rows in main memory, so that no temporary of the batch's size is made but the gradient.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class RowLoss(string name) : ClassLoss(name)
{
    /// <inheritdoc/>
    public sealed override (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        Check(logits, target);
        if (!HasRowKernel || !DenseKernels.IsPlain(logits) || !target.is_contiguous() || target.device_type != DeviceType.CPU)
            return AutogradLossAndGradient(logits, target);
        var gradient = empty_like(logits);
        var z = MemoryMarshal.Cast<byte, float>(logits.bytes);
        var g = MemoryMarshal.Cast<byte, float>(gradient.bytes);
        var y = MemoryMarshal.Cast<byte, long>(target.bytes);
        var classes = z.Length / y.Length;
        var total = 0.0;
        for (var i = 0; i < y.Length; i++)
            total += Row(z.Slice(i * classes, classes), (int)y[i], g.Slice(i * classes, classes), 1f / y.Length);
        return (total / y.Length, gradient);
    }

    /// <summary>Whether <see cref="Row"/> holds for this instance as configured.</summary>
    protected virtual bool HasRowKernel => true;

    /// <summary>The loss of one row; writes its gradient, times the scale, into <paramref name="gradient"/> (K).</summary>
    protected abstract double Row(ReadOnlySpan<float> scores, int label, Span<float> gradient, float scale);
}
