using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// A convolutional network by its channels: <c>cnn(32, 64, 128)</c>. Each block is a 3×3 convolution, batch normalisation, ReLU and 2×2
/// max-pooling (while the image is larger than one pixel); then the mean over the image and a linear layer.
/// </summary>
/// <param name="channels">The channels of each block, one or more.</param>
[Method("cnn", Kind = MethodKind.Model)]
public sealed class CnnSpec(int[] channels) : ModelSpec
{
    private readonly ImmutableArray<int> channels = Checked(channels);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The examples are no images [channels, height, width].</exception>
    public override nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random)
    {
        CheckShape(featureShape, outputs);
        return featureShape.Length == 3
            ? new Cnn(featureShape, channels, outputs, random)
            : throw new ArgumentException($"a cnn needs images [channels, height, width], these examples have the shape [{string.Join(", ", featureShape)}]", nameof(featureShape));
    }

    private static ImmutableArray<int> Checked(int[] channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (channels.Length == 0)
            throw new ArgumentException("at least one number of channels was expected, as in cnn(32, 64)", nameof(channels));
        foreach (var c in channels)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(c, nameof(channels));
        return [.. channels];
    }
}

/// <summary>The network of <see cref="CnnSpec"/>.</summary>
public sealed class Cnn : nn.Module<Tensor, Tensor>, IMixedPrecision, IFeatureExtractor
{
    private readonly ImmutableArray<Parameter> kernels;
    private readonly ImmutableArray<BatchNorm2d> norms;
    private readonly Parameter weight, bias;
    private readonly long[] imageShape;

    internal Cnn(ImmutableArray<int> shape, ImmutableArray<int> channels, int outputs, SeededRandom random) : base(nameof(Cnn))
    {
        imageShape = [-1, .. shape.Select(d => (long)d)];
        var convolutions = ImmutableArray.CreateBuilder<Parameter>();
        var normalisations = ImmutableArray.CreateBuilder<BatchNorm2d>();
        var inputs = shape[0];
        for (var i = 0; i < channels.Length; i++)
        {
            var kernel = new Parameter(empty(channels[i], inputs, 3, 3));
            Initialization.HeUniform(kernel, random);
            register_parameter($"kernel{i}", kernel);
            convolutions.Add(kernel);
            var norm = nn.BatchNorm2d(channels[i]);
            register_module($"norm{i}", norm);
            normalisations.Add(norm);
            inputs = channels[i];
        }
        kernels = convolutions.ToImmutable();
        norms = normalisations.ToImmutable();
        weight = new Parameter(empty(outputs, inputs));
        Initialization.FanInUniform(weight, inputs, random);
        bias = new Parameter(zeros(outputs));
        register_parameter("weight", weight);
        register_parameter("bias", bias);
    }

    /// <inheritdoc/>
    public ScalarType ComputeType { get; set; } = ScalarType.Float32;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Extract(input).Outputs.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Features, Tensor Outputs) Extract(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = input.view(imageShape).to(ComputeType); // (B, C, H, W)
        for (var i = 0; i < kernels.Length; i++)
        {
            h = nn.functional.conv2d(h, kernels[i].to(ComputeType), padding: [1, 1]); // (B, c_i, H, W)
            // Batch statistics stay in single precision.
            h = norms[i].call(h.to(ScalarType.Float32)).relu_().to(ComputeType);
            if (h.shape[2] > 1 && h.shape[3] > 1)
                h = nn.functional.max_pool2d(h, 2);
        }
        var pooled = h.to(ScalarType.Float32).mean([2, 3]); // (B, c)
        return (pooled.MoveToOuterDisposeScope(), nn.functional.linear(pooled, weight, bias).MoveToOuterDisposeScope());
    }
}
