using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// Unified negative pairs (Jung et al. 2022, arXiv 2203.11593): the cosines of all pairs of the batch with different labels join the
/// negatives of a margin softmax, L_i = log(1 + [Σ_{c≠y} exp(s cos(x_i, w_c)) + Σ_{n∈N′} exp(s n)] / exp(s m(cos(x_i, w_y)))). N′ are the
/// metric negatives between the whiskers q1 − r·(q3 − q1) and q3 + r·(q3 − q1): outliers are probably wrong labels. The sum over N′ is the
/// same for every row and is computed once. Gradients flow through the kept pairs to both embeddings, not through the choice.
/// </summary>
[Method("unpg", Paper = 24, Kind = MethodKind.Loss)]
public sealed class UnifiedNegativeLoss : EmbeddingLoss
{
    private readonly MarginSoftmaxLoss head;
    private readonly double whisker;

    /// <summary>Creates the loss.</summary>
    /// <param name="head">The margin softmax; <c>cosface</c> by default.</param>
    /// <param name="whisker">r, 0 or more; <c>Infinity</c> keeps all pairs. The paper takes 1.5 on MS1MV2 and 1 on K-FACE.</param>
    public UnifiedNegativeLoss(MarginSoftmaxLoss? head = null, double whisker = 1.5) : base(nameof(UnifiedNegativeLoss))
    {
        if (!(whisker >= 0))
            throw new ArgumentOutOfRangeException(nameof(whisker), whisker, "0 or more was expected");
        this.head = head ?? new CosFaceLoss();
        this.whisker = whisker;
        register_module("head", this.head);
    }

    /// <inheritdoc/>
    public override int Dimensions => head.Dimensions;

    /// <inheritdoc/>
    public override int ClassCount => head.ClassCount;

    /// <inheritdoc/>
    public override UnifiedNegativeLoss ForClasses(int classes, SeededRandom random) => new(head.ForClasses(classes, random), whisker);

    /// <inheritdoc/>
    public override Tensor Scores(Tensor embeddings) => head.Scores(embeddings);

    /// <summary>The metric negatives that count: the cosines of pairs i &lt; j with different labels, after the filter.</summary>
    /// <param name="embeddings">(B, d).</param>
    /// <param name="target">(B) of int64.</param>
    /// <returns>(q).</returns>
    public Tensor Negatives(Tensor embeddings, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        var all = Pairs(Normalize(embeddings).Unit, target);
        var (low, high) = Bounds(all, whisker);
        return all.masked_select(all.ge(low).logical_and(all.le(high))).MoveToOuterDisposeScope();
    }

    /// <summary>The whiskers of values: quartiles are the sorted values at ⌊0.25 l⌋ and ⌊0.75 l⌋; fewer than 4 values are all kept.</summary>
    /// <param name="values">(l), in any order.</param>
    /// <param name="whisker">r.</param>
    public static (double Low, double High) Bounds(Tensor values, double whisker)
    {
        ArgumentNullException.ThrowIfNull(values);
        var count = values.numel();
        if (count < 4 || double.IsPositiveInfinity(whisker))
            return (double.NegativeInfinity, double.PositiveInfinity);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // A quartile is found by selection, not by sorting. kthvalue counts from 1.
        var q1 = values.kthvalue(count / 4 + 1, 0).values.ToDouble();
        var q3 = values.kthvalue(3 * count / 4 + 1, 0).values.ToDouble();
        return (q1 - whisker * (q3 - q1), q3 + whisker * (q3 - q1));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor embeddings, Tensor target) => head.WithNegatives(embeddings, target, x =>
    {
        var negatives = Pairs(x, target);
        if (negatives.numel() == 0)
            return null; // one class only: the plain head
        var (low, high) = Bounds(negatives, whisker);
        var outside = negatives.detach().lt(low).logical_or(negatives.detach().gt(high));
        return negatives.mul(head.Scale).masked_fill(outside, double.NegativeInfinity).logsumexp(0);
    });

    private static Tensor Pairs(Tensor x, Tensor target)
    {
        var different = target.unsqueeze(0).ne(target.unsqueeze(1)).triu(1); // (B, B)
        return x.mm(x.t()).masked_select(different);
    }
}
