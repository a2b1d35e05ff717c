using System.Numerics.Tensors;
using Assay.Statistics;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// The spherical family (Vincent et al. 2015): losses of the scores o ∈ ℝᴰ and the class c that depend on Σ_k o_k, Σ_k o_k² and o_c only.
/// Their gradient is α·1 + β·o + θ·e_c, so that <see cref="FastSphericalOutput{T}"/> can train an output layer of any width at a cost
/// that does not depend on D.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class SphericalLoss(string name) : RowLoss(name)
{
    /// <summary>The loss and its derivatives for one example.</summary>
    /// <param name="classes">D.</param>
    /// <param name="sum">Σ o.</param>
    /// <param name="squares">Σ o².</param>
    /// <param name="own">o_c.</param>
    /// <returns>L, α = ∂L/∂(Σ o), β = 2 ∂L/∂(Σ o²), θ = ∂L/∂o_c.</returns>
    public abstract (double Loss, double Alpha, double Beta, double Theta) Evaluate(long classes, double sum, double squares, double own);

    /// <summary>Whether L(o + t·1) = L(o): rows are then centred before their squares are summed, which keeps digits.</summary>
    protected virtual bool IsShiftInvariant => false;

    /// <inheritdoc/>
    protected sealed override double Row(ReadOnlySpan<float> scores, int label, Span<float> gradient, float scale)
    {
        var shift = IsShiftInvariant ? TensorPrimitives.Sum(scores) / scores.Length : 0;
        var o = scores;
        if (IsShiftInvariant)
        {
            TensorPrimitives.Subtract(scores, shift, gradient);
            o = gradient;
        }
        var own = o[label];
        var (loss, alpha, beta, theta) = Evaluate(scores.Length, TensorPrimitives.Sum(o), TensorPrimitives.SumOfSquares(o), own);
        TensorPrimitives.Multiply(o, (float)(beta * scale), gradient);
        if (alpha != 0)
            TensorPrimitives.Add(gradient, (float)(alpha * scale), gradient);
        gradient[label] += (float)(theta * scale);
        return loss;
    }

    /// <summary>o_c of each row, (B).</summary>
    private protected static Tensor Own(Tensor scores, Tensor target) => scores.gather(1, target.unsqueeze(1)).squeeze(1);
}

/// <summary>
/// The squared error to the one-hot target over the scores themselves, ½|o − e_c|² = ½(|o|² − 2 o_c + 1); the mean over the batch. A
/// member of the spherical family and the Z-loss's simplest rival.
/// </summary>
[Method("spherical-mse", Kind = MethodKind.Loss)]
public sealed class SphericalSquaredLoss() : SphericalLoss(nameof(SphericalSquaredLoss))
{
    /// <inheritdoc/>
    public override (double Loss, double Alpha, double Beta, double Theta) Evaluate(long classes, double sum, double squares, double own) =>
        (0.5 * (squares - 2 * own + 1), 0, 1, -1);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return logits.square().sum([1]).sub(Own(logits, target).mul(2)).add(1).mul(0.5).mean();
    }
}

/// <summary>
/// The log spherical softmax (de Brébisson and Vincent 2016): −log[(o_c² + ε) / (Σ_k o_k² + D ε)]; the mean over the batch. It is even in
/// the scores, so rank classes by |o|.
/// </summary>
/// <param name="epsilon">ε, 0 or more.</param>
[Method("spherical-softmax", Kind = MethodKind.Loss)]
public sealed class SphericalSoftmaxLoss(double epsilon = 1e-2) : SphericalLoss(nameof(SphericalSoftmaxLoss))
{
    private readonly double epsilon = epsilon >= 0
        ? epsilon
        : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "0 or more was expected");

    /// <inheritdoc/>
    public override (double Loss, double Alpha, double Beta, double Theta) Evaluate(long classes, double sum, double squares, double own)
    {
        // o = 0 with ε = 0 would be 0/0.
        var all = Math.Max(squares + classes * epsilon, 1e-30);
        var target = Math.Max(own * own + epsilon, 1e-30);
        return (Math.Log(all / target), 0, 2 / all, -2 * own / target);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        var all = logits.square().sum([1]).add(logits.shape[1] * epsilon).clamp_min(1e-30);
        return all.log().sub(Own(logits, target).square().add(epsilon).clamp_min(1e-30).log()).mean();
    }
}

/// <summary>
/// The log Taylor softmax: exp replaced by its second-order expansion 1 + o + o²/2, which is always positive,
/// −log[(1 + o_c + o_c²/2) / (D + Σ o + ½ Σ o²)]; the mean over the batch.
/// </summary>
[Method("taylor-softmax", Kind = MethodKind.Loss)]
public sealed class TaylorSoftmaxLoss() : SphericalLoss(nameof(TaylorSoftmaxLoss))
{
    /// <inheritdoc/>
    public override (double Loss, double Alpha, double Beta, double Theta) Evaluate(long classes, double sum, double squares, double own)
    {
        var all = classes + sum + squares / 2;
        var target = 1 + own + own * own / 2;
        return (Math.Log(all / target), 1 / all, 1 / all, -(1 + own) / target);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        var own = Own(logits, target);
        var all = logits.square().mul(0.5).add(logits).add(1).sum([1]);
        return all.log().sub(own.square().mul(0.5).add(own).add(1).log()).mean();
    }
}
