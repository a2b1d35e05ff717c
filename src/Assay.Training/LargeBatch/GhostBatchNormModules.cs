using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Ghost Batch Normalisation as a layer: takes the place of a batch normalisation in one's own model, with the same parameters and buffers.
/// </summary>
/// <param name="features">C.</param>
/// <param name="ghostSize">The examples of a ghost batch, 1 or more.</param>
/// <param name="dimensions">The allowed numbers of dimensions of the input.</param>
/// <param name="epsilon">ε.</param>
/// <param name="momentum">The weight of a ghost in the running statistics.</param>
/// <param name="name">The module's name.</param>
public abstract class GhostBatchNormLayer(long features, int ghostSize, int[] dimensions, double epsilon, double momentum, string name)
    : BatchNorm(Positive(features, nameof(features)), epsilon, momentum, true, true, null, null, name)
{
    /// <summary>The examples of a ghost batch.</summary>
    public int GhostSize { get; } = (int)Positive(ghostSize, nameof(ghostSize));

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        if (!training)
            return base.forward(input);
        return GhostBatchNorm.Normalize(input, GhostSize, weight, bias, running_mean, running_var, momentum ?? 0.1, eps);
    }

    /// <inheritdoc/>
    protected override void ValidateInputDimensions(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!dimensions.Contains((int)input.dim()) || input.shape[1] != num_features)
            throw new ArgumentException($"a batch of {string.Join(" or ", dimensions)} dimensions with {num_features} channels was expected, not [{string.Join(", ", input.shape)}]", nameof(input));
    }

    private static long Positive(long value, string name) => value > 0 ? value : throw new ArgumentOutOfRangeException(name, value, "1 or more was expected");
}

/// <summary>Ghost Batch Normalisation of features (B, C) or sequences (B, C, L).</summary>
/// <param name="features">C.</param>
/// <param name="ghostSize">The examples of a ghost batch.</param>
/// <param name="epsilon">ε.</param>
/// <param name="momentum">The weight of a ghost in the running statistics.</param>
public sealed class GhostBatchNorm1d(long features, int ghostSize, double epsilon = 1e-5, double momentum = 0.1)
    : GhostBatchNormLayer(features, ghostSize, [2, 3], epsilon, momentum, nameof(GhostBatchNorm1d));

/// <summary>Ghost Batch Normalisation of images (B, C, H, W).</summary>
/// <param name="features">C.</param>
/// <param name="ghostSize">The examples of a ghost batch.</param>
/// <param name="epsilon">ε.</param>
/// <param name="momentum">The weight of a ghost in the running statistics.</param>
public sealed class GhostBatchNorm2d(long features, int ghostSize, double epsilon = 1e-5, double momentum = 0.1)
    : GhostBatchNormLayer(features, ghostSize, [4], epsilon, momentum, nameof(GhostBatchNorm2d));
