using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>A metric of the confusion matrix that training can aim at.</summary>
public enum ConfusionObjective
{
    /// <summary>(TP + TN)/n.</summary>
    Accuracy,
    /// <summary>(1 + β²)TP / (β² n₁ + Σa), with β = 1 unless another is given.</summary>
    F1,
    /// <summary>(n₀ TP + n₁ TN)/(2 n₀ n₁).</summary>
    BalancedAccuracy,
    /// <summary>TP·TN/(n₀ n₁), or its root.</summary>
    GMean,
    /// <summary>TP/(TP + FP + FN).</summary>
    Jaccard,
    /// <summary>Matthews's correlation.</summary>
    Mcc,
}

/// <summary>A metric as a differentiable function of the soft counts, each a scalar tensor.</summary>
public delegate Tensor SoftMetric(Tensor tp, Tensor fn, Tensor fp, Tensor tn);

/// <summary>
/// Losses 1 − metric of a soft confusion matrix: a_i ∈ [0, 1] stands for the hard decision, TP = Σ y a, FN = n₁ − TP, FP = Σ a − TP,
/// TN = n − n₁ − Σ a + TP over the batch.
/// </summary>
public abstract class SoftConfusionLoss : BinaryLoss
{
    internal const double Epsilon = 1e-5;
    private readonly SoftMetric metric;
    private readonly bool needsNegatives;
    private readonly bool needsPositives;
    private readonly bool fromProbabilities;

    private readonly ConfusionObjective? objective;
    private readonly double beta;
    private readonly bool root;

    private protected SoftConfusionLoss(string name, SoftMetric metric, ConfusionObjective? objective, double beta, bool root, bool fromProbabilities) : base(name)
    {
        (this.metric, this.objective, this.beta, this.root, this.fromProbabilities) = (metric, objective, beta, root, fromProbabilities);
        needsNegatives = objective is ConfusionObjective.BalancedAccuracy or ConfusionObjective.GMean or ConfusionObjective.Mcc;
        needsPositives = needsNegatives || objective is ConfusionObjective.F1 or ConfusionObjective.Jaccard;
    }

    /// <summary>The batches that gave no gradient because they lacked a class that the metric needs.</summary>
    public long SkippedBatches { get; private set; }

    /// <summary>The soft counts TP, FN, FP, TN of a batch.</summary>
    /// <param name="logits">As the loss takes them.</param>
    /// <param name="target">0 or 1, (B).</param>
    public (double TP, double FN, double FP, double TN) Counts(Tensor logits, Tensor target)
    {
        Check(logits, target);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var logit = logits.dim() == 1 ? logits : logits.shape[1] == 1 ? logits.squeeze(1) : logits.select(1, 1).sub(logits.select(1, 0));
        var y = target.to(logit.dtype);
        var a = Amplify(fromProbabilities ? logit : logit.sigmoid());
        var (tp, positives, all) = (a.mul(y).sum().ToDouble(), y.sum().ToDouble(), a.sum().ToDouble());
        return (tp, positives - tp, all - tp, y.shape[0] - positives - all + tp);
    }

    /// <summary>a = A(p), (B) to (B), by differentiable operations.</summary>
    protected abstract Tensor Amplify(Tensor p);

    /// <summary>A(p) and A′(p) of one probability, or null where there is no fused pass.</summary>
    private protected virtual (float Value, float Slope)? Amplify(float p) => null;

    /// <summary>Turns 1 − metric into the whole loss.</summary>
    private protected virtual Tensor Complete(Tensor oneMinusMetric, Tensor logit, Tensor p, Tensor label) => oneMinusMetric;

    private protected virtual bool IsMetricOnly => true;

    /// <inheritdoc/>
    protected sealed override Tensor ComputeBinary(Tensor logit, Tensor label)
    {
        ArgumentNullException.ThrowIfNull(logit);
        ArgumentNullException.ThrowIfNull(label);
        var positives = label.sum().ToDouble();
        if (Lacks(positives, label.shape[0]))
        {
            SkippedBatches++;
            return logit.sum().mul(0);
        }
        var p = fromProbabilities ? logit : logit.sigmoid();
        var a = Amplify(p); // (B)
        var tp = a.mul(label).sum();
        var all = a.sum();
        var value = metric(tp, tp.neg().add(positives), all.sub(tp), tp.sub(all).add(label.shape[0] - positives));
        return Complete(value.neg().add(1), logit, p, label);
    }

    /// <inheritdoc/>
    public override (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        Check(logits, target);
        return IsMetricOnly && Amplify(0.5f) is not null && DenseKernels.IsPlain(logits) && target.dtype == ScalarType.Int64 && target.is_contiguous()
            ? Fused(logits, target)
            : AutogradLossAndGradient(logits, target);
    }

    /// <inheritdoc/>
    protected override void Check(Tensor logits, Tensor target)
    {
        base.Check(logits, target);
        if (!fromProbabilities)
            return;
        if (logits.dim() == 2 && logits.shape[1] == 2)
            throw new ArgumentException("with fromProbabilities one probability for each example, (B) or (B, 1), was expected", nameof(logits));
        using var scope = NewDisposeScope();
        if (logits.detach().lt(0).logical_or(logits.detach().gt(1)).any().item<bool>())
            throw new ArgumentException("probabilities from 0 to 1 were expected; leave fromProbabilities off for logits", nameof(logits));
    }

    private bool Lacks(double positives, long count) => (needsPositives && positives == 0) || (needsNegatives && positives == count);

    // One pass for the counts, the metric's own derivatives, one pass for ∂M/∂a_i · A′ · p(1 − p).
    private (double Loss, Tensor Gradient) Fused(Tensor logits, Tensor target)
    {
        var gradient = empty_like(logits);
        var z = MemoryMarshal.Cast<byte, float>(logits.bytes);
        var g = MemoryMarshal.Cast<byte, float>(gradient.bytes);
        var y = MemoryMarshal.Cast<byte, long>(target.bytes);
        var columns = z.Length / y.Length;
        var (tp, all, positives) = (0.0, 0.0, 0L);
        for (var i = 0; i < y.Length; i++)
        {
            var x = columns == 1 ? z[i] : z[2 * i + 1] - z[2 * i];
            var p = fromProbabilities ? x : 1 / (1 + MathF.Exp(-x));
            var (a, slope) = Amplify(p)!.Value;
            g[i * columns] = fromProbabilities ? slope : slope * p * (1 - p);
            tp += y[i] * a;
            all += a;
            positives += y[i];
        }
        if (Lacks(positives, y.Length))
        {
            SkippedBatches++;
            gradient.zero_();
            return (0 * all, gradient);
        }
        var (loss, hit, alarm) = MetricGradient(tp, positives - tp, all - tp, y.Length - positives - all + tp);
        for (var i = 0; i < y.Length; i++)
        {
            var slope = g[i * columns] * (float)(y[i] == 1 ? hit : alarm);
            g[i * columns] = columns == 1 ? slope : -slope;
            if (columns == 2)
                g[2 * i + 1] = slope;
        }
        return (loss, gradient);
    }

    // 1 − M, and ∂(1 − M)/∂a of a positive (TP up, FN down) and of a negative (FP up, TN down); n₁ and n₀ do not move.
    private (double Loss, double Hit, double Alarm) MetricGradient(double tp, double fn, double fp, double tn)
    {
        double n1 = tp + fn, n0 = fp + tn, d, m;
        switch (objective)
        {
            case ConfusionObjective.Accuracy:
                return (1 - (tp + tn) / (n1 + n0), -1 / (n1 + n0), 1 / (n1 + n0));
            case ConfusionObjective.F1:
                d = beta * beta * n1 + tp + fp + Epsilon;
                m = 1 + beta * beta;
                return (1 - m * tp / d, -m * (d - tp) / (d * d), m * tp / (d * d));
            case ConfusionObjective.BalancedAccuracy:
                d = 2 * n0 * n1 + Epsilon;
                return (1 - (n0 * tp + n1 * tn) / d, -n0 / d, n1 / d);
            case ConfusionObjective.GMean:
                d = n0 * n1 + Epsilon;
                m = tp * tn / d;
                var outer = root ? 0.5 / Math.Sqrt(Math.Max(m, 1e-12)) : 1;
                if (root && m < 1e-12)
                    outer = 0;
                return (1 - (root ? Math.Sqrt(Math.Max(m, 1e-12)) : m), -outer * tn / d, outer * tp / d);
            case ConfusionObjective.Jaccard:
                d = n1 + fp + Epsilon;
                return (1 - tp / d, -1 / d, tp / (d * d));
            case ConfusionObjective.Mcc:
                var (up, down) = (tp + fp, tn + fn); // predicted positives and negatives
                d = up * n1 * n0 * down + Epsilon;
                m = tp * tn - fp * fn;
                var both = 0.5 * m * n1 * n0 * (down - up) / Math.Pow(d, 1.5);
                return (1 - m / Math.Sqrt(d), both - n0 / Math.Sqrt(d), both + n1 / Math.Sqrt(d));
            default:
                return AutogradMetric(tp, fn, fp, tn);
        }
    }

    // A metric that the user wrote down: autograd on its four numbers alone.
    private (double Loss, double Hit, double Alarm) AutogradMetric(double tp, double fn, double fp, double tn)
    {
        using var _ = enable_grad();
        using var scope = NewDisposeScope();
        Tensor[] counts = [tensor(tp).requires_grad_(), tensor(fn).requires_grad_(), tensor(fp).requires_grad_(), tensor(tn).requires_grad_()];
        var value = metric(counts[0], counts[1], counts[2], counts[3]);
        value.backward();
        double D(int i) => counts[i].grad is { } d ? d.ToDouble() : 0;
        return (1 - value.ToDouble(), D(1) - D(0), D(3) - D(2));
    }

    internal static SoftMetric Formula(ConfusionObjective objective, double beta, bool root)
    {
        if (!(beta > 0) || !double.IsFinite(beta))
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "a positive number was expected");
        var b2 = beta * beta;
        return objective switch
        {
            ConfusionObjective.Accuracy => (tp, fn, fp, tn) => tp.add(tn).div(tp.add(tn).add(fn).add(fp)),
            ConfusionObjective.F1 => (tp, fn, fp, tn) => tp.mul(1 + b2).div(tp.add(fn).mul(b2).add(tp).add(fp).add(Epsilon)),
            ConfusionObjective.BalancedAccuracy => (tp, fn, fp, tn) =>
                fp.add(tn).mul(tp).add(tp.add(fn).mul(tn)).div(fp.add(tn).mul(tp.add(fn)).mul(2).add(Epsilon)),
            ConfusionObjective.GMean => (tp, fn, fp, tn) =>
            {
                var product = tp.mul(tn).div(fp.add(tn).mul(tp.add(fn)).add(Epsilon));
                return root ? product.clamp_min(1e-12).sqrt() : product;
            },
            ConfusionObjective.Jaccard => (tp, fn, fp, tn) => tp.div(tp.add(fp).add(fn).add(Epsilon)),
            ConfusionObjective.Mcc => (tp, fn, fp, tn) =>
                tp.mul(tn).sub(fp.mul(fn)).div(tp.add(fp).mul(tp.add(fn)).mul(tn.add(fp)).mul(tn.add(fn)).clamp_min(0).add(Epsilon).sqrt()),
            _ => throw new ArgumentOutOfRangeException(nameof(objective), objective, "a metric of the enumeration was expected"),
        };
    }
}
