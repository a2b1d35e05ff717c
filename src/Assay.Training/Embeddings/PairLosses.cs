using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// A loss over the pairs of a batch, by the cosines of embeddings: it needs no class vectors. Alone it fits a loop of your own; in a
/// recipe it stands beside a margin softmax (<see cref="PairedLoss"/>). A batch without a pair that the loss needs gives 0.
/// </summary>
[MethodValue]
public abstract class PairLoss(string name) : nn.Module<Tensor, Tensor, Tensor>(name)
{
    /// <summary>The loss.</summary>
    /// <param name="embeddings">(B, d).</param>
    /// <param name="target">Class numbers, (B) of int64.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the batch is empty.</exception>
    public sealed override Tensor forward(Tensor embeddings, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(target);
        if (embeddings.dim() != 2)
            throw new ArgumentException($"embeddings (batch, dimensions) were expected, not {LossArguments.Shape(embeddings)}", nameof(embeddings));
        LossArguments.CheckRows(embeddings, target);
        using var scope = NewDisposeScope();
        var x = EmbeddingLoss.Normalize(LossArguments.AtLeastSingle(embeddings)).Unit;
        var same = target.unsqueeze(0).eq(target.unsqueeze(1)); // (B, B)
        var positive = same.logical_and(eye(target.shape[0], dtype: ScalarType.Bool, device: target.device).logical_not());
        return Compute(x.mm(x.t()), positive, same.logical_not()).MoveToOuterDisposeScope();
    }

    /// <summary>The loss.</summary>
    /// <param name="similarity">All cosines (B, B).</param>
    /// <param name="positive">Whether two different examples share their class, (B, B).</param>
    /// <param name="negative">Whether they are of different classes, (B, B).</param>
    protected abstract Tensor Compute(Tensor similarity, Tensor positive, Tensor negative);

    // The mean of a column over anchors that count; 0 without any.
    private protected static Tensor MeanOver(Tensor values, Tensor counts) =>
        where(counts, values, zeros_like(values)).sum().div(counts.sum().to(values.dtype).clamp_min(1));

    private protected static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "a positive number was expected");
}

/// <summary>
/// Batch-hard triplets (Schroff et al. 2015; Hermans et al. 2017) on cosines: the mean over anchors of max(0, m + max_n s_an − min_p s_ap).
/// </summary>
/// <param name="margin">m, 0 or more.</param>
[Method("triplet", Kind = MethodKind.Loss)]
public sealed class TripletLoss(double margin = 0.5) : PairLoss(nameof(TripletLoss))
{
    private readonly double margin = MarginArguments.Check(margin);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor similarity, Tensor positive, Tensor negative)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        var farthest = similarity.masked_fill(positive.logical_not(), 2).amin([1]); // (B)
        var nearest = similarity.masked_fill(negative.logical_not(), -2).amax([1]);
        return MeanOver(nearest.sub(farthest).add(margin).relu(), positive.any(1).logical_and(negative.any(1)));
    }
}

/// <summary>
/// The contrastive loss (Hadsell et al. 2006) on cosines: the mean of 1 − s over positive pairs plus the mean of max(0, s − m) over
/// negative ones.
/// </summary>
/// <param name="margin">m, the cosine from which on a negative pair costs, −1 to 1.</param>
[Method("contrastive", Kind = MethodKind.Loss)]
public sealed class ContrastiveLoss(double margin = 0.5) : PairLoss(nameof(ContrastiveLoss))
{
    private readonly double margin = margin is >= -1 and <= 1 ? margin : throw new ArgumentOutOfRangeException(nameof(margin), margin, "a cosine was expected");

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor similarity, Tensor positive, Tensor negative)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        return MeanOver(similarity.neg().add(1), positive).add(MeanOver(similarity.sub(margin).relu(), negative));
    }
}

/// <summary>
/// The multi-similarity loss (Wang et al. 2019, arXiv 1904.06627): the mean over anchors of (1/α) log(1 + Σ_p exp(−α(s_p − λ))) +
/// (1/β) log(1 + Σ_n exp(β(s_n − λ))) over mined pairs: negatives with s_n &gt; min_p s_p − ε, positives with s_p &lt; max_n s_n + ε.
/// </summary>
/// <param name="alpha">α, positive.</param>
/// <param name="beta">β, positive.</param>
/// <param name="threshold">λ.</param>
/// <param name="epsilon">ε, 0 or more.</param>
[Method("multi-similarity", Kind = MethodKind.Loss)]
public sealed class MultiSimilarityLoss(double alpha = 2, double beta = 50, double threshold = 0.5, double epsilon = 0.1) : PairLoss(nameof(MultiSimilarityLoss))
{
    private readonly double alpha = Positive(alpha, nameof(alpha));
    private readonly double beta = Positive(beta, nameof(beta));
    private readonly double epsilon = MarginArguments.Check(epsilon);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor similarity, Tensor positive, Tensor negative)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        var s = similarity.detach();
        var farthest = s.masked_fill(positive.logical_not(), 2).amin([1], keepdim: true);
        var nearest = s.masked_fill(negative.logical_not(), -2).amax([1], keepdim: true);
        var hardNegative = negative.logical_and(s.gt(farthest.sub(epsilon)));
        var hardPositive = positive.logical_and(s.lt(nearest.add(epsilon)));
        var pull = OneAnd(similarity.sub(threshold).mul(-alpha), hardPositive).div(alpha);
        var push = OneAnd(similarity.sub(threshold).mul(beta), hardNegative).div(beta);
        return pull.add(push).mean();
    }

    // log(1 + Σ over the mask of exp(v)), row by row.
    private static Tensor OneAnd(Tensor exponents, Tensor mask)
    {
        var masked = exponents.masked_fill(mask.logical_not(), double.NegativeInfinity);
        return cat([masked, zeros(masked.shape[0], 1, dtype: masked.dtype, device: masked.device)], 1).logsumexp(1);
    }
}

/// <summary>
/// Circle loss (Sun et al. 2020, arXiv 2002.10857): softplus(log Σ_n exp(γ α_n (s_n − m)) + log Σ_p exp(−γ α_p (s_p − 1 + m))), the mean
/// over anchors, with the constant weights α_p = [1 + m − s_p]₊ and α_n = [s_n + m]₊.
/// </summary>
/// <param name="margin">m, 0 to below 1.</param>
/// <param name="scale">γ, positive; 256 with large batches.</param>
[Method("circle-loss", Kind = MethodKind.Loss)]
public sealed class CircleLoss(double margin = 0.25, double scale = 80) : PairLoss(nameof(CircleLoss))
{
    private readonly double margin = margin is >= 0 and < 1 ? margin : throw new ArgumentOutOfRangeException(nameof(margin), margin, "0 to below 1 was expected");
    private readonly double scale = Positive(scale, nameof(scale));

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor similarity, Tensor positive, Tensor negative)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        var s = similarity.detach();
        var pull = similarity.sub(1 - margin).mul(s.neg().add(1 + margin).relu()).mul(-scale);
        var push = similarity.sub(margin).mul(s.add(margin).relu()).mul(scale);
        // A large negative number, not −∞: the row of an anchor without pairs must not give NaN gradients.
        var p = pull.masked_fill(positive.logical_not(), -1e9).logsumexp(1);
        var n = push.masked_fill(negative.logical_not(), -1e9).logsumexp(1);
        return MeanOver(nn.functional.softplus(p.add(n)), positive.any(1).logical_and(negative.any(1)));
    }
}

/// <summary>A margin softmax plus a loss over pairs: L = L_head + weight · L_pairs.</summary>
[Method("paired", Kind = MethodKind.Loss)]
public sealed class PairedLoss : EmbeddingLoss
{
    private readonly MarginSoftmaxLoss head;
    private readonly PairLoss pairs;
    private readonly double weight;

    /// <summary>Creates the loss.</summary>
    /// <param name="pairs">The loss over pairs: <c>triplet</c>, <c>contrastive</c>, <c>multi-similarity</c>, <c>circle-loss</c>.</param>
    /// <param name="head">The margin softmax; <c>cosface</c> by default.</param>
    /// <param name="weight">The weight of the loss over pairs, 0 or more.</param>
    public PairedLoss(PairLoss pairs, MarginSoftmaxLoss? head = null, double weight = 1) : base(nameof(PairedLoss))
    {
        this.pairs = pairs ?? throw new ArgumentNullException(nameof(pairs));
        this.head = head ?? new CosFaceLoss();
        this.weight = MarginArguments.Check(weight);
        register_module("head", this.head);
    }

    /// <inheritdoc/>
    public override int Dimensions => head.Dimensions;

    /// <inheritdoc/>
    public override int ClassCount => head.ClassCount;

    /// <inheritdoc/>
    public override PairedLoss ForClasses(int classes, SeededRandom random) => new(pairs, head.ForClasses(classes, random), weight);

    /// <inheritdoc/>
    public override Tensor Scores(Tensor embeddings) => head.Scores(embeddings);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor embeddings, Tensor target) =>
        head.WithNegatives(embeddings, target, null).add(pairs.call(embeddings, target).mul(weight));
}
