using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// A whole way of training a model from data: a recipe names it behind <c>algorithm:</c>. All algorithms see the same data and give back
/// the same thing, so that they can be compared fairly (<see cref="FairComparison"/>).
/// </summary>
[MethodValue]
public abstract class TrainingAlgorithm
{
    /// <summary>The name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Trains a new model.</summary>
    /// <param name="train">The training data.</param>
    /// <param name="validation">The validation data; null turns early stopping off, which is recorded as a warning.</param>
    /// <param name="context">The seed, where to report, where to save.</param>
    /// <exception cref="ArgumentException">The data does not suit the algorithm.</exception>
    /// <exception cref="NonFiniteLossException">A loss is infinite or NaN; the exception names the layer.</exception>
    public abstract TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context);

    /// <summary>The same algorithm with another learning rate, for tuning; its other settings stay.</summary>
    public abstract TrainingAlgorithm WithLearningRate(double learningRate);
}

/// <summary>What a training algorithm is given besides the data.</summary>
public sealed record TrainingContext
{
    /// <summary>Decides the initial weights, the order of the data and every other random number.</summary>
    public long Seed { get; init; }

    /// <summary>Hears of every recorded point of a curve.</summary>
    public Action<CurvePoint>? Record { get; init; }

    /// <summary>Hears of warnings: early stopping without validation data, images flattened.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>The folder for checkpoints, or null for none; a run that finds its own there goes on.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>The least time between two checkpoints at ends of epochs.</summary>
    public double SecondsBetweenCheckpoints { get; init; } = 1;

    /// <summary>Ends the run.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Options of one stage of training, with this context's seed, checkpoints and no name clash between stages.</summary>
    internal TrainingOptions Stage(TrainingOptions options, string stage) => options with
    {
        Seed = Seed,
        Checkpoints = CheckpointFolder is null ? options.Checkpoints : new CheckpointOptions(Path.Combine(CheckpointFolder, stage), options.Checkpoints?.EverySteps ?? 0, MinSeconds: SecondsBetweenCheckpoints),
    };
}

/// <summary>What a training algorithm gives back.</summary>
/// <param name="Model">The model: inputs (n, …) to class scores (n, K), in evaluation mode.</param>
/// <param name="Trace">All recorded curves; those of a layer's own training start with the layer's name.</param>
/// <param name="ForwardMacs">Multiply–accumulate operations of predicting one example.</param>
/// <param name="UpdateMacs">Multiply–accumulate operations that training spends on one example of one update of all layers.</param>
public sealed record TrainedModel(nn.Module<Tensor, Tensor> Model, TrainingTrace Trace, long ForwardMacs, long UpdateMacs) : IDisposable
{
    /// <summary>The class scores of all examples, (n, K), computed in blocks.</summary>
    public Tensor Scores(Tensor inputs, int block = 1024) => Scores(Model, inputs, block);

    internal static Tensor Scores(nn.Module<Tensor, Tensor> model, Tensor inputs, int block = 1024)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        for (long start = 0; start < inputs.shape[0]; start += block)
        {
            using var inner = NewDisposeScope();
            parts.Add(model.call(inputs.narrow(0, start, Math.Min(block, inputs.shape[0] - start))).MoveToOuterDisposeScope());
        }
        return cat(parts, 0).MoveToOuterDisposeScope();
    }

    /// <summary>The share of examples whose highest score is that of their class.</summary>
    public double Accuracy(TensorDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Accuracy(Model, data);
    }

    internal static double Accuracy(nn.Module<Tensor, Tensor> model, TensorDataset data)
    {
        using var scope = NewDisposeScope();
        return Scores(model, data.Inputs).argmax(1).eq(data.Targets).to(ScalarType.Float64).mean().item<double>();
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}

/// <summary>Passes recorded points on under a stage's name, with steps counted over all stages.</summary>
internal sealed class StageRecorder(TrainingContext context)
{
    private readonly List<CurvePoint> points = [];

    public TrainingTrace Trace => new([.. points]);

    /// <summary>Runs one stage and keeps its curves under <c>stage/…</c>.</summary>
    public TrainingResult Run(string stage, TrainingOptions options, nn.Module<Tensor, Tensor> model, TensorDataset train, TensorDataset? validation, params ReadOnlySpan<TrainerHook> hooks)
    {
        var prefix = stage.Length > 0 ? stage + "/" : "";
        var forward = new Forward(this, prefix, points.Count > 0 ? points[^1].Step : 0);
        try
        {
            return new Trainer(context.Stage(options, stage.Length > 0 ? stage : "main"), [forward, .. hooks]).Fit(model, train, validation, context.Cancellation);
        }
        catch (NonFiniteLossException e)
        {
            throw stage.Length > 0 ? new NonFiniteLossException(e.Step, stage, e.Checkpoint, e.Cause) : e;
        }
    }

    public void Add(CurvePoint point)
    {
        points.Add(point);
        context.Record?.Invoke(point);
    }

    private sealed class Forward(StageRecorder owner, string prefix, long offset) : TrainerHook
    {
        // A resumed stage has points from before: they belong to the trace too.
        public override void OnStart(TrainerState state)
        {
            foreach (var point in state.Points)
                OnRecord(state, point);
        }

        public override void OnRecord(TrainerState state, in CurvePoint point) =>
            owner.Add(point with { Name = prefix + point.Name, Step = offset + point.Step });
    }
}
