using Assay.Statistics;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>What AnyLoss does to a probability before it counts.</summary>
public enum Amplification
{
    /// <summary>A(p) = 1/(1 + exp(−L(p − ½))).</summary>
    Logistic,
    /// <summary>Nothing: a = p.</summary>
    None,
    /// <summary>Nothing, but p(1 − p) is added to the loss, which splits probabilities apart.</summary>
    Splitter,
}

/// <summary>
/// AnyLoss (Han et al. 2024, arXiv 2405.14745): trains a binary classifier for a metric of the confusion matrix. a_i = A(p_i) =
/// 1/(1 + exp(−L(p_i − ½))) pushes probabilities towards 0 and 1 but keeps a gradient A′ = L a(1 − a), and the loss is 1 − metric of the
/// soft counts of the batch, with 10⁻⁵ in denominators.
/// <para>A large L starves the gradient, of wrong examples too: the paper's own sweep collapses from about L = 52. Batches must hold both
/// classes; one that lacks a class which the metric needs gives no gradient and is counted in
/// <see cref="SoftConfusionLoss.SkippedBatches"/>. Decide at p = ½.</para>
/// </summary>
[Method("anyloss", Paper = 8, Kind = MethodKind.Loss)]
public sealed class AnyLoss : SoftConfusionLoss
{
    private readonly double sharpness, metricShare;
    private readonly Amplification amplification;

    /// <summary>Creates the loss.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="sharpness">L, positive; 10 to 25 for mini-batches. The paper's is 73.</param>
    /// <param name="beta">β of F-beta.</param>
    /// <param name="root">Whether the G-mean takes the root of the paper; without it the gradient behaves better and the maximiser is the same.</param>
    /// <param name="amplification">What is done to probabilities.</param>
    /// <param name="metricShare">r of (1 − r)·weighted cross-entropy + r·(1 − metric), above 0 to 1; weights n₀/n on positives, n₁/n on negatives.</param>
    /// <param name="fromProbabilities">Whether the model gives probabilities instead of logits.</param>
    public AnyLoss(
        ConfusionObjective metric = ConfusionObjective.F1, double sharpness = 20, double beta = 1, bool root = false,
        Amplification amplification = Amplification.Logistic, double metricShare = 1, bool fromProbabilities = false)
        : this(Formula(metric, beta, root), metric, beta, root, sharpness, amplification, metricShare, fromProbabilities)
    {
    }

    private AnyLoss(
        SoftMetric formula, ConfusionObjective? metric, double beta, bool root, double sharpness, Amplification amplification, double metricShare, bool fromProbabilities)
        : base(nameof(AnyLoss), formula, metric, beta, root, fromProbabilities)
    {
        if (!(sharpness > 0) || !double.IsFinite(sharpness))
            throw new ArgumentOutOfRangeException(nameof(sharpness), sharpness, "a positive number was expected");
        if (metricShare is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(metricShare), metricShare, "above 0 to 1 was expected");
        if (metricShare < 1 && fromProbabilities)
            throw new ArgumentException("the cross-entropy part needs logits", nameof(fromProbabilities));
        (this.sharpness, this.amplification, this.metricShare) = (sharpness, amplification, metricShare);
    }

    /// <summary>A loss for any metric of the soft counts TP, FN, FP, TN.</summary>
    /// <param name="metric">The metric, larger being better, by differentiable operations. It must be finite for every batch.</param>
    /// <param name="sharpness">L, positive.</param>
    public static AnyLoss For(SoftMetric metric, double sharpness = 20)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return new AnyLoss(metric, null, 1, false, sharpness, Amplification.Logistic, 1, false);
    }

    /// <inheritdoc/>
    protected override Tensor Amplify(Tensor p)
    {
        ArgumentNullException.ThrowIfNull(p);
        return amplification == Amplification.Logistic ? p.sub(0.5).mul(sharpness).sigmoid() : p.alias();
    }

    private protected override bool IsMetricOnly => amplification != Amplification.Splitter && metricShare == 1;

    private protected override (float Value, float Slope)? Amplify(float p)
    {
        if (amplification != Amplification.Logistic)
            return (p, 1);
        var l = (float)sharpness;
        var a = 1 / (1 + MathF.Exp(-l * (p - 0.5f)));
        return (a, l * a * (1 - a));
    }

    private protected override Tensor Complete(Tensor oneMinusMetric, Tensor logit, Tensor p, Tensor label)
    {
        var loss = amplification == Amplification.Splitter ? oneMinusMetric.add(p.mul(p.neg().add(1)).mean()) : oneMinusMetric;
        return metricShare == 1 ? loss : loss.mul(metricShare).add(BinaryCrossEntropyLoss.Of(logit, label, balanced: true).mul(1 - metricShare));
    }
}

/// <summary>What a score-oriented loss takes the threshold to be drawn from.</summary>
public enum ThresholdPrior
{
    /// <summary>Uniform on [centre − width, centre + width].</summary>
    Uniform,
    /// <summary>The raised cosine on the same interval.</summary>
    RaisedCosine,
}

/// <summary>
/// The score-oriented loss (Marchetti et al. 2022): the threshold τ is random, and a_i = P(τ &lt; p_i) is its distribution function at p_i;
/// the loss is 1 − metric of the expected counts. The uniform prior on [0, 1] is the metric of the probabilities themselves.
/// </summary>
[Method("score-oriented-loss", Kind = MethodKind.Loss)]
public sealed class ScoreOrientedLoss : SoftConfusionLoss
{
    private readonly ThresholdPrior prior;
    private readonly double centre, width;

    /// <summary>Creates the loss.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="prior">The distribution of the threshold.</param>
    /// <param name="centre">Its centre, between 0 and 1.</param>
    /// <param name="width">Half its width, positive.</param>
    /// <param name="beta">β of F-beta.</param>
    public ScoreOrientedLoss(
        ConfusionObjective metric = ConfusionObjective.F1, ThresholdPrior prior = ThresholdPrior.Uniform, double centre = 0.5, double width = 0.5, double beta = 1)
        : base(nameof(ScoreOrientedLoss), Formula(metric, beta, root: false), metric, beta, root: false, fromProbabilities: false)
    {
        if (centre is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(centre), centre, "between 0 and 1 was expected");
        if (!(width > 0) || !double.IsFinite(width))
            throw new ArgumentOutOfRangeException(nameof(width), width, "a positive number was expected");
        (this.prior, this.centre, this.width) = (prior, centre, width);
    }

    /// <inheritdoc/>
    protected override Tensor Amplify(Tensor p)
    {
        ArgumentNullException.ThrowIfNull(p);
        var u = p.sub(centre).div(width).clamp(-1, 1); // −1 … 1 over the prior's support
        var uniform = u.add(1).mul(0.5);
        return prior == ThresholdPrior.Uniform ? uniform : uniform.add(u.mul(Math.PI).sin().div(2 * Math.PI));
    }
}
