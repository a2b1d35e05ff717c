using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>How <see cref="FederatedTraining"/> simulates a federation.</summary>
public sealed record FederatedTrainingOptions
{
    /// <summary>The architecture.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>How the federation learns.</summary>
    public FederatedMethod Method { get; init; } = new FedAvg();

    /// <summary>How the examples are divided.</summary>
    public ClientSplit Split { get; init; } = new DirichletClients();

    /// <summary>K.</summary>
    public int Clients { get; init; } = 10;

    /// <summary>C: the share of clients asked each round.</summary>
    public double Fraction { get; init; } = 0.2;

    /// <summary>R.</summary>
    public int Rounds { get; init; } = 50;

    /// <summary>E.</summary>
    public int LocalEpochs { get; init; } = 2;

    /// <summary>The examples of a local step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>The local update rule; null takes sgd(0.05, momentum: 0).</summary>
    public OptimizerSpec? Optimizer { get; init; }

    /// <summary>By what the local learning rate is multiplied from round to round.</summary>
    public double RateDecay { get; init; } = 1;

    /// <summary>The share of requests that clients do not answer.</summary>
    public double Fail { get; init; }

    /// <summary>The share of answers that hold NaN.</summary>
    public double NonFinite { get; init; }

    /// <summary>The share of answers that come one to three rounds late.</summary>
    public double Late { get; init; }

    /// <summary>What becomes of late answers.</summary>
    public LateAnswers LateAnswers { get; init; } = LateAnswers.Discard;

    /// <summary>Further clients asked each round, as a share of those wanted.</summary>
    public double Oversample { get; init; }

    /// <summary>The fewest answers of a round.</summary>
    public int MinimumAnswers { get; init; } = 1;
}

/// <summary>
/// Federated training simulated in one process: the training data is divided among clients, which train by themselves each round; faults can be
/// simulated too. The validation data is the server's held-out set.
/// </summary>
/// <param name="options">The federation.</param>
[Method("federated", Paper = 86, Kind = MethodKind.Trainer)]
public sealed class FederatedTraining(FederatedTrainingOptions options) : TrainingAlgorithm
{
    private readonly FederatedTrainingOptions options = options ?? throw new ArgumentNullException(nameof(options));

    /// <inheritdoc/>
    public override string Name => $"federated ({options.Method.Name})";

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        var points = new List<CurvePoint>();
        var result = Run(train, validation, context, round =>
        {
            foreach (var (name, value) in new[] { ("train/loss", round.TrainLoss), ("validation/loss", round.Loss), ("validation/accuracy", round.Accuracy), ("clients/drift", round.Drift), ("clients/answered", round.Answered) })
            {
                if (!double.IsNaN(value))
                {
                    points.Add(new CurvePoint(name, round.Round, round.Round, value));
                    context.Record?.Invoke(points[^1]);
                }
            }
        });
        var macs = ForwardMacs.Of(result.Model, train.FeatureShape);
        return new TrainedModel(result.Model, new TrainingTrace([.. points]), macs, 3 * macs);
    }

    /// <summary>Runs the federation and gives all that it recorded.</summary>
    /// <param name="train">The data that is divided.</param>
    /// <param name="test">The data that the global model is evaluated on, or null.</param>
    /// <param name="context">Seed, warnings, checkpoints.</param>
    /// <param name="record">Hears of every round, those before a resume included.</param>
    public FederatedResult Run(TensorDataset train, TensorDataset? test, TrainingContext context, Action<FederatedRound>? record = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        var faults = new ClientFaults(options.Fail, options.NonFinite, options.Late);
        nn.Module<Tensor, Tensor> Build() => options.Model.Build(train.FeatureShape, train.Outputs, SeededRandom.At(context.Seed, 0));
        using var targets = train.Targets.cpu();
        int[] labels = train.IsClassification ? [.. targets.data<long>().ToArray().Select(l => (int)l)] : new int[train.Count];
        var parts = options.Split.Divide(labels, options.Clients, context.Seed);
        using var pool = new ClientPool(Build);
        var data = parts.Select(rows => rows.Length > 0 ? train.Subset(rows) : null).ToArray();
        try
        {
            ImmutableArray<IFederatedClient> clients = [.. data.Select((part, k) => new LocalClient(k, part, pool)).Select((client, k) =>
                faults.IsNone ? (IFederatedClient)client : new FaultyClient(client, faults, SeededRandom.At(context.Seed, 866, k).NextSeed()))];
            return new FederatedRun(Build, clients, options.Method, new FederatedOptions
            {
                Rounds = options.Rounds, Fraction = options.Fraction, LocalEpochs = options.LocalEpochs, BatchSize = options.Batch, RateDecay = options.RateDecay, Seed = context.Seed,
                Optimizer = options.Optimizer ?? new Sgd(0.05, momentum: 0), Late = options.LateAnswers, Oversample = options.Oversample, MinimumAnswers = options.MinimumAnswers,
                CheckpointFolder = context.CheckpointFolder, Record = record, Warn = context.Warn,
            }).RunAsync(test, context.Cancellation).GetAwaiter().GetResult();
        }
        finally
        {
            foreach (var part in data)
                part?.Dispose();
        }
    }

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) => new FederatedTraining(options with { Optimizer = (options.Optimizer ?? new Sgd(0.05, momentum: 0)).WithLearningRate(learningRate) });
}
