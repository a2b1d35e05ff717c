using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;

namespace Assay.Training;

/// <summary>How <see cref="LargeBatchTrainer"/> trains; defaults are the paper's.</summary>
public sealed record LargeBatchOptions
{
    /// <summary>The architecture; Ghost Batch Normalisation needs one with batch normalisation.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The batch trained with, b_L.</summary>
    public int Batch { get; init; } = 4096;

    /// <summary>The batch that the learning rate and the epochs were chosen for, b_S; also the size of ghost batches.</summary>
    public int SmallBatch { get; init; } = 128;

    /// <summary>The learning rate of the small batch.</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>The epochs of the small batch.</summary>
    public int Epochs { get; init; } = 50;

    /// <summary>The epochs of the small batch at which the rate is multiplied by <see cref="Gamma"/>.</summary>
    public ImmutableArray<int> Drops { get; init; } = [10, 20, 30];

    /// <summary>The factor of a drop.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>The momentum.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>How the learning rate grows with the batch.</summary>
    public LearningRateScaling Scaling { get; init; } = LearningRateScaling.Sqrt;

    /// <summary>Whether batch normalisation sees ghost batches.</summary>
    public bool Ghost { get; init; } = true;

    /// <summary>Whether to make as many updates as the small batch would: ⌈k⌉ times the epochs.</summary>
    public bool AdaptRegime { get; init; } = true;

    /// <summary>The norm to which a larger gradient is scaled down; 0 for none.</summary>
    public double Clip { get; init; } = LargeBatchPlan.PaperClipNorm;

    internal LargeBatchPlan ToPlan() => LargeBatchPlan.From(
        TrainingRegime.Step(Epochs, LearningRate, Drops.IsDefault ? [] : Drops.AsSpan(), Gamma, Momentum, WeightDecay), SmallBatch, Batch, Scaling, AdaptRegime, Ghost, Clip > 0 ? Clip : null);
}

/// <summary>
/// Large-batch training without a generalisation gap (Hoffer, Hubara and Soudry 2017): from a small batch's regime, √k scaling of the
/// learning rate, Ghost Batch Normalisation, as many updates as the small batch, clipping. The curve <c>weights/distance</c> records
/// ‖w_t − w_0‖ (<see cref="DiffusionProbe"/>).
/// </summary>
/// <param name="options">How to train.</param>
[Method("large-batch", Paper = 87, Kind = MethodKind.Trainer)]
public sealed class LargeBatchTrainer(LargeBatchOptions options) : TrainingAlgorithm
{
    private readonly LargeBatchOptions options = options ?? throw new ArgumentNullException(nameof(options));

    /// <summary>The plan that it trains by.</summary>
    public LargeBatchPlan Plan { get; } = options?.ToPlan() ?? throw new ArgumentNullException(nameof(options));

    /// <inheritdoc/>
    public override string Name => "large-batch";

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        if (Plan.BatchSize > train.Count)
            context.Warn?.Invoke($"the batch of {Plan.BatchSize} is larger than the {train.Count} training examples: every step sees all of them");
        var model = options.Model.Build(train.FeatureShape, train.Outputs, SeededRandom.At(context.Seed, 0));
        model.to(train.Inputs.device);
        var surgery = Plan.GhostSize is { } ghost ? GhostBatchNormSurgery.Attach(model, ghost) : null;
        if (surgery is { Count: 0 })
            context.Warn?.Invoke("the model has no batch normalisation: Ghost Batch Normalisation changes nothing");
        using var probe = new DiffusionProbe();
        var recorder = new StageRecorder(context);
        recorder.Run("", Plan.ToOptions(), model, train, validation, probe);
        surgery?.Dispose();
        var macs = ForwardMacs.Of(model, train.FeatureShape);
        return new TrainedModel(model, recorder.Trace, macs, 3 * macs);
    }

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) => new LargeBatchTrainer(options with { LearningRate = learningRate });
}
