using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>The focal loss (Lin et al. 2017): −(1 − p_y)^γ log p_y, times the class's weight where weights are given; the mean over the batch.</summary>
[Method("focal", Kind = MethodKind.Loss)]
public sealed class FocalLoss : TargetProbabilityLoss
{
    private readonly double gamma;
    private readonly double[] weights;

    /// <summary>Creates the loss.</summary>
    /// <param name="gamma">γ, 0 or more; 0 is cross-entropy.</param>
    /// <param name="weights">One weight for each class, or none.</param>
    public FocalLoss(double gamma = 2, params double[] weights) : base(nameof(FocalLoss))
    {
        this.gamma = gamma >= 0 && double.IsFinite(gamma) ? gamma : throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "0 or more was expected");
        this.weights = WeightedCrossEntropyLoss.Checked(weights);
    }

    /// <inheritdoc/>
    protected override void Check(Tensor logits, Tensor target)
    {
        base.Check(logits, target);
        WeightedCrossEntropyLoss.CheckCount(weights, logits);
    }

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        var loss = gamma == 0 ? logP.neg() : logP.expm1().neg().clamp_min(1e-30).pow(gamma).mul(logP).neg();
        return WeightedCrossEntropyLoss.Weighted(loss, target, weights);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label)
    {
        var p = Math.Exp(logP);
        var rest = Math.Max(-double.ExpM1(logP), 1e-30);
        var weight = weights.Length > 0 ? weights[label] : 1;
        var power = Math.Pow(rest, gamma);
        return (-weight * power * logP, weight * power * (gamma * p / rest * logP - 1));
    }
}

/// <summary>
/// Class-weighted cross-entropy, −w_y log p_y, the mean over the batch (not over the weights, so that the weights keep their size).
/// <see cref="LogFrequencyWeights"/> gives those of the Dice-loss paper.
/// </summary>
[Method("weighted-cross-entropy", Kind = MethodKind.Loss)]
public sealed class WeightedCrossEntropyLoss : TargetProbabilityLoss
{
    private readonly double[] weights;

    /// <summary>Creates the loss.</summary>
    /// <param name="weights">One weight for each class; none is plain cross-entropy.</param>
    public WeightedCrossEntropyLoss(params double[] weights) : base(nameof(WeightedCrossEntropyLoss)) => this.weights = Checked(weights);

    /// <summary>w_c = log₁₀((n − n_c)/n_c + K): rare classes weigh more, common ones about log₁₀ K.</summary>
    /// <param name="counts">The examples of each class, each 1 or more.</param>
    /// <param name="k">K, which keeps common classes' weights positive.</param>
    public static double[] LogFrequencyWeights(ReadOnlySpan<long> counts, double k = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        var total = 0L;
        foreach (var count in counts)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(counts));
            total += count;
        }
        var weights = new double[counts.Length];
        for (var c = 0; c < weights.Length; c++)
            weights[c] = Math.Log10((double)(total - counts[c]) / counts[c] + k);
        return weights;
    }

    /// <inheritdoc/>
    protected override void Check(Tensor logits, Tensor target)
    {
        base.Check(logits, target);
        CheckCount(weights, logits);
    }

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return Weighted(logP.neg(), target, weights);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label)
    {
        var weight = weights.Length > 0 ? weights[label] : 1;
        return (-weight * logP, -weight);
    }

    internal static double[] Checked(double[] weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Array.TrueForAll(weights, w => w >= 0 && double.IsFinite(w))
            ? [.. weights]
            : throw new ArgumentOutOfRangeException(nameof(weights), string.Join(", ", weights), "weights of 0 or more were expected");
    }

    internal static void CheckCount(double[] weights, Tensor logits)
    {
        if (weights.Length > 0 && weights.Length != logits.shape[1])
            throw new ArgumentException($"{weights.Length} class weights for {logits.shape[1]} classes", nameof(weights));
    }

    internal static Tensor Weighted(Tensor losses, Tensor target, double[] weights) =>
        weights.Length == 0 ? losses : losses.mul(tensor(weights, dtype: losses.dtype, device: losses.device).index_select(0, target));
}

/// <summary>The mean absolute error of the probabilities, Σ_k |y_k − p_k| = 2(1 − p_y); symmetric, so robust to uniform label noise.</summary>
[Method("mae-loss", Kind = MethodKind.Loss)]
public sealed class MeanAbsoluteProbabilityLoss() : TargetProbabilityLoss(nameof(MeanAbsoluteProbabilityLoss))
{
    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return logP.expm1().mul(-2);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label) => (-2 * double.ExpM1(logP), -2 * Math.Exp(logP));
}

/// <summary>
/// Generalised cross-entropy (Zhang and Sabuncu 2018): (1 − p_y^q)/q, between cross-entropy (q → 0) and 1 − p_y (q = 1). The truncated
/// form never exceeds (1 − k^q)/q: examples below p_y = k get no gradient.
/// </summary>
/// <param name="q">q, above 0 to 1.</param>
/// <param name="truncation">k, 0 (none) to below 1; the paper's is 0.5.</param>
[Method("gce", Kind = MethodKind.Loss)]
public sealed class GeneralizedCrossEntropyLoss(double q = 0.7, double truncation = 0) : TargetProbabilityLoss(nameof(GeneralizedCrossEntropyLoss))
{
    private readonly double q = q is > 0 and <= 1 ? q : throw new ArgumentOutOfRangeException(nameof(q), q, "above 0 to 1 was expected");
    private readonly double truncation = truncation is >= 0 and < 1
        ? truncation
        : throw new ArgumentOutOfRangeException(nameof(truncation), truncation, "0 to below 1 was expected");

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return (truncation > 0 ? logP.clamp_min(Math.Log(truncation)) : logP).mul(q).expm1().div(-q);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label)
    {
        var cut = truncation > 0 && logP < Math.Log(truncation);
        var at = cut ? Math.Log(truncation) : logP;
        return (-double.ExpM1(q * at) / q, cut ? 0 : -Math.Exp(q * at));
    }
}

/// <summary>Symmetric cross-entropy (Wang et al. 2019): (1 − b)·(−log p_y) + b·A(1 − p_y), the second part being the reverse cross-entropy.</summary>
/// <param name="b">b: the share of the reverse part, 0 to 1.</param>
/// <param name="a">A: minus the logarithm that stands for log 0, positive.</param>
[Method("sce", Kind = MethodKind.Loss)]
public sealed class SymmetricCrossEntropyLoss(double b = 0.5, double a = 4) : TargetProbabilityLoss(nameof(SymmetricCrossEntropyLoss))
{
    private readonly double b = b is >= 0 and <= 1 ? b : throw new ArgumentOutOfRangeException(nameof(b), b, "0 to 1 was expected");
    private readonly double a = a > 0 && double.IsFinite(a) ? a : throw new ArgumentOutOfRangeException(nameof(a), a, "a positive number was expected");

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return logP.mul(b - 1).sub(logP.expm1().mul(b * a));
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label) => ((b - 1) * logP - b * a * double.ExpM1(logP), b - 1 - b * a * Math.Exp(logP));
}

/// <summary>
/// The generalised Jensen–Shannon loss (Englesson and Azizpour 2021) of the one-hot label and the prediction:
/// [π KL(y‖m) + (1 − π) KL(p‖m)] / −(1 − π) ln(1 − π) with m = π y + (1 − π) p. Since p and m are proportional off the target,
/// KL(p‖m) = p_y ln(p_y/m_y) − (1 − p_y) ln(1 − π) and KL(y‖m) = −ln m_y: it depends on p_y alone.
/// </summary>
/// <param name="weight">π, between 0 and 1.</param>
[Method("js", Kind = MethodKind.Loss)]
public sealed class JensenShannonLoss(double weight = 0.5) : TargetProbabilityLoss(nameof(JensenShannonLoss))
{
    private readonly double weight = weight is > 0 and < 1 ? weight : throw new ArgumentOutOfRangeException(nameof(weight), weight, "between 0 and 1 was expected");

    private double Scale => -(1 - weight) * Math.Log(1 - weight);

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        var p = logP.exp();
        var logM = p.mul(1 - weight).add(weight).log();
        var divergence = logP.sub(logM).mul(p).add(p.neg().add(1).mul(-Math.Log(1 - weight)));
        return logM.mul(-weight).add(divergence.mul(1 - weight)).div(Scale);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label)
    {
        var p = Math.Exp(logP);
        var m = weight + (1 - weight) * p;
        var value = -weight * Math.Log(m) + (1 - weight) * (p * (logP - Math.Log(m)) - (1 - p) * Math.Log(1 - weight));
        // d/dp: −π(1−π)/m + (1−π)[ln p − ln m + 1 − p(1−π)/m + ln(1−π)], and π + (1−π)p = m cancels the constants.
        var slope = (1 - weight) * p * (logP - Math.Log(m) + Math.Log(1 - weight));
        return (value / Scale, slope / Scale);
    }
}

/// <summary>Reverse cross-entropy: −Σ_k p_k log max(y_k, 10⁻⁴) = A(1 − p_y) with A = ln 10⁴.</summary>
[Method("rce", Kind = MethodKind.Loss)]
public sealed class ReverseCrossEntropyLoss() : TargetProbabilityLoss(nameof(ReverseCrossEntropyLoss))
{
    internal static double A { get; } = Math.Log(1e4);

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return logP.expm1().mul(-A);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label) => (-A * double.ExpM1(logP), -A * Math.Exp(logP));
}

/// <summary>Asymmetric generalised cross-entropy (Zhou et al. 2021): ((a + 1)^q − (a + p_y)^q)/q.</summary>
/// <param name="a">a, positive.</param>
/// <param name="q">q, positive.</param>
[Method("agce", Kind = MethodKind.Loss)]
public sealed class AsymmetricGeneralizedCrossEntropyLoss(double a = 3, double q = 1.5) : TargetProbabilityLoss(nameof(AsymmetricGeneralizedCrossEntropyLoss))
{
    private readonly double a = a > 0 ? a : throw new ArgumentOutOfRangeException(nameof(a), a, "a positive number was expected");
    private readonly double q = q > 0 ? q : throw new ArgumentOutOfRangeException(nameof(q), q, "a positive number was expected");

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return logP.exp().add(a).pow(q).neg().add(Math.Pow(a + 1, q)).div(q);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label)
    {
        var p = Math.Exp(logP);
        return ((Math.Pow(a + 1, q) - Math.Pow(a + p, q)) / q, -Math.Pow(a + p, q - 1) * p);
    }
}

/// <summary>The asymmetric unhinged loss (Zhou et al. 2021): ((a − p_y)^q − (a − 1)^q)/q.</summary>
/// <param name="a">a, above 1.</param>
/// <param name="q">q, positive.</param>
[Method("aul", Kind = MethodKind.Loss)]
public sealed class AsymmetricUnhingedLoss(double a = 6, double q = 1.5) : TargetProbabilityLoss(nameof(AsymmetricUnhingedLoss))
{
    private readonly double a = a > 1 ? a : throw new ArgumentOutOfRangeException(nameof(a), a, "above 1 was expected");
    private readonly double q = q > 0 ? q : throw new ArgumentOutOfRangeException(nameof(q), q, "a positive number was expected");

    /// <inheritdoc/>
    protected override Tensor Of(Tensor logP, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logP);
        return logP.exp().neg().add(a).pow(q).sub(Math.Pow(a - 1, q)).div(q);
    }

    /// <inheritdoc/>
    protected override (double Value, double Slope) Of(double logP, int label)
    {
        var p = Math.Exp(logP);
        return ((Math.Pow(a - p, q) - Math.Pow(a - 1, q)) / q, -Math.Pow(a - p, q - 1) * p);
    }
}
