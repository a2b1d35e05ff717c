using System.Numerics.Tensors;
using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>Crammer and Singer's multi-class hinge (2001): max(0, c + max_{k≠y} z_k − z_y); the mean over the batch.</summary>
/// <param name="margin">c, 0 or more.</param>
[Method("crammer-singer", Kind = MethodKind.Loss)]
public sealed class CrammerSingerLoss(double margin = 1) : RowLoss(nameof(CrammerSingerLoss))
{
    private readonly double margin = MarginArguments.Check(margin);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var column = target.unsqueeze(1);
        var best = logits.scatter(1, column, full_like(logits, double.NegativeInfinity)).max(1).values; // (B)
        return best.sub(logits.gather(1, column).squeeze(1)).add(margin).relu().mean();
    }

    /// <inheritdoc/>
    protected override double Row(ReadOnlySpan<float> scores, int label, Span<float> gradient, float scale)
    {
        gradient.Clear();
        var best = label == 0 ? 1 : 0;
        for (var k = 0; k < scores.Length; k++)
        {
            // A NaN must win, so that it is seen.
            if (k != label && !float.IsNaN(scores[best]) && !(scores[k] <= scores[best]))
                best = k;
        }
        var loss = margin + scores[best] - scores[label];
        if (loss <= 0)
            return 0;
        gradient[best] = scale;
        gradient[label] = -scale;
        return loss;
    }
}

/// <summary>Weston and Watkins's multi-class hinge (1999): (1/K) Σ_{k≠y} max(0, c + z_k − z_y); the mean over the batch.</summary>
/// <param name="margin">c, 0 or more.</param>
[Method("weston-watkins", Kind = MethodKind.Loss)]
public sealed class WestonWatkinsLoss(double margin = 1) : RowLoss(nameof(WestonWatkinsLoss))
{
    private readonly double margin = MarginArguments.Check(margin);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var column = target.unsqueeze(1);
        var others = ones_like(logits.detach()).scatter(1, column, zeros_like(logits.detach()));
        return logits.sub(logits.gather(1, column)).add(margin).relu().mul(others).sum([1]).div(logits.shape[1]).mean();
    }

    /// <inheritdoc/>
    protected override double Row(ReadOnlySpan<float> scores, int label, Span<float> gradient, float scale)
    {
        var share = scale / scores.Length;
        var (total, own) = (0.0, 0f);
        for (var k = 0; k < scores.Length; k++)
        {
            var d = k == label ? 0 : margin + scores[k] - scores[label];
            gradient[k] = d > 0 ? share : 0;
            own += gradient[k];
            total += d <= 0 ? 0 : d;
        }
        gradient[label] = -own;
        return total / scores.Length;
    }
}

/// <summary>How scores are rescaled before a label-distributionally robust loss.</summary>
public enum ScoreNormalization
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>Divided by their mean absolute value.</summary>
    MeanAbsolute,
    /// <summary>log(1 + eᶻ), divided by the mean.</summary>
    Softplus,
}

/// <summary>
/// The label-distributionally robust loss with a KL regulariser (Zhu et al. 2023, arXiv 2112.14869): with d_k = z_k − z_y + c·1[k ≠ y],
/// L = max_p Σ p_k d_k − λ KL(p‖1/K) = λ log((1/K) Σ_k exp(d_k/λ)); the mean over the batch. λ = 1, c = 0 is cross-entropy − log K;
/// λ → 0 the Crammer–Singer hinge, λ → ∞ the mean margin, which is symmetric. Values below 0 are normal. The gradient is
/// softmax(d/λ) − onehot(y).
/// </summary>
/// <param name="lambda">λ, positive.</param>
/// <param name="margin">c, 0 or more.</param>
/// <param name="normalize">How the scores are rescaled first; the released code takes softplus on images.</param>
[Method("ldr-kl", Paper = 78, Kind = MethodKind.Loss)]
public sealed class LdrKlLoss(double lambda = 1, double margin = 0.1, ScoreNormalization normalize = ScoreNormalization.None) : RowLoss(nameof(LdrKlLoss))
{
    private readonly double lambda = lambda > 0 && double.IsFinite(lambda)
        ? lambda
        : throw new ArgumentOutOfRangeException(nameof(lambda), lambda, "a positive number was expected");
    private readonly double margin = MarginArguments.Check(margin);

    /// <inheritdoc/>
    protected override bool HasRowKernel => normalize == ScoreNormalization.None;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        var d = Margins(Normalize(logits, normalize), target, margin); // (B, K)
        return d.div(lambda).logsumexp(1).sub(Math.Log(d.shape[1])).mul(lambda).mean();
    }

    /// <inheritdoc/>
    protected override double Row(ReadOnlySpan<float> scores, int label, Span<float> gradient, float scale)
    {
        var (inverse, c) = ((float)(1 / lambda), (float)margin);
        var own = scores[label];
        TensorPrimitives.Add(scores, c - own, gradient);
        gradient[label] = 0;
        var max = TensorPrimitives.Max<float>(gradient);
        TensorPrimitives.Subtract(gradient, max, gradient);
        TensorPrimitives.Multiply(gradient, inverse, gradient);
        TensorPrimitives.Exp(gradient, gradient);
        var sum = TensorPrimitives.Sum<float>(gradient);
        TensorPrimitives.Multiply(gradient, scale / sum, gradient);
        gradient[label] -= scale;
        return max + lambda * Math.Log(sum / scores.Length);
    }

    internal static Tensor Margins(Tensor scores, Tensor target, double margin)
    {
        var column = target.unsqueeze(1);
        var d = scores.sub(scores.gather(1, column));
        if (margin == 0)
            return d;
        var c = full_like(d.detach(), margin);
        return d.add(c.scatter_(1, column, zeros_like(c)));
    }

    internal static Tensor Normalize(Tensor scores, ScoreNormalization kind)
    {
        if (kind == ScoreNormalization.None)
            return scores;
        var raised = kind == ScoreNormalization.Softplus ? nn.functional.softplus(scores) : scores;
        // Scores of 0 everywhere stay 0.
        return raised.div(raised.abs().mean([1], keepdim: true).clamp_min(1e-8));
    }
}

internal static class MarginArguments
{
    public static double Check(double margin) =>
        margin >= 0 && double.IsFinite(margin) ? margin : throw new ArgumentOutOfRangeException(nameof(margin), margin, "0 or more was expected");
}
