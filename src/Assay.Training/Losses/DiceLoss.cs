using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// The Dice loss and the self-adjusting Dice loss (Li et al. 2020, arXiv 1911.02855). With w = (1 − p)^α p and y ∈ {0, 1},
/// L = 1 − (2 Σ w y + γ) / (Σ w + Σ y + γ), or Σ w² + Σ y² in the denominator; α = 0 is the plain Dice loss. With hard p and γ = 0 the set
/// form is exactly 1 − F1.
/// <para>For α &gt; 0, w peaks at p = 1/(1 + α): the loss of a positive rises again above that, so confident right answers are pushed back
/// and probabilities are not calibrated. Small α (0.01 to 0.3) moves the peak towards 1; report F1 at a threshold tuned on validation data
/// too.</para>
/// </summary>
[Method("dice-loss", Paper = 34, Kind = MethodKind.Loss)]
public sealed class DiceLoss : OverlapLoss
{
    // p = 1 with α < 1 would have an infinite derivative.
    private const double LargestProbability = 1 - 1e-6;
    private readonly double alpha, gamma;
    private readonly bool squared;

    /// <summary>Creates the loss.</summary>
    /// <param name="alpha">α: how strongly easy examples are played down, 0 or more.</param>
    /// <param name="gamma">γ: the smoothing, 0 or more; with 0 a set without positives has the loss 0.</param>
    /// <param name="squared">Whether the denominator sums squares (Milletari et al. 2016).</param>
    /// <param name="reduction">Over what the overlap is taken.</param>
    /// <param name="classes">How the classes' losses are put together.</param>
    /// <param name="ohemRatio">How many of the hardest negatives are kept for each positive; 0 keeps all.</param>
    public DiceLoss(
        double alpha = 0.3, double gamma = 1, bool squared = true, OverlapReduction reduction = OverlapReduction.Set, ClassReduction classes = ClassReduction.Sum,
        double ohemRatio = 0) : base(nameof(DiceLoss), reduction, classes, ohemRatio)
    {
        if (!(alpha >= 0) || !double.IsFinite(alpha))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "0 or more was expected");
        if (!(gamma >= 0) || !double.IsFinite(gamma))
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "0 or more was expected");
        (this.alpha, this.gamma, this.squared) = (alpha, gamma, squared);
    }

    /// <inheritdoc/>
    public override (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        Check(logits, target);
        return DenseKernels.IsPlain(logits) && target.dtype == ScalarType.Int64 && target.is_contiguous() && logits.dim() == 2 && logits.shape[1] > 1
            && Reduction == OverlapReduction.Set && KeepsAllNegatives
            ? Fused(logits, target)
            : AutogradLossAndGradient(logits, target);
    }

    /// <inheritdoc/>
    protected override Tensor OfClass(Tensor p, Tensor y, Tensor kept)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(kept);
        var q = alpha is > 0 and < 1 ? p.clamp_max(LargestProbability) : p;
        var w = (alpha == 0 ? q : q.neg().add(1).pow(alpha).mul(q)).mul(kept); // (N)
        var positive = y.mul(kept);
        var (size, count) = squared ? (w.square(), positive.square()) : (w, positive);
        var numerator = w.mul(positive).mul(2).add(gamma);
        if (Reduction == OverlapReduction.Set)
            return OneMinusRatio(w.mul(positive).sum().mul(2).add(gamma), size.sum().add(count.sum()).add(gamma));
        var denominator = Reduction == OverlapReduction.Example ? size.add(count).add(gamma) : size.sum().add(count.sum()).add(gamma).expand(w.shape);
        return OneMinusRatio(numerator, denominator).mul(kept).sum().div(kept.sum().clamp_min(1));
    }

    // 0/0, no positives and γ = 0, is a perfect answer: loss 0.
    internal static Tensor OneMinusRatio(Tensor numerator, Tensor denominator)
    {
        var empty = denominator.eq(0);
        var safe = where(empty, ones_like(denominator), denominator);
        return where(empty, zeros_like(denominator), numerator.div(safe).neg().add(1));
    }

    // Two passes: softmax and the classes' sums; then the gradient by the chain L → w → p → z.
    private (double Loss, Tensor Gradient) Fused(Tensor logits, Tensor target)
    {
        var gradient = empty_like(logits);
        var z = MemoryMarshal.Cast<byte, float>(logits.bytes);
        var p = MemoryMarshal.Cast<byte, float>(gradient.bytes);
        var y = MemoryMarshal.Cast<byte, long>(target.bytes);
        var k = z.Length / y.Length;
        // (1 − p)^α of every element, where it is not trivial: its power is the dear part, and both passes need it.
        var pooled = alpha is 0 or 1 ? [] : ArrayPool<float>.Shared.Rent(z.Length);
        var powers = pooled.AsSpan(0, Math.Min(pooled.Length, z.Length));
        var (sizes, hits, counts) = (new float[k], new float[k], new float[k]);
        var w = new float[k];
        for (var i = 0; i < y.Length; i++)
        {
            var row = p.Slice(i * k, k);
            if (y[i] == IgnoredLabel)
                continue;
            var source = z.Slice(i * k, k);
            TensorPrimitives.Subtract(source, TensorPrimitives.Max(source), row);
            TensorPrimitives.Exp(row, row);
            TensorPrimitives.Multiply(row, 1 / TensorPrimitives.Sum<float>(row), row);
            Weights(row, Power(powers, i, k), w);
            hits[y[i]] += w[y[i]];
            counts[y[i]]++;
            if (squared)
                TensorPrimitives.MultiplyAdd(w, w, sizes, sizes);
            else
                TensorPrimitives.Add(sizes, w, sizes);
        }
        var scale = Classes == ClassReduction.Sum ? 1f : 1f / k;
        var (own, other) = (new float[k], new float[k]); // ∂L/∂w_ic = own_c·y_ic + other_c·(1 or w_ic)
        var loss = 0.0;
        for (var c = 0; c < k; c++)
        {
            double denominator = sizes[c] + counts[c] + gamma, numerator = 2.0 * hits[c] + gamma;
            if (denominator == 0)
                continue;
            loss += scale * (1 - numerator / denominator);
            own[c] = (float)(-2 * scale / denominator);
            other[c] = (float)(scale * numerator / (denominator * denominator) * (squared ? 2 : 1));
        }
        for (var i = 0; i < y.Length; i++)
        {
            var row = p.Slice(i * k, k);
            if (y[i] == IgnoredLabel)
            {
                row.Clear();
                continue;
            }
            Chain(row, Power(powers, i, k), w, own, other, (int)y[i]);
        }
        if (pooled.Length > 0)
            ArrayPool<float>.Shared.Return(pooled);
        return (loss, gradient);
    }

    private static Span<float> Power(Span<float> powers, int i, int k) => powers.IsEmpty ? [] : powers.Slice(i * k, k);

    private void Weights(ReadOnlySpan<float> p, Span<float> power, Span<float> w)
    {
        if (alpha == 0)
        {
            p.CopyTo(w);
            return;
        }
        TensorPrimitives.Subtract(1f, p, w);
        if (alpha == 1)
        {
            TensorPrimitives.Multiply(w, p, w);
            return;
        }
        TensorPrimitives.Max(w, (float)(1 - LargestProbability), w);
        TensorPrimitives.Log(w, power);
        TensorPrimitives.Multiply(power, (float)alpha, power);
        TensorPrimitives.Exp(power, power);
        TensorPrimitives.Multiply(power, p, w);
    }

    // p (in place) → ∂L/∂z = p ⊙ (g − Σ g p), with g = ∂L/∂w · ∂w/∂p and ∂w/∂p = (1 − p)^α − α p (1 − p)^(α − 1).
    private void Chain(Span<float> p, ReadOnlySpan<float> power, Span<float> g, float[] own, float[] other, int label)
    {
        switch (alpha)
        {
            case 0:
                Fill(p, g, own, other, label);
                break;
            case 1:
                for (var c = 0; c < p.Length; c++)
                {
                    var q = p[c];
                    g[c] = ((squared ? other[c] * (1 - q) * q : other[c]) + (c == label ? own[c] : 0)) * (1 - 2 * q);
                }
                break;
            default:
                var (a, ceiling) = ((float)alpha, alpha < 1 ? (float)LargestProbability : float.PositiveInfinity);
                for (var c = 0; c < p.Length; c++)
                {
                    var q = p[c];
                    var slope = q > ceiling ? 0 : power[c] * (1 - a * q / MathF.Max(1 - q, 1e-6f));
                    g[c] = ((squared ? other[c] * power[c] * q : other[c]) + (c == label ? own[c] : 0)) * slope;
                }
                break;
        }
        var mean = TensorPrimitives.Dot<float>(g, p);
        TensorPrimitives.Subtract(g, mean, g);
        TensorPrimitives.Multiply(p, g, p);
    }

    private void Fill(ReadOnlySpan<float> w, Span<float> g, float[] own, float[] other, int label)
    {
        if (squared)
            TensorPrimitives.Multiply(w, other, g);
        else
            other.CopyTo(g);
        g[label] += own[label];
    }
}

/// <summary>
/// The Tversky loss (Salehi et al. 2017): L = 1 − (Σ p y + γ) / (Σ p y + a Σ p(1 − y) + b Σ (1 − p) y + γ). Half and half is the Dice
/// loss with half its γ; a larger b trades precision for recall.
/// </summary>
[Method("tversky-loss", Paper = 34, Kind = MethodKind.Loss)]
public sealed class TverskyLoss : OverlapLoss
{
    private readonly double a, b, gamma;

    /// <summary>Creates the loss.</summary>
    /// <param name="a">The weight of false positives, 0 or more.</param>
    /// <param name="b">The weight of false negatives, 0 or more; not both 0.</param>
    /// <param name="gamma">γ: the smoothing, 0 or more.</param>
    /// <param name="reduction">Over what the overlap is taken.</param>
    /// <param name="classes">How the classes' losses are put together.</param>
    /// <param name="ohemRatio">How many of the hardest negatives are kept for each positive; 0 keeps all.</param>
    public TverskyLoss(
        double a = 0.5, double b = 0.5, double gamma = 1, OverlapReduction reduction = OverlapReduction.Set, ClassReduction classes = ClassReduction.Sum,
        double ohemRatio = 0) : base(nameof(TverskyLoss), reduction, classes, ohemRatio)
    {
        if (!(a >= 0 && b >= 0 && a + b > 0) || !double.IsFinite(a + b))
            throw new ArgumentOutOfRangeException(nameof(a), $"a = {a}, b = {b}", "weights of 0 or more, not both 0, were expected");
        if (!(gamma >= 0) || !double.IsFinite(gamma))
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "0 or more was expected");
        (this.a, this.b, this.gamma) = (a, b, gamma);
    }

    /// <inheritdoc/>
    protected override Tensor OfClass(Tensor p, Tensor y, Tensor kept)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(kept);
        var hit = p.mul(y).mul(kept);
        var falsePositive = p.mul(y.neg().add(1)).mul(kept).mul(a);
        var falseNegative = p.neg().add(1).mul(y).mul(kept).mul(b);
        if (Reduction == OverlapReduction.Set)
        {
            var sum = hit.sum();
            return DiceLoss.OneMinusRatio(sum.add(gamma), sum.add(falsePositive.sum()).add(falseNegative.sum()).add(gamma));
        }
        var whole = hit.add(falsePositive).add(falseNegative);
        var denominator = (Reduction == OverlapReduction.Example ? whole : whole.sum().expand(hit.shape)).add(gamma);
        return DiceLoss.OneMinusRatio(hit.add(gamma), denominator).mul(kept).sum().div(kept.sum().clamp_min(1));
    }
}
