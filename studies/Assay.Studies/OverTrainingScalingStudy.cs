using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// The over-training law on the released losses of small runs (RedPajama, C4, RefinedWeb), whose large runs it predicts, and on a synthetic world
/// of the same five-run design, where bias and coverage of the far prediction are known.
/// </summary>
public sealed class OverTrainingScalingStudy : Study
{
    private static readonly double[] Sizes = [10569312, 78914048, 153677376, 411616256];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "overtraining-scaling", 14, "Language models scale reliably with over-training and on downstream tasks (2024)",
        "Refits the RedPajama law from the released losses of five small runs and checks it on the 1.4B and 6.9B runs; then 200 synthetic designs per seed for bias and coverage.", 3);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("over-trained", "The loss of a 32 times over-trained 1.4B run follows from five small runs.", "0.71 % relative error on RedPajama, D/N = 640",
            "relative error of the predicted loss of the released run", "%", ClaimDirection.AtMost, 1),
        new("large", "The loss of the 6.9B run follows from five small runs.", "0.73 % relative error on RedPajama, D/N = 20",
            "relative error of the predicted loss of the released run", "%", ClaimDirection.AtMost, 1),
        new("gain", "The law predicts better than the loss of the nearest small run.", "the reason to fit a law",
            "mean relative error of repeating the best small run's loss over that of the law, three released targets", "times", ClaimDirection.AtLeast, 3),
        new("coverage", "The 95 % interval of the five-run design is honest.", "no interval in the paper; Student's t with one degree of freedom",
            "share of 200 synthetic designs whose interval holds the 1.4B, D/N = 640 loss", "%", ClaimDirection.Within, 90, 99),
        new("bias", "The five-run design predicts without bias.", "reliable extrapolation", "mean relative error with sign of the synthetic prediction", "%", ClaimDirection.Within, -0.5, 0.5),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        double[] losses = [5.38702092, 3.89994299, 3.53114741, 3.14976946, 4.57229261];
        ScalingRun[] released = [.. Design((_, _) => 1).Select((r, i) => r with { Loss = losses[i] })];
        var law = OverTrainingLaw.FitTo(released);
        (double N, double M, double Loss)[] targets = [(1439795200, 640, 2.502053562117363), (6889410560, 20, 2.4250), (1439795200, 20, 2.7688)];
        double[] errors = [.. targets.Select(t => 100 * Math.Abs(law.Value(t.N, t.M * t.N) / t.Loss - 1))];
        double[] repeated = [.. targets.Select(t => 100 * Math.Abs(losses.Min() / t.Loss - 1))];
        context.Observe("RedPajama A", law.A);
        context.Observe("RedPajama B", law.B);
        context.Observe("RedPajama α", law.Alpha);
        context.Observe("RedPajama E", law.E);
        var repetitions = context.Scale == StudyScale.Quick ? 50 : 200;
        foreach (var seed in context.Seeds)
        {
            context.Measure("over-trained", seed, errors[0]);
            context.Measure("large", seed, errors[1]);
            context.Measure("gain", seed, repeated.Average() / errors.Average());
            Synthetic(context, seed, repetitions);
        }
    }

    private static void Synthetic(StudyContext context, int seed, int repetitions)
    {
        var truth = OverTrainingLaw.Of(166, 287, 0.273, 1.8);
        var (n, d) = (1439795200.0, 640 * 1439795200.0);
        var (covered, bias) = (0, 0.0);
        for (var r = 0; r < repetitions; r++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var random = SeededRandom.At(seed, r);
            double Noisy(double a, double b) => truth.Value(a, b) + 0.002 * random.NextGaussian();
            var law = OverTrainingLaw.FitTo(Design(Noisy));
            var estimate = law.Predict([n, d], ofCurve: true);
            covered += estimate.Interval.Contains(truth.Value(n, d)) ? 1 : 0;
            bias += estimate.Value / truth.Value(n, d) - 1;
        }
        context.Measure("coverage", seed, 100.0 * covered / repetitions);
        context.Measure("bias", seed, 100 * bias / repetitions);
    }

    private static ScalingRun[] Design(Func<double, double, double> loss) =>
        [.. Sizes.Select(n => new ScalingRun(n, 20 * n, loss(n, 20 * n))), new ScalingRun(Sizes[0], 320 * Sizes[0], loss(Sizes[0], 320 * Sizes[0]))];
}
