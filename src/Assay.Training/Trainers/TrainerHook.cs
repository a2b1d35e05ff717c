using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Takes part in a training run: methods that watch or change it derive from this and override the moments they need. Hooks run in the
/// order in which they were given.
/// </summary>
public abstract class TrainerHook
{
    /// <summary>Before the first step; after a resumed run's state was put back.</summary>
    public virtual void OnStart(TrainerState state)
    {
    }

    /// <summary>Before the first batch of an epoch.</summary>
    public virtual void OnEpochStart(TrainerState state)
    {
    }

    /// <summary>Before a batch's forward pass. The hook may replace the batch.</summary>
    public virtual void OnBatch(TrainerState state, ref TrainingBatch batch)
    {
    }

    /// <summary>Whether <see cref="OnOutputs"/> shall be called.</summary>
    public virtual bool WantsOutputs => false;

    /// <summary>With the outputs that a batch gave in training mode, before the update that follows from it. Nothing may be changed.</summary>
    /// <param name="state">The run.</param>
    /// <param name="batch">The examples; with accumulation, those of one part.</param>
    /// <param name="outputs">(B, k), without a graph.</param>
    public virtual void OnOutputs(TrainerState state, in TrainingBatch batch, Tensor outputs)
    {
    }

    /// <summary>After the backward pass, before clipping and the optimiser's step: gradients may be read and changed.</summary>
    public virtual void OnGradients(TrainerState state)
    {
    }

    /// <summary>After the optimiser's step.</summary>
    /// <param name="state">The run.</param>
    /// <param name="loss">The batch's mean loss.</param>
    public virtual void OnStep(TrainerState state, double loss)
    {
    }

    /// <summary>After an evaluation on the validation data.</summary>
    public virtual void OnEvaluation(TrainerState state, EvaluationResult evaluation)
    {
    }

    /// <summary>After the last batch of an epoch and its evaluation.</summary>
    public virtual void OnEpochEnd(TrainerState state)
    {
    }

    /// <summary>When a point of a curve is recorded. After a resume, points later than the checkpoint are recorded anew.</summary>
    public virtual void OnRecord(TrainerState state, in CurvePoint point)
    {
    }

    /// <summary>After the last step, when the final weights are in place.</summary>
    public virtual void OnEnd(TrainerState state)
    {
    }

    /// <summary>What the hook needs in a checkpoint: named tensors, owned by the hook.</summary>
    public virtual IEnumerable<(string Name, Tensor Value)> SaveState() => [];

    /// <summary>Puts back what <see cref="SaveState"/> gave.</summary>
    public virtual void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
    }
}

/// <summary>The examples of one step.</summary>
/// <param name="Inputs">(B, …).</param>
/// <param name="Targets">(B).</param>
/// <param name="Rows">The examples' row numbers in the training data, (B) of int64.</param>
public readonly record struct TrainingBatch(Tensor Inputs, Tensor Targets, Tensor Rows);

/// <summary>The result of an evaluation.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Accuracy">The share of right classes; NaN for regression.</param>
public readonly record struct EvaluationResult(double Loss, double Accuracy);

/// <summary>A running training, as its hooks see it.</summary>
public sealed class TrainerState
{
    private readonly List<CurvePoint> points = [];

    internal TrainerState(nn.Module<Tensor, Tensor> model, Optimizer optimizer, TrainingOptions options, TensorDataset data, long totalSteps, int stepsPerEpoch)
    {
        (Model, Optimizer, Options, Data, TotalSteps, StepsPerEpoch) = (model, optimizer, options, data, totalSteps, stepsPerEpoch);
    }

    /// <summary>The model.</summary>
    public nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The optimiser with the flat parameters and gradients.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The options.</summary>
    public TrainingOptions Options { get; }

    /// <summary>The training data.</summary>
    public TensorDataset Data { get; }

    /// <summary>The number of steps of the whole run, if nothing stops it early.</summary>
    public long TotalSteps { get; }

    /// <summary>The number of steps of one epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>The number of optimiser steps done.</summary>
    public long Step { get; internal set; }

    /// <summary>The epoch, from 0.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Set by a hook to end the run after this step.</summary>
    public bool StopRequested { get; set; }

    /// <summary>What has been recorded so far.</summary>
    public IReadOnlyList<CurvePoint> Points => points;

    /// <summary>Hooks that hear of every recorded point.</summary>
    internal IReadOnlyList<TrainerHook> Hooks { get; init; } = [];

    /// <summary>How <see cref="ComputeGradients"/> computes; set by the trainer.</summary>
    internal Func<TrainingBatch, double>? Gradients { get; set; }

    /// <summary>Adds the gradients of a batch's mean loss to the flat buffer, which hold zeros between steps; no weight moves.</summary>
    /// <param name="batch">The examples.</param>
    /// <returns>The batch's mean loss.</returns>
    /// <exception cref="InvalidOperationException">No training is under way.</exception>
    public double ComputeGradients(in TrainingBatch batch) => (Gradients ?? throw new InvalidOperationException("no training is under way"))(batch);

    /// <summary>Records a point of a curve at the present step.</summary>
    public void Record(string name, double value)
    {
        var point = new CurvePoint(name, Step, (double)Step / StepsPerEpoch, value);
        points.Add(point);
        foreach (var hook in Hooks)
            hook.OnRecord(this, point);
    }

    internal void RestorePoints(IEnumerable<CurvePoint> earlier)
    {
        points.Clear();
        points.AddRange(earlier);
    }
}
