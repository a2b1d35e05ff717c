using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The three regions of a learning curve.</summary>
public enum LearningRegion
{
    /// <summary>The model predicts the prior: the error is that of the best guess.</summary>
    SmallData,
    /// <summary>The error falls as a power of the data.</summary>
    PowerLaw,
    /// <summary>The error is near its floor: the local slope is less than half the exponent.</summary>
    Irreducible,
}

/// <summary>
/// A learning curve ε(m) = α·m^β + γ, β &lt; 0, with its three regions: points within two standard errors of the best-guess error ε₀ are region 1
/// and left out; α, β and γ are fitted on relative errors by variance projection; γ = 0 is kept unless Akaike's criterion prefers a floor. With
/// <see cref="LearningCurveOptions.Smooth"/> all points are fitted by γ + (ε₀^(−n) + (α·m^β)^(−n))^(−1/n), n = 8.
/// (Hestness et al. 2017, arXiv 1712.00409; the smooth form, the criterion and the tests are ours.)
/// </summary>
[Method("learning-curve", Paper = 61, Kind = MethodKind.ScalingLaw)]
public sealed record LearningCurve : ScalingLaw
{
    private const double Sharpness = 8;
    private string response = "error";

    /// <summary>What is measured: error, loss.</summary>
    public string Quantity
    {
        get => response;
        init => response = value;
    }

    /// <summary>ε₀, the error of the best guess; NaN where it was not given.</summary>
    public double PriorError { get; init; } = double.NaN;

    /// <summary>Whether the curve saturates at ε₀ for small data.</summary>
    public bool IsSmooth { get; init; }

    /// <summary>The region of each given point, in the order of m.</summary>
    public ImmutableArray<LearningRegion> Regions { get; init; } = [];

    /// <summary>Whether Akaike's criterion prefers a floor; null where there are too few points to tell.</summary>
    public bool? PrefersFloor { get; init; }

    /// <summary>The given points, in the order of m, region 1 included.</summary>
    public ImmutableArray<LearningCurvePoint> Measured { get; init; } = [];

    /// <summary>s(m) = α_p·m^β_p as a line of logarithms, or null where the points have no sizes.</summary>
    public LogLogLine? SizeLaw { get; init; }

    /// <summary>α.</summary>
    [JsonIgnore]
    public double Alpha => Math.Exp(Fit.Theta[0]);

    /// <summary>β, negative.</summary>
    [JsonIgnore]
    public double Beta => -Fit.Theta[1];

    /// <summary>γ, the floor.</summary>
    [JsonIgnore]
    public double Gamma => Fit.Theta[2];

    /// <summary>β with its interval.</summary>
    [JsonIgnore]
    public Estimate Slope => Parameters[1].Estimate;

    /// <summary>The amount of data from which the local slope is less than half of β: where α·m^β = γ; infinite without a floor.</summary>
    [JsonIgnore]
    public double IrreducibleFrom => Gamma > 0 ? Math.Pow(Gamma / Alpha, 1 / Beta) : double.PositiveInfinity;

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => ["m"];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Response => response;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => IsSmooth ? $"{response} = γ + (ε₀^(−8) + (α·m^β)^(−8))^(−1/8)" : $"{response} = α·m^β + γ";

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("α", true), ("β", false), ("γ", false)];

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<LawParameter> Parameters => [.. base.Parameters.Select(p => p.Name == "β"
        ? p with { Estimate = new Estimate(-p.Estimate.Value, new Interval(-p.Estimate.Interval.High, -p.Estimate.Interval.Low)) }
        : p)];

    /// <summary>The curve of given constants, with nothing known of their uncertainty.</summary>
    public static LearningCurve Of(double alpha, double beta, double gamma, double priorError = double.NaN) =>
        new() { Fit = LawFit.Exact(Math.Log(alpha), -beta, gamma), PriorError = priorError, IsSmooth = !double.IsNaN(priorError) };

    /// <summary>Fits the curve.</summary>
    /// <param name="points">The points; those of the same m are averaged.</param>
    /// <param name="options">The best-guess error, the form, the floor; the defaults where null.</param>
    /// <exception cref="ArgumentException">Fewer than three points in the power region, errors of 0, or errors that do not change.</exception>
    public static LearningCurve FitTo(IEnumerable<LearningCurvePoint> points, LearningCurveOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(points);
        options ??= new LearningCurveOptions();
        var given = points.GroupBy(p => p.M).OrderBy(g => g.Key).Select(g => g.Count() == 1 ? g.First() : g.First() with { Error = g.Average(p => p.Error) }).ToImmutableArray();
        LawData.Check([.. given.Select(p => p.M)], [.. given.Select(p => p.Error)], "m", options.Quantity);
        if (given.FirstOrDefault(p => p.Error == 0) is { } zero)
            throw new ArgumentException($"the {options.Quantity} at m = {zero.M} is 0, which has no logarithm: use (errors + ½)/(examples + 1) or a cross-entropy");
        var isSmall = given.Select(p => IsPrior(p, options.PriorError)).ToArray();
        var used = options.Smooth ? given : [.. given.Where((_, i) => !isSmall[i])];
        var inPower = isSmall.Count(s => !s);
        if (inPower < 3)
            throw new ArgumentException($"{inPower} of {given.Length} points are below the best-guess {options.Quantity}: at least 3 are needed for the power law");
        var fit = FitUsed(used, options, inPower, out var prefers);
        var law = new LearningCurve
        {
            Fit = LawFit.Of(fit, true),
            Quantity = options.Quantity,
            PriorError = options.PriorError,
            IsSmooth = options.Smooth,
            PrefersFloor = prefers,
            Measured = given,
            SizeLaw = given.Count(p => p.Size > 0) >= 3 && given.Where(p => p.Size > 0).Select(p => p.M).Distinct().Count() >= 2
                ? LogLogLine.FitTo([.. given.Where(p => p.Size > 0).Select(p => p.M)], [.. given.Where(p => p.Size > 0).Select(p => p.Size)]) : null,
            Points = [.. used.Select(p => new LawPoint([p.M], p.Error))],
        };
        return law with
        {
            Regions = [.. given.Select((p, i) => isSmall[i] ? LearningRegion.SmallData : p.M >= law.IrreducibleFrom ? LearningRegion.Irreducible : LearningRegion.PowerLaw)],
            Warnings = [.. WarningsOf(given, law, inPower)],
        };
    }

    /// <summary>The data for a target, ((ε* − γ)/α)^(1/β); null where the floor is not below the target: not reachable with this method.</summary>
    public double? DataFor(double target) => target > Gamma ? Math.Pow((target - Gamma) / Alpha, 1 / Beta) : null;

    /// <summary>The size of the best model at an amount of data, or null where sizes are not known.</summary>
    public double? SizeFor(double m) => SizeLaw?.At(m);

    /// <summary>The plan for a target: data, size and compute 6·m·s; null where the target is not reachable.</summary>
    public LearningPlan? PlanFor(double target) => DataFor(target) is { } m ? new LearningPlan(target, m, SizeFor(m)) : null;

    /// <summary>The factor of data that a halving of the reducible error costs, 2^(1/|β|).</summary>
    [JsonIgnore]
    public double DataToHalve => Math.Pow(2, -1 / Beta);

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) =>
        IsSmooth ? Smooth(at, theta, gradient, PriorError) : PowerLaw.Term(at, theta, gradient);

    private static CurveFit FitUsed(ImmutableArray<LearningCurvePoint> used, LearningCurveOptions options, int inPower, out bool? prefers)
    {
        double[][] x = [.. used.Select(p => new[] { p.M })];
        double[] y = [.. used.Select(p => p.Error)];
        CurveFit Fitted(bool hasFloor)
        {
            double[] relative = [.. y.Select(e => 1 / (e * e))];
            var start = PowerLaw.Fitted(x, y, hasFloor, relative).Parameters.ToArray();
            ParametricFunction function = options.Smooth ? (at, theta, gradient) => Smooth(at, theta, gradient, options.PriorError) : PowerLaw.Term;
            // A start from the curve's end as well: early points of the smooth form are flat.
            var half = Math.Max(3, y.Length / 2);
            double[] late = y.Length > half ? [.. PowerLaw.Fitted(x[^half..], y[^half..], hasFloor, relative[^half..]).Parameters] : start;
            return CurveFit.Of(function, x, y, [start, late], new CurveFitOptions
            {
                LogResiduals = true,
                LowerBounds = [-100, 1e-4, 0],
                UpperBounds = [300, 10, hasFloor ? y.Min() : 0],
            });
        }
        var without = Fitted(false);
        var with = inPower >= 4 && options.Irreducible != IrreducibleTerm.No ? Fitted(true) : null;
        prefers = with is null || double.IsInfinity(with.Aicc) ? null : with.Aicc < without.Aicc;
        if (with is null && options.Irreducible == IrreducibleTerm.Yes)
            throw new ArgumentException($"{inPower} points in the power region: a floor γ needs at least 4");
        return with is not null && (options.Irreducible == IrreducibleTerm.Yes || prefers == true) ? with : without;
    }

    private static double Smooth(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient, double prior)
    {
        var logM = Math.Log(at[0]);
        var power = Math.Exp(theta[0] - theta[1] * logM);
        // (ε₀⁻ⁿ + p⁻ⁿ)^(−1/n) = p·(1 + (p/ε₀)ⁿ)^(−1/n), in the form that does not overflow.
        var ratio = power / prior;
        var value = ratio < 1 ? power * Math.Pow(1 + Math.Pow(ratio, Sharpness), -1 / Sharpness) : prior * Math.Pow(1 + Math.Pow(ratio, -Sharpness), -1 / Sharpness);
        var share = Math.Pow(value / power, Sharpness); // d ln value / d ln p
        gradient[0] = value * share;
        gradient[1] = -value * share * logM;
        gradient[2] = 1;
        return value + theta[2];
    }

    // Two standard errors, or 2 % of ε₀ where they are not known.
    private static bool IsPrior(LearningCurvePoint point, double prior) =>
        !double.IsNaN(prior) && point.Error >= prior - (point.StandardError > 0 ? 2 * point.StandardError : 0.02 * prior);

    private static IEnumerable<string> WarningsOf(ImmutableArray<LearningCurvePoint> points, LearningCurve law, int inPower)
    {
        if (inPower < 4)
            yield return $"{inPower} points in the power region: only the slope is fitted, a floor cannot be seen";
        for (var i = 1; i < points.Length; i++)
        {
            if (points[i].Error > 1.1 * points[i - 1].Error && points[i].Error > points[i - 1].Error + 2 * (points[i].StandardError > 0 ? points[i].StandardError : 0))
                yield return $"the {law.Response} rises from {points[i - 1].Error:g4} at m = {points[i - 1].M} to {points[i].Error:g4} at m = {points[i].M}: look for a fault in shuffling or a leak";
        }
        if (points.Count(p => p.IsLadderTooShort) is > 0 and var count)
            yield return $"the largest model is the best at {count} of {points.Length} points: the sizes end too early, s(m) is a lower bound";
        if (law.Beta is < -0.51)
            yield return $"a slope of {law.Beta:g3} is steeper than the −0.5 of theory";
        if (points[^1].Error > points[0].Error && law.Response == "error")
            yield return "the error ends higher than it begins: perhaps accuracy was given for error";
    }
}

/// <summary>How a learning curve is fitted.</summary>
public sealed record LearningCurveOptions
{
    /// <summary>ε₀, the error of the best guess (always the commonest class); NaN where it is not known.</summary>
    public double PriorError { get; init; } = double.NaN;

    /// <summary>Whether the curve saturates at ε₀ and all points are fitted; otherwise the points near ε₀ are left out.</summary>
    public bool Smooth
    {
        get;
        init => field = value && double.IsNaN(PriorError) ? throw new ArgumentException("the smooth form needs the best-guess error: set PriorError first") : value;
    }

    /// <summary>Whether there is a floor γ.</summary>
    public IrreducibleTerm Irreducible { get; init; } = IrreducibleTerm.Auto;

    /// <summary>What is measured: error, loss.</summary>
    public string Quantity { get; init; } = "error";
}

/// <summary>What a target asks for.</summary>
/// <param name="Target">The error to reach.</param>
/// <param name="M">The data.</param>
/// <param name="Size">The model's size, or null where sizes are not known.</param>
public sealed record LearningPlan(double Target, double M, double? Size)
{
    /// <summary>6·m·s floating-point operations for one pass over the data, or null.</summary>
    public double? Compute => 6 * M * Size;
}
