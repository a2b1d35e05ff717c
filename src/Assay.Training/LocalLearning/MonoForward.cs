using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;

namespace Assay.Training;

/// <summary>In which order Mono-Forward trains its layers.</summary>
public enum MonoForwardSchedule
{
    /// <summary>Layer after layer; the frozen layers below run again for every batch (the paper's).</summary>
    Sequential,
    /// <summary>Layer after layer; the activations of the frozen layers are computed once for each layer. The same mathematics, less time, more memory.</summary>
    SequentialCached,
    /// <summary>Every batch updates all layers, each from its own loss.</summary>
    Simultaneous,
}

/// <summary>From which layers Mono-Forward predicts.</summary>
public enum MonoForwardPrediction
{
    /// <summary>argmax_k of the last layer's goodness (the paper's).</summary>
    Last,
    /// <summary>argmax_k of the sum of all hidden layers' goodness.</summary>
    Sum,
}

/// <summary>How <see cref="MonoForward"/> trains.</summary>
public sealed record MonoForwardOptions
{
    /// <summary>The units of each hidden layer; none gives softmax regression.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [500, 500];

    /// <summary>In which order the layers are trained.</summary>
    public MonoForwardSchedule Schedule { get; init; } = MonoForwardSchedule.SequentialCached;

    /// <summary>From which layers the model predicts.</summary>
    public MonoForwardPrediction Predict { get; init; } = MonoForwardPrediction.Last;

    /// <summary>Whether the sum includes the goodness of the raw input, G_0.</summary>
    public bool SumInput { get; init; }

    /// <summary>The function after each layer.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Adam's learning rate; the paper's setting for Fashion-MNIST.</summary>
    public double LearningRate { get; init; } = 3.87e-4;

    /// <summary>The epochs of each layer.</summary>
    public int EpochsPerLayer { get; init; } = 12;

    /// <summary>Validation losses without improvement before a layer's training stops; 0 never stops early.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>By how much a validation loss must beat the best.</summary>
    public double MinDelta { get; init; } = 1e-4;

    /// <summary>Whether a layer keeps the weights of its best epoch; false keeps the last epoch's, as the paper does.</summary>
    public bool RestoreBest { get; init; } = true;

    /// <summary>Whether M_0, the projection of the raw input, is trained. The mode <c>last</c> never uses it.</summary>
    public bool TrainInputProjection { get; init; } = true;

    /// <summary>Whether W and b of the hidden layers are trained; false trains only the projections, on random features (a control).</summary>
    public bool TrainHidden { get; init; } = true;

    /// <summary>The number of examples of one step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>The precision of matrix products.</summary>
    public Precision Precision { get; init; }
}

/// <summary>
/// Mono-Forward (Gong, Li and Abdulla 2025, arXiv 2501.09238): each layer has a projection M_i [K, n_i] and is trained by its own softmax
/// cross-entropy. z_i = W_i a_{i−1} + b_i, a_i = σ(z_i), G_i = a_i M_iᵀ, L_i = CE(G_i, y); with E = (softmax(G_i) − Y)/B:
/// ∂L/∂M_i = Eᵀa_i, δ_i = (E M_i) ⊙ σ'(z_i), ∂L/∂W_i = δ_iᵀ a_{i−1}, ∂L/∂b_i = Σ δ_i. No gradient crosses a layer.
/// </summary>
/// <param name="options">How to train.</param>
[Method("mono-forward", Paper = 1, Kind = MethodKind.Trainer)]
public sealed class MonoForward(MonoForwardOptions options) : TrainingAlgorithm
{
    private readonly MonoForwardOptions options = Checked(options);

    /// <inheritdoc/>
    public override string Name => "mono-forward";

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) => new MonoForward(options with { LearningRate = learningRate });

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        LocalData.Check(train, context, flattens: true);
        if (validation is null && options.Patience > 0)
            context.Warn?.Invoke("there is no validation data: early stopping is off");
        var inputs = train.FeatureShape.Aggregate(1, (a, b) => a * b);
        var network = new MonoForwardNetwork([inputs, .. options.Hidden], train.Outputs, SeededRandom.At(context.Seed, 0), options);
        network.to(train.Inputs.device);
        var recorder = new StageRecorder(context);
        if (options.Schedule == MonoForwardSchedule.Simultaneous)
            FitSimultaneously(network, train, validation, recorder);
        else
            FitLayerByLayer(network, train, validation, recorder);
        network.eval();
        // A layer's update: z, G, ∂M, E·M and ∂W; the frozen prefix runs forward only where it is not cached.
        var updates = 0L;
        for (var i = 0; i < network.Weights.Length; i++)
            updates += 2 * network.Weights[i].numel() + 3 * network.Projections[i + 1].numel();
        return new TrainedModel(network, recorder.Trace, network.ForwardMacs, updates);
    }

    private void FitSimultaneously(MonoForwardNetwork network, TensorDataset train, TensorDataset? validation, StageRecorder recorder)
    {
        using var all = new MonoForwardNetwork.AllLayers(network);
        recorder.Run("", Training() with { Loss = new LayerwiseCrossEntropy(network.Projections.Length) }, all, train, validation);
    }

    private void FitLayerByLayer(MonoForwardNetwork network, TensorDataset train, TensorDataset? validation, StageRecorder recorder)
    {
        for (var layer = 0; layer <= options.Hidden.Length; layer++)
        {
            if (layer == 0 && !options.TrainInputProjection && options.Hidden.Length > 0)
                continue;
            using var stage = new MonoForwardNetwork.Layer(network, layer, options.TrainHidden);
            if (options.Schedule == MonoForwardSchedule.SequentialCached)
            {
                using var cachedTrain = network.CacheBelow(train, layer);
                using var cachedValidation = validation is null ? null : network.CacheBelow(validation, layer);
                recorder.Run($"layer{layer}", Training(), stage, cachedTrain, cachedValidation);
            }
            else
            {
                recorder.Run($"layer{layer}", Training() with { Evaluate = null }, stage.WithFrozenBelow(), train, validation);
            }
        }
    }

    private TrainingOptions Training() => new()
    {
        Epochs = options.EpochsPerLayer,
        BatchSize = options.BatchSize,
        Optimizer = new Adam(options.LearningRate),
        EarlyStopping = options.Patience > 0 ? new EarlyStopping(options.Patience, options.MinDelta, RestoreBest: options.RestoreBest) : null,
        Precision = options.Precision,
    };

    private static MonoForwardOptions Checked(MonoForwardOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var units in options.Hidden)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units, nameof(options.Hidden));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.EpochsPerLayer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Patience);
        if (!(options.LearningRate > 0))
            throw new ArgumentOutOfRangeException(nameof(options), options.LearningRate, "a positive learningRate was expected");
        return options;
    }
}
