using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The pass rate of a group of questions against compute, y(C) = g + (1 − g)·exp(−a·C^(−b) − c): the loss of an answer follows a·C^(−b) + c, the
/// probability of the right answer is its exponential, and g is the chance of guessing. C counts in units of the smallest model's compute. The
/// law is exact only where the questions are alike: a spread σ² of their losses raises the mean pass rate by the factor 1 + σ²/2 + ….
/// (Xu et al. 2025, arXiv 2502.17262.)
/// </summary>
[Method("pass-rate-law", Paper = 35, Kind = MethodKind.ScalingLaw)]
public sealed record PassRateLaw : ScalingLaw
{
    /// <summary>The compute that counts as 1.</summary>
    public double Unit { get; init; } = 1;

    /// <summary>g, the chance of guessing.</summary>
    [JsonIgnore]
    public double Guess => Fit.Theta[0];

    /// <summary>a.</summary>
    [JsonIgnore]
    public double A => Math.Exp(Fit.Theta[1]);

    /// <summary>b.</summary>
    [JsonIgnore]
    public double B => Fit.Theta[2];

    /// <summary>c, the loss that no compute removes.</summary>
    [JsonIgnore]
    public double C => Fit.Theta[3];

    /// <summary>g + (1 − g)·exp(−c), the pass rate with unlimited compute.</summary>
    [JsonIgnore]
    public double Ceiling => Guess + (1 - Guess) * Math.Exp(-C);

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => ["compute"];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Response => "pass rate";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => "pass rate = g + (1 − g)·exp(−a·(compute/unit)^(−b) − c)";

    /// <inheritdoc/>
    protected override bool IsShare => true;

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("g", false), ("a", true), ("b", false), ("c", false)];

    /// <summary>The law of given constants, with nothing known of their uncertainty.</summary>
    public static PassRateLaw Of(double guess, double a, double b, double c, double unit = 1) => new() { Fit = LawFit.Exact(guess, Math.Log(a), b, c), Unit = unit };

    /// <summary>Fits the law by least squares.</summary>
    /// <param name="compute">The compute of each model.</param>
    /// <param name="passRate">The mean pass rates, 0 to 1.</param>
    /// <param name="guess">The chance of guessing: one over the number of options, 0 for free answers.</param>
    /// <param name="fitGuess">Whether g is fitted as well, from that start.</param>
    /// <param name="fitCeiling">Whether c is fitted; otherwise it is 0.</param>
    /// <param name="unit">The compute that counts as 1; the least of the given where null.</param>
    /// <exception cref="ArgumentException">Fewer models than constants, rates outside [0, 1], or values that are not positive.</exception>
    public static PassRateLaw FitTo(
        IReadOnlyList<double> compute, IReadOnlyList<double> passRate, double guess = 0, bool fitGuess = false, bool fitCeiling = true, double? unit = null)
    {
        ArgumentNullException.ThrowIfNull(compute);
        ArgumentNullException.ThrowIfNull(passRate);
        LawData.CheckPositive(compute, "compute");
        if (!(guess >= 0 && guess < 1))
            throw new ArgumentOutOfRangeException(nameof(guess), guess, "a chance of guessing in [0, 1) was expected");
        if (compute.Count != passRate.Count || passRate.Any(p => !(p >= 0 && p <= 1)))
            throw new ArgumentException("a pass rate between 0 and 1 is needed for each compute");
        var free = 2 + (fitGuess ? 1 : 0) + (fitCeiling ? 1 : 0);
        if (compute.Distinct().Count() < free)
            throw new ArgumentException($"{compute.Distinct().Count()} distinct amounts of compute cannot determine {free} constants: at least {free} are needed");
        var one = unit ?? compute.Min();
        double[][] x = [.. compute.Select(c => new[] { c / one })];
        double[] y = [.. passRate];
        var fit = CurveFit.Of(Curve, x, y, Starts(x, y, guess, fitCeiling), new CurveFitOptions
        {
            Iterations = 150,
            LowerBounds = [fitGuess ? 0 : guess, -20, 1e-3, 0],
            UpperBounds = [fitGuess ? 0.95 : guess, 15, 5, fitCeiling ? 5 : 0],
        });
        return new PassRateLaw
        {
            Unit = one,
            Fit = LawFit.Of(fit, false),
            Points = [.. compute.Select((c, i) => new LawPoint([c], passRate[i]))],
        };
    }

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) => Curve([at[0] / Unit], theta, gradient);

    private static double Curve(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var logC = Math.Log(at[0]);
        var answerLoss = Math.Exp(theta[1] - theta[2] * logC);
        var known = Math.Exp(-answerLoss - theta[3]);
        var scale = (1 - theta[0]) * known;
        gradient[0] = 1 - known;
        gradient[1] = -scale * answerLoss;
        gradient[2] = scale * answerLoss * logC;
        gradient[3] = -scale;
        return theta[0] + scale;
    }

    private static IEnumerable<double[]> Starts(double[][] x, double[] y, double guess, bool fitCeiling)
    {
        foreach (var c in fitCeiling ? (double[])[0, 0.2] : [0])
        {
            // ln(−ln((y − g)/(1 − g)) − c) is a line in ln C.
            var (logs, values) = (new List<double>(), new List<double>());
            for (var i = 0; i < y.Length; i++)
            {
                var inner = -Math.Log(Math.Clamp((y[i] - guess) / (1 - guess), 1e-3, 0.999)) - c;
                if (inner > 1e-4)
                {
                    logs.Add(x[i][0]);
                    values.Add(inner);
                }
            }
            if (logs.Distinct().Count() >= 2)
            {
                var line = LogLogLine.FitTo(logs, values);
                yield return [guess, line.Intercept, Math.Clamp(-line.Slope.Value, 0.05, 2), c];
            }
            foreach (var b in (double[])[0.2, 0.6])
                yield return [guess, 1, b, c];
        }
    }
}
