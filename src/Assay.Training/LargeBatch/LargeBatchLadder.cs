using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>One rung of the ladder.</summary>
/// <param name="Plan">How it was trained.</param>
/// <param name="Accuracy">The accuracy on the test data, 0 to 1.</param>
/// <param name="Updates">The number of updates.</param>
/// <param name="Distances">‖w_t − w_0‖ at log-spaced steps of the initial phase.</param>
/// <param name="Weights">The final weights as one vector, in the model's order.</param>
public sealed record LargeBatchRung(LargeBatchPlan Plan, double Accuracy, long Updates, ImmutableArray<(long Step, double Distance)> Distances, ImmutableArray<float> Weights)
{
    /// <summary>Both laws of the distance in the initial phase, from step 10 on; null where it has fewer than three points.</summary>
    public DiffusionFit? Diffusion => Distances.Count(d => d.Step >= 10) >= 3
        ? DiffusionFit.Of([.. Distances.Select(d => d.Step)], [.. Distances.Select(d => d.Distance)])
        : null;

    /// <summary>The generalisation gap to the small batch: its accuracy less this one's.</summary>
    public double Gap(LargeBatchRung smallBatch) => (smallBatch ?? throw new ArgumentNullException(nameof(smallBatch))).Accuracy - Accuracy;

    /// <summary>The share of the plain large batch's gap that is closed: 1 is all of it; NaN where there is no gap.</summary>
    public double Recovered(LargeBatchRung smallBatch, LargeBatchRung largeBatch)
    {
        ArgumentNullException.ThrowIfNull(largeBatch);
        var gap = largeBatch.Gap(smallBatch);
        return gap > 0 ? 1 - Gap(smallBatch) / gap : double.NaN;
    }
}

/// <summary>Trains the same model by several <see cref="LargeBatchPlan"/>s from the same initial weights, the tables of Hoffer, Hubara and Soudry (2017).</summary>
public static class LargeBatchLadder
{
    /// <summary>Trains by one plan and evaluates once on the test data.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="model">The architecture, with batch normalisation.</param>
    /// <param name="train">The training data.</param>
    /// <param name="test">The test data.</param>
    /// <param name="seed">Decides the initial weights and the order of the data.</param>
    /// <param name="options">Loss, precision and the like; batch, epochs, optimiser, schedule and clipping are the plan's.</param>
    /// <param name="cancellation">Ends the training.</param>
    public static LargeBatchRung Run(
        LargeBatchPlan plan, ModelSpec model, TensorDataset train, TensorDataset test, long seed, TrainingOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        using var scope = NewDisposeScope();
        using var built = model.Build(train.FeatureShape, train.Outputs, SeededRandom.At(seed, 0));
        using var surgery = plan.GhostSize is { } ghost ? GhostBatchNormSurgery.Attach(built, ghost) : null;
        var stepsPerEpoch = (train.Count + plan.BatchSize - 1) / plan.BatchSize;
        using var probe = new DiffusionProbe(until: (long)stepsPerEpoch * plan.Regime.FirstBoundary);
        var result = new Trainer(plan.ToOptions(options) with { Seed = seed }, probe).Fit(built, train, cancellation: cancellation);
        return new LargeBatchRung(
            plan, TrainedModel.Accuracy(built, test), result.Steps, [.. probe.Points], [.. built.parameters().SelectMany(p => p.detach().cpu().reshape(-1).data<float>().ToArray())]);
    }
}
