using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>Hard pairs of Fashion-MNIST classes with a tenth of the training labels flipped: EnsLoss against fixed losses, with its ablations.</summary>
public sealed class EnsLossStudy : Study
{
    private static readonly (string Name, Func<nn.Module<Tensor, Tensor, Tensor>> Loss, double? Clip)[] Arms =
    [
        ("ensloss", () => new EnsLoss(), null), ("bce", () => new BinaryCrossEntropyLoss(), null), ("hinge", () => new HingeLoss(), null), ("exp", () => new ExponentialLoss(), 10),
        ("focal", () => new FocalLoss(), null), ("ensloss unsorted", () => new EnsLoss(sorted: false), null), ("ensloss without tail", () => new EnsLoss(tail: TailRule.None), null),
        ("ensloss, lambda redrawn", () => new EnsLoss(period: 16), null),
    ];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "ensloss", 7, "EnsLoss: Stochastic Calibrated Loss Ensembles for Preventing Overfitting in Classification (2025)",
        "Trains MLPs for many epochs on hard Fashion-MNIST pairs with 10 % flipped labels; final accuracy on clean images and the fall from the best epoch.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("beats-bce", "EnsLoss is more accurate than cross-entropy.", "45 CIFAR-10 pairs, ResNet-34: 41 better, 4 equal, 0 worse", "final test accuracy of EnsLoss minus cross-entropy, deepest net, mean over pairs", "points", ClaimDirection.AtLeast, 0),
        new("beats-hinge", "EnsLoss is more accurate than the hinge.", "36 better, 9 equal, 0 worse", "as above, minus the hinge", "points", ClaimDirection.AtLeast, 0),
        new("beats-exp", "EnsLoss is more accurate than the exponential loss.", "45 better", "as above, minus the exponential loss", "points", ClaimDirection.AtLeast, 0),
        new("overfits-less", "Its accuracy falls less from the best epoch to the last.", "test accuracy keeps rising while training accuracy is below 1",
            "fall from the best to the last epoch with cross-entropy minus with EnsLoss", "points", ClaimDirection.AtLeast, 0),
        new("sorting", "Matching sorted derivatives to sorted margins, the claimed mechanism, matters.", "convexity is the paper's condition", "final test accuracy with sorting minus without", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        (int, int)[] pairs = quick ? [(6, 0)] : [(6, 0), (4, 2), (6, 4), (7, 9)];
        var (epochs, perClass) = quick ? (40, 500) : (60, 1000);
        var source = new FashionMnist();
        var (images, official) = (source.Load(test: false), source.Load(test: true));
        var step = 0;
        foreach (var seed in context.Seeds)
        {
            var results = new List<ImmutableArray<(double Last, double Best, double Train)>>();
            foreach (var pair in pairs)
            {
                context.Progress($"classes {pair}, seed {seed}", (double)step++ / (pairs.Length * context.Seeds.Count));
                results.Add(Pair(context, Part(images, pair, perClass, seed), Part(official, pair, 1000, seed), epochs, seed));
            }
            double Mean(int arm, Func<(double Last, double Best, double Train), double> of) => 100 * results.Average(r => of(r[arm]));
            for (var arm = 0; arm < Arms.Length; arm++)
            {
                context.Observe($"{Arms[arm].Name}: final test accuracy %", Mean(arm, r => r.Last));
                context.Observe($"{Arms[arm].Name}: fall from the best epoch, points", Mean(arm, r => r.Best - r.Last));
                if (Mean(arm, r => r.Train) is var train && double.IsFinite(train))
                    context.Observe($"{Arms[arm].Name}: accuracy on the noisy training labels %", train);
                else
                    context.Observe($"{Arms[arm].Name}: runs that overflowed, of {pairs.Length}", results.Count(r => double.IsNaN(r[arm].Train)));
            }
            var own = Mean(0, r => r.Last);
            context.Measure("beats-bce", seed, own - Mean(1, r => r.Last));
            context.Measure("beats-hinge", seed, own - Mean(2, r => r.Last));
            context.Measure("beats-exp", seed, own - Mean(3, r => r.Last));
            context.Measure("overfits-less", seed, Mean(1, r => r.Best - r.Last) - Mean(0, r => r.Best - r.Last));
            context.Measure("sorting", seed, own - Mean(5, r => r.Last));
        }
    }

    private static ImmutableArray<(double Last, double Best, double Train)> Pair(StudyContext context, Dataset images, Dataset clean, int epochs, int seed)
    {
        var scaling = Lab.FeatureScaling.Fit(images);
        var noisy = images.WithLabels(LabelNoise.Pair(images.Labels.AsSpan(), 2, .1, seed).Labels, images.ClassNames);
        using var train = TensorDataset.From(scaling.Apply(noisy));
        using var test = TensorDataset.From(scaling.Apply(clean));
        return ParallelTrials.Run(Arms.ToImmutableArray(), (arm, stop) =>
        {
            using var scope = NewDisposeScope();
            using var loss = arm.Loss();
            var options = new TrainingOptions
            {
                Epochs = epochs, BatchSize = 128, Optimizer = new Sgd(1e-3, momentum: .9, weightDecay: 5e-6), Schedule = new CosineSchedule(), ClipNorm = arm.Clip, Loss = loss,
            };
            var curve = new List<double> { 0.5 };
            void Record(CurvePoint point)
            {
                if (point.Name == "validation/accuracy")
                    curve.Add(point.Value);
            }

            try
            {
                using var model = new Backprop(new MlpSpec([256, 256, 256]), options).Fit(train, test, new TrainingContext { Seed = seed, Cancellation = stop, Record = Record });
                return (curve[^1], curve.Max(), model.Accuracy(train));
            }
            catch (NonFiniteLossException)
            {
                // exp(−z) overflows on a flipped label that the net is sure of. Such a run counts with its last whole epoch, or as chance.
                return (curve[^1], curve.Max(), double.NaN);
            }
        }, cancellation: context.Cancellation);
    }

    // The first images of two classes in a seeded order, as classes 0 and 1.
    private static Dataset Part(Dataset data, (int A, int B) pair, int perClass, int seed)
    {
        var order = new SeededRandom(seed).Permutation(data.Count);
        int[] rows = [.. order.Where(r => data.Labels[r] == pair.A).Take(perClass), .. order.Where(r => data.Labels[r] == pair.B).Take(perClass)];
        var part = data.Select(rows);
        return part.WithLabels([.. part.Labels.Select(l => l == pair.A ? 0 : 1)], ["a", "b"]);
    }
}
