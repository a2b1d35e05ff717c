using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// A model that embeds, with the class vectors of its <see cref="EmbeddingLoss"/>. In training mode it gives embeddings (B, d) for that
/// loss, in evaluation mode class scores (B, C), as any classifier. <see cref="Embed"/> gives embeddings always.
/// </summary>
public sealed class EmbeddingClassifier : nn.Module<Tensor, Tensor>, IMixedPrecision
{
    private readonly nn.Module<Tensor, Tensor> backbone;
    private readonly EmbeddingLoss head;

    /// <summary>Joins a model and a loss.</summary>
    /// <param name="backbone">The model, with <see cref="EmbeddingLoss.Dimensions"/> outputs.</param>
    /// <param name="head">The loss with its class vectors.</param>
    public EmbeddingClassifier(nn.Module<Tensor, Tensor> backbone, EmbeddingLoss head) : base(nameof(EmbeddingClassifier))
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(head);
        (this.backbone, this.head) = (backbone, head);
        register_module("backbone", backbone);
        register_module("head", head);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The backbone computes in single precision only.</exception>
    public ScalarType ComputeType
    {
        get => backbone is IMixedPrecision mixed ? mixed.ComputeType : ScalarType.Float32;
        set
        {
            if (backbone is not IMixedPrecision mixed)
                throw new ArgumentException($"model {backbone.GetName()} cannot train in {value}: it does not implement {nameof(IMixedPrecision)}");
            mixed.ComputeType = value;
        }
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (training)
            return backbone.call(input);
        using var embeddings = backbone.call(input);
        return head.Scores(embeddings);
    }

    /// <summary>The embeddings of all examples in evaluation mode, (n, d), computed in blocks; not normalised.</summary>
    /// <param name="inputs">(n, …).</param>
    /// <param name="block">How many at a time.</param>
    public Tensor Embed(Tensor inputs, int block = 1024)
    {
        var was = backbone.training;
        backbone.eval();
        try
        {
            return TrainedModel.Scores(backbone, inputs, block);
        }
        finally
        {
            backbone.train(was);
        }
    }

    /// <summary>What <see cref="Backprop"/> trains: a model of the architecture, as a classifier or, for a loss over embeddings, as this.</summary>
    internal static (nn.Module<Tensor, Tensor> Model, TrainingOptions Options) Build(ModelSpec spec, TrainingOptions options, TensorDataset train, long seed)
    {
        var random = SeededRandom.At(seed, 0);
        if (options.Loss is not EmbeddingLoss configured)
            return (spec.Build(train.FeatureShape, train.Outputs, random), options);
        if (!train.IsClassification)
            throw new ArgumentException($"{configured.GetName()} needs classes, these targets are real values");
        var loss = configured.ForClasses(train.Outputs, SeededRandom.At(seed, 1));
        return (new EmbeddingClassifier(spec.Build(train.FeatureShape, loss.Dimensions, random), loss), options with { Loss = loss });
    }
}
