using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>What a training run ended with. The model holds the final weights.</summary>
/// <param name="Trace">All recorded curves.</param>
/// <param name="Steps">The number of optimiser steps done, those before a resume included.</param>
/// <param name="Epochs">The number of epochs begun.</param>
/// <param name="StoppedEarly">Whether the stopping rule or a hook ended it before the last epoch.</param>
/// <param name="ResumedFrom">The step that it went on from, or 0.</param>
public sealed record TrainingResult(TrainingTrace Trace, long Steps, int Epochs, bool StoppedEarly, long ResumedFrom);

/// <summary>
/// Trains any model by backpropagation on mini-batches: shuffled epochs, any loss, optimiser and schedule, clipping, accumulation, early
/// stopping, checkpoints. Every random number is a function of the seed and the step, so a resumed run ends in the same weights, bit for
/// bit, as an undisturbed one with the same number of threads.
/// </summary>
public sealed class Trainer
{
    private const long ShuffleStream = 1, ModuleStream = 2;
    private readonly TrainingOptions options;
    private readonly ImmutableArray<TrainerHook> hooks;

    /// <summary>Creates a trainer.</summary>
    /// <param name="options">How to train.</param>
    /// <param name="hooks">What takes part.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Trainer(TrainingOptions options, params ReadOnlySpan<TrainerHook> hooks)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.options = options;
        this.hooks = [.. hooks];
    }

    /// <summary>Trains the model in place.</summary>
    /// <param name="model">The model; its parameters move into one flat buffer.</param>
    /// <param name="train">The training data, on the model's device.</param>
    /// <param name="validation">The validation data, evaluated after every epoch; null leaves early stopping off.</param>
    /// <param name="cancellation">Ends the run after the current step, with a checkpoint where those are kept.</param>
    /// <exception cref="NonFiniteLossException">A loss is infinite or NaN.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ArgumentException">Model and data or precision do not fit.</exception>
    public TrainingResult Fit(nn.Module<Tensor, Tensor> model, TensorDataset train, TensorDataset? validation = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        using var scope = NewDisposeScope();
        using var parameters = new FlatParameters(model);
        using var optimizer = options.Optimizer.Bind(parameters);
        var rowsPerEpoch = options.Order?.Invoke(0).Length ?? train.Count;
        if (rowsPerEpoch == 0)
            throw new ArgumentException("the order of rows is empty");
        var stepsPerEpoch = options.StepsOf(rowsPerEpoch);
        if (stepsPerEpoch == 0)
            throw new ArgumentException($"without the last, smaller batch nothing is left: {rowsPerEpoch} examples in batches of {options.BatchSize}", nameof(train));
        var state = new TrainerState(model, optimizer, options, train, (long)stepsPerEpoch * options.Epochs, stepsPerEpoch) { Hooks = hooks };
        using var run = new Run(this, state, train, validation);
        try
        {
            return run.Execute(cancellation);
        }
        finally
        {
            // The buffer goes with this run; the model keeps its weights in tensors of its own.
            parameters.Release();
        }
    }

    /// <summary>The loss that fits the data where the options name none.</summary>
    internal static nn.Module<Tensor, Tensor, Tensor> DefaultLoss(TensorDataset data) => data.IsClassification ? new CrossEntropyLoss() : new MeanSquaredErrorLoss();

    /// <summary>The state of one call of <see cref="Fit"/>.</summary>
    private sealed class Run : IDisposable
    {
        private readonly TrainerState state;
        private readonly TrainingOptions options;
        private readonly ImmutableArray<TrainerHook> hooks;
        private readonly TensorDataset train;
        private readonly TensorDataset? validation;
        private readonly GradientStep gradients;
        private readonly EarlyStoppingRule? stopping;
        private readonly BestWeights? best;
        private readonly CheckpointStore? checkpoints;
        private readonly ISeededModule[] seeded;
        private readonly int recordEvery;
        private readonly System.Diagnostics.Stopwatch sinceSave = new();
        private RunningMean trainLoss;

        public Run(Trainer trainer, TrainerState state, TensorDataset train, TensorDataset? validation)
        {
            (this.state, options, hooks, this.train, this.validation) = (state, trainer.options, trainer.hooks, train, validation);
            var loss = options.Loss ?? DefaultLoss(train);
            gradients = new GradientStep(state.Model, loss, options, hooks.Any(h => h.WantsOutputs) ? Observe : null);
            state.Gradients = batch => gradients.Compute(batch);
            if (options.EarlyStopping is { } early && validation is not null)
            {
                stopping = new EarlyStoppingRule(early.Patience, early.MinDelta, early.OnAccuracy);
                best = early.RestoreBest ? new BestWeights(state.Model) : null;
            }
            checkpoints = options.Checkpoints is { } where ? new CheckpointStore(where) : null;
            seeded = [.. state.Model.modules().Append(loss).OfType<ISeededModule>()];
            recordEvery = options.RecordEvery > 0 ? options.RecordEvery : (int)Math.Max(1, state.TotalSteps / 200);
        }

        public TrainingResult Execute(CancellationToken cancellation)
        {
            var resumedFrom = Resume();
            foreach (var hook in hooks)
                hook.OnStart(state);
            state.StopRequested |= state.Step >= options.StopAfterStep;
            while (state.Step < state.TotalSteps && !state.StopRequested)
                RunEpoch(cancellation);
            best?.Restore();
            state.Model.eval();
            foreach (var hook in hooks)
                hook.OnEnd(state);
            return new TrainingResult(
                new TrainingTrace([.. state.Points]), state.Step, state.Epoch + (state.Step % state.StepsPerEpoch == 0 ? 0 : 1), state.Step < state.TotalSteps, resumedFrom);
        }

        private void RunEpoch(CancellationToken cancellation)
        {
            state.Epoch = (int)(state.Step / state.StepsPerEpoch);
            state.Model.train();
            using var epochScope = NewDisposeScope();
            var order = ShuffledRows();
            foreach (var hook in hooks)
                hook.OnEpochStart(state);
            for (var b = (int)(state.Step % state.StepsPerEpoch); b < state.StepsPerEpoch && !state.StopRequested; b++)
            {
                StepOnce(order, b);
                if (options.Checkpoints is { EverySteps: > 0 } every && state.Step % every.EverySteps == 0 && b + 1 < state.StepsPerEpoch)
                    Save();
                if (cancellation.IsCancellationRequested)
                {
                    if (b + 1 == state.StepsPerEpoch)
                        EndEpoch();
                    Save();
                    cancellation.ThrowIfCancellationRequested();
                }
            }
            EndEpoch();
        }

        private void StepOnce(Tensor order, int b)
        {
            using var stepScope = NewDisposeScope();
            foreach (var module in seeded)
                module.Reseed(SeededRandom.At(options.Seed, ModuleStream, state.Step).NextSeed());
            var start = (long)b * options.BatchSize;
            var rows = order.narrow(0, start, Math.Min(options.BatchSize, order.shape[0] - start)); // (B)
            var (inputs, targets) = train.Batch(rows);
            var batch = new TrainingBatch(inputs, targets, rows);
            foreach (var hook in hooks)
                hook.OnBatch(state, ref batch);
            (gradients.Loss as IStepAwareLoss)?.Begin(state.Step, state.TotalSteps);
            var loss = gradients.Compute(batch);
            if (!double.IsFinite(loss))
                throw new NonFiniteLossException(state.Step, null, checkpoints?.Newest(), LikelyCause(batch));
            foreach (var hook in hooks)
                hook.OnGradients(state);
            Update();
            state.Step++;
            state.StopRequested |= state.Step >= options.StopAfterStep;
            trainLoss.Add(loss);
            foreach (var hook in hooks)
                hook.OnStep(state, loss);
            if (state.Step % recordEvery == 0 || state.Step % state.StepsPerEpoch == 0)
            {
                state.Record("train/loss", trainLoss.Take());
                state.Record("learning-rate", state.Optimizer.LearningRate);
            }
        }

        private void Observe(in TrainingBatch part, Tensor outputs)
        {
            foreach (var hook in hooks)
            {
                if (hook.WantsOutputs)
                    hook.OnOutputs(state, part, outputs);
            }
        }

        private void Update()
        {
            if (options.ClipNorm is { } limit)
            {
                var norm = state.Optimizer.Parameters.GradientNorm();
                if (norm > limit)
                    state.Optimizer.Parameters.Gradients.mul_(limit / norm);
            }
            state.Optimizer.LearningRate = options.Optimizer.LearningRate * options.Schedule.Factor(state.Step, state.TotalSteps);
            state.Optimizer.Step();
        }

        private void EndEpoch()
        {
            if (validation is not null)
            {
                var evaluation = options.Evaluate?.Invoke(state.Model, validation) ?? gradients.Evaluate(validation);
                if (!double.IsNaN(evaluation.Loss))
                    state.Record("validation/loss", evaluation.Loss);
                if (!double.IsNaN(evaluation.Accuracy))
                    state.Record("validation/accuracy", evaluation.Accuracy);
                foreach (var hook in hooks)
                    hook.OnEvaluation(state, evaluation);
                if (stopping is not null)
                {
                    if (stopping.Update(options.EarlyStopping!.OnAccuracy ? evaluation.Accuracy : evaluation.Loss))
                        best?.Keep();
                    state.StopRequested |= stopping.ShouldStop;
                }
            }
            foreach (var hook in hooks)
                hook.OnEpochEnd(state);
            var isLast = state.StopRequested || state.Step == state.TotalSteps;
            if (isLast || !sinceSave.IsRunning || sinceSave.Elapsed.TotalSeconds >= options.Checkpoints?.MinSeconds)
                Save();
        }

        private Tensor ShuffledRows()
        {
            if (options.Order?.Invoke(state.Epoch) is { } given)
            {
                if (options.StepsOf(given.Length) != state.StepsPerEpoch)
                    throw new InvalidOperationException($"epoch {state.Epoch} has {given.Length} rows; as many as in the first epoch were expected");
                if (given.FirstOrDefault(r => (uint)r >= (uint)train.Count, -1) is var wrong and not -1)
                    throw new InvalidOperationException($"the order names row {wrong}; the data has {train.Count} rows");
                return tensor(given).to(ScalarType.Int64).to(train.Inputs.device);
            }
            var order = SeededRandom.At(options.Seed, ShuffleStream, state.Epoch).Permutation(train.Count);
            return tensor(order).to(ScalarType.Int64).to(train.Inputs.device);
        }

        private string LikelyCause(in TrainingBatch batch)
        {
            using var finite = batch.Inputs.isfinite().all();
            if (!finite.item<bool>())
                return "the batch holds a value that is not finite";
            using var sound = state.Optimizer.Parameters.Values.isfinite().all();
            return sound.item<bool>()
                ? $"the loss overflowed on finite weights; a smaller learning rate than {state.Optimizer.LearningRate:g3}, clipping, or standardised features may help"
                : $"the weights are no longer finite; the learning rate {state.Optimizer.LearningRate:g3} is probably too large";
        }

        private void Save()
        {
            checkpoints?.Save(new CheckpointContent(state, stopping, best, trainLoss, hooks));
            sinceSave.Restart();
        }

        private long Resume()
        {
            if (checkpoints?.LoadNewest() is not { } saved)
                return 0;
            using (saved)
                trainLoss = saved.RestoreInto(state, stopping, best, hooks);
            return state.Step;
        }

        public void Dispose() => best?.Dispose();
    }
}

/// <summary>A mean that is emptied when it is read.</summary>
internal struct RunningMean(double sum, long count)
{
    public double Sum { get; private set; } = sum;

    public long Count { get; private set; } = count;

    public void Add(double value) => (Sum, Count) = (Sum + value, Count + 1);

    public double Take()
    {
        var mean = Count > 0 ? Sum / Count : double.NaN;
        (Sum, Count) = (0, 0);
        return mean;
    }
}
