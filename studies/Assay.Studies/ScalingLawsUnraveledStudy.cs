using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Simulated trajectories of the paper's law with its constants and 0.3 % noise: the estimate from sizes up to 60M, its forecast for 33B, the
/// trade-off of steps and batch, and the coverage of its intervals. Real runs are not part of it: it tests the estimator, not the law.
/// </summary>
public sealed class ScalingLawsUnraveledStudy : Study
{
    private const double Noise = 0.003;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "scaling-laws-unraveled", 10, "Unraveling the Mystery of Scaling Laws: Part I (2024)",
        "Estimates the law from simulated trajectories of 1M to 60M parameters at eight batch sizes and forecasts a 33B run; the law itself is taken as true, so the claims are about the estimation.", 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("forecast", "Small runs predict the trajectory of a far larger one.", "1M to 60M predict 33B, curves overlap", "mean relative error of the loss of a 33B run over its steps", "%", ClaimDirection.AtMost, 3),
        new("gain", "The forecast beats the curve of the next smaller model.", "the reason to fit a law", "mean relative error of taking the largest small model's curve minus that of the forecast", "points", ClaimDirection.AtLeast, 0),
        new("hyperbola", "Steps to a loss are a line in 1/B.", "(S/Smin − 1)(E/Emin − 1) = 1", "median R² of S against 1/B over loss levels, read from the curves alone", "R²", ClaimDirection.AtLeast, 0.95),
        new("batch-by-loss", "The critical batch size is that of the loss, whatever the size.", "the same curve for all sizes",
            "median of ln B_crit of 1M less ln B_crit of 60M at equal losses, both read from curves", "nats", ClaimDirection.Within, -0.25, 0.25),
        new("floor", "An irreducible loss is detected.", "the published form has none", "share of worlds with a floor of 1.5 in which Akaike's criterion prefers one", "share", ClaimDirection.AtLeast, 0.8),
        new("coverage", "The forecast's 95 % interval is honest.", "no interval in the paper", "share of simulated repetitions whose delta interval of the curve holds the true 33B loss", "%", ClaimDirection.Within, 90, 99),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var repetitions = context.Scale == StudyScale.Quick ? 2 : 16;
        var truth = KaplanLaw.Published;
        double[] steps = [.. Enumerable.Range(0, 12).Select(i => Math.Pow(10, 3 + 2 * i / 11.0))];
        var actual = truth.Trajectory(3.3e10, 1e6, steps);
        foreach (var seed in context.Seeds)
        {
            var (covered, detected) = (0, 0);
            for (var r = 0; r < repetitions; r++)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                context.Progress($"seed {seed}, repetition {r + 1}", (double)(seed * repetitions + r) / (context.Seeds.Count * repetitions) % 1);
                var curves = Simulate(truth, steps, SeededRandom.At(seed, r));
                var law = new KaplanEstimation { Resamples = 0, Irreducible = IrreducibleTerm.No }.Estimate(curves);
                covered += law.Predict([3.3e10, 1e5, 1e6], ofCurve: true).Interval.Contains(actual[^1]) ? 1 : 0;
                var floored = KaplanLaw.Of(1.5e14, 0.076, 2.6e3, 0.67, 1.7e8, 0.205, 1.5);
                if (r < 4)
                    detected += new KaplanEstimation { Resamples = 0 }.Estimate(Simulate(floored, steps, SeededRandom.At(seed, r, 1))).Steps!.PrefersIrreducible == true ? 1 : 0;
                if (r > 0)
                    continue;
                var error = Error(law.Trajectory(3.3e10, 1e6, steps), actual);
                context.Measure("forecast", seed, 100 * error);
                context.Measure("gain", seed, 100 * (Error(curves.First(c => c.N == 6e7 && c.Batch == 1e6).Loss, actual) - error));
                var (small, large) = (CriticalBatch.Of([.. curves.Where(c => c.N == 1e6)]), CriticalBatch.Of([.. curves.Where(c => c.N == 6e7)]));
                context.Measure("hyperbola", seed, Median(small.Concat(large).Select(t => t.RSquared)));
                context.Measure("batch-by-loss", seed, Difference(curves));
                context.Observe("αN", law.AlphaN);
                context.Observe("αS", law.AlphaS);
                context.Observe("αB", law.AlphaB);
            }
            context.Measure("coverage", seed, 100.0 * covered / repetitions);
            context.Measure("floor", seed, (double)detected / Math.Min(4, repetitions));
        }
    }

    private static TrainingCurve[] Simulate(KaplanLaw law, double[] steps, SeededRandom random) =>
    [
        .. from n in (double[])[1e6, 3e6, 1e7, 3e7, 6e7]
           from batch in (double[])[2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 4e6]
           select new TrainingCurve(n, batch, [.. steps], [.. steps.Select(s => law.Value(n, s, batch) * Math.Exp(Noise * random.NextGaussian()))]),
    ];

    // Levels that both sizes cross with at least three batches.
    private static double Difference(TrainingCurve[] curves)
    {
        var differences = new List<double>();
        for (var level = 4.3; level < 6; level += 0.05)
        {
            double? Tokens(double n)
            {
                var pairs = curves.Where(c => c.N == n).Select(c => (c.Batch, Steps: c.StepAt(level))).Where(p => p.Steps is not null).Select(p => (p.Batch, p.Steps!.Value)).ToArray();
                return pairs.Length >= 3 && CriticalBatch.FitTo(level, pairs) is { IsDefined: true } trade ? trade.Tokens : null;
            }
            if (Tokens(1e6) is { } a && Tokens(6e7) is { } b)
                differences.Add(Math.Log(a / b));
        }
        return Median(differences);
    }

    private static double Error(IEnumerable<double> predicted, IEnumerable<double> actual) => predicted.Zip(actual, (p, a) => Math.Abs(p / a - 1)).Average();

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
