using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>A small CNN on Fashion-MNIST, calibrated on clean held-out images and judged on clean and on shifted test images.</summary>
public sealed class CorrectnessCalibrationStudy : Study
{
    private const int Bins = 25, TopK = 4;

    private static readonly (string Name, ImageCorruption Corruption, int Severity)[] Shifts =
    [
        ("rotation 20", new RotationCorruption(), 3), ("noise .26", new GaussianNoiseCorruption(), 4), ("contrast x.5", new ContrastCorruption(), 2),
        ("blur", new GaussianBlurCorruption(), 2), ("cut-out 11x11", new CutoutCorruption(), 3),
    ];

    // Milder than the shifts, or of another sort: the calibrator must not have seen them.
    private static readonly Func<Dataset, Dataset>[] Transforms = [d => new RotationCorruption().Apply(d, 2, 271), d => new ContrastCorruption().Apply(d, 1, 272), Flip];

    private static readonly (string Name, Func<Calibrator> Create)[] Rivals =
    [
        ("temperature", () => new TemperatureScaling()), ("ensemble temperature", () => new EnsembleTemperatureScaling()), ("isotonic", () => new IsotonicCalibrator()),
        ("histogram", () => new HistogramBinning()), ("platt", () => new PlattScaling()), ("vector", () => new VectorScaling()), ("spline", () => new SplineCalibrator()),
        ("adaptive temperature", () => new AdaptiveTemperatureScaling()),
    ];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "correctness-aware-calibration", 27, "Optimizing Calibration by Gaining Aware of Prediction Correctness (2024)",
        "Calibrates a CNN on clean Fashion-MNIST images by nine methods and judges it on clean and on rotated, noisy, flat, blurred and cut-out images.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("ce-sharpens", "Cross-entropy keeps narrowly wrong examples sharper than the correctness-aware loss does.", "worked example: the best T of cross-entropy is finite, that of CA is not",
            "mean T of CA minus mean T of cross-entropy, same network and inputs, on wrong test examples with p_y of at least 0.3", "T", ClaimDirection.AtLeast, 0),
        new("ood-ece", "On shifted images it is better calibrated than temperature scaling.", "best or competitive on ImageNet-A/R/S, ObjectNet, CIFAR-10.1/-C",
            "ECE (25 bins) of temperature scaling minus CA with transforms, mean over shifts", "points", ClaimDirection.AtLeast, 0),
        new("id-ece", "In distribution it is calibrated at least as well as temperature scaling.", "competitive on ImageNet-Val", "ECE (25 bins) of CA with transforms minus temperature scaling, clean images", "points", ClaimDirection.AtMost, 0),
        new("ood-ece-formula", "So it is by the paper's formula, without the weights of its code.", "the objective as printed", "ECE (25 bins) of temperature scaling minus CA without weights, mean over shifts", "points", ClaimDirection.AtLeast, 0),
        new("id-ece-formula", "By the paper's formula it is calibrated at least as well as temperature scaling in distribution.", "the objective as printed", "ECE (25 bins) of CA without weights minus temperature scaling, clean images", "points", ClaimDirection.AtMost, 0),
        new("auroc", "Its confidence separates right from wrong better than the uncalibrated one.", "AUROC up, where temperature scaling leaves it",
            "AUROC of confidence of CA with transforms minus uncalibrated, mean over clean and shifted images", "points", ClaimDirection.AtLeast, 0),
        new("transforms-help", "Transformed copies help.", "ablation: CA only below CA with transforms", "AUROC of CA with transforms minus CA on the original's top 4 only, mean over clean and shifted images", "points", ClaimDirection.AtLeast, 0),
        new("k-more-hurts", "More than four classes as inputs hurt.", "k = 4 is best", "ECE with k = 8 minus k = 4, mean over shifts", "points", ClaimDirection.AtLeast, 0),
        new("weights-bias", "The code's class-balanced weights, which the paper's formula lacks, cost calibration in distribution.", "not in the paper: ours",
            "ECE of CA with weights minus CA without, clean images", "points", ClaimDirection.AtLeast, 0),
        new("control-shuffled", "Copies of other images bring no separation.", "control", "AUROC of CA with shuffled inputs minus uncalibrated, mean over clean and shifted images", "points", ClaimDirection.AtMost, 0.5),
        new("inputs-matter", "Each image's own copies separate better than those of other images, at the same level of temperature.", "control: ours", "AUROC of CA with transforms minus CA with shuffled inputs, mean over clean and shifted images", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        var (train, held, judged, epochs, shifts) = quick ? (2000, 1000, 1000, 4, 2) : (10_000, 5000, 5000, 8, Shifts.Length);
        var source = new FashionMnist();
        var (all, official) = (source.Load(test: false), source.Load(test: true));
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            context.Progress($"training, seed {seed}", (double)s / context.Seeds.Count);
            var order = SeededRandom.At(seed, 2700).Permutation(all.Count);
            var sets = new List<Dataset> { all.Select(order.AsSpan(train, held)), official.Select(SeededRandom.At(seed, 2701).Permutation(official.Count).AsSpan(0, judged)) };
            sets.AddRange(Shifts[..shifts].Select(shift => shift.Corruption.Apply(sets[1], shift.Severity, seed)));
            var answers = Answers(all.Select(order.AsSpan(0, train)), sets, quick, epochs, seed, context.Cancellation);
            context.Progress($"calibrating, seed {seed}", (s + 0.5) / context.Seeds.Count);
            Judge(context, seed, answers, [.. Shifts[..shifts].Select(x => x.Name)], quick);
        }
    }

    private static void Judge(StudyContext context, int seed, (Predictions Original, Predictions[] Copies)[] answers, string[] shifts, bool quick)
    {
        var (validation, tests) = (answers[0], answers[1..]);
        var names = new[] { "clean" }.Concat(shifts).ToArray();
        Score Of(string name, Func<(Predictions Original, Predictions[] Copies), Predictions> apply)
        {
            var score = new Score([.. tests.Select(t => Point(apply(t)))]);
            for (var i = 0; i < names.Length; i++)
            {
                context.Observe($"{names[i]}, {name}: ECE (points)", score.Sets[i].Ece);
                context.Observe($"{names[i]}, {name}: top-label Brier", score.Sets[i].Brier);
                context.Observe($"{names[i]}, {name}: KS (points)", score.Sets[i].Ks);
                context.Observe($"{names[i]}, {name}: AUROC (points)", score.Sets[i].Auroc);
            }
            return score;
        }
        Score Fitted(string name, Calibrator calibrator, int copies)
        {
            calibrator.Fit(validation.Original, validation.Copies[..copies]);
            return Of(name, t => calibrator.Apply(t.Original, t.Copies[..copies]));
        }

        for (var i = 0; i < names.Length; i++)
            context.Observe($"{names[i]}: accuracy (%)", 100 * new Accuracy().Evaluate(tests[i].Original).Value);
        var raw = Of("uncalibrated", t => t.Original);
        var rivals = Rivals.ToDictionary(r => r.Name, r => Fitted(r.Name, r.Create(), 0));
        var m = Transforms.Length;
        CorrectnessAwareCalibrator Network(int k = TopK, TemperatureObjective objective = TemperatureObjective.CorrectnessAware, bool weighted = true, bool original = false, double rate = 1e-4) =>
            new(k, original, weighted, objective, batchSize: quick ? 100 : 1000, learningRate: rate, seed: seed);
        var (aware, entropy) = (Network(), Network(objective: TemperatureObjective.CrossEntropy));
        var ca = Fitted("CA with transforms", aware, m);
        Fitted("CE with transforms", entropy, m);
        var only = Fitted("CA only", Network(), 0);
        var plain = Fitted("CA with transforms, no weights", Network(weighted: false), m);
        var eight = Fitted("CA with transforms, k = 8", Network(8), m);
        if (!quick)
        {
            Fitted("squared error with transforms", Network(objective: TemperatureObjective.SquaredError), m);
            Fitted("CA with transforms and original", Network(original: true), m);
            Fitted("CA with transforms, k = 1", Network(1), m);
            Fitted("CA with transforms, k = 2", Network(2), m);
            Fitted("CA with 1 transform", Network(), 1);
            Fitted("CA with 2 transforms", Network(), 2);
            Fitted("CA with transforms, 10 times the learning rate", Network(rate: 1e-3), m);
        }
        var control = Network();
        control.Fit(validation.Original, Shuffled(validation.Copies, seed));
        var shuffled = Of("CA with shuffled copies", t => control.Apply(t.Original, Shuffled(t.Copies, seed + 1)));

        var ts = rivals["temperature"];
        context.Measure("ce-sharpens", seed, Narrow(tests[0], aware) - Narrow(tests[0], entropy));
        context.Measure("ood-ece", seed, ts.ShiftedEce - ca.ShiftedEce);
        context.Measure("id-ece", seed, ca.Sets[0].Ece - ts.Sets[0].Ece);
        context.Measure("ood-ece-formula", seed, ts.ShiftedEce - plain.ShiftedEce);
        context.Measure("id-ece-formula", seed, plain.Sets[0].Ece - ts.Sets[0].Ece);
        context.Measure("auroc", seed, ca.MeanAuroc - raw.MeanAuroc);
        context.Measure("transforms-help", seed, ca.MeanAuroc - only.MeanAuroc);
        context.Measure("k-more-hurts", seed, eight.ShiftedEce - ca.ShiftedEce);
        context.Measure("weights-bias", seed, ca.Sets[0].Ece - plain.Sets[0].Ece);
        context.Measure("control-shuffled", seed, shuffled.MeanAuroc - raw.MeanAuroc);
        context.Measure("inputs-matter", seed, ca.MeanAuroc - shuffled.MeanAuroc);
    }

    // The mean temperature of narrowly wrong answers.
    private static double Narrow((Predictions Original, Predictions[] Copies) test, CorrectnessAwareCalibrator calibrator)
    {
        var (p, predicted) = (test.Original.ToProbabilities().Scores, test.Original.PredictedClasses());
        return calibrator.Temperatures(test.Original, test.Copies).Where((_, i) => predicted[i] != test.Original.Labels[i] && p[i, test.Original.Labels[i]] >= 0.3f).DefaultIfEmpty(double.NaN).Average();
    }

    private static (double Ece, double Brier, double Ks, double Auroc) Point(Predictions predictions) => (
        100 * new ExpectedCalibrationError(Bins).Evaluate(predictions).Value, new TopLabelBrierScore().Evaluate(predictions).Value,
        100 * new KolmogorovSmirnovCalibrationError().Evaluate(predictions).Value, 100 * new ConfidenceAuroc().Evaluate(predictions).Value);

    private static Predictions[] Shuffled(Predictions[] copies, long seed)
    {
        var order = SeededRandom.At(seed, 2702).Permutation(copies[0].Count);
        return [.. copies.Select(c => c.Select(order))];
    }

    private static (Predictions Original, Predictions[] Copies)[] Answers(Dataset train, List<Dataset> sets, bool quick, int epochs, int seed, CancellationToken stop)
    {
        using var data = Images(train);
        TensorDataset[] judged = [.. sets.SelectMany(s => Transforms.Select(t => t(s)).Prepend(s)).Select(Images)];
        try
        {
            var options = new TrainingOptions { Epochs = epochs, BatchSize = 128, Optimizer = new AdamW(2e-3) };
            var scores = LossTrial.Scores(data, judged, new CnnSpec(quick ? [8, 16, 32] : [16, 32, 64]), null, options, seed, stop);
            var each = Transforms.Length + 1;
            Predictions Of(int set, int copy) => new() { Model = $"set {set}, copy {copy}", Kind = ScoreKind.Logits, Scores = scores[set * each + copy], Labels = sets[set].Labels };
            return [.. sets.Select((_, i) => (Of(i, 0), Enumerable.Range(1, each - 1).Select(c => Of(i, c)).ToArray()))];
        }
        finally
        {
            foreach (var set in judged)
                set.Dispose();
        }
    }

    private static TensorDataset Images(Dataset data)
    {
        var flat = TensorDataset.From(data);
        return new TensorDataset(flat.Inputs.reshape(-1, 1, 28, 28), flat.Targets, flat.Outputs);
    }

    private static Dataset Flip(Dataset data)
    {
        var values = data.RequireFeatures().Values.ToArray();
        for (var row = 0; row < values.Length; row += 28)
            values.AsSpan(row, 28).Reverse();
        return data.WithFeatures(new FloatMatrix(values, data.Count, 28 * 28));
    }

    /// <summary>What one calibrator reaches on each test set, the clean one first.</summary>
    private sealed record Score((double Ece, double Brier, double Ks, double Auroc)[] Sets)
    {
        public double ShiftedEce => Sets[1..].Average(s => s.Ece);

        public double MeanAuroc => Sets.Average(s => s.Auroc);
    }
}
