using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The parametric loss L(N, D) = E + A·N^(−α) + B·D^(−β) with an exponent each for model and data. Fitted as published: Huber loss (δ = 10⁻³) on
/// ln L with θ = (ln A, ln B, ln E, α, β), from a grid of 4,500 starts; intervals from refits of resampled runs. (Hoffmann et al. 2022,
/// arXiv 2203.15556, approach 3.)
/// </summary>
[Method("chinchilla-law", Kind = MethodKind.ScalingLaw)]
public sealed record ChinchillaLaw : LossSurface
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override double Alpha => Fit.Theta[3];

    /// <inheritdoc/>
    [JsonIgnore]
    public override double Beta => Fit.Theta[4];

    /// <inheritdoc/>
    [JsonIgnore]
    public override double E => Math.Exp(Fit.Theta[2]);

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => "L = E + A·n^(−α) + B·d^(−β)";

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("A", true), ("B", true), ("E", true), ("α", false), ("β", false)];

    /// <summary>The law of given constants, with nothing known of their uncertainty.</summary>
    public static ChinchillaLaw Of(double a, double b, double e, double alpha, double beta) => new() { Fit = LawFit.Exact(Math.Log(a), Math.Log(b), Math.Log(e), alpha, beta) };

    /// <summary>Fits the law to runs of one group.</summary>
    /// <param name="runs">Finished runs; those of the same size and data are averaged.</param>
    /// <param name="resamples">Resamples of the runs for intervals; 0 for none.</param>
    /// <param name="huberDelta">δ of the Huber loss on ln L.</param>
    /// <param name="seed">The seed of the resamples.</param>
    /// <exception cref="ArgumentException">The runs cannot carry the law: one size, one amount of data, too few, mixed groups, values that are no losses.</exception>
    public static ChinchillaLaw FitTo(IEnumerable<ScalingRun> runs, int resamples = 200, double huberDelta = 1e-3, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentOutOfRangeException.ThrowIfNegative(resamples);
        var given = ScalingRun.Average(runs);
        ScalingRun.Check(given, 5);
        var problem = new HuberLossFit([.. given.Select(r => r.N)], [.. given.Select(r => r.D)], [.. given.Select(r => r.Loss)], huberDelta);
        var fit = problem.Minimize(HuberLossFit.PublishedStarts);
        var freedom = given.Length - 5;
        var law = Of(1, 1, 1, 1, 1) with { Fit = LawFit.Exact(fit.Theta) };
        // The spread of the middle of the residuals: the Huber fit lets outliers be.
        var deviations = given.Select(r => Math.Abs(Math.Log(law.Value(r.N, r.D) / r.Loss))).Order().ToArray();
        var noise = freedom > 0 ? 1.4826 * deviations[deviations.Length / 2] * Math.Sqrt((double)given.Length / freedom) : double.NaN;
        ImmutableArray<ImmutableArray<double>> refits = [];
        if (resamples > 0 && freedom > 0)
            refits = [.. problem.Bootstrap(fit.Theta, resamples, seed).Select(t => (ImmutableArray<double>)[.. t])];
        return law with
        {
            Fit = new LawFit([.. fit.Theta], [.. Enumerable.Repeat(double.NaN, 25)], noise, freedom, true)
            {
                Refits = refits,
                SquaredError = deviations.Sum(d => d * d),
            },
            Points = [.. given.Select(r => new LawPoint([r.N, r.D], r.Loss, r.Name))],
            Warnings =
            [
                .. (string[])(freedom == 0 ? ["five runs determine the five constants exactly: no interval can be given"] : []),
                .. (string[])(Math.Exp(fit.Theta[2]) < 1e-3 * given.Min(r => r.Loss) ? ["the irreducible loss vanishes: the runs do not show it"] : []),
            ],
        };
    }

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var (logN, logD) = (Math.Log(at[0]), Math.Log(at[1]));
        var (model, data, floor) = (Math.Exp(theta[0] - theta[3] * logN), Math.Exp(theta[1] - theta[4] * logD), Math.Exp(theta[2]));
        gradient[0] = model;
        gradient[1] = data;
        gradient[2] = floor;
        gradient[3] = -model * logN;
        gradient[4] = -data * logD;
        return model + data + floor;
    }

    /// <inheritdoc/>
    protected internal override (double A, double B, double Alpha, double Beta) Constants(ReadOnlySpan<double> theta) => (Math.Exp(theta[0]), Math.Exp(theta[1]), theta[3], theta[4]);
}
