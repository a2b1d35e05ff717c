using System.Collections.Immutable;
using MathNet.Numerics.Distributions;

namespace Assay.Statistics;

/// <summary>
/// A non-linear regression by Levenberg–Marquardt from several starts, with bounds on parameters, relative residuals and a Huber loss
/// (by iterated weights) as options. Intervals come from the delta method with Student's t, or from refits of resampled residuals.
/// </summary>
public sealed class CurveFit
{
    private readonly ParametricFunction function;
    private readonly double[][] x;
    private readonly double[] y;
    private readonly CurveFitOptions options;

    private CurveFit(ParametricFunction function, double[][] x, double[] y, CurveFitOptions options, double[] parameters, double objective)
    {
        (this.function, this.x, this.y, this.options) = (function, x, y, options);
        Objective = objective;
        Parameters = [.. parameters];
        var problem = new LevenbergMarquardt(function, x, y, options);
        var residuals = new double[x.Length];
        problem.Residuals(parameters, residuals);
        Residuals = [.. residuals];
        var free = problem.Free(parameters);
        DegreesOfFreedom = x.Length - free.Length;
        var squares = 0.0;
        for (var i = 0; i < residuals.Length; i++)
            squares += problem.Weight(i) * residuals[i] * residuals[i];
        ResidualSumOfSquares = squares;
        Noise = DegreesOfFreedom > 0 ? Math.Sqrt(squares / DegreesOfFreedom) : double.NaN;
        Covariance = problem.Covariance(parameters, free, Noise * Noise);
    }

    /// <summary>θ at the optimum.</summary>
    public ImmutableArray<double> Parameters { get; }

    /// <summary>Half the weighted sum of squares, or the Huber loss.</summary>
    public double Objective { get; }

    /// <summary>f − y (or ln f − ln y) of each observation.</summary>
    public ImmutableArray<double> Residuals { get; }

    /// <summary>The weighted sum of squared residuals.</summary>
    public double ResidualSumOfSquares { get; }

    /// <summary>Observations less parameters; a parameter at its bound does not count.</summary>
    public int DegreesOfFreedom { get; }

    /// <summary>The standard deviation of an observation of weight 1 around the curve; NaN without degrees of freedom.</summary>
    public double Noise { get; }

    /// <summary>The covariance of θ (Noise² (JᵀJ)⁻¹); zero in the rows of parameters at a bound, NaN where it is not identified.</summary>
    public double[,] Covariance { get; }

    /// <summary>Akaike's criterion corrected for few observations, n ln(RSS/n) + 2k + 2k(k+1)/(n−k−1) with k = parameters + 1; infinite where n is too small.</summary>
    public double Aicc => InformationCriterion(ResidualSumOfSquares, x.Length, x.Length - DegreesOfFreedom);

    /// <summary>Akaike's criterion corrected for few observations.</summary>
    /// <param name="squares">The residual sum of squares.</param>
    /// <param name="observations">n.</param>
    /// <param name="parameters">The fitted parameters, the noise not counted.</param>
    public static double InformationCriterion(double squares, int observations, int parameters)
    {
        var k = parameters + 1;
        return observations - k - 1 <= 0 ? double.PositiveInfinity
            : observations * Math.Log(Math.Max(squares, 1e-300) / observations) + 2 * k + 2.0 * k * (k + 1) / (observations - k - 1);
    }

    /// <summary>Fits a function.</summary>
    /// <param name="function">f and its gradient.</param>
    /// <param name="x">The abscissas of each observation.</param>
    /// <param name="y">The observed values.</param>
    /// <param name="starts">Where to start; the best end wins.</param>
    /// <param name="options">Residuals, bounds, loss; the defaults where null.</param>
    /// <exception cref="ArgumentException">There are fewer observations than parameters, or a value is not finite.</exception>
    public static CurveFit Of(ParametricFunction function, double[][] x, double[] y, IEnumerable<double[]> starts, CurveFitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(starts);
        options ??= CurveFitOptions.Default;
        var from = starts.ToArray();
        if (from.Length == 0)
            throw new ArgumentException("at least one start is needed", nameof(starts));
        var pinned = options.LowerBounds is { } low && options.UpperBounds is { } high ? low.Zip(high).Count(b => b.First >= b.Second) : 0;
        Check(x, y, from[0].Length - pinned, options);
        var problem = new LevenbergMarquardt(function, x, y, options);
        double[]? best = null;
        var least = double.PositiveInfinity;
        foreach (var start in from)
        {
            var (parameters, objective) = problem.Minimize(start);
            if (objective < least)
                (best, least) = (parameters, objective);
        }
        return best is null
            ? throw new ArgumentException("the function is not finite at any start", nameof(starts))
            : new CurveFit(function, x, y, options, best, least);
    }

    /// <summary>f at a point, with the delta method's interval and Student's t: of the curve, or of a new observation.</summary>
    /// <param name="at">The abscissas.</param>
    /// <param name="ofObservation">Whether the interval holds a new observation of weight 1 instead of the curve.</param>
    /// <param name="level">The confidence level.</param>
    public Estimate At(ReadOnlySpan<double> at, bool ofObservation = false, double level = 0.95) =>
        DeltaInterval(function, at, Parameters.AsSpan(), Covariance, ofObservation ? Noise : 0, DegreesOfFreedom, options.LogResiduals, level);

    /// <summary>The delta method: f ± t·√(gᵀΣg + σ²), on the logarithm where residuals are logarithmic.</summary>
    public static Estimate DeltaInterval(
        ParametricFunction function, ReadOnlySpan<double> at, ReadOnlySpan<double> parameters, double[,] covariance, double noise, int degreesOfFreedom, bool onLog, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(covariance);
        var gradient = new double[parameters.Length];
        var value = function(at, parameters, gradient);
        if (degreesOfFreedom <= 0)
            return new Estimate(value, Interval.Unknown with { Level = level });
        var variance = noise * noise;
        var scale = onLog ? 1 / value : 1;
        for (var i = 0; i < gradient.Length; i++)
        {
            for (var j = 0; j < gradient.Length; j++)
                variance += gradient[i] * gradient[j] * covariance[i, j] * scale * scale;
        }
        var margin = Quantile(degreesOfFreedom, level) * Math.Sqrt(Math.Max(0, variance));
        if (!double.IsFinite(margin))
            return new Estimate(value, Interval.Unknown with { Level = level });
        return new Estimate(value, onLog ? new Interval(value * Math.Exp(-margin), value * Math.Exp(margin), level) : new Interval(value - margin, value + margin, level));
    }

    /// <summary>The two-sided quantile of Student's t.</summary>
    public static double Quantile(int degreesOfFreedom, double level = 0.95) => StudentT.InvCDF(0, 1, degreesOfFreedom, 0.5 + level / 2);

    /// <summary>
    /// Refits with residuals resampled (inflated by √(n/dof)), each from the optimum: one row of θ a resample. Resamples whose refit fails are left out.
    /// </summary>
    /// <param name="resamples">The number of refits.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="InvalidOperationException">There is no degree of freedom, so residuals say nothing of the noise.</exception>
    public double[][] ResidualBootstrap(int resamples = 200, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        if (DegreesOfFreedom <= 0)
            throw new InvalidOperationException($"{x.Length} observations leave no degree of freedom to {Parameters.Length} parameters: the noise is unknown");
        var random = SeededRandom.At(seed, resamples);
        var inflate = Math.Sqrt((double)x.Length / DegreesOfFreedom);
        var optimum = Parameters.ToArray();
        var gradient = new double[optimum.Length];
        var fitted = x.Select(row => function(row, optimum, gradient)).ToArray();
        var refits = new List<double[]>();
        var resampled = new double[y.Length];
        for (var r = 0; r < resamples; r++)
        {
            for (var i = 0; i < resampled.Length; i++)
            {
                var j = random.Next(resampled.Length);
                // A residual counts relative to its own weight, and goes to another observation at that one's.
                var residual = -inflate * Residuals[j] * Math.Sqrt(Weight(j) / Math.Max(Weight(i), 1e-300));
                resampled[i] = options.LogResiduals ? fitted[i] * Math.Exp(residual) : fitted[i] + residual;
            }
            var (parameters, objective) = new LevenbergMarquardt(function, x, resampled, options).Minimize(optimum);
            if (double.IsFinite(objective))
                refits.Add(parameters);
        }
        return [.. refits];
    }

    /// <summary>Refits without one observation each, from the optimum; needs at least one degree of freedom more than none.</summary>
    public double[][] LeaveOneOut() =>
    [
        .. Enumerable.Range(0, x.Length).Select(left =>
        {
            double[][] rest = [.. x.Where((_, i) => i != left)];
            double[] values = [.. y.Where((_, i) => i != left)];
            var weights = options.Weights is { } w ? w.Where((_, i) => i != left).ToArray() : null;
            return new LevenbergMarquardt(function, rest, values, options with { Weights = weights }).Minimize([.. Parameters]).Parameters;
        }),
    ];

    private double Weight(int i) => options.Weights?[i] ?? 1;

    private static void Check(double[][] x, double[] y, int parameters, CurveFitOptions options)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"{x.Length} abscissas and {y.Length} values");
        if (y.Length < parameters)
            throw new ArgumentException($"{y.Length} observations cannot determine {parameters} parameters: at least {parameters} are needed");
        for (var i = 0; i < y.Length; i++)
        {
            if (!double.IsFinite(y[i]) || x[i].Any(v => !double.IsFinite(v)))
                throw new ArgumentException($"observation {i + 1} is not finite");
            if (options.LogResiduals && !(y[i] > 0))
                throw new ArgumentException($"observation {i + 1} is {y[i]}, its logarithm needs a positive value");
        }
        if (options.Weights is { } w && (w.Count != y.Length || w.Any(v => !(v >= 0))))
            throw new ArgumentException($"one non-negative weight is needed for each of the {y.Length} observations");
        if (options.HuberDelta is { } delta && !(delta > 0))
            throw new ArgumentOutOfRangeException(nameof(options), delta, "δ of the Huber loss is positive");
    }
}
