using Assay.Statistics;
using TorchSharp;

namespace Assay.Training;

/// <summary>
/// Backpropagation on mini-batches: any model, loss, optimiser and schedule. The baseline of every comparison.
/// </summary>
/// <param name="model">The architecture.</param>
/// <param name="options">How to train it; null takes the defaults.</param>
[Method("backprop", Kind = MethodKind.Trainer)]
public sealed class Backprop(ModelSpec model, TrainingOptions? options = null) : TrainingAlgorithm
{
    private readonly ModelSpec model = model ?? throw new ArgumentNullException(nameof(model));
    private readonly TrainingOptions options = options ?? new TrainingOptions();

    /// <inheritdoc/>
    public override string Name => "backprop";

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        if (options.EarlyStopping is not null && validation is null)
            context.Warn?.Invoke("there is no validation data: early stopping is off");
        var (built, bound) = EmbeddingClassifier.Build(model, options, train, context.Seed);
        built.to(train.Inputs.device);
        var recorder = new StageRecorder(context);
        recorder.Run("", bound, built, train, validation);
        var macs = ForwardMacs.Of(built, train.FeatureShape);
        return new TrainedModel(built, recorder.Trace, macs, 3 * macs);
    }

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) =>
        new Backprop(model, options with { Optimizer = options.Optimizer.WithLearningRate(learningRate) });
}
