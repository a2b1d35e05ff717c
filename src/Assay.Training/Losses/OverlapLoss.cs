using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>Over what an overlap of predictions and labels is taken.</summary>
public enum OverlapReduction
{
    /// <summary>Over the whole batch: sums in numerator and denominator, as in F1.</summary>
    Set,
    /// <summary>Example by example, then the mean: the formula of the Dice-loss paper.</summary>
    Example,
    /// <summary>
    /// The released code's multi-class path: numerators of examples over the denominator of the batch, then the mean. For comparison only.
    /// </summary>
    Reference,
}

/// <summary>How the losses of the classes, one against the rest, are put together.</summary>
public enum ClassReduction
{
    /// <summary>Added up.</summary>
    Sum,
    /// <summary>Averaged.</summary>
    Mean,
}

/// <summary>
/// Losses that measure the overlap of predicted and true positives: one class against the rest with softmax probabilities for scores
/// (…, C), or one positive class with sigmoid probabilities for scores (…, 1) or of the labels' own shape. Positions whose mask is false,
/// or whose label is −100, count neither in the numerator nor in the denominator.
/// </summary>
public abstract class OverlapLoss : ClassLoss
{
    /// <summary>The label of a position that is left out.</summary>
    public const long IgnoredLabel = -100;

    private readonly double ohemRatio;
    private protected readonly OverlapReduction Reduction;
    private protected readonly ClassReduction Classes;

    private protected OverlapLoss(string name, OverlapReduction reduction, ClassReduction classes, double ohemRatio) : base(name)
    {
        if (!(ohemRatio >= 0) || !double.IsFinite(ohemRatio))
            throw new ArgumentOutOfRangeException(nameof(ohemRatio), ohemRatio, "0 or more was expected");
        (Reduction, Classes, this.ohemRatio) = (reduction, classes, ohemRatio);
    }

    private protected bool KeepsAllNegatives => ohemRatio == 0;

    /// <summary>The loss over the positions of a mask.</summary>
    /// <param name="logits">(…, C), (…, 1) or of the labels' shape.</param>
    /// <param name="labels">(…): class numbers, or 0 and 1.</param>
    /// <param name="mask">(…) of bool: false leaves the position out.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, a label is out of range, or every position is left out.</exception>
    public Tensor Masked(Tensor logits, Tensor labels, Tensor mask)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(mask);
        if (!mask.shape.SequenceEqual(labels.shape) || mask.dtype != ScalarType.Bool)
            throw new ArgumentException($"a mask of bool with the labels' shape {LossArguments.Shape(labels)} was expected, not {mask.dtype} {LossArguments.Shape(mask)}", nameof(mask));
        using var scope = NewDisposeScope();
        var left = labels.to(ScalarType.Int64).masked_fill(mask.logical_not(), IgnoredLabel);
        Check(logits, left);
        return Compute(LossArguments.AtLeastSingle(logits), left).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of given probabilities, which may be soft labels too in the set form.</summary>
    /// <param name="p">Probabilities (N).</param>
    /// <param name="y">Labels in [0, 1], (N).</param>
    public Tensor OfProbabilities(Tensor p, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(y);
        if (p.dim() != 1 || !p.shape.SequenceEqual(y.shape) || p.shape[0] == 0)
            throw new ArgumentException($"two vectors of one length were expected, not {LossArguments.Shape(p)} and {LossArguments.Shape(y)}", nameof(p));
        using var scope = NewDisposeScope();
        return OfClass(p, y.to(p.dtype), ones_like(p)).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of one class.</summary>
    /// <param name="p">Probabilities of the class (N).</param>
    /// <param name="y">1 where the example is of the class, (N).</param>
    /// <param name="kept">1 where the position counts, (N).</param>
    protected abstract Tensor OfClass(Tensor p, Tensor y, Tensor kept);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        var flat = target.to(ScalarType.Int64).flatten(); // (N)
        var binary = IsBinary(logits, target);
        var p = binary ? logits.flatten().sigmoid().unsqueeze(1) : nn.functional.softmax(logits.view(-1, logits.shape[^1]), 1); // (N, C)
        var counted = flat.ne(IgnoredLabel);
        var kept = counted.to(p.dtype); // (N)
        // where, not a product: what is left out must not reach the gradient even when it is not finite.
        if (!counted.all().item<bool>())
            p = where(counted.unsqueeze(1), p, zeros_like(p));
        var losses = new List<Tensor>();
        for (var c = 0; c < p.shape[1]; c++)
        {
            var y = flat.eq(binary ? 1 : c).to(p.dtype);
            var pc = p.select(1, c);
            losses.Add(OfClass(pc, y, ohemRatio > 0 ? HardNegatives(pc, y, kept) : kept));
        }
        var all = stack(losses);
        return Classes == ClassReduction.Sum ? all.sum() : all.mean();
    }

    /// <inheritdoc/>
    protected override void Check(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        if (target.numel() == 0)
            throw new ArgumentException("the batch is empty", nameof(target));
        if (!logits.is_floating_point())
            throw new ArgumentException($"real-valued scores were expected, not {logits.dtype}", nameof(logits));
        var binary = IsBinary(logits, target);
        if (!binary && !(logits.dim() == target.dim() + 1 && logits.shape[..^1].SequenceEqual(target.shape)))
            throw new ArgumentException($"scores of shape {LossArguments.Shape(target)[..^1]}, classes] were expected, not {LossArguments.Shape(logits)}", nameof(logits));
        CheckLabels(target, binary ? 2 : logits.shape[^1]);
    }

    // All positives and the highest-scored negatives, `ratio` times as many as there are positives; constant in the backward pass.
    private Tensor HardNegatives(Tensor p, Tensor y, Tensor kept)
    {
        using var _ = no_grad();
        var positives = y.mul(kept);
        var negatives = kept.sub(positives);
        var keep = Math.Min((long)Math.Floor(positives.sum().ToDouble() * ohemRatio), (long)negatives.sum().ToDouble());
        if (keep == 0)
            return positives;
        var hardest = where(negatives.gt(0), p.detach(), full_like(p.detach(), -1)).topk((int)keep).indexes;
        return positives.index_fill(0, hardest, 1);
    }

    private static bool IsBinary(Tensor logits, Tensor target) =>
        logits.shape.SequenceEqual(target.shape) || (logits.dim() == target.dim() + 1 && logits.shape[^1] == 1 && logits.shape[..^1].SequenceEqual(target.shape));

    private static void CheckLabels(Tensor target, long classes)
    {
        if (target.is_floating_point())
        {
            LossArguments.CheckBinaryLabels(target);
            return;
        }
        if (target.dtype != ScalarType.Int64)
            throw new ArgumentException($"class numbers of int64 were expected, not {target.dtype}", nameof(target));
        if (target.device_type != DeviceType.CPU || !target.is_contiguous())
            return;
        var counted = 0;
        var labels = MemoryMarshal.Cast<byte, long>(target.bytes);
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] == IgnoredLabel)
                continue;
            counted++;
            if ((ulong)labels[i] >= (ulong)classes)
                throw new ArgumentException($"class numbers from 0 to {classes - 1}, or {IgnoredLabel} to leave one out, were expected, not {labels[i]} (position {i})", nameof(target));
        }
        if (counted == 0)
            throw new ArgumentException("every position is left out", nameof(target));
    }
}
