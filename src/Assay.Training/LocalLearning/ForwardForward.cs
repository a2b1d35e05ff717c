using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>How Forward-Forward measures the goodness of a layer's activities.</summary>
public enum ForwardForwardGoodness
{
    /// <summary>g = Σ_j a_j², with the number of units as threshold.</summary>
    SumOfSquares,
    /// <summary>g = mean_j a_j², with the threshold 2 (Hinton's note).</summary>
    MeanOfSquares,
}

/// <summary>How Forward-Forward predicts.</summary>
public enum ForwardForwardPrediction
{
    /// <summary>Runs the net once for every class in the label entries; the class with the most goodness wins.</summary>
    Goodness,
    /// <summary>A linear softmax head on the normalised activities of the neutral input; one pass.</summary>
    Head,
}

/// <summary>How <see cref="ForwardForward"/> trains; the defaults are the paper's for Fashion-MNIST.</summary>
public sealed record ForwardForwardOptions
{
    /// <summary>The units of each hidden layer, one or more.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [500, 500, 500];

    /// <summary>How goodness is measured.</summary>
    public ForwardForwardGoodness Goodness { get; init; }

    /// <summary>How the model predicts.</summary>
    public ForwardForwardPrediction Predict { get; init; }

    /// <summary>The learning rate: constant in the first half of the epochs, then falling in a straight line.</summary>
    public double LearningRate { get; init; } = 3.7e-4;

    /// <summary>The weight decay.</summary>
    public double WeightDecay { get; init; } = 3.6e-4;

    /// <summary>Whether to use SGD with momentum 0.9 instead of AdamW.</summary>
    public bool Sgd { get; init; }

    /// <summary>The epochs.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>Validation accuracies without improvement before training stops; 0 never stops early.</summary>
    public int Patience { get; init; } = 20;

    /// <summary>The number of examples of one step; each gives one positive and one negative input.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>The weight of peer normalisation, which keeps units from being always or never active.</summary>
    public double PeerNormalization { get; init; } = 0.03;

    /// <summary>Whether the negative inputs carry the true label (a control that must fail to learn).</summary>
    public bool NegativesAreTrue { get; init; }
}

/// <summary>
/// Forward-Forward (Hinton 2022): two forward passes instead of a forward and a backward one. The label is written into the first K
/// inputs; each layer learns to give right labels (positive inputs) a goodness g above its threshold n and wrong ones (negative) below
/// it: L_i = mean of softplus(−(g−n)) over positives and softplus(g−n) over negatives. Activities are normalised by their root mean
/// square before they pass on, so that only their direction does. All layers learn from the same pass; no gradient crosses a layer.
/// </summary>
/// <param name="options">How to train.</param>
[Method("forward-forward", Paper = 1, Kind = MethodKind.Trainer)]
public sealed class ForwardForward(ForwardForwardOptions options) : TrainingAlgorithm
{
    private const double HeadLearningRate = 1.1e-2, HeadWeightDecay = 5e-3;
    private const int HeadEpochs = 10;
    private readonly ForwardForwardOptions options = Checked(options);

    /// <inheritdoc/>
    public override string Name => "forward-forward";

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) => new ForwardForward(options with { LearningRate = learningRate });

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        LocalData.Check(train, context, flattens: true);
        var inputs = train.FeatureShape.Aggregate(1, (a, b) => a * b);
        if (train.Outputs > inputs)
            throw new ArgumentException($"forward-forward writes the label into the inputs: {train.Outputs} classes do not fit into {inputs} inputs", nameof(train));
        if (validation is null && options.Patience > 0)
            context.Warn?.Invoke("there is no validation data: early stopping is off");
        var network = new ForwardForwardNetwork([inputs, .. options.Hidden], train.Outputs, SeededRandom.At(context.Seed, 0), options);
        network.to(train.Inputs.device);
        var recorder = new StageRecorder(context);
        using (var layers = new ForwardForwardNetwork.Layers(network))
            recorder.Run("", Training(network), layers, train, validation, new Contrast(train.Outputs, context.Seed, options.NegativesAreTrue));
        if (options.Predict == ForwardForwardPrediction.Head)
            FitHead(network, train, validation, recorder);
        network.eval();
        var pass = network.Weights.Sum(w => w.numel());
        return new TrainedModel(network, recorder.Trace, network.ForwardMacs, 2 * 2 * pass);
    }

    private TrainingOptions Training(ForwardForwardNetwork network) => new()
    {
        Epochs = options.Epochs,
        BatchSize = options.BatchSize,
        Optimizer = options.Sgd ? new Sgd(options.LearningRate, 0.9, weightDecay: options.WeightDecay) : new AdamW(options.LearningRate, weightDecay: options.WeightDecay),
        Schedule = new ForwardForwardSchedule(options.Epochs),
        Loss = new GoodnessLoss(),
        EarlyStopping = options.Patience > 0 ? new EarlyStopping(options.Patience, 1e-4, OnAccuracy: true) : null,
        Evaluate = (_, data) => new EvaluationResult(double.NaN, TrainedModel.Accuracy(network.ByGoodness, data)),
    };

    private static void FitHead(ForwardForwardNetwork network, TensorDataset train, TensorDataset? validation, StageRecorder recorder)
    {
        using var features = network.NeutralFeatures(train);
        using var held = validation is null ? null : network.NeutralFeatures(validation);
        var head = new TrainingOptions { Epochs = HeadEpochs, Optimizer = new AdamW(HeadLearningRate, weightDecay: HeadWeightDecay) };
        recorder.Run("head", head, network.Head, features, held);
    }

    private static ForwardForwardOptions Checked(ForwardForwardOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Hidden.IsDefaultOrEmpty)
            throw new ArgumentException("forward-forward needs at least one hidden layer", nameof(options));
        foreach (var units in options.Hidden)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units, nameof(options.Hidden));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Epochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Patience);
        return options;
    }

    /// <summary>Turns a batch (x, y) into positive and negative inputs, one above the other, with the targets 1 and 0.</summary>
    internal sealed class Contrast(int classes, long seed, bool negativesAreTrue) : TrainerHook
    {
        private const long NegativeStream = 3;

        public override void OnBatch(TrainerState state, ref TrainingBatch batch)
        {
            var x = batch.Inputs.flatten(1);
            var count = (int)x.shape[0];
            var positive = ForwardForwardNetwork.Embed(x, nn.functional.one_hot(batch.Targets, classes));
            var wrong = negativesAreTrue ? batch.Targets : batch.Targets.add(Shifts(state.Step, count).to(x.device)).remainder(classes);
            var negative = ForwardForwardNetwork.Embed(x, nn.functional.one_hot(wrong, classes));
            var targets = cat([ones(count, device: x.device), zeros(count, device: x.device)]);
            batch = batch with { Inputs = cat([positive, negative]), Targets = targets };
        }

        // Uniform over 1 to K−1: a negative never carries the true label.
        private Tensor Shifts(long step, int count)
        {
            var random = SeededRandom.At(seed, NegativeStream, step);
            var shifts = new long[count];
            for (var i = 0; i < count; i++)
                shifts[i] = random.Next(1, classes);
            return tensor(shifts);
        }
    }

    /// <summary>Σ over layers of the mean binary cross-entropy of σ(g − n) against 1 for positives and 0 for negatives.</summary>
    internal sealed class GoodnessLoss() : nn.Module<Tensor, Tensor, Tensor>(nameof(GoodnessLoss)), IClosedFormLoss
    {
        /// <param name="margins">g − n for each input and layer, (2B, L).</param>
        /// <param name="target">1 or 0, (2B).</param>
        public override Tensor forward(Tensor margins, Tensor target)
        {
            using var scope = NewDisposeScope();
            // log(1 + e^x) − t·x, without overflow.
            return nn.functional.softplus(margins, 1, 50).sub(margins.mul(target.unsqueeze(1))).mean([0]).sum().MoveToOuterDisposeScope();
        }

        public (double Loss, Tensor Gradient) LossAndGradient(Tensor margins, Tensor target) =>
            (forward(margins, target).ToDouble(), margins.sigmoid().sub_(target.unsqueeze(1)).div_(margins.shape[0]));
    }
}

/// <summary>The rate of Forward-Forward by epoch t of T (from 1): 1 in the first half, then 2(1 + T − t)/T.</summary>
/// <param name="epochs">T.</param>
internal sealed class ForwardForwardSchedule(int epochs) : Schedule
{
    public override double Factor(long step, long total)
    {
        var t = step * epochs / total + 1;
        return 2 * t <= epochs ? 1 : 2.0 * (1 + epochs - t) / epochs;
    }
}
