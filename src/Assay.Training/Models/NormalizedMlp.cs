using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A multi-layer perceptron with batch normalisation before each activation: <c>mlp-bn(512, 512)</c>. Images are flattened.</summary>
/// <param name="hidden">The number of units of each hidden layer, one or more.</param>
/// <param name="activation">The function after each normalisation.</param>
[Method("mlp-bn", Kind = MethodKind.Model)]
public sealed class NormalizedMlpSpec(int[] hidden, Activation activation = Activation.Relu) : ModelSpec
{
    private readonly ImmutableArray<int> hidden = Checked(hidden);

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random) =>
        new NormalizedMlp([CheckShape(featureShape, outputs), .. hidden, outputs], random, activation);

    private static ImmutableArray<int> Checked(int[] hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        if (hidden.Length == 0)
            throw new ArgumentException("at least one hidden layer was expected, as in mlp-bn(512)", nameof(hidden));
        foreach (var units in hidden)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units, nameof(hidden));
        return [.. hidden];
    }
}

/// <summary>
/// Fully connected layers, each but the last followed by batch normalisation and an activation: a_i = σ(BN_i(a_{i−1} W_iᵀ)). The
/// normalisation's shift is the layer's bias; weights start as in <see cref="Mlp"/>.
/// </summary>
public sealed class NormalizedMlp : nn.Module<Tensor, Tensor>, IFeatureExtractor
{
    private readonly Activation activation;
    private readonly ImmutableArray<Parameter> weights;
    private readonly ImmutableArray<BatchNorm1d> norms;
    private readonly Parameter bias;

    /// <summary>Creates the network.</summary>
    /// <param name="sizes">Inputs, hidden sizes, outputs: three or more numbers.</param>
    /// <param name="random">Draws the initial weights.</param>
    /// <param name="activation">The function after each normalisation.</param>
    public NormalizedMlp(ReadOnlySpan<int> sizes, SeededRandom random, Activation activation = Activation.Relu) : base(nameof(NormalizedMlp))
    {
        if (sizes.Length < 3)
            throw new ArgumentException("the sizes of input, hidden layers and output are needed", nameof(sizes));
        this.activation = activation;
        weights = [];
        norms = [];
        for (var i = 0; i + 1 < sizes.Length; i++)
        {
            var isLast = i + 2 == sizes.Length;
            var weight = new Parameter(empty(sizes[i + 1], sizes[i]));
            if (isLast)
                Initialization.FanInUniform(weight, sizes[i], random);
            else if (activation == Activation.Relu)
                Initialization.HeUniform(weight, random);
            else
                Initialization.XavierUniform(weight, random);
            weights = weights.Add(weight);
            register_parameter($"weight{i}", weight);
            if (isLast)
                continue;
            var norm = nn.BatchNorm1d(sizes[i + 1]);
            norms = norms.Add(norm);
            register_module($"norm{i}", norm);
        }
        bias = new Parameter(zeros(sizes[^1]));
        register_parameter("bias", bias);
    }

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
        var a = input.flatten(1); // (B, d)
        for (var i = 0; i < norms.Length; i++)
        {
            var z = norms[i].call(a.mm(weights[i].t())); // (B, n_i)
            a = activation == Activation.Relu ? z.relu() : z.tanh();
        }
        return (a.MoveToOuterDisposeScope(), addmm(bias, a, weights[^1].t(), 1, 1).MoveToOuterDisposeScope()); // (B, m), (B, k)
    }
}
