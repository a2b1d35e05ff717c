using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>The function between two layers.</summary>
public enum Activation
{
    /// <summary>max(0, z).</summary>
    Relu,
    /// <summary>tanh z.</summary>
    Tanh,
}

/// <summary>A multi-layer perceptron by its hidden sizes: <c>mlp(512, 512)</c>. Images are flattened.</summary>
/// <param name="hidden">The number of units of each hidden layer; none gives a linear model.</param>
/// <param name="activation">The function after each hidden layer.</param>
/// <param name="dropout">The share of hidden units set to zero in training, 0 to below 1.</param>
[Method("mlp", Kind = MethodKind.Model)]
public sealed class MlpSpec(int[] hidden, Activation activation = Activation.Relu, double dropout = 0) : ModelSpec
{
    private readonly ImmutableArray<int> hidden = Checked(hidden, dropout);

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random) =>
        new Mlp([CheckShape(featureShape, outputs), .. hidden, outputs], random, activation, dropout);

    private static ImmutableArray<int> Checked(int[] hidden, double dropout)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        foreach (var units in hidden)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units, nameof(hidden));
        if (dropout is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "0 to below 1 was expected");
        return [.. hidden];
    }
}

/// <summary>A linear model (softmax regression): <c>linear</c>.</summary>
[Method("linear", Kind = MethodKind.Model)]
public sealed class LinearSpec : ModelSpec
{
    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random) =>
        new Mlp([CheckShape(featureShape, outputs), outputs], random);
}

/// <summary>
/// Fully connected layers with an activation between them: z_i = a_{i−1} W_iᵀ + b_i, a_i = σ(z_i); the last layer is linear.
/// Hidden weights start as He (ReLU) or Glorot (tanh) uniform, the output layer as PyTorch's default, biases at 0.
/// </summary>
public sealed class Mlp : nn.Module<Tensor, Tensor>, IClosedFormGradients, IMixedPrecision, IFeatureExtractor
{
    private readonly Activation activation;
    private readonly nn.Module<Tensor, Tensor>? drop;

    /// <summary>Creates the network.</summary>
    /// <param name="sizes">Inputs, hidden sizes, outputs: two or more numbers.</param>
    /// <param name="random">Draws the initial weights.</param>
    /// <param name="activation">The function after each hidden layer.</param>
    /// <param name="dropout">The share of hidden units dropped in training.</param>
    /// <param name="outputBias">Whether the output layer has a bias.</param>
    public Mlp(ReadOnlySpan<int> sizes, SeededRandom random, Activation activation = Activation.Relu, double dropout = 0, bool outputBias = true) : base(nameof(Mlp))
    {
        if (sizes.Length < 2)
            throw new ArgumentException("the sizes of input and output are needed", nameof(sizes));
        this.activation = activation;
        Weights = [];
        Biases = [];
        for (var i = 0; i + 1 < sizes.Length; i++)
        {
            var weight = new Parameter(empty(sizes[i + 1], sizes[i]));
            if (i + 2 == sizes.Length)
                Initialization.FanInUniform(weight, sizes[i], random);
            else if (activation == Activation.Relu)
                Initialization.HeUniform(weight, random);
            else
                Initialization.XavierUniform(weight, random);
            Weights = Weights.Add(weight);
            register_parameter($"weight{i}", weight);
            if (i + 2 == sizes.Length && !outputBias)
                continue;
            var bias = new Parameter(zeros(sizes[i + 1]));
            Biases = Biases.Add(bias);
            register_parameter($"bias{i}", bias);
        }
        if (dropout > 0)
            register_module("drop", drop = new SeededDropout(dropout));
    }

    /// <summary>W_i, each [out, in].</summary>
    public ImmutableArray<Parameter> Weights { get; }

    /// <summary>b_i, each [out]; one fewer than the weights when the output layer has none.</summary>
    public ImmutableArray<Parameter> Biases { get; }

    /// <inheritdoc/>
    public bool HasClosedForm => drop is null && ComputeType == ScalarType.Float32;

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
        var a = input.flatten(1).to(ComputeType); // (B, d)
        var below = a;
        for (var i = 0; i < Weights.Length; i++)
        {
            below = a;
            a = nn.functional.linear(a, Weights[i].to(ComputeType), i < Biases.Length ? Biases[i].to(ComputeType) : null); // (B, n_i)
            if (i + 1 < Weights.Length)
            {
                a = activation == Activation.Relu ? a.relu() : a.tanh();
                if (drop is not null)
                    a = drop.call(a);
            }
        }
        return (below.to(ScalarType.Float32).MoveToOuterDisposeScope(), a.to(ScalarType.Float32).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var beta = accumulate ? 1f : 0f;
        var activations = new Tensor[Weights.Length + 1];
        activations[0] = input.flatten(1);
        for (var i = 0; i < Weights.Length; i++)
        {
            var z = i < Biases.Length ? addmm(Biases[i], activations[i], Weights[i].t(), 1, 1) : activations[i].mm(Weights[i].t()); // (B, n_i)
            activations[i + 1] = i + 1 == Weights.Length ? z : activation == Activation.Relu ? z.relu_() : z.tanh_();
        }
        var delta = logitGradient(activations[^1]); // (B, k): dL/dz of the last layer
        for (var i = Weights.Length - 1; i >= 0; i--)
        {
            // Straight into the gradient buffer: no temporary of the weight's size, no second pass to add it.
            Weights[i].grad!.addmm_(delta.t(), activations[i], beta, 1);
            if (i < Biases.Length)
                DenseKernels.SumRows(delta, Biases[i].grad!, accumulate);
            if (i > 0)
                delta = DenseKernels.ActivationBackward(delta.mm(Weights[i]), activations[i], activation); // (B, n_{i−1})
        }
        return activations[^1].MoveToOuterDisposeScope();
    }

}
