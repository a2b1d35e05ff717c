using System.Collections.Immutable;
using System.Diagnostics;
using Assay.Lab;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>The mixture of the brief at several rates, and breast-cancer: metric-shaped losses against cross-entropy, plain, weighted and with a tuned threshold.</summary>
public sealed class AnyLossStudy : Study
{
    private static readonly (string Name, Func<nn.Module<Tensor, Tensor, Tensor>> Loss)[] Arms =
    [
        ("bce", () => new BinaryCrossEntropyLoss()), ("weighted bce", () => new BinaryCrossEntropyLoss(balanced: true)), ("pure f1", () => new AnyLoss(amplification: Amplification.None)),
        ("sol f1", () => new ScoreOrientedLoss(prior: ThresholdPrior.RaisedCosine, width: .2)), ("accuracy", () => new AnyLoss(ConfusionObjective.Accuracy)), ("f1", () => new AnyLoss()),
        ("balanced accuracy", () => new AnyLoss(ConfusionObjective.BalancedAccuracy)), ("g-mean", () => new AnyLoss(ConfusionObjective.GMean)),
    ];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "anyloss", 8, "AnyLoss: Transforming Classification Metrics into Loss Functions (2024)",
        "Trains an MLP on a Gaussian mixture with 5 % and 50 % positives and on breast-cancer with each loss; a loss-by-metric matrix and the effect of L.", DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("f1-imbalanced", "The F1 loss beats cross-entropy in F1 on imbalanced data.", "clear gains on four imbalanced data sets", "F1 of the F1 loss minus cross-entropy, 5 % positives", "points", ClaimDirection.AtLeast, 5),
        new("bacc-imbalanced", "The balanced-accuracy loss beats cross-entropy in balanced accuracy.", "clear gains on imbalanced data",
            "balanced accuracy of its loss minus cross-entropy, 5 % positives", "points", ClaimDirection.AtLeast, 5),
        new("balanced-equal", "On balanced data they are about equal.", "102 data sets: roughly equal", "F1 of the F1 loss minus cross-entropy, 50 % positives", "points", ClaimDirection.Within, -2, 2),
        new("diagonal", "Each loss is best at its own metric.", "diagonal of the loss-by-metric table",
            "least, over accuracy, F1 and balanced accuracy, of its own loss minus the best other AnyLoss, 5 % positives", "points", ClaimDirection.AtLeast, -1),
        new("speed", "Training costs about as much as with cross-entropy.", "learning time per epoch close to BCE", "training time with the F1 loss over cross-entropy", "times", ClaimDirection.AtMost, 1.3),
        new("collapse", "Too large an L dies.", "breast-cancer: F1 0.92 to 0.99 up to L = 49, 0.17 at every L from 82", "F1 at L = 20 minus F1 at L = 200, breast-cancer", "points", ClaimDirection.AtLeast, 5),
        new("tuned-threshold", "It also beats cross-entropy with a tuned threshold.", "not in the paper: the honest baseline", "F1 of the F1 loss minus cross-entropy at its tuned threshold, 5 % positives", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        var epochs = quick ? 20 : 60;
        double[] rates = quick ? [.05, .5] : [.02, .05, .2, .5];
        var step = 0;
        foreach (var seed in context.Seeds)
        {
            foreach (var rate in rates)
            {
                context.Progress($"{rate:p0} positives, seed {seed}", (double)step++ / (rates.Length + 1) / context.Seeds.Count);
                Rate(context, seed, rate, epochs);
            }
            context.Progress($"sweep of L, seed {seed}", (double)step++ / (rates.Length + 1) / context.Seeds.Count);
            Sweep(context, seed, epochs);
        }
    }

    private static void Rate(StudyContext context, int seed, double rate, int epochs)
    {
        using var train = LossTrial.Mixture(4000, 10, rate, 3 * seed);
        using var validation = LossTrial.Mixture(4000, 10, rate, 3 * seed + 1);
        using var test = LossTrial.Mixture(10_000, 10, rate, 3 * seed + 2);
        var results = new Dictionary<string, (double Accuracy, double F1, double Balanced, double Tuned, double Seconds)>();
        // One after the other: their times are compared.
        foreach (var (name, create) in Arms)
        {
            using var loss = create();
            var watch = Stopwatch.StartNew();
            var seconds = 0.0;
            var scores = LossTrial.Scores(train, [validation, test], new MlpSpec([64]), loss, new TrainingOptions { Epochs = epochs, BatchSize = 256, Optimizer = new AdamW(3e-3) }, seed,
                context.Cancellation, _ => seconds = watch.Elapsed.TotalSeconds);
            var counts = LossTrial.Counts(scores[1], test);
            results[name] = (100 * LossTrial.Accuracy(scores[1], test), 100 * LossTrial.F1(counts), 100 * LossTrial.BalancedAccuracy(counts),
                100 * LossTrial.F1(LossTrial.Counts(scores[1], test, LossTrial.BestThreshold(scores[0], validation))), seconds);
            context.Observe($"{rate:p0} positives, {name}: accuracy %", results[name].Accuracy);
            context.Observe($"{rate:p0} positives, {name}: F1 %", results[name].F1);
            context.Observe($"{rate:p0} positives, {name}: balanced accuracy %", results[name].Balanced);
            if (loss is SoftConfusionLoss { SkippedBatches: > 0 } soft)
                context.Observe($"{rate:p0} positives, {name}: batches without a class", soft.SkippedBatches);
        }
        if (rate == .5)
            context.Measure("balanced-equal", seed, results["f1"].F1 - results["bce"].F1);
        if (rate != .05)
            return;
        context.Measure("f1-imbalanced", seed, results["f1"].F1 - results["bce"].F1);
        context.Measure("bacc-imbalanced", seed, results["balanced accuracy"].Balanced - results["bce"].Balanced);
        context.Measure("tuned-threshold", seed, results["f1"].F1 - results["bce"].Tuned);
        context.Measure("speed", seed, results["f1"].Seconds / results["bce"].Seconds);
        string[] own = ["accuracy", "f1", "balanced accuracy"];
        double Of(string loss, int metric) => metric switch { 0 => results[loss].Accuracy, 1 => results[loss].F1, _ => results[loss].Balanced };
        context.Measure("diagonal", seed, Enumerable.Range(0, 3).Min(m => Of(own[m], m) - own.Where((_, i) => i != m).Max(l => Of(l, m))));
    }

    private static void Sweep(StudyContext context, int seed, int epochs)
    {
        var (train, validation, test) = LossTrial.Divide(Data.DatasetCatalog.Load("breast-cancer"), .3, .1, seed);
        ImmutableArray<double> sharpness = [1, 5, 10, 20, 40, 73, 100, 200];
        var f1 = ParallelTrials.Run(sharpness, (l, stop) =>
        {
            using var loss = new AnyLoss(sharpness: l);
            var scores = LossTrial.Scores(train, [test], new MlpSpec([64]), loss, new TrainingOptions { Epochs = epochs, BatchSize = 64, Optimizer = new AdamW(3e-3) }, seed, stop);
            return 100 * LossTrial.F1(LossTrial.Counts(scores[0], test));
        }, cancellation: context.Cancellation);
        for (var i = 0; i < f1.Length; i++)
            context.Observe($"breast-cancer, L = {sharpness[i]}: F1 %", f1[i]);
        context.Measure("collapse", seed, f1[3] - f1[^1]);
        train.Dispose();
        validation.Dispose();
        test.Dispose();
    }
}
