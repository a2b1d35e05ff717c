using System.Collections.Immutable;
using Assay.Lab;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>The Gaussian mixture of brief 8 at several rates of positives: Dice-shaped losses against cross-entropy at ½ and at a tuned threshold.</summary>
public sealed class DiceLossStudy : Study
{
    private static readonly (string Name, Func<nn.Module<Tensor, Tensor, Tensor>> Loss)[] Arms =
    [
        ("ce", () => new CrossEntropyLoss()), ("focal", () => new FocalLoss()), ("dl", () => new DiceLoss(0, 1, squared: true)), ("tversky", () => new TverskyLoss(.3, .7)),
        ("dsc .05", () => new DiceLoss(.05)), ("dsc .3", () => new DiceLoss(.3)), ("dsc 1", () => new DiceLoss(1)), ("dsc .3 P", () => new DiceLoss(.3, reduction: OverlapReduction.Example)),
        ("tversky .7/.3", () => new TverskyLoss(.7, .3)),
    ];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "dice-loss", 34, "Dice Loss for Data-imbalanced NLP Tasks (2019)",
        "Trains an MLP on a Gaussian mixture with 50, 10, 2 and 0.5 % positives; F1 of the positive class at ½ and at a threshold tuned on validation data.", DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("f1-rare", "The self-adjusting Dice loss beats cross-entropy in F1 when positives are rare.", "NER F1 with BERT-MRC: OntoNotes4 82.11 to 84.47, CoNLL03 93.04 to 93.33",
            "F1 at ½ of DSC (α chosen on validation data) minus cross-entropy, 2 % positives", "points", ClaimDirection.AtLeast, 0),
        new("more-imbalance", "The more imbalance, the larger the gain.", "paraphrase data with added negatives", "that gain at 2 % positives minus the gain at 50 %", "points", ClaimDirection.AtLeast, 0),
        new("dsc-over-dl", "Self-adjustment beats the plain Dice loss.", "CE < focal ~ DL/TL < DSC", "F1 of DSC minus the plain Dice loss, 2 % positives", "points", ClaimDirection.AtLeast, 0),
        new("balanced", "On balanced data there is no gain in accuracy.", "SST-2: 94.90 against 94.8", "accuracy of DSC minus cross-entropy, 50 % positives", "points", ClaimDirection.AtMost, 0.5),
        new("tversky-tradeoff", "Tversky's b trades precision for recall.", "a about 0.6 and 0.4 best by task", "recall of Tversky (0.3, 0.7) minus (0.7, 0.3), 2 % positives", "points", ClaimDirection.AtLeast, 0),
        new("tuned-threshold", "Tuning the threshold of cross-entropy does not make up for it.", "not in the paper: the honest baseline",
            "F1 of DSC at ½ minus cross-entropy at its tuned threshold, 2 % positives", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        double[] rates = quick ? [.5, .02] : [.5, .1, .02, .005];
        var (count, epochs) = quick ? (4000, 15) : (20_000, 25);
        var step = 0;
        foreach (var seed in context.Seeds)
        {
            var gains = new Dictionary<double, double>();
            foreach (var rate in rates)
            {
                context.Progress($"{rate:p1} positives, seed {seed}", (double)step++ / (rates.Length * context.Seeds.Count));
                using var train = LossTrial.Mixture(count, 10, rate, 3 * seed);
                using var validation = LossTrial.Mixture(count, 10, rate, 3 * seed + 1);
                using var test = LossTrial.Mixture(2 * count, 10, rate, 3 * seed + 2);
                gains[rate] = Rate(context, seed, rate, epochs, train, validation, test);
            }
            context.Measure("more-imbalance", seed, gains[.02] - gains[.5]);
        }
    }

    private static double Rate(StudyContext context, int seed, double rate, int epochs, TensorDataset train, TensorDataset validation, TensorDataset test)
    {
        var results = ParallelTrials.Run(Arms.ToImmutableArray(), (arm, stop) =>
        {
            using var loss = arm.Loss();
            var options = new TrainingOptions { Epochs = epochs, BatchSize = 256, Optimizer = new AdamW(3e-3) };
            var scores = LossTrial.Scores(train, [validation, test], new MlpSpec([32]), loss, options, seed, stop);
            var counts = LossTrial.Counts(scores[1], test);
            return (Name: arm.Name, Validation: LossTrial.F1(LossTrial.Counts(scores[0], validation)), F1: 100 * LossTrial.F1(counts),
                Tuned: 100 * LossTrial.F1(LossTrial.Counts(scores[1], test, LossTrial.BestThreshold(scores[0], validation))),
                Accuracy: 100 * LossTrial.Accuracy(scores[1], test), Recall: 100 * counts.Tp / (counts.Tp + counts.Fn));
        }, cancellation: context.Cancellation).ToDictionary(r => r.Name);
        foreach (var r in results.Values)
        {
            context.Observe($"{rate:p1} positives, {r.Name}: F1 at 1/2", r.F1);
            context.Observe($"{rate:p1} positives, {r.Name}: F1 at the tuned threshold", r.Tuned);
        }
        var dsc = results.Values.Where(r => r.Name.StartsWith("dsc", StringComparison.Ordinal)).MaxBy(r => r.Validation);
        if (rate == .02)
        {
            context.Measure("f1-rare", seed, dsc.F1 - results["ce"].F1);
            context.Measure("dsc-over-dl", seed, dsc.F1 - results["dl"].F1);
            context.Measure("tversky-tradeoff", seed, results["tversky"].Recall - results["tversky .7/.3"].Recall);
            context.Measure("tuned-threshold", seed, dsc.F1 - results["ce"].Tuned);
        }
        if (rate == .5)
            context.Measure("balanced", seed, dsc.Accuracy - results["ce"].Accuracy);
        return dsc.F1 - results["ce"].F1;
    }
}
