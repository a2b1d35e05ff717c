using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The loss law of over-training with equal exponents, L = E + A·N^(−α) + B·D^(−α). With M = D/N, C = 6·N·D, η = α/2, a = A·6^η and b = B·6^η it
/// reads L(C, M) = E + (a·M^η + b·M^(−η))·C^(−η): for each M a line in log-log of the same slope. The best multiplier M* = (B/A)^(1/α) does not
/// depend on the compute. Fitted by least squares on the losses: a search over α with non-negative A, B, E inside, polished by
/// Levenberg–Marquardt, and compared with Levenberg–Marquardt from the released code's 32 starts. (Gadre et al. 2024, arXiv 2403.08540.)
/// </summary>
[Method("over-training-law", Paper = 14, Kind = MethodKind.ScalingLaw)]
public sealed record OverTrainingLaw : LossSurface
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override double Alpha => Fit.Theta[2];

    /// <inheritdoc/>
    [JsonIgnore]
    public override double Beta => Fit.Theta[2];

    /// <inheritdoc/>
    [JsonIgnore]
    public override double E => Fit.Theta[3];

    /// <summary>η = α/2, the slope of the reducible loss in log C at a fixed M.</summary>
    [JsonIgnore]
    public double Eta => Alpha / 2;

    /// <summary>a = A·6^η.</summary>
    [JsonIgnore]
    public double SmallA => A * Math.Pow(6, Eta);

    /// <summary>b = B·6^η, the second coefficient of the released parametrisation.</summary>
    [JsonIgnore]
    public double SmallB => B * Math.Pow(6, Eta);

    /// <summary>M* = (B/A)^(1/α), the multiplier of least loss at any compute, with its interval.</summary>
    [JsonIgnore]
    public Estimate OptimalMultiplier => Fit.Derived(theta => Math.Exp((theta[1] - theta[0]) / theta[2]));

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => "L = E + A·n^(−α) + B·d^(−α)";

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("A", true), ("B", true), ("α", false), ("E", false)];

    /// <summary>The law of given constants, with nothing known of their uncertainty.</summary>
    public static OverTrainingLaw Of(double a, double b, double alpha, double e) => new() { Fit = LawFit.Exact(Math.Log(a), Math.Log(b), alpha, e) };

    /// <summary>Fits the law to runs of one group.</summary>
    /// <param name="runs">Finished runs; those of the same size and data are averaged.</param>
    /// <param name="resamples">Residual resamples for intervals; 0 for the delta method, the better choice for few runs.</param>
    /// <param name="huberDelta">δ of a Huber loss on log L (Chinchilla takes 1e-3), or null for least squares on L.</param>
    /// <param name="seed">The seed of the resamples.</param>
    /// <exception cref="ArgumentException">The runs cannot carry the law: one size, one multiplier, too few, mixed groups, values that are no losses.</exception>
    public static OverTrainingLaw FitTo(IEnumerable<ScalingRun> runs, int resamples = 0, double? huberDelta = null, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var given = ScalingRun.Average(runs);
        ScalingRun.Check(given, 4);
        if (given.Select(r => Math.Round(Math.Log(r.Multiplier), 6)).Distinct().Count() == 1)
            throw new ArgumentException($"all runs have the token multiplier D/N = {given[0].Multiplier:g4}: A and B cannot be told apart; fit the power law in n or compute, or add a run with another multiplier");
        double[][] x = [.. given.Select(r => new[] { r.N, r.D })];
        double[] y = [.. given.Select(r => r.Loss)];
        var options = new CurveFitOptions
        {
            LowerBounds = [double.NegativeInfinity, double.NegativeInfinity, 1e-4, 0],
            LogResiduals = huberDelta is not null,
            HuberDelta = huberDelta,
        };
        var projected = CurveFit.Of(Surface, x, y, [Projected(x, y)], options);
        var started = CurveFit.Of(Surface, x, y, ReleasedStarts(), options);
        var fit = started.Objective < projected.Objective ? started : projected;
        return new OverTrainingLaw
        {
            Fit = LawFit.Of(fit, options.LogResiduals, huberDelta is null || fit.DegreesOfFreedom == 0 || resamples > 0 ? resamples : 200, seed),
            Points = [.. given.Select(r => new LawPoint([r.N, r.D], r.Loss, r.Name))],
            Warnings = [.. WarningsOf(fit, projected, started, y.Length)],
        };
    }

    /// <summary>L(C, M) = E + (a·M^η + b·M^(−η))·C^(−η).</summary>
    public double AtCompute(double compute, double multiplier) =>
        E + (SmallA * Math.Pow(multiplier, Eta) + SmallB * Math.Pow(multiplier, -Eta)) * Math.Pow(compute, -Eta);

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) => Surface(at, theta, gradient);

    /// <inheritdoc/>
    protected internal override (double A, double B, double Alpha, double Beta) Constants(ReadOnlySpan<double> theta) => (Math.Exp(theta[0]), Math.Exp(theta[1]), theta[2], theta[2]);

    private static double Surface(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var (logN, logD) = (Math.Log(at[0]), Math.Log(at[1]));
        var (model, data) = (Math.Exp(theta[0] - theta[2] * logN), Math.Exp(theta[1] - theta[2] * logD));
        gradient[0] = model;
        gradient[1] = data;
        gradient[2] = -model * logN - data * logD;
        gradient[3] = 1;
        return model + data + theta[3];
    }

    // For a fixed α the law is linear in A, B and E, all non-negative.
    private static double[] Projected(double[][] x, double[] y)
    {
        double[] floor = [.. Enumerable.Repeat(1.0, y.Length)];
        double[][] Columns(double alpha) => [[.. x.Select(r => Math.Pow(r[0], -alpha))], [.. x.Select(r => Math.Pow(r[1], -alpha))], floor];
        var alpha = ExponentSearch.Minimize(a => NonNegativeColumns.Solve(Columns(a), y).SquaredError, 0.005, 3);
        var c = NonNegativeColumns.Solve(Columns(alpha), y).Coefficients;
        return [Math.Log(Math.Max(c[0], 1e-12)), Math.Log(Math.Max(c[1], 1e-12)), alpha, c[2]];
    }

    private static IEnumerable<double[]> ReleasedStarts()
    {
        double[] scales = [1e2, 3e2, 1e3, 3e3];
        foreach (var a in scales)
        {
            foreach (var b in scales)
            {
                foreach (var alpha in (double[])[0.1, 0.3])
                {
                    foreach (var e in (double[])[0, 1, 2, 10])
                        yield return [Math.Log(a), Math.Log(b) - alpha / 2 * Math.Log(6), alpha, e];
                }
            }
        }
    }

    private static IEnumerable<string> WarningsOf(CurveFit fit, CurveFit projected, CurveFit started, int runs)
    {
        if (projected.Parameters.Zip(started.Parameters).Any(p => Math.Abs(p.First - p.Second) > 0.01 * Math.Max(1e-3, Math.Abs(p.Second))))
            yield return "the projection and the starts of the released code end at different constants: the law is badly determined";
        if (fit.Parameters[3] == 0)
            yield return "the irreducible loss is at its bound 0";
        if (fit.DegreesOfFreedom == 0)
            yield return $"{runs} runs determine the four constants exactly: no interval can be given";
        if (fit.DegreesOfFreedom == 1)
            yield return "one degree of freedom: the intervals rest on a single residual, hence Student's t of 12.7";
    }
}
