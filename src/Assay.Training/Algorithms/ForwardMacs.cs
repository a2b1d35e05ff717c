using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Counts the multiply–accumulate operations of predicting one example. FLOPs are twice that; an update by backpropagation costs about
/// three forward passes.
/// </summary>
public static class ForwardMacs
{
    /// <summary>Counts them from the shapes of the parameters: a matrix [out, in] costs out × in, a convolution that times its output pixels.</summary>
    /// <param name="model">A model of this assembly, or any made of linear layers.</param>
    /// <param name="featureShape">The shape of one example.</param>
    public static long Of(nn.Module model, ImmutableArray<int> featureShape)
    {
        ArgumentNullException.ThrowIfNull(model);
        var total = 0L;
        var (height, width) = featureShape.Length == 3 ? (featureShape[1], featureShape[2]) : (1, 1);
        foreach (var (_, parameter) in model.named_parameters())
        {
            if (parameter.dim() == 4)
            {
                // 3×3 convolutions keep the size; the pooling after each halves it.
                total += parameter.numel() * height * width;
                (height, width) = (height > 1 && width > 1 ? height / 2 : height, height > 1 && width > 1 ? width / 2 : width);
            }
            else if (parameter.dim() == 2)
            {
                total += parameter.numel();
            }
        }
        return total;
    }
}
