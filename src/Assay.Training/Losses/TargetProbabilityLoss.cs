using System.Numerics.Tensors;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// Losses of the target's softmax probability alone, L = f(log p_y), the mean over the batch: the focal, the generalised cross-entropy and
/// the symmetric family. The gradient is f′(log p_y)·(onehot(y) − p).
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class TargetProbabilityLoss(string name) : RowLoss(name)
{
    /// <summary>f of log p_y, (B) to (B), by differentiable operations.</summary>
    protected abstract Tensor Of(Tensor logP, Tensor target);

    /// <summary>f and f′ at log p_y of one row.</summary>
    protected abstract (double Value, double Slope) Of(double logP, int label);

    /// <inheritdoc/>
    protected sealed override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        return Of(nn.functional.log_softmax(logits, 1).gather(1, target.unsqueeze(1)).squeeze(1), target).mean();
    }

    /// <inheritdoc/>
    protected sealed override double Row(ReadOnlySpan<float> scores, int label, Span<float> gradient, float scale)
    {
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max(scores), gradient);
        var own = gradient[label];
        TensorPrimitives.Exp(gradient, gradient);
        var sum = TensorPrimitives.Sum<float>(gradient);
        // log p near 0 keeps its digits when the rest's sum is taken without the own term's 1.
        var (value, slope) = Of(own == 0 ? -double.LogP1(sum - 1.0) : own - Math.Log(sum), label);
        var factor = (float)(slope * scale);
        TensorPrimitives.Multiply(gradient, -factor / sum, gradient);
        gradient[label] += factor;
        return value;
    }
}
