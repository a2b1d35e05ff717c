using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>How <see cref="Trainer"/> trains. Every value is checked when training starts.</summary>
public sealed record TrainingOptions
{
    /// <summary>The number of passes over the data, 1 or more.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>The number of examples of one optimiser step, 1 or more. The last batch of an epoch may be smaller.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Whether the last, smaller batch of an epoch is left out, so that all batches are equal.</summary>
    public bool DropLast { get; init; }

    /// <summary>Into how many parts a batch is split to save memory; the update is that of the whole batch.</summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>The update rule.</summary>
    public OptimizerSpec Optimizer { get; init; } = new AdamW();

    /// <summary>The learning-rate schedule over the whole run.</summary>
    public Schedule Schedule { get; init; } = new ConstantSchedule();

    /// <summary>The loss; null takes cross-entropy for classes and the mean squared error for real values.</summary>
    public nn.Module<Tensor, Tensor, Tensor>? Loss { get; init; }

    /// <summary>The norm above which the whole gradient is scaled down to it, or null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>When to stop early, or null for never. Needs validation data.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>The precision of matrix products.</summary>
    public Precision Precision { get; init; }

    /// <summary>Decides the order of the data and all random numbers in the model's forward pass.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// The rows of an epoch in the order in which they are read; null shuffles all rows anew in every epoch. A row may come several times or
    /// never. Every epoch has as many rows as the first, and the same epoch always the same rows, so that a resumed run goes on where it was.
    /// </summary>
    public Func<int, int[]>? Order { get; init; }

    /// <summary>Ends the run after this step, with a checkpoint where those are kept, as if it had been cut off there; null for never.</summary>
    public long? StopAfterStep { get; init; }

    /// <summary>Where and how often to save, or null for never.</summary>
    public CheckpointOptions? Checkpoints { get; init; }

    /// <summary>How to evaluate on the validation data; null takes the mean loss and the accuracy of the largest output.</summary>
    public Func<nn.Module<Tensor, Tensor>, TensorDataset, EvaluationResult>? Evaluate { get; init; }

    /// <summary>Every how many steps the mean training loss is recorded; 0 chooses about 200 points for the run.</summary>
    public int RecordEvery { get; init; }

    /// <summary>Whether the trainer may use the closed-form gradients of model and loss where both have them; the result equals autograd's.</summary>
    public bool AllowClosedForm { get; init; } = true;

    /// <summary>The steps of an epoch of so many rows.</summary>
    internal int StepsOf(int rows) => DropLast ? rows / BatchSize : (rows + BatchSize - 1) / BatchSize;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Epochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(AccumulationSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(RecordEvery);
        ArgumentNullException.ThrowIfNull(Optimizer);
        ArgumentNullException.ThrowIfNull(Schedule);
        if (ClipNorm is { } clip && !(clip > 0))
            throw new ArgumentOutOfRangeException(nameof(ClipNorm), clip, "a positive number was expected");
    }
}

/// <summary>Where and how often a run is saved.</summary>
/// <param name="Folder">The folder of the checkpoints; it is created. A run that finds one there goes on from the newest whole one.</param>
/// <param name="EverySteps">The steps between two checkpoints; 0 saves at the end of every epoch.</param>
/// <param name="Keep">How many of the newest are kept, 1 or more.</param>
/// <param name="MinSeconds">The least time between two checkpoints at ends of epochs, so that short epochs do not spend their time on saving.</param>
public sealed record CheckpointOptions(string Folder, int EverySteps = 0, int Keep = 2, double MinSeconds = 0);
