using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>What is compared with the average response of a bag.</summary>
public enum AggregateBase
{
    /// <summary>(ȳ − f)², of averaged predictions.</summary>
    Squared,
    /// <summary>−Σ_c ȳ_c log p_c of averaged probabilities: softmax for two or more outputs, the sigmoid for one.</summary>
    CrossEntropy,
    /// <summary>The logistic loss in the averaged linear predictor, −Σ_c ȳ_c η_c + log Σ_c exp(η_c), or −ȳη + log(1 + e^η) for one output.</summary>
    Logistic,
}

/// <summary>
/// Learning rows from averages of bags (Javanmard et al. 2024, arXiv 2401.11081): L = (1 − ρ)·L_bag + ρ·L_ins, with
/// L_bag = Σ_a (k_a/n) ℓ(ȳ_a, f̄_a) and L_ins = Σ_a (1/n) Σ_i ℓ(ȳ_a, f_i). For the squared loss it is L_bag plus ρ times the variance of
/// predictions within bags; for the other two plus ρ times a Jensen gap. ρ = 0 is unbiased under random bags and varies most; ρ = 1 shrinks
/// towards a constant.
/// </summary>
[Method("aggregate-loss", Paper = 47, Kind = MethodKind.Loss)]
public sealed class AggregateLoss : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly double rho;

    /// <summary>Creates the loss.</summary>
    /// <param name="rho">ρ, 0 to 1; above 1 for the squared loss only.</param>
    /// <param name="baseLoss">ℓ.</param>
    public AggregateLoss(double rho = 0.1, AggregateBase baseLoss = AggregateBase.Squared) : base(nameof(AggregateLoss))
    {
        if (!(rho >= 0) || !double.IsFinite(rho) || (rho > 1 && baseLoss != AggregateBase.Squared))
            throw new ArgumentOutOfRangeException(nameof(rho), rho, baseLoss == AggregateBase.Squared ? "0 or more was expected" : "0 to 1 was expected");
        (this.rho, Base) = (rho, baseLoss);
    }

    /// <summary>ℓ.</summary>
    public AggregateBase Base { get; }

    /// <summary>The loss.</summary>
    /// <param name="predictions">What the model gives for each row: (n) or (n, outputs).</param>
    /// <param name="bagIndex">The bag of each row, (n) of int64 from 0 to m − 1; every bag has a row.</param>
    /// <param name="bagMeans">The averages, (m) or (m, outputs).</param>
    /// <exception cref="ArgumentException">Shapes do not fit, a bag number is out of range, or a bag has no row.</exception>
    public override Tensor forward(Tensor predictions, Tensor bagIndex, Tensor bagMeans)
    {
        using var scope = NewDisposeScope();
        var (bag, instance) = Parts(predictions, bagIndex, bagMeans);
        return bag.mul(1 - rho).add(instance.mul(rho)).MoveToOuterDisposeScope();
    }

    /// <summary>L_bag and L_ins, both differentiable.</summary>
    public (Tensor Bag, Tensor Instance) Parts(Tensor predictions, Tensor bagIndex, Tensor bagMeans)
    {
        Check(predictions, bagIndex, bagMeans);
        using var scope = NewDisposeScope();
        var f = LossArguments.AtLeastSingle(predictions).reshape(bagIndex.shape[0], -1); // (n, c)
        var y = bagMeans.reshape(-1, f.shape[1]).to(f.dtype); // (m, c)
        if (Base == AggregateBase.CrossEntropy && f.shape[1] > 1)
            f = f.softmax(1);
        else if (Base == AggregateBase.CrossEntropy)
            f = f.sigmoid();
        var sizes = zeros(y.shape[0], dtype: f.dtype, device: f.device).index_add(0, bagIndex, ones(bagIndex.shape[0], dtype: f.dtype, device: f.device), 1); // (m)
        if (sizes.min().ToDouble() == 0)
            throw new ArgumentException("a bag has no row", nameof(bagIndex));
        var centres = zeros_like(y).index_add(0, bagIndex, f, 1).div(sizes.unsqueeze(1)); // (m, c)
        var bag = Loss(y, centres).mul(sizes).sum().div(f.shape[0]);
        var instance = Loss(y.index_select(0, bagIndex), f).mean();
        return (bag.MoveToOuterDisposeScope(), instance.MoveToOuterDisposeScope());
    }

    /// <summary>The loss and its gradient with respect to the predictions; for the squared loss (2/n)[(1 − ρ)(f̄ − ȳ) + ρ(f_i − ȳ)].</summary>
    /// <param name="predictions">(n) or (n, outputs).</param>
    /// <param name="bagIndex">(n).</param>
    /// <param name="bagMeans">(m) or (m, outputs).</param>
    public (double Loss, Tensor Gradient) LossAndGradient(Tensor predictions, Tensor bagIndex, Tensor bagMeans)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        using var _ = enable_grad();
        using var scope = NewDisposeScope();
        var leaf = predictions.detach().requires_grad_();
        var loss = forward(leaf, bagIndex, bagMeans);
        loss.backward();
        return (loss.ToDouble(), leaf.grad!.MoveToOuterDisposeScope());
    }

    // ℓ row by row, (rows).
    private Tensor Loss(Tensor y, Tensor f) => Base switch
    {
        AggregateBase.Squared => f.sub(y).square().sum([1]),
        AggregateBase.CrossEntropy when f.shape[1] > 1 => y.mul(f.clamp_min(1e-12).log()).sum([1]).neg(),
        AggregateBase.CrossEntropy => y.mul(f.clamp_min(1e-12).log()).add(y.neg().add(1).mul(f.neg().add(1).clamp_min(1e-12).log())).sum([1]).neg(),
        _ when f.shape[1] > 1 => f.logsumexp(1).sub(y.mul(f).sum([1])),
        _ => nn.functional.softplus(f).sub(y.mul(f)).sum([1]),
    };

    private static void Check(Tensor predictions, Tensor bagIndex, Tensor bagMeans)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(bagIndex);
        ArgumentNullException.ThrowIfNull(bagMeans);
        if (bagIndex.dim() != 1 || bagIndex.dtype != ScalarType.Int64 || bagIndex.numel() == 0)
            throw new ArgumentException($"bag numbers (n) of int64 were expected, not {bagIndex.dtype} {LossArguments.Shape(bagIndex)}", nameof(bagIndex));
        if (predictions.dim() is not (1 or 2) || predictions.shape[0] != bagIndex.shape[0])
            throw new ArgumentException($"predictions of {bagIndex.shape[0]} rows were expected, not {LossArguments.Shape(predictions)}", nameof(predictions));
        var outputs = predictions.dim() == 2 ? predictions.shape[1] : 1;
        if (bagMeans.dim() is not (1 or 2) || (bagMeans.dim() == 2 ? bagMeans.shape[1] : 1) != outputs)
            throw new ArgumentException($"averages of {outputs} outputs were expected, not {LossArguments.Shape(bagMeans)}", nameof(bagMeans));
        LossArguments.CheckLabels(bagIndex, bagMeans.shape[0]);
    }
}
