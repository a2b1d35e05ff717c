using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>Where the weights of the cascade's blocks come from.</summary>
public enum CascadeBlocks
{
    /// <summary>Random and frozen.</summary>
    Random,
    /// <summary>Trained by direct feedback alignment, then frozen.</summary>
    FeedbackAlignment,
}

/// <summary>How the predictor behind each block is fitted.</summary>
public enum CascadePredictor
{
    /// <summary>Softmax cross-entropy by Adam.</summary>
    CrossEntropy,
    /// <summary>Ridge regression on one-hot labels, in closed form.</summary>
    LeastSquares,
    /// <summary>Sparsemax loss by Adam.</summary>
    Sparsemax,
    /// <summary>Softmax cross-entropy by gradient descent on all examples at once, without bias: W ← W − 0.01·Fᵀ(softmax(FW) − Y)/N (the original's).</summary>
    FullBatch,
}

/// <summary>How the predictors' outputs are joined.</summary>
public enum CascadePrediction
{
    /// <summary>The sum of all logits (the paper's).</summary>
    SumOfLogits,
    /// <summary>The sum of all softmax outputs (the original's).</summary>
    SumOfProbabilities,
    /// <summary>The last predictor alone.</summary>
    Last,
    /// <summary>The mean of all logits.</summary>
    Mean,
}

/// <summary>How <see cref="CascadedForward"/> trains.</summary>
public sealed record CascadedForwardOptions
{
    /// <summary>The channels of each block.</summary>
    public ImmutableArray<int> Channels { get; init; } = [32, 128, 512];

    /// <summary>Where the blocks' weights come from.</summary>
    public CascadeBlocks Blocks { get; init; } = CascadeBlocks.FeedbackAlignment;

    /// <summary>How each block's predictor is fitted.</summary>
    public CascadePredictor Predictor { get; init; } = CascadePredictor.CrossEntropy;

    /// <summary>How the predictors are joined.</summary>
    public CascadePrediction Predict { get; init; } = CascadePrediction.SumOfLogits;

    /// <summary>Whether random blocks normalise by the statistics of the batch, as the original does, instead of their initial ones.</summary>
    public bool BatchStatistics { get; init; }

    /// <summary>The predictors' learning rate; null takes 1.4e-3 on random and 3.3e-4 on trained blocks, and 0.01 for <see cref="CascadePredictor.FullBatch"/>.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The most epochs of each predictor; one epoch is one step for <see cref="CascadePredictor.FullBatch"/>, which wants hundreds.</summary>
    public int PredictorEpochs { get; init; } = 50;

    /// <summary>Validation losses without improvement before a predictor stops.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>Ridge λ of the closed form; null takes 10⁻³·trace(FᵀF)/D.</summary>
    public double? Ridge { get; init; }

    /// <summary>The epochs of feedback alignment.</summary>
    public int AlignmentEpochs { get; init; } = 15;

    /// <summary>Adam's learning rate in feedback alignment.</summary>
    public double AlignmentLearningRate { get; init; } = 1.4e-4;

    /// <summary>The weight decay in feedback alignment.</summary>
    public double AlignmentWeightDecay { get; init; } = 1.3e-5;

    /// <summary>The number of examples of one step.</summary>
    public int BatchSize { get; init; } = 128;
}

/// <summary>
/// Cascaded-Forward (Zhao et al. 2023, arXiv 2303.09728): a chain of convolution blocks that are never trained by backpropagation
/// (random, or trained by direct feedback alignment), and behind each block a linear predictor fitted on its frozen output; the
/// predictors vote.
/// </summary>
/// <param name="options">How to train.</param>
[Method("cascaded-forward", Paper = 1, Kind = MethodKind.Trainer)]
public sealed class CascadedForward(CascadedForwardOptions options) : TrainingAlgorithm
{
    private readonly CascadedForwardOptions options = Checked(options);

    /// <inheritdoc/>
    public override string Name => options.Blocks == CascadeBlocks.Random ? "cascaded-forward (random)" : "cascaded-forward (dfa)";

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) => new CascadedForward(options with { LearningRate = learningRate });

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        LocalData.Check(train, context, flattens: false);
        if (train.FeatureShape.Length != 3)
            throw new ArgumentException($"cascaded-forward needs images [channels, height, width], these examples have the shape [{string.Join(", ", train.FeatureShape)}]", nameof(train));
        if (validation is null && options.Patience > 0)
            context.Warn?.Invoke("there is no validation data: early stopping is off");
        var network = new CascadeNetwork(train.FeatureShape, options, train.Outputs, SeededRandom.At(context.Seed, 0));
        network.to(train.Inputs.device);
        var recorder = new StageRecorder(context);
        if (options.Blocks == CascadeBlocks.FeedbackAlignment)
            FeedbackAlignment.Train(network, train, options, SeededRandom.At(context.Seed, 4), recorder);
        FitPredictors(network, train, validation, recorder);
        network.eval();
        var macs = ForwardMacs.Of(network, train.FeatureShape);
        return new TrainedModel(network, recorder.Trace, macs, options.Blocks == CascadeBlocks.Random ? macs : 3 * macs);
    }

    private void FitPredictors(CascadeNetwork network, TensorDataset train, TensorDataset? validation, StageRecorder recorder)
    {
        var (below, held) = (train.Inputs, validation?.Inputs);
        for (var i = 0; i < network.Depth; i++)
        {
            // Each block's output is computed once; the one before it is let go.
            var (features, heldFeatures) = (network.BlockOutput(i, below), held is null ? null : network.BlockOutput(i, held));
            if (i > 0)
            {
                below.Dispose();
                held?.Dispose();
            }
            using (var data = new TensorDataset(features.flatten(1), train.Targets.alias(), train.Outputs))
            using (var heldData = heldFeatures is null ? null : new TensorDataset(heldFeatures.flatten(1), validation!.Targets.alias(), train.Outputs))
                FitPredictor(network.Predictors[i], i, data, heldData, recorder);
            (below, held) = (features, heldFeatures);
        }
        below.Dispose();
        held?.Dispose();
    }

    private void FitPredictor(Mlp predictor, int block, TensorDataset data, TensorDataset? held, StageRecorder recorder)
    {
        if (options.Predictor == CascadePredictor.LeastSquares)
        {
            using var _ = no_grad();
            using var onehot = nn.functional.one_hot(data.Targets, data.Outputs).to(ScalarType.Float32);
            using var solution = RidgeSolution.Solve(data.Inputs, onehot, options.Ridge); // (D, K)
            using var transposed = solution.t();
            predictor.Weights[0].copy_(transposed);
            predictor.Biases[0].zero_();
            return;
        }
        var fullBatch = options.Predictor == CascadePredictor.FullBatch;
        recorder.Run($"predictor{block}", new TrainingOptions
        {
            Epochs = options.PredictorEpochs,
            BatchSize = fullBatch ? (int)data.Inputs.shape[0] : options.BatchSize,
            Optimizer = fullBatch ? new Sgd(options.LearningRate ?? 0.01, momentum: 0) : new Adam(options.LearningRate ?? (options.Blocks == CascadeBlocks.Random ? 1.4e-3 : 3.3e-4)),
            EarlyStopping = options.Patience > 0 ? new EarlyStopping(options.Patience) : null,
            Loss = options.Predictor == CascadePredictor.Sparsemax ? new SparsemaxLoss() : null,
        }, predictor, data, held);
    }

    private static CascadedForwardOptions Checked(CascadedForwardOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Channels.IsDefaultOrEmpty)
            throw new ArgumentException("cascaded-forward needs at least one block", nameof(options));
        foreach (var channels in options.Channels)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels, nameof(options.Channels));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.PredictorEpochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.AlignmentEpochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Patience);
        if (options.Ridge is { } ridge && !(ridge >= 0))
            throw new ArgumentOutOfRangeException(nameof(options), ridge, "a ridge of 0 or more was expected");
        return options;
    }
}
