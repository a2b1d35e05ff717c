using Assay.Statistics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// A loss over embeddings that holds one trainable vector a class. In training it takes embeddings (B, d); in evaluation mode it takes what
/// <see cref="Scores"/> gives, (B, C), and is their cross-entropy, so that curves of both are comparable between losses. In a recipe it is
/// a configuration only: <see cref="ForClasses"/> makes the loss with weights, and <see cref="Backprop"/> does that by itself and trains
/// the model with d outputs.
/// </summary>
[MethodValue]
public abstract class EmbeddingLoss(string name) : nn.Module<Tensor, Tensor, Tensor>(name)
{
    /// <summary>d, the length of an embedding.</summary>
    public abstract int Dimensions { get; }

    /// <summary>C, or 0 before <see cref="ForClasses"/>.</summary>
    public abstract int ClassCount { get; }

    /// <summary>A new loss of this configuration with one vector for each class, uniform on the sphere.</summary>
    /// <param name="classes">C, 2 or more.</param>
    /// <param name="random">Draws the vectors.</param>
    public abstract EmbeddingLoss ForClasses(int classes, SeededRandom random);

    /// <summary>The scores of the classes, scale × cosine: (B, d) to (B, C).</summary>
    /// <param name="embeddings">(B, d).</param>
    public abstract Tensor Scores(Tensor embeddings);

    /// <summary>The loss: the mean over the batch.</summary>
    /// <param name="outputs">Embeddings (B, d) in training mode, class scores (B, C) in evaluation mode.</param>
    /// <param name="target">Class numbers, (B) of int64.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, the batch is empty, or a class number is out of range.</exception>
    /// <exception cref="InvalidOperationException">The loss has no weights yet.</exception>
    public sealed override Tensor forward(Tensor outputs, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        if (ClassCount == 0)
            throw new InvalidOperationException($"{GetName()} has no class vectors yet: call {nameof(ForClasses)} and use what it returns");
        var width = training ? Dimensions : ClassCount;
        if (outputs.dim() != 2 || outputs.shape[1] != width)
            throw new ArgumentException($"{(training ? "embeddings" : "scores in evaluation mode,")} (batch, {width}) were expected, not {LossArguments.Shape(outputs)}", nameof(outputs));
        LossArguments.CheckRows(outputs, target);
        LossArguments.CheckLabels(target, ClassCount);
        using var scope = NewDisposeScope();
        var given = LossArguments.AtLeastSingle(outputs);
        return (training ? Compute(given, target) : nn.functional.cross_entropy(given, target)).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of checked embeddings, by differentiable operations.</summary>
    protected abstract Tensor Compute(Tensor embeddings, Tensor target);

    /// <summary>x / max(‖x‖, 10⁻¹²), row by row, and the norms (B); a row of zeros stays zeros.</summary>
    internal static (Tensor Unit, Tensor Norm) Normalize(Tensor rows)
    {
        // The square root of a small positive number, not of 0: there its derivative would be infinite.
        var norm = rows.square().sum([1], keepdim: true).clamp_min(1e-24).sqrt();
        return (rows.div(norm), norm.squeeze(1));
    }
}
