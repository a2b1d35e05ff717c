using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// An architecture without its sizes at the ends: a recipe names it (<c>mlp(512, 512)</c>), the data gives the shape of the input and
/// the number of outputs.
/// </summary>
[MethodValue]
public abstract class ModelSpec
{
    /// <summary>Builds a model with fresh parameters, drawn from <paramref name="random"/> alone.</summary>
    /// <param name="featureShape">The shape of one example: [d] or [channels, height, width].</param>
    /// <param name="outputs">The number of outputs: classes, or 1 for regression.</param>
    /// <param name="random">Draws the initial parameters; the same seed gives the same model on every machine.</param>
    /// <exception cref="ArgumentException">The architecture cannot take this shape.</exception>
    public abstract nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random);

    private protected static int CheckShape(ImmutableArray<int> featureShape, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (featureShape.IsDefaultOrEmpty || featureShape.Any(d => d <= 0))
            throw new ArgumentException("the shape of one example must have positive sizes", nameof(featureShape));
        return featureShape.Aggregate(1, (a, b) => a * b);
    }
}
