using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>Digits with clean and flipped training labels: the LDR family against ten losses, each with its rate tuned on a noisy validation part.</summary>
public sealed class LdrLossesStudy : Study
{
    private static readonly (string Name, Func<nn.Module<Tensor, Tensor, Tensor>> Loss)[] All =
    [
        ("ce", () => new CrossEntropyLoss()), ("crammer-singer", () => new CrammerSingerLoss()), ("weston-watkins", () => new WestonWatkinsLoss()),
        ("gce", () => new GeneralizedCrossEntropyLoss()), ("sce", () => new SymmetricCrossEntropyLoss()), ("nce+rce", () => new NormalizedCrossEntropyLoss(PassivePart.Rce, 5, 5)),
        ("mae", () => new MeanAbsoluteProbabilityLoss()), ("ldr .1", () => new LdrKlLoss(.1)), ("ldr 1", () => new LdrKlLoss(1)), ("ldr 10", () => new LdrKlLoss(10)),
        ("aldr 1", () => new AdaptiveLdrKlLoss(0, 1)), ("aldr 10", () => new AdaptiveLdrKlLoss(0, 10)),
    ];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "ldr-losses", 78, "Label Distributionally Robust Losses for Multi-class Classification (2023)",
        "Trains an MLP on digits and on Gaussian classes with clean and wrong training labels, each loss with a rate tuned on a noisy validation part.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("special-case", "λ = 1 without a margin is cross-entropy less log K.", "exact", "largest difference on random scores (double)", "nats", ClaimDirection.AtMost, 1e-9),
        new("aldr-rank", "The adaptive loss ranks among the best.", "ALDR-KL best average rank of 14 losses on 7 data sets", "mean rank of ALDR over the noise levels (1 is best of 9 families)", "rank", ClaimDirection.AtMost, 3),
        new("never-far", "It is never far below the best.", "ALDR-KL best or close", "largest gap of ALDR to the best loss over the noise levels", "points", ClaimDirection.AtMost, 3),
        new("adaptivity", "Rows with wrong labels get larger temperatures.", "synthetic data: λ larger for noisy rows", "AUROC of λ for wrong labels at 30 % uniform noise", "ratio", ClaimDirection.AtLeast, 0.5),
        new("lambda-noise", "Noise asks for a larger λ.", "λ sweep", "gain of λ = 10 over λ = 0.1 at the highest noise, minus the same gain on clean labels", "points", ClaimDirection.AtLeast, 0),
        new("all-k", "LDR is consistent at all k.", "top-1 to top-5 competitive or best", "mean over k = 1..5 of the top-k accuracy of LDR (best λ by validation) minus cross-entropy, clean labels", "points", ClaimDirection.AtLeast, -0.5),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        double[] noises = quick ? [0, .3, .6] : [0, .3, .6, .9];
        double[] rates = quick ? [3e-3, 3e-2] : [1e-3, 1e-2, 1e-1];
        var data = DatasetCatalog.Load("digits");
        foreach (var seed in context.Seeds)
        {
            SpecialCase(context, seed);
            var (ranks, gap) = (new List<double>(), 0.0);
            var gains = new List<double>();
            for (var n = 0; n < noises.Length; n++)
            {
                context.Progress($"noise {noises[n]:p0}, seed {seed}", (double)n / noises.Length);
                var families = Noise(context, data, seed, noises[n], rates, quick ? 15 : 60, gains);
                var ordered = Ranking.Of([.. families.Select(f => f.Accuracy)], descending: true);
                var own = families.FindIndex(f => f.Name == "aldr");
                ranks.Add(ordered[own]);
                gap = Math.Max(gap, families.Max(f => f.Accuracy) - families[own].Accuracy);
            }
            context.Measure("aldr-rank", seed, ranks.Average());
            context.Measure("never-far", seed, gap);
            context.Measure("lambda-noise", seed, gains[^1] - gains[0]);
        }
    }

    private static List<(string Name, double Accuracy)> Noise(StudyContext context, Dataset data, int seed, double noise, double[] rates, int epochs, List<double> gains)
    {
        var split = DatasetSplit.Of(data, .3, .2, seed);
        var scaling = Lab.FeatureScaling.Fit(split.Train);
        Dataset Flip(Dataset part, int stream) =>
            noise == 0 ? part : part.WithLabels(LabelNoise.Uniform(part.Labels.AsSpan(), part.ClassCount, noise, 100 * seed + stream).Labels, part.ClassNames);
        var noisyTrain = Flip(split.Train, 1);
        using var train = TensorDataset.From(scaling.Apply(noisyTrain));
        using var validation = TensorDataset.From(scaling.Apply(Flip(split.Validation!, 2)));
        using var test = TensorDataset.From(scaling.Apply(split.Test));
        var trials = All.SelectMany(a => rates.Select(r => (Arm: a, Rate: r))).ToImmutableArray();
        var results = ParallelTrials.Run(trials, (t, stop) =>
        {
            using var loss = t.Arm.Loss();
            var options = new TrainingOptions { Epochs = epochs, BatchSize = 64, Optimizer = new Sgd(t.Rate, momentum: .9, weightDecay: 5e-3) };
            var scores = LossTrial.Scores(train, [validation, test], new MlpSpec([32, 32], Activation.Tanh), loss, options, seed, stop);
            return (t.Arm.Name, Validation: LossTrial.Accuracy(scores[0], validation), Test: 100 * LossTrial.Accuracy(scores[1], test), Top: TopK(scores[1], test),
                Temperatures: loss is AdaptiveLdrKlLoss a ? a.Temperatures : []);
        }, cancellation: context.Cancellation);
        var families = results.GroupBy(r => r.Name.Split(' ')[0]).Select(g => (Name: g.Key, Best: g.MaxBy(r => r.Validation))).ToList();
        foreach (var (name, best) in families)
            context.Observe($"digits, {noise:p0} noise, {name}: test accuracy %", best.Test);
        double Lambda(string name) => results.Where(r => r.Name == name).MaxBy(r => r.Validation).Test;
        gains.Add(Lambda("ldr 10") - Lambda("ldr .1"));
        if (noise == 0)
            context.Measure("all-k", seed, families.First(f => f.Name == "ldr").Best.Top - families.First(f => f.Name == "ce").Best.Top);
        if (noise == .3)
            context.Measure("adaptivity", seed, Auroc(families.First(f => f.Name == "aldr").Best.Temperatures, [.. noisyTrain.Labels.Zip(split.Train.Labels, (a, b) => a != b)]));
        return [.. families.Select(f => (f.Name, f.Best.Test))];
    }

    private static void SpecialCase(StudyContext context, int seed)
    {
        using var scope = NewDisposeScope();
        var z = Initialization.Normal(empty(32, 9, dtype: float64), 3, new SeededRandom(seed));
        var y = arange(32).remainder(9).to(int64);
        context.Measure("special-case", seed, Math.Abs(new LdrKlLoss(1, 0).call(z, y).ToDouble() - new CrossEntropyLoss().call(z, y).ToDouble() + Math.Log(9)));
    }

    // The mean over k = 1..5 of the top-k accuracy, in percent.
    private static double TopK(FloatMatrix scores, TensorDataset data)
    {
        var labels = data.Targets.data<long>().ToArray();
        var sum = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var row = scores.Row(i);
            var above = 0;
            foreach (var s in row)
                above += s > row[(int)labels[i]] ? 1 : 0;
            sum += Math.Max(0, 5 - above);
        }
        return 100.0 * sum / (5 * labels.Length);
    }

    private static double Auroc(ImmutableArray<float> values, bool[] wrong)
    {
        var ranks = Ranking.Of([.. values.Take(wrong.Length).Select(v => (double)v)]);
        var positives = wrong.Count(w => w);
        var sum = ranks.Where((_, i) => wrong[i]).Sum();
        return (sum - positives * (positives + 1) / 2.0) / ((double)positives * (wrong.Length - positives));
    }
}
