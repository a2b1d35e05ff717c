using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The downstream error of a loss, Err(L) = ε − k·exp(−γL): exponential in the loss, a power of the perplexity. ε is near the error of guessing.
/// Least squares by Levenberg–Marquardt, with ε and k by projection at the start. (Gadre et al. 2024, arXiv 2403.08540.)
/// </summary>
[Method("downstream-error-law", Paper = 14, Kind = MethodKind.ScalingLaw)]
public sealed record DownstreamErrorLaw : ScalingLaw
{
    /// <summary>ε, the error of a model that knows nothing.</summary>
    [JsonIgnore]
    public double Epsilon => Fit.Theta[0];

    /// <summary>k.</summary>
    [JsonIgnore]
    public double K => Math.Exp(Fit.Theta[1]);

    /// <summary>γ.</summary>
    [JsonIgnore]
    public double Gamma => Fit.Theta[2];

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => ["loss"];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Response => "error";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => "error = ε − k·exp(−γ·loss)";

    /// <inheritdoc/>
    protected override bool IsShare => true;

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("ε", false), ("k", true), ("γ", false)];

    /// <summary>The law of given constants, with nothing known of their uncertainty.</summary>
    public static DownstreamErrorLaw Of(double epsilon, double k, double gamma) => new() { Fit = LawFit.Exact(epsilon, Math.Log(k), gamma) };

    /// <summary>Fits the law.</summary>
    /// <param name="loss">The losses.</param>
    /// <param name="error">The errors, 0 to 1, averaged over tasks.</param>
    /// <exception cref="ArgumentException">Fewer than three losses, losses or errors that do not change, or errors outside [0, 1].</exception>
    public static DownstreamErrorLaw FitTo(IReadOnlyList<double> loss, IReadOnlyList<double> error)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(error);
        LawData.Check(loss, error, "loss", "error");
        LawData.CheckResponse(loss, "loss");
        if (error.FirstOrDefault(e => e > 1) is > 1 and var large)
            throw new ArgumentException($"an error of {large}: a share between 0 and 1 was expected");
        if (loss.Distinct().Count() < 3)
            throw new ArgumentException($"{loss.Distinct().Count()} distinct losses cannot determine ε, k and γ: at least 3 are needed");
        double[][] x = [.. loss.Select(v => new[] { v })];
        double[] y = [.. error];
        double[] ones = [.. Enumerable.Repeat(1.0, y.Length)];
        double[][] Columns(double gamma) => [ones, [.. loss.Select(v => -Math.Exp(-gamma * v))]];
        var gamma = ExponentSearch.Minimize(g => NonNegativeColumns.Solve(Columns(g), y).SquaredError, 0.01, 20);
        var c = NonNegativeColumns.Solve(Columns(gamma), y).Coefficients;
        var fit = CurveFit.Of(Curve, x, y, [[c[0], Math.Log(Math.Max(c[1], 1e-12)), gamma], [0.8, 0, 1]]);
        return new DownstreamErrorLaw
        {
            Fit = LawFit.Of(fit, false),
            Points = [.. loss.Select((l, i) => new LawPoint([l], error[i]))],
            Warnings = fit.DegreesOfFreedom == 0 ? ["three points determine ε, k and γ exactly: no interval can be given"] : c[1] <= 0 ? ["the error does not rise with the loss: the law does not fit"] : [],
        };
    }

    /// <summary>The error of a predicted loss: the loss's interval is pushed through the law and joined with the law's own.</summary>
    public Estimate Of(Estimate loss)
    {
        var own = Predict([loss.Value]);
        if (!double.IsFinite(loss.Interval.Low) || !double.IsFinite(own.Interval.Low))
            return own;
        var (low, high) = (Value(Math.Max(1e-9, loss.Interval.Low)), Value(loss.Interval.High));
        // Independent errors add in squares, each side of its own.
        return new Estimate(own.Value, new Interval(
            own.Value - Hypotenuse(own.Value - low, own.Value - own.Interval.Low), own.Value + Hypotenuse(high - own.Value, own.Interval.High - own.Value)).Clip(0, 1));
    }

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) => Curve(at, theta, gradient);

    private static double Curve(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var term = Math.Exp(theta[1] - theta[2] * at[0]);
        gradient[0] = 1;
        gradient[1] = -term;
        gradient[2] = term * at[0];
        return theta[0] - term;
    }

    private static double Hypotenuse(double a, double b) => Math.Sqrt(a * a + b * b);
}
