using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// Softmax cross-entropy over cosines with a margin for the true class: with x = e/‖e‖ and class vectors w of unit length,
/// L = mean_i log(1 + Σ_{c≠y} exp(s cos(x, w_c)) / exp(s m(cos(x, w_y)))), m lowering the true class's cosine.
/// </summary>
public abstract class MarginSoftmaxLoss : EmbeddingLoss
{
    private Parameter? weight;

    private protected MarginSoftmaxLoss(string name, double scale, int dimensions) : base(name)
    {
        if (!(scale > 0) || !double.IsFinite(scale))
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "a positive number was expected");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        (Scale, Dimensions) = (scale, dimensions);
    }

    /// <summary>s, what cosines are multiplied with.</summary>
    public double Scale { get; }

    /// <inheritdoc/>
    public override int Dimensions { get; }

    /// <inheritdoc/>
    public override int ClassCount => (int)(weight?.shape[0] ?? 0);

    /// <summary>The class vectors (C, d); only their directions count.</summary>
    /// <exception cref="InvalidOperationException">The loss has no weights yet.</exception>
    public Parameter Weight => weight ?? throw new InvalidOperationException($"{GetName()} has no class vectors yet: call {nameof(ForClasses)}");

    /// <inheritdoc/>
    public sealed override MarginSoftmaxLoss ForClasses(int classes, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentNullException.ThrowIfNull(random);
        var vectors = new Parameter(empty(classes, Dimensions));
        Initialization.Normal(vectors, 1, random);
        return WithWeight(vectors);
    }

    internal MarginSoftmaxLoss WithWeight(Parameter vectors)
    {
        var loss = Copy();
        loss.weight = vectors;
        loss.register_parameter("weight", vectors);
        return loss;
    }

    /// <inheritdoc/>
    public override Tensor Scores(Tensor embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        using var scope = NewDisposeScope();
        return Normalize(embeddings).Unit.mm(Normalize(Weight).Unit.t()).mul(Scale).MoveToOuterDisposeScope();
    }

    private protected abstract MarginSoftmaxLoss Copy();

    /// <summary>The lowered cosine of the true class.</summary>
    /// <param name="cosine">cos(x, w_y), (B).</param>
    /// <param name="norms">‖e‖, (B).</param>
    protected abstract Tensor Lowered(Tensor cosine, Tensor norms);

    /// <summary>What is added to the loss, or null.</summary>
    private protected virtual Tensor? Penalty(Tensor norms) => null;

    /// <inheritdoc/>
    protected sealed override Tensor Compute(Tensor embeddings, Tensor target) => WithNegatives(embeddings, target, null);

    /// <summary>The loss with further negatives common to all rows, given as log Σ exp(s n), a scalar.</summary>
    internal Tensor WithNegatives(Tensor embeddings, Tensor target, Func<Tensor, Tensor?>? logSumOfNegatives)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(target);
        var (x, norms) = Normalize(embeddings); // (B, d), (B)
        var cosines = x.mm(Normalize(Weight.to(x.dtype)).Unit.t()); // (B, C)
        var column = target.unsqueeze(1);
        var own = Lowered(cosines.gather(1, column).squeeze(1), norms); // (B)
        var all = cosines.scatter(1, column, own.unsqueeze(1)).mul(Scale).logsumexp(1); // (B)
        if (logSumOfNegatives?.Invoke(x) is { } more)
            all = logaddexp(all, more); // the same q columns in every row, summed once
        var loss = all.sub(own.mul(Scale)).mean();
        return Penalty(norms) is { } penalty ? loss.add(penalty) : loss;
    }

    private protected static Tensor AddAngle(Tensor cosine, Tensor angle)
    {
        // arccos has an infinite derivative at ±1.
        var theta = cosine.clamp(-1 + 1e-7, 1 - 1e-7).acos();
        return theta.add(angle).cos();
    }

    private protected static double Margin(double margin, double most) => margin >= 0 && margin <= most
        ? margin
        : throw new ArgumentOutOfRangeException(nameof(margin), margin, $"0 to {most:0.##} was expected");
}

/// <summary>Softmax over scaled cosines without a margin (Wang et al. 2017, NormFace).</summary>
/// <param name="scale">s, positive.</param>
/// <param name="dimensions">d, the length of an embedding.</param>
[Method("normface", Kind = MethodKind.Loss)]
public sealed class NormFaceLoss(double scale = 30, int dimensions = 64) : MarginSoftmaxLoss(nameof(NormFaceLoss), scale, dimensions)
{
    private protected override MarginSoftmaxLoss Copy() => new NormFaceLoss(Scale, Dimensions);

    /// <inheritdoc/>
    protected override Tensor Lowered(Tensor cosine, Tensor norms) => cosine;
}

/// <summary>CosFace (Wang et al. 2018, arXiv 1801.09414): m(cos θ) = cos θ − m.</summary>
/// <param name="margin">m, 0 to 2.</param>
/// <param name="scale">s, positive; 64 with very many classes.</param>
/// <param name="dimensions">d, the length of an embedding.</param>
[Method("cosface", Kind = MethodKind.Loss)]
public sealed class CosFaceLoss(double margin = 0.35, double scale = 30, int dimensions = 64) : MarginSoftmaxLoss(nameof(CosFaceLoss), scale, dimensions)
{
    private readonly double margin = Margin(margin, 2);

    private protected override MarginSoftmaxLoss Copy() => new CosFaceLoss(margin, Scale, Dimensions);

    /// <inheritdoc/>
    protected override Tensor Lowered(Tensor cosine, Tensor norms)
    {
        ArgumentNullException.ThrowIfNull(cosine);
        return cosine.sub(margin);
    }
}

/// <summary>ArcFace (Deng et al. 2019, arXiv 1801.07698): m(cos θ) = cos(θ + m).</summary>
/// <param name="margin">m in radians, 0 to π.</param>
/// <param name="scale">s, positive; 64 with very many classes.</param>
/// <param name="dimensions">d, the length of an embedding.</param>
[Method("arcface", Kind = MethodKind.Loss)]
public sealed class ArcFaceLoss(double margin = 0.5, double scale = 32, int dimensions = 64) : MarginSoftmaxLoss(nameof(ArcFaceLoss), scale, dimensions)
{
    private readonly double margin = Margin(margin, Math.PI);

    private protected override MarginSoftmaxLoss Copy() => new ArcFaceLoss(margin, Scale, Dimensions);

    /// <inheritdoc/>
    protected override Tensor Lowered(Tensor cosine, Tensor norms)
    {
        ArgumentNullException.ThrowIfNull(cosine);
        return AddAngle(cosine, full_like(cosine.detach(), margin));
    }
}

/// <summary>
/// MagFace (Meng et al. 2021, arXiv 2103.06627): m(cos θ) = cos(θ + m(a)) with the embedding's length a = ‖e‖ clamped to [10, 110] and
/// m(a) = (0.8 − 0.45)/(110 − 10)·(a − 10) + 0.45; λ·mean(a/110² + 1/a) is added, which draws good examples outwards.
/// </summary>
/// <param name="lambda">λ, 0 or more.</param>
/// <param name="scale">s, positive.</param>
/// <param name="dimensions">d, the length of an embedding.</param>
[Method("magface", Kind = MethodKind.Loss)]
public sealed class MagFaceLoss(double lambda = 35, double scale = 64, int dimensions = 64) : MarginSoftmaxLoss(nameof(MagFaceLoss), scale, dimensions)
{
    private const double LeastLength = 10, MostLength = 110, LeastMargin = 0.45, MostMargin = 0.8;

    private readonly double lambda = lambda >= 0 && double.IsFinite(lambda)
        ? lambda
        : throw new ArgumentOutOfRangeException(nameof(lambda), lambda, "0 or more was expected");

    private protected override MarginSoftmaxLoss Copy() => new MagFaceLoss(lambda, Scale, Dimensions);

    /// <inheritdoc/>
    protected override Tensor Lowered(Tensor cosine, Tensor norms)
    {
        var a = Length(norms);
        return AddAngle(cosine, a.sub(LeastLength).mul((MostMargin - LeastMargin) / (MostLength - LeastLength)).add(LeastMargin));
    }

    private protected override Tensor Penalty(Tensor norms)
    {
        var a = Length(norms);
        return a.div(MostLength * MostLength).add(a.reciprocal()).mean().mul(lambda);
    }

    private static Tensor Length(Tensor norms)
    {
        ArgumentNullException.ThrowIfNull(norms);
        return norms.clamp(LeastLength, MostLength);
    }
}
