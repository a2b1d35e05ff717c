using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>The closed form of least squares: W = (FᵀF + λI)⁻¹ FᵀY.</summary>
public static class RidgeSolution
{
    /// <summary>Solves for W (D, K).</summary>
    /// <param name="features">F (N, D).</param>
    /// <param name="targets">Y (N, K).</param>
    /// <param name="ridge">λ; null takes 10⁻³·trace(FᵀF)/D. Where λ = 0 and FᵀF is singular, the pseudo-inverse gives the smallest solution.</param>
    public static Tensor Solve(Tensor features, Tensor targets, double? ridge = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        var gram = features.t().mm(features).to(ScalarType.Float64); // (D, D)
        var moments = features.t().mm(targets).to(ScalarType.Float64); // (D, K)
        var lambda = ridge ?? 1e-3 * gram.trace().item<double>() / gram.shape[0];
        if (lambda > 0)
            gram.diagonal().add_(lambda);
        var (factor, info) = linalg.cholesky_ex(gram);
        var solution = info.item<int>() == 0 ? moments.cholesky_solve(factor) : linalg.pinv(gram, hermitian: true).mm(moments);
        return solution.to(features.dtype).MoveToOuterDisposeScope();
    }
}
