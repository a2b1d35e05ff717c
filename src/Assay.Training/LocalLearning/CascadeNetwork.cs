using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// The network of <see cref="CascadedForward"/>: blocks of a 3×3 convolution without bias, ReLU, 2×2 max-pooling and batch
/// normalisation; behind each a linear predictor.
/// </summary>
public sealed class CascadeNetwork : nn.Module<Tensor, Tensor>
{
    private readonly CascadedForwardOptions options;
    private readonly ImmutableArray<Parameter> kernels;
    private readonly ImmutableArray<BatchNorm2d> norms;

    internal CascadeNetwork(ImmutableArray<int> shape, CascadedForwardOptions options, int classes, SeededRandom random) : base(nameof(CascadeNetwork))
    {
        (this.options, kernels, norms, Predictors) = (options, [], [], []);
        var (inputs, height, width) = (shape[0], shape[1], shape[2]);
        foreach (var channels in options.Channels)
        {
            if (height < 2 || width < 2)
                throw new ArgumentException($"images of {shape[1]}×{shape[2]} pixels cannot be halved {options.Channels.Length} times; use fewer channels", nameof(options));
            var i = kernels.Length;
            var kernel = new Parameter(Initialization.HeUniform(empty(channels, inputs, 3, 3), random));
            var norm = nn.BatchNorm2d(channels);
            kernels = kernels.Add(kernel);
            norms = norms.Add(norm);
            register_parameter($"kernel{i}", kernel);
            register_module($"norm{i}", norm);
            (inputs, height, width) = (channels, height / 2, width / 2);
            var predictor = new Mlp([channels * height * width, classes], random, outputBias: options.Predictor != CascadePredictor.FullBatch);
            Predictors = Predictors.Add(predictor);
            register_module($"predictor{i}", predictor);
        }
    }

    /// <summary>The number of blocks.</summary>
    public int Depth => kernels.Length;

    /// <summary>The predictor behind each block.</summary>
    public ImmutableArray<Mlp> Predictors { get; }

    /// <summary>The class scores (n, K).</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var h = input;
        var sum = default(Tensor);
        for (var i = 0; i < Depth; i++)
        {
            h = Frozen(i, h);
            var logits = Predictors[i].call(h.flatten(1));
            if (options.Predict == CascadePrediction.SumOfProbabilities)
                logits = logits.softmax(1);
            sum = sum is null || options.Predict == CascadePrediction.Last ? logits : sum.add(logits);
        }
        return (options.Predict == CascadePrediction.Mean ? sum!.div(Depth) : sum!).MoveToOuterDisposeScope();
    }

    /// <summary>The output of one frozen block on all examples.</summary>
    internal Tensor BlockOutput(int block, Tensor below) => TrainedModel.Scores(new FrozenBlock(this, block), below, options.BatchSize);

    /// <summary>One block in training: h (B, C, H, W).</summary>
    internal Tensor Block(int i, Tensor input)
    {
        var z = nn.functional.conv2d(input, kernels[i], padding: [1, 1]).relu();
        return norms[i].call(nn.functional.max_pool2d(z, 2));
    }

    internal ImmutableArray<Parameter> Kernels => kernels;

    internal ImmutableArray<BatchNorm2d> Norms => norms;

    private Tensor Frozen(int i, Tensor input)
    {
        norms[i].train(options.BatchStatistics && options.Blocks == CascadeBlocks.Random);
        return Block(i, input);
    }

    private sealed class FrozenBlock(CascadeNetwork network, int block) : nn.Module<Tensor, Tensor>(nameof(FrozenBlock))
    {
        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return network.Frozen(block, input).MoveToOuterDisposeScope();
        }
    }
}
