using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// The Z-loss (de Brébisson and Vincent 2016, arXiv 1604.08859): with the row's mean μ and population deviation σ and z_c = (o_c − μ)/σ,
/// L = (1/a)·log(1 + exp(a(b − z_c))); the mean over the batch. Invariant to shift and positive scale of the scores. The gradient is
/// ∂L/∂o_k = −(s/σ)(1[k = c] − 1/D − z_k z_c/D) with s = sigmoid(a(b − z_c)).
/// <para>z_c lies in [−√(D−1), √(D−1)]. A larger b asks for the top rank, a smaller one is content with the top few: choose a and b by
/// the validation error at the k of interest. The scores rank classes; they are no log-odds (calibrate softmax(z/T) afterwards). As the
/// gradient grows like 1/σ, shrinking scores inflate steps; σ is held at 1e-8 or more, so do not start from an output layer of zeros.</para>
/// <para>Not the log² Z regulariser of language models that has the same name.</para>
/// </summary>
/// <param name="a">The sharpness, positive; a → ∞ gives the hinge max(0, b − z_c).</param>
/// <param name="b">The location, in deviations.</param>
[Method("z-loss", Paper = 40, Kind = MethodKind.Loss)]
public sealed class ZLoss(double a = 0.3, double b = 3) : SphericalLoss(nameof(ZLoss))
{
    private const double LeastDeviation = 1e-8;
    private readonly double a = a > 0 && double.IsFinite(a) ? a : throw new ArgumentOutOfRangeException(nameof(a), a, "a positive number was expected");
    private readonly double b = double.IsFinite(b) ? b : throw new ArgumentOutOfRangeException(nameof(b), b, "a finite number was expected");

    /// <inheritdoc/>
    protected override bool IsShiftInvariant => true;

    /// <summary>The standardised scores z, (B, D).</summary>
    public static Tensor Standardize(Tensor scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        using var scope = NewDisposeScope();
        var centred = scores.sub(scores.mean([1], keepdim: true));
        return centred.div(centred.square().mean([1], keepdim: true).clamp_min(LeastDeviation * LeastDeviation).sqrt()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The loss with some classes left out of each row: they enter neither μ nor σ and get no gradient.
    /// </summary>
    /// <param name="scores">(B, D).</param>
    /// <param name="target">(B), none of them a masked class.</param>
    /// <param name="keep">(B, D) or (1, D) of bool: false leaves the class out. Each row keeps two or more.</param>
    public Tensor Masked(Tensor scores, Tensor target, Tensor keep)
    {
        Check(scores, target);
        ArgumentNullException.ThrowIfNull(keep);
        using var scope = NewDisposeScope();
        var mask = keep.expand(scores.shape);
        if (mask.sum([1]).lt(2).any().item<bool>())
            throw new ArgumentException("each row must keep two or more classes", nameof(keep));
        if (!mask.gather(1, target.unsqueeze(1)).all().item<bool>())
            throw new ArgumentException("a row's own class must not be masked", nameof(keep));
        var weight = mask.to(scores.dtype);
        var count = weight.sum([1], keepdim: true);
        // where, not a product: a masked score may be infinite.
        var kept = where(mask, scores, zeros_like(scores));
        var centred = kept.sub(kept.sum([1], keepdim: true).div(count)).mul(weight);
        var sigma = centred.square().sum([1], keepdim: true).div(count).clamp_min(LeastDeviation * LeastDeviation).sqrt();
        return OfStandardized(Own(centred.div(sigma), target)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override (double Loss, double Alpha, double Beta, double Theta) Evaluate(long classes, double sum, double squares, double own)
    {
        double d = classes;
        var mu = sum / d;
        var sigma = Math.Max(Math.Sqrt(Math.Max(0, squares / d - mu * mu)), LeastDeviation);
        var z = (own - mu) / sigma;
        var x = a * (b - z);
        var tail = Math.Exp(-Math.Abs(x)); // softplus and sigmoid without overflow
        var s = x >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
        return ((Math.Max(x, 0) + double.LogP1(tail)) / a, s / (sigma * d) * (1 - z * mu / sigma), s * z / (sigma * sigma * d), -s / sigma);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target) => OfStandardized(Own(Standardize(logits), target));

    // log(1 + eˣ) without overflow
    private Tensor OfStandardized(Tensor own)
    {
        var x = own.neg().add(b).mul(a);
        return x.clamp_min(0).add(x.abs().neg().exp().log1p()).div(a).mean();
    }
}
