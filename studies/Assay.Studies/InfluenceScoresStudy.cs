using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Fashion-MNIST at 14 × 14, an MLP: scores of every training example from ordinary trainings, training again on the parts that they
/// choose, with clean and with changed labels. The paper's models read texts; this is the half that needs no language model.
/// </summary>
public sealed class InfluenceScoresStudy : Study
{
    private static readonly ImmutableArray<InfluenceScore> Scores =
        [InfluenceScore.Vog, InfluenceScore.El2n, InfluenceScore.Forgetting, InfluenceScore.Margin, InfluenceScore.TracIn, InfluenceScore.Pvi];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "influence-scores", 77, "Influence Scores at Scale for Efficient Language Data Sampling (2023)",
        "Scores the examples of Fashion-MNIST by VoG, EL2N, forgetting, margin, TracIn and PVI, and trains an MLP on the parts that they choose, with clean and with changed labels.",
        DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("half", "About half of the data can go without loss.", "SNLI: several scores within about 1 point at 45 to 50 % of the data",
            "test accuracy on the half that the best arm of the other seeds keeps, minus all data, as many updates", "points", ClaimDirection.AtLeast, -1),
        new("beats-random", "Choosing by score beats choosing at random.", "moderately, not for every score",
            "test accuracy on the half that the best arm of the other seeds keeps, minus a random half", "points", ClaimDirection.AtLeast, 0),
        new("noise-hard", "With changed labels, keeping the hard examples is worse than keeping any.", "keep-hard collects wrong labels",
            "test accuracy on the hard half by EL2N minus a random half, 20 % of labels changed", "points", ClaimDirection.AtMost, 0),
        new("noise-easy", "With changed labels, keeping the easy examples is right.", "keep-easy or noise-aware selection wins",
            "test accuracy on the easy half by EL2N minus the hard half, 20 % of labels changed", "points", ClaimDirection.AtLeast, 0),
        new("balance", "Normalising VoG in each class keeps the classes' shares.", "recommended",
            "largest change of a class's share in the hard half, all classes together: raw VoG minus normalised VoG", "points", ClaimDirection.AtLeast, 0),
        new("agreement", "Scores agree only in part: EL2N with TracIn more than with VoG.", "the scores' correlations differ",
            "rank correlation of EL2N with TracIn minus that with VoG", "", ClaimDirection.AtLeast, 0),
        new("detection", "EL2N finds changed labels.", "our trial on a Gaussian mixture: AUROC 1.00 at 10 %",
            "AUROC of EL2N for 10 % changed labels", "AUROC", ClaimDirection.AtLeast, 0.7),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick ? (Train: 2_000, Test: 3_000, Epochs: 12, Runs: 2) : (Train: 6_000, Test: 10_000, Epochs: 20, Runs: 3);
        var training = new TrainingOptions { Epochs = size.Epochs, BatchSize = 64, Optimizer = new AdamW(1e-3) };
        var model = new MlpSpec([128]);
        var curves = new List<PruningCurve>();
        foreach (var seed in context.Seeds)
        {
            var (clean, official) = FashionParts.Load(size.Train, size.Test, seed, side: 14);
            using var train = TensorDataset.From(clean);
            using var test = TensorDataset.From(official);
            void Report(string what, double part, double of) => context.Progress($"{what}, seed {seed}", (seed - context.Seeds[0] + part + of) / context.Seeds.Count);
            InfluenceOptions Options(ImmutableArray<InfluenceScore> scores, double part, double weight) => new()
            {
                Scores = scores, Runs = size.Runs, Seed = 1000 * seed, Cancellation = context.Cancellation, Progress = (_, f) => Report("scoring", part, weight * f),
            };
            var table = InfluenceRun.Compute(model, training, train, Options(Scores, 0, 0.2));
            Agreement(context, seed, table);
            curves.Add(PruningCurve.Run(model, training, train, test, table, PruningCurve.Arms(table, SelectionPolicy.Hard, SelectionPolicy.Easy, SelectionPolicy.Middle, SelectionPolicy.Weighted), new PruningOptions
            {
                Fractions = [0.5], Seeds = [seed], Cancellation = context.Cancellation, Progress = (_, f) => Report("clean", 0.2, 0.5 * f),
            }));
            Noise(context, seed, clean, test, model, training, Options([InfluenceScore.El2n, InfluenceScore.Vog], 0.7, 0.1));
        }
        Clean(context, curves);
    }

    private static void Agreement(StudyContext context, int seed, ScoreTable table)
    {
        context.Measure("agreement", seed, table.Correlation(InfluenceScore.El2n, InfluenceScore.TracIn) - table.Correlation(InfluenceScore.El2n, InfluenceScore.Vog));
        foreach (var (a, b) in Scores.SelectMany((a, i) => Scores.Skip(i + 1).Select(b => (a, b))))
            context.Observe($"rank correlation of {a} and {b}", table.Correlation(a, b));
        var all = new SelectionOptions { PerClass = false };
        double Shift(double[] hardness)
        {
            var kept = ExampleSelection.Keep(hardness, table.Labels.AsSpan(), 0.5, all);
            return 100 * table.Labels.Distinct().Max(c => Math.Abs((double)kept.Count(i => table.Labels[i] == c) / kept.Length - (double)table.Labels.Count(l => l == c) / table.Count));
        }
        var (raw, normal) = (Shift([.. table.Scores[InfluenceScore.Vog]]), Shift(table.Hardness(InfluenceScore.Vog)));
        context.Measure("balance", seed, raw - normal);
        context.Observe("raw VoG: largest change of a class's share, points", raw);
        context.Observe("normalised VoG: largest change of a class's share, points", normal);
    }

    private static void Noise(StudyContext context, int seed, Dataset clean, TensorDataset test, ModelSpec model, TrainingOptions training, InfluenceOptions options)
    {
        foreach (var rate in (double[])[0.1, 0.2])
        {
            var noisy = LabelNoise.Uniform(clean.Labels.AsSpan(), clean.ClassCount, rate, 10 + seed);
            using var train = TensorDataset.From(clean.WithLabels(noisy.Labels, clean.ClassNames));
            var table = InfluenceRun.Compute(model, training, train, options);
            var changed = new bool[clean.Count];
            foreach (var flip in noisy.Flips)
                changed[flip.Row] = true;
            var audit = table.NoiseAudit(changed).ToDictionary(a => a.Score, a => a.Auroc);
            foreach (var (score, auroc) in audit)
                context.Observe($"AUROC of {score} for {100 * rate:0} % changed labels", auroc);
            if (rate < 0.2)
            {
                context.Measure("detection", seed, audit[InfluenceScore.El2n]);
                continue;
            }
            var curve = PruningCurve.Run(model, training, train, test, table, PruningCurve.Arms(table), new PruningOptions { Fractions = [0.5], Seeds = [seed], Cancellation = context.Cancellation });
            double Accuracy(string arm) => 100 * curve.Points.Single(p => p.Arm == arm).Mean;
            context.Measure("noise-hard", seed, Accuracy("el2n, hard") - Accuracy("random"));
            context.Measure("noise-easy", seed, Accuracy("el2n, easy") - Accuracy("el2n, hard"));
            context.Observe("20 % changed labels, all data: test accuracy, %", 100 * curve.Full[0]);
            foreach (var point in curve.Points)
                context.Observe($"20 % changed labels, half, {point.Arm}: test accuracy, %", 100 * point.Mean);
        }
    }

    // The arm is chosen by the other seeds, so that the best of many is not judged by the luck that made it best.
    private static void Clean(StudyContext context, List<PruningCurve> curves)
    {
        double At(int i, string arm, double fraction) => 100 * curves[i].Points.Single(p => p.Arm == arm && p.Fraction == fraction).Mean;
        var arms = curves[0].Points.Select(p => p.Arm).Distinct().ToArray();
        for (var i = 0; i < curves.Count; i++)
        {
            var others = Enumerable.Range(0, curves.Count).Where(j => j != i || curves.Count == 1).ToArray();
            var best = arms.Where(a => a != "random").MaxBy(a => others.Average(j => At(j, a, 0.5)))!;
            context.Measure("half", context.Seeds[i], At(i, best, 0.5) - 100 * curves[i].Full[0]);
            context.Measure("beats-random", context.Seeds[i], At(i, best, 0.5) - At(i, "random", 0.5));
            context.Observe("all data: test accuracy, %", 100 * curves[i].Full[0]);
            foreach (var arm in arms)
                context.Observe($"half, {arm}: test accuracy, %", At(i, arm, 0.5));
        }
    }
}
