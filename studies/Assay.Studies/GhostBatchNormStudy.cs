using System.Collections.Immutable;
using Assay.Lab;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Fashion-MNIST, an MLP with batch normalisation: a small batch, a large one, and the paper's three remedies one after another, all from
/// the same weights; and how far the weights move while the learning rate is at its first value.
/// </summary>
public sealed class GhostBatchNormStudy : Study
{
    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "ghost-batch-norm", 87, "Train longer, generalize better: closing the generalization gap in large batch training of neural networks (2017)",
        "Trains an MLP with batch normalisation on Fashion-MNIST with a small and a large batch, and with √k learning rates, Ghost Batch Normalisation and as many updates as the small batch.",
        DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("gap", "A large batch at the same epochs generalises worse.", "MNIST F1 98.27 against 97.05; CIFAR-10 ResNet44 92.83 against 86.10 (b 4096)",
            "test accuracy of the small batch minus the large batch, other things equal", "points", ClaimDirection.AtLeast, 0),
        new("learning-rate", "A learning rate scaled by the root of the ratio closes a part of the gap.", "F1 97.05 to 97.55; ResNet44 86.10 to 89.30",
            "test accuracy with the scaled rate minus without", "points", ClaimDirection.AtLeast, 0),
        new("ghost", "Ghost Batch Normalisation narrows the gap without more updates.", "+0.05 to +2.9 points over the scaled rate alone",
            "test accuracy with ghosts minus the scaled rate alone", "points", ClaimDirection.AtLeast, 0),
        new("regime", "With as many updates as the small batch the gap is closed.", "F1 98.53 against 98.27; ResNet44 93.07 against 92.83",
            "test accuracy of the adapted regime minus the small batch", "points", ClaimDirection.AtLeast, -0.3),
        new("logarithm", "The distance of the weights from their start grows with the logarithm of the steps, not with their root.", "Figure 2",
            "R² of a + c·log t minus R² of a + c·√t in the first phase of the adapted regime, t from 10", "R²", ClaimDirection.AtLeast, 0),
        new("same-line", "Scaled by the root of the ratio, large batches diffuse like the small one.", "Figure 2: one line for all batches",
            "slope c of the adapted regime over the small batch's, both in their first phase", "ratio", ClaimDirection.Within, 0.75, 1.33),
        new("control", "Ghosts as large as the batch are plain batch normalisation.", "control: an identity but for rounding, which 40 large steps magnify",
            "test accuracy with ghosts of the whole batch minus none", "points", ClaimDirection.Within, -0.5, 0.5),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick
            ? (Train: 8_000, Test: 4_000, Small: 128, Large: 1_024, Epochs: 3, Drops: new[] { 2 }, Hidden: new[] { 256, 256 })
            : (Train: 20_000, Test: 10_000, Small: 64, Large: 2_048, Epochs: 4, Drops: new[] { 2, 3 }, Hidden: new[] { 256, 256, 256, 256 });
        var regime = TrainingRegime.Step(size.Epochs, 0.1, size.Drops);
        var model = new NormalizedMlpSpec(size.Hidden);
        var (train, test) = FashionParts.Tensors(size.Train, size.Test);
        using (train)
        using (test)
        {
            var ladder = LargeBatchPlan.Ladder(regime, size.Small, size.Large);
            ImmutableArray<LargeBatchPlan> plans =
            [
                .. ladder, ladder[2] with { Name = "ghosts of the whole batch", GhostSize = size.Large },
                LargeBatchPlan.From(regime, size.Small, size.Large, LearningRateScaling.Linear, adaptRegime: false, ghost: false),
            ];
            // The longest first, so that no thread waits for it at the end.
            var trials = context.Seeds.SelectMany(s => plans.Select(p => (Seed: s, Plan: p))).OrderByDescending(t => t.Plan.Regime.Epochs).ToImmutableArray();
            var done = 0;
            var rungs = ParallelTrials.Run(trials, (trial, stop) =>
            {
                var rung = LargeBatchLadder.Run(trial.Plan, model, train, test, trial.Seed, cancellation: stop);
                context.Progress($"{trial.Plan.Name}, seed {trial.Seed}", (double)Interlocked.Increment(ref done) / trials.Length);
                return rung;
            }, cancellation: context.Cancellation);
            foreach (var seed in context.Seeds)
                Measure(context, seed, [.. plans.Select(p => rungs[trials.IndexOf((seed, p))])]);
        }
    }

    private static void Measure(StudyContext context, int seed, LargeBatchRung[] rungs)
    {
        var (small, large, rate, ghost, adapted, whole) = (rungs[0], rungs[1], rungs[2], rungs[3], rungs[4], rungs[5]);
        context.Measure("gap", seed, 100 * (small.Accuracy - large.Accuracy));
        context.Measure("learning-rate", seed, 100 * (rate.Accuracy - large.Accuracy));
        context.Measure("ghost", seed, 100 * (ghost.Accuracy - rate.Accuracy));
        context.Measure("regime", seed, 100 * (adapted.Accuracy - small.Accuracy));
        var (fitOfSmall, fit) = (small.Diffusion!, adapted.Diffusion!);
        context.Measure("logarithm", seed, fit.LogR2 - fit.RootR2);
        context.Measure("same-line", seed, fit.Slope / fitOfSmall.Slope);
        context.Measure("control", seed, 100 * (whole.Accuracy - rate.Accuracy));
        foreach (var rung in rungs)
        {
            context.Observe($"{rung.Plan.Name}: test accuracy, %", 100 * rung.Accuracy);
            context.Observe($"{rung.Plan.Name}: updates", rung.Updates);
        }
        foreach (var rung in (LargeBatchRung[])[small, adapted])
        {
            context.Observe($"{rung.Plan.Name}: R² of log t", rung.Diffusion!.LogR2);
            context.Observe($"{rung.Plan.Name}: R² of √t", rung.Diffusion.RootR2);
            context.Observe($"{rung.Plan.Name}: slope against log t", rung.Diffusion.Slope);
        }
    }
}
