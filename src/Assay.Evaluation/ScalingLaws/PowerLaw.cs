using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Whether a law has an irreducible term.</summary>
public enum IrreducibleTerm
{
    /// <summary>It has one if Akaike's criterion (corrected) prefers it.</summary>
    Auto,
    /// <summary>It has one.</summary>
    Yes,
    /// <summary>It has none.</summary>
    No,
}

/// <summary>
/// The power law L(x) = A·x^(−α) + E of one variable: parameters, data, compute, steps, members of an ensemble. For a fixed α it is linear in
/// A and E (both kept non-negative), so a search over α alone finds the optimum without starts; Levenberg–Marquardt polishes it and gives the
/// covariance.
/// </summary>
[Method("power-law", Kind = MethodKind.ScalingLaw)]
public sealed record PowerLaw : ScalingLaw
{
    /// <summary>What x is: n, d, compute, steps.</summary>
    public string Variable { get; init; } = "x";

    /// <summary>A, the reducible loss at x = 1.</summary>
    [JsonIgnore]
    public double A => Math.Exp(Fit.Theta[0]);

    /// <summary>α, the exponent.</summary>
    [JsonIgnore]
    public double Alpha => Fit.Theta[1];

    /// <summary>E, the irreducible loss.</summary>
    [JsonIgnore]
    public double E => Fit.Theta[2];

    /// <summary>Whether Akaike's criterion prefers the law with E over the one without; null where there are too few points to tell.</summary>
    public bool? PrefersIrreducible { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => [Variable];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => $"L = A·{Variable}^(−α) + E";

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("A", true), ("α", false), ("E", false)];

    /// <summary>Fits the law.</summary>
    /// <param name="x">The abscissas, positive.</param>
    /// <param name="loss">The losses.</param>
    /// <param name="irreducible">Whether there is an irreducible term.</param>
    /// <param name="variable">The name of x.</param>
    /// <param name="resamples">Residual resamples for intervals; 0 for the delta method.</param>
    /// <param name="seed">The seed of the resamples.</param>
    /// <exception cref="ArgumentException">Fewer than three distinct abscissas (two without E), a value that is not finite, or a loss that does not change.</exception>
    public static PowerLaw FitTo(
        IReadOnlyList<double> x, IReadOnlyList<double> loss, IrreducibleTerm irreducible = IrreducibleTerm.Yes, string variable = "x", int resamples = 0, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(loss);
        LawData.Check(x, loss, variable);
        var distinct = x.Distinct().Count();
        var least = irreducible == IrreducibleTerm.Yes ? 3 : 2;
        if (distinct < least)
            throw new ArgumentException($"{distinct} distinct value{(distinct == 1 ? "" : "s")} of {variable}: a power law {(least == 3 ? "with an irreducible term " : "")}needs at least {least}");
        double[][] rows = [.. x.Select(v => new[] { v })];
        double[] y = [.. loss];
        var without = Fitted(rows, y, hasFloor: false);
        var with = distinct >= 3 && irreducible != IrreducibleTerm.No ? Fitted(rows, y, hasFloor: true) : null;
        bool? prefers = with is null || double.IsInfinity(with.Aicc) ? null : with.Aicc < without.Aicc;
        var chosen = irreducible == IrreducibleTerm.Yes || (irreducible == IrreducibleTerm.Auto && prefers == true) ? with! : without;
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (chosen.DegreesOfFreedom == 0)
            warnings.Add($"{y.Length} points determine the parameters exactly: no interval can be given");
        else if (chosen.DegreesOfFreedom == 1)
            warnings.Add("one degree of freedom: intervals are wide and rest on one residual");
        if (chosen == with && chosen.Parameters[2] == 0)
            warnings.Add("the irreducible loss is at its bound 0");
        return new PowerLaw
        {
            Variable = variable,
            Fit = LawFit.Of(chosen, false, resamples, seed),
            PrefersIrreducible = prefers,
            Points = [.. x.Select((v, i) => new LawPoint([v], loss[i]))],
            Warnings = warnings.ToImmutable(),
        };
    }

    /// <summary>The x at which a loss is reached, or null where the irreducible loss is not below it.</summary>
    public double? Solve(double target) => target > E ? Math.Pow((target - E) / A, -1 / Alpha) : null;

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) => Term(at, theta, gradient);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{A:g5}·{Variable}^(−{Alpha:g5}) + {E:g5}");

    internal static double Term(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var logX = Math.Log(at[0]);
        var term = Math.Exp(theta[0] - theta[1] * logX);
        gradient[0] = term;
        gradient[1] = -term * logX;
        gradient[2] = 1;
        return term + theta[2];
    }

    internal static CurveFit Fitted(double[][] rows, double[] y, bool hasFloor, double[]? weights = null)
    {
        double[] floor = [.. Enumerable.Repeat(1.0, y.Length)];
        double[][] Columns(double exponent)
        {
            double[] power = [.. rows.Select(r => Math.Pow(r[0], -exponent))];
            return hasFloor ? [power, floor] : [power];
        }
        var alpha = ExponentSearch.Minimize(a => NonNegativeColumns.Solve(Columns(a), y, weights).SquaredError);
        var coefficients = NonNegativeColumns.Solve(Columns(alpha), y, weights).Coefficients;
        double[] start = [Math.Log(Math.Max(coefficients[0], 1e-300)), alpha, hasFloor ? coefficients[1] : 0];
        return CurveFit.Of(Term, rows, y, [start], new CurveFitOptions
        {
            Weights = weights,
            LowerBounds = [double.NegativeInfinity, double.NegativeInfinity, 0],
            UpperBounds = [double.PositiveInfinity, double.PositiveInfinity, hasFloor ? double.PositiveInfinity : 0],
        });
    }
}
