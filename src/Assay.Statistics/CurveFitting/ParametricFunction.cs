namespace Assay.Statistics;

/// <summary>A function f(x; θ) with its gradient in θ, for <see cref="CurveFit"/>.</summary>
/// <param name="x">The abscissas of one observation.</param>
/// <param name="parameters">θ.</param>
/// <param name="gradient">Receives ∂f/∂θ; as long as θ.</param>
/// <returns>f(x; θ).</returns>
public delegate double ParametricFunction(ReadOnlySpan<double> x, ReadOnlySpan<double> parameters, Span<double> gradient);
