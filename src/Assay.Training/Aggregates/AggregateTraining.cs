using Assay.Data;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// Trains a model of rows from averages of bags by <see cref="AggregateLoss"/>: mini-batches of whole bags. As an algorithm of a recipe it
/// forms the bags itself, with or without privacy, so that learning from averages can be compared with learning from labels;
/// <see cref="Fit(BagData, BagData?, TrainingContext)"/> takes bags that exist. The averages of validation data are used where it is given.
/// </summary>
[Method("aggregate-training", Paper = 47, Kind = MethodKind.Trainer)]
public sealed class AggregateTraining : TrainingAlgorithm
{
    private readonly ModelSpec model;
    private readonly int bagSize, epochs, bagsPerBatch;
    private readonly double rho, epsilon, bound;
    private readonly AggregateBase? baseLoss;
    private readonly OptimizerSpec optimizer;

    /// <summary>Creates the algorithm.</summary>
    /// <param name="model">The architecture.</param>
    /// <param name="bagSize">k, the rows of a bag that is formed here.</param>
    /// <param name="rho">ρ, the share of the instance-level loss.</param>
    /// <param name="baseLoss">ℓ; none takes the squared loss for values and cross-entropy for classes.</param>
    /// <param name="epochs">The passes over the bags.</param>
    /// <param name="bagsPerBatch">The bags of one step.</param>
    /// <param name="optimizer">The update rule; AdamW by default.</param>
    /// <param name="epsilon">ε of the label privacy of bags that are formed here; infinity adds no noise.</param>
    /// <param name="bound">Responses are clipped to [−bound, bound] under privacy; classes need none.</param>
    public AggregateTraining(
        ModelSpec model, int bagSize = 5, double rho = 0.1, AggregateBase? baseLoss = null, int epochs = 50, int bagsPerBatch = 32, OptimizerSpec? optimizer = null,
        double epsilon = double.PositiveInfinity, double bound = 3)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bagSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bagsPerBatch);
        if (!(epsilon > 0))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "a positive number was expected");
        if (!(bound > 0))
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "a positive number was expected");
        new AggregateLoss(rho, baseLoss ?? AggregateBase.Squared).Dispose(); // checks ρ
        (this.model, this.bagSize, this.rho, this.baseLoss, this.epochs, this.bagsPerBatch, this.epsilon, this.bound) =
            (model ?? throw new ArgumentNullException(nameof(model)), bagSize, rho, baseLoss, epochs, bagsPerBatch, epsilon, bound);
        this.optimizer = optimizer ?? new AdamW(1e-2);
    }

    /// <inheritdoc/>
    public override string Name => $"aggregate-training(bagSize: {bagSize}, rho: {rho})";

    /// <inheritdoc/>
    public override TrainingAlgorithm WithLearningRate(double learningRate) =>
        new AggregateTraining(model, bagSize, rho, baseLoss, epochs, bagsPerBatch, optimizer.WithLearningRate(learningRate), epsilon, bound);

    /// <inheritdoc/>
    public override TrainedModel Fit(TensorDataset train, TensorDataset? validation, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(context);
        return Fit(Bags(train, context.Seed), validation is null ? null : Bags(validation, context.Seed + 1), context, [.. train.FeatureShape]);
    }

    /// <summary>Trains on bags.</summary>
    /// <param name="bags">The rows with their averages.</param>
    /// <param name="heldOut">Other bags, whose bag-level loss is recorded after every epoch, or null.</param>
    /// <param name="context">The seed, where to report.</param>
    public TrainedModel Fit(BagData bags, BagData? heldOut, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(bags);
        return Fit(bags, heldOut, context, [bags.Features.Columns]);
    }

    /// <summary>The bag-level loss of a trained model on bags: what ρ is chosen by, for it needs no labels of rows.</summary>
    public double HeldOutLoss(TrainedModel trained, BagData bags)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(bags);
        return HeldOutLoss(trained.Model, bags);
    }

    private double HeldOutLoss(nn.Module<Tensor, Tensor> rowModel, BagData bags)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loss = new AggregateLoss(0, Base(bags));
        var scores = TrainedModel.Scores(rowModel, Features(bags));
        return loss.call(scores, tensor(bags.Bags.Select(b => (long)b).ToArray()), Means(bags)).ToDouble();
    }

    private AggregateBase Base(BagData bags) => baseLoss ?? (bags.Outputs > 1 ? AggregateBase.CrossEntropy : AggregateBase.Squared);

    private TrainedModel Fit(BagData bags, BagData? heldOut, TrainingContext context, int[] featureShape)
    {
        ArgumentNullException.ThrowIfNull(context);
        var backbone = model.Build([.. featureShape], bags.Outputs, SeededRandom.At(context.Seed, 0)); // outlives the scope
        using var scope = NewDisposeScope();
        var rows = Features(bags).reshape([bags.Features.Rows, .. featureShape.Select(d => (long)d)]);
        var net = new BagRows(backbone, rows, bags);
        // The trainer's examples are bags by number; the model looks their rows up and the loss their averages.
        using var numbers = new TensorDataset(arange(bags.Count, dtype: ScalarType.Float32).unsqueeze(1), arange(bags.Count, dtype: ScalarType.Float32), 1);
        using var loss = new OfNumbers(new AggregateLoss(rho, Base(bags)), net, Means(bags));
        var recorder = new StageRecorder(context);
        var options = new TrainingOptions
        {
            Epochs = epochs, BatchSize = bagsPerBatch, Optimizer = optimizer, Loss = loss,
            Evaluate = (_, _) => new EvaluationResult(heldOut is null ? double.NaN : HeldOutLoss(backbone, heldOut), double.NaN),
        };
        recorder.Run("", options, net, numbers, heldOut is null ? null : numbers);
        backbone.eval();
        var macs = ForwardMacs.Of(backbone, [.. featureShape]);
        return new TrainedModel(backbone, recorder.Trace, macs, 3 * macs);
    }

    private BagData Bags(TensorDataset data, long seed)
    {
        using var scope = NewDisposeScope();
        var flat = data.Inputs.flatten(1).cpu();
        var features = new FloatMatrix(flat.data<float>().ToArray(), data.Count, (int)flat.shape[1]);
        var bags = BagAssignment.Random(data.Count, bagSize, seed);
        var random = SeededRandom.At(seed, 472);
        if (data.IsClassification)
        {
            var labels = data.Targets.cpu().data<long>().Select(l => (int)l).ToArray();
            return double.IsInfinity(epsilon) ? BagData.OfClasses(features, labels, data.Outputs, bags)
                : new PrivateAggregator(epsilon, 0, 1).ReleaseClasses(features, labels, data.Outputs, bags, random);
        }
        var responses = data.Targets.cpu().to(ScalarType.Float64).data<double>().ToArray();
        return double.IsInfinity(epsilon) ? BagData.Of(features, responses, bags) : new PrivateAggregator(epsilon, -bound, bound).Release(features, responses, bags, random);
    }

    private static Tensor Features(BagData bags) => tensor(bags.Features.Values.ToArray(), [bags.Features.Rows, bags.Features.Columns]);

    private static Tensor Means(BagData bags) => tensor([.. bags.Means], [bags.Count, bags.Outputs]).to(ScalarType.Float32);

    /// <summary>The model as the trainer sees it: numbers of bags (B, 1) to the predictions of all their rows.</summary>
    private sealed class BagRows : nn.Module<Tensor, Tensor>, IClosedFormGradients
    {
        private readonly nn.Module<Tensor, Tensor> backbone;
        private readonly Tensor rows;
        private readonly long[][] members;

        public BagRows(nn.Module<Tensor, Tensor> backbone, Tensor rows, BagData bags) : base(nameof(BagRows))
        {
            (this.backbone, this.rows) = (backbone, rows);
            members = [.. bags.Sizes.Select(s => new long[s])];
            var filled = new int[bags.Count];
            for (var i = 0; i < bags.Bags.Length; i++)
                members[bags.Bags[i]][filled[bags.Bags[i]]++] = i;
            register_module("backbone", backbone);
        }

        public bool HasClosedForm => backbone is IClosedFormGradients { HasClosedForm: true };

        // The rows of the bags one after the other, and for each row which of these bags it is of.
        public (Tensor Rows, Tensor Index) Look(Tensor numbers)
        {
            var bags = numbers.to(ScalarType.Int64).flatten().data<long>().ToArray();
            var index = new List<long>();
            for (var b = 0; b < bags.Length; b++)
                index.AddRange(Enumerable.Repeat((long)b, members[bags[b]].Length));
            return (tensor(bags.SelectMany(b => members[b]).ToArray()), tensor(index.ToArray()));
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return backbone.call(rows.index_select(0, Look(input).Rows)).MoveToOuterDisposeScope();
        }

        public Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate)
        {
            using var scope = NewDisposeScope();
            return ((IClosedFormGradients)backbone).Backward(rows.index_select(0, Look(input).Rows), logitGradient, accumulate).MoveToOuterDisposeScope();
        }
    }

    /// <summary>The loss as the trainer sees it: predictions of rows, and numbers of bags for targets.</summary>
    private sealed class OfNumbers(AggregateLoss inner, BagRows rows, Tensor means) : nn.Module<Tensor, Tensor, Tensor>(nameof(AggregateLoss)), IClosedFormLoss
    {
        public override Tensor forward(Tensor predictions, Tensor numbers)
        {
            using var scope = NewDisposeScope();
            return inner.call(predictions, rows.Look(numbers).Index, means.index_select(0, numbers.to(ScalarType.Int64))).MoveToOuterDisposeScope();
        }

        public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
        {
            using var scope = NewDisposeScope();
            var (loss, gradient) = inner.LossAndGradient(logits, rows.Look(target).Index, means.index_select(0, target.to(ScalarType.Int64)));
            return (loss, gradient.MoveToOuterDisposeScope());
        }
    }
}
