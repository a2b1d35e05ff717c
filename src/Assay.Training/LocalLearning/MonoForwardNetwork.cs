using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// The network of <see cref="MonoForward"/>: hidden layers W_i, b_i and one projection M_i to the classes for each activation, the raw
/// input included. In evaluation it gives class scores from the last layer or from the sum of all.
/// </summary>
public sealed class MonoForwardNetwork : nn.Module<Tensor, Tensor>
{
    private readonly MonoForwardOptions options;

    /// <summary>Creates the network with fresh weights: W ~ U(±√(6/fan_in)) for ReLU or Glorot-uniform for tanh, b = 0, M_i ~ U(±1/√n_i).</summary>
    /// <param name="sizes">Inputs and hidden sizes.</param>
    /// <param name="classes">K, 2 or more.</param>
    /// <param name="random">Draws the weights.</param>
    /// <param name="options">Activation and prediction mode.</param>
    public MonoForwardNetwork(ReadOnlySpan<int> sizes, int classes, SeededRandom random, MonoForwardOptions options) : base(nameof(MonoForwardNetwork))
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        Classes = classes;
        Weights = [];
        Biases = [];
        Projections = [];
        for (var i = 0; i < sizes.Length; i++)
        {
            if (i > 0)
            {
                var weight = new Parameter(empty(sizes[i], sizes[i - 1]));
                if (options.Activation == Activation.Relu)
                    Initialization.HeUniform(weight, random);
                else
                    Initialization.XavierUniform(weight, random);
                var bias = new Parameter(zeros(sizes[i]));
                (Weights, Biases) = (Weights.Add(weight), Biases.Add(bias));
                register_parameter($"weight{i}", weight);
                register_parameter($"bias{i}", bias);
            }
            var projection = new Parameter(Initialization.FanInUniform(empty(classes, sizes[i]), sizes[i], random));
            Projections = Projections.Add(projection);
            register_parameter($"projection{i}", projection);
        }
    }

    /// <summary>W_1 to W_L, each [n_i, n_{i−1}].</summary>
    public ImmutableArray<Parameter> Weights { get; }

    /// <summary>b_1 to b_L.</summary>
    public ImmutableArray<Parameter> Biases { get; }

    /// <summary>M_0 to M_L, each [K, n_i].</summary>
    public ImmutableArray<Parameter> Projections { get; }

    /// <summary>K.</summary>
    public int Classes { get; }

    /// <summary>Multiply–accumulates of one prediction, the projections that the mode uses included.</summary>
    public long ForwardMacs =>
        Weights.Sum(w => w.numel())
        + (Weights.IsEmpty || options.Predict == MonoForwardPrediction.Last ? Projections[^1].numel() : Projections.Skip(options.SumInput ? 0 : 1).Sum(p => p.numel()));

    /// <summary>The class scores (n, K).</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        if (Weights.IsEmpty || options.Predict == MonoForwardPrediction.Last)
            return Goodness(input, Weights.Length).MoveToOuterDisposeScope();
        var activations = Activations(input);
        var first = options.SumInput ? 0 : 1;
        var sum = activations[first].mm(Projections[first].t());
        for (var i = first + 1; i < activations.Length; i++)
            sum = sum.addmm(activations[i], Projections[i].t(), 1, 1);
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>G_i = a_i M_iᵀ of one layer, (n, K); layer 0 is the raw input.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public Tensor Goodness(Tensor input, int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layer, Weights.Length);
        using var scope = NewDisposeScope();
        return Below(input, layer).mm(Projections[layer].t()).MoveToOuterDisposeScope();
    }

    /// <summary>a_0 to a_L.</summary>
    private Tensor[] Activations(Tensor input)
    {
        var all = new Tensor[Weights.Length + 1];
        all[0] = input.flatten(1);
        for (var i = 0; i < Weights.Length; i++)
            all[i + 1] = Activate(addmm(Biases[i], all[i], Weights[i].t(), 1, 1));
        return all;
    }

    private Tensor Activate(Tensor z) => options.Activation == Activation.Relu ? z.relu() : z.tanh();

    /// <summary>a_layer: the input passed through that many layers.</summary>
    private Tensor Below(Tensor input, int layer)
    {
        var a = input.flatten(1);
        for (var i = 0; i < layer; i++)
            a = Activate(addmm(Biases[i], a, Weights[i].t(), 1, 1));
        return a;
    }

    /// <summary>The activations that layer <paramref name="layer"/> is trained on, computed once.</summary>
    internal TensorDataset CacheBelow(TensorDataset data, int layer)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        for (long start = 0; start < data.Count; start += 4096)
        {
            using var inner = NewDisposeScope();
            parts.Add(Below(data.Inputs.narrow(0, start, Math.Min(4096, data.Count - start)), Math.Max(0, layer - 1)).clone().MoveToOuterDisposeScope());
        }
        return new TensorDataset(cat(parts, 0), data.Targets.alias(), data.Outputs);
    }

    /// <summary>
    /// One layer as a model of its own: a_{i−1} (or the raw input, with the frozen layers below) to G_i. Only its W, b and M are
    /// parameters, so nothing else can change.
    /// </summary>
    internal sealed class Layer : nn.Module<Tensor, Tensor>, IClosedFormGradients, IMixedPrecision
    {
        private readonly MonoForwardNetwork network;
        private readonly int layer;
        private readonly bool trainHidden;
        private bool frozenBelow;

        public Layer(MonoForwardNetwork network, int layer, bool trainHidden) : base($"{nameof(MonoForward)}{layer}")
        {
            (this.network, this.layer, this.trainHidden) = (network, layer, trainHidden);
            if (layer > 0 && trainHidden)
            {
                register_parameter("weight", network.Weights[layer - 1]);
                register_parameter("bias", network.Biases[layer - 1]);
            }
            register_parameter("projection", network.Projections[layer]);
        }

        public bool HasClosedForm => ComputeType == ScalarType.Float32;

        public ScalarType ComputeType { get; set; } = ScalarType.Float32;

        /// <summary>Takes raw inputs and runs the frozen layers below for every batch.</summary>
        public Layer WithFrozenBelow()
        {
            frozenBelow = true;
            return this;
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var a = Inputs(input).to(ComputeType); // (B, n_{i−1})
            if (layer > 0)
                a = network.Activate(nn.functional.linear(a, network.Weights[layer - 1].to(ComputeType), network.Biases[layer - 1].to(ComputeType))); // (B, n_i)
            return nn.functional.linear(a, network.Projections[layer].to(ComputeType)).to(ScalarType.Float32).MoveToOuterDisposeScope(); // (B, K)
        }

        public Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            return network.LocalBackward(Inputs(input), layer, trainHidden, logitGradient, accumulate).Goodness.MoveToOuterDisposeScope();
        }

        private Tensor Inputs(Tensor input)
        {
            if (!frozenBelow || layer < 2)
                return input.flatten(1);
            using var _ = no_grad();
            return network.Below(input, layer - 1);
        }

        // The parameters belong to the network.
        protected override void Dispose(bool disposing)
        {
        }
    }

    /// <summary>Closed-form local gradients of one layer, written into its parameters' <c>grad</c>.</summary>
    private (Tensor Activation, Tensor Goodness) LocalBackward(Tensor below, int layer, bool trainHidden, Func<Tensor, Tensor> logitGradient, bool accumulate)
    {
        var beta = accumulate ? 1f : 0f;
        var projection = Projections[layer];
        var a = layer > 0 ? Activate(addmm(Biases[layer - 1], below, Weights[layer - 1].t(), 1, 1)) : below; // (B, n_i)
        var goodness = a.mm(projection.t()); // (B, K)
        var error = logitGradient(goodness); // E (B, K)
        projection.grad!.addmm_(error.t(), a, beta, 1);
        if (layer > 0 && trainHidden)
        {
            var delta = DenseKernels.ActivationBackward(error.mm(projection), a, options.Activation); // (B, n_i)
            Weights[layer - 1].grad!.addmm_(delta.t(), below, beta, 1);
            DenseKernels.SumRows(delta, Biases[layer - 1].grad!, accumulate);
        }
        return (a, goodness);
    }

    /// <summary>All layers as one model with the goodness of each side by side, (B, (L+1)·K); gradients stay inside their layers.</summary>
    internal sealed class AllLayers : nn.Module<Tensor, Tensor>, IClosedFormGradients
    {
        private readonly MonoForwardNetwork network;

        public AllLayers(MonoForwardNetwork network) : base(nameof(AllLayers))
        {
            this.network = network;
            foreach (var (name, parameter) in network.named_parameters())
                register_parameter(name, parameter);
        }

        public bool HasClosedForm => true;

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var a = input.flatten(1);
            var all = new List<Tensor> { a.mm(network.Projections[0].t()) };
            for (var i = 0; i < network.Weights.Length; i++)
            {
                a = network.Activate(addmm(network.Biases[i], a.detach(), network.Weights[i].t(), 1, 1));
                all.Add(a.mm(network.Projections[i + 1].t()));
            }
            return cat(all, 1).MoveToOuterDisposeScope();
        }

        public Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var outputs = forward(input);
            var gradient = logitGradient(outputs);
            var a = input.flatten(1);
            for (var i = 0; i <= network.Weights.Length; i++)
            {
                var own = gradient.narrow(1, (long)i * network.Classes, network.Classes);
                a = network.LocalBackward(a, i, trainHidden: true, _ => own, accumulate).Activation;
            }
            return outputs.MoveToOuterDisposeScope();
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}

/// <summary>The sum of one cross-entropy for each block of K outputs: Σ_i CE(G_i, y).</summary>
/// <param name="layers">The number of blocks.</param>
internal sealed class LayerwiseCrossEntropy(int layers) : nn.Module<Tensor, Tensor, Tensor>(nameof(LayerwiseCrossEntropy)), IClosedFormLoss
{
    private readonly CrossEntropyLoss single = new();

    public override Tensor forward(Tensor logits, Tensor target)
    {
        using var scope = NewDisposeScope();
        var blocks = logits.chunk(layers, 1);
        var sum = single.call(blocks[0], target);
        for (var i = 1; i < layers; i++)
            sum = sum.add(single.call(blocks[i], target));
        return sum.MoveToOuterDisposeScope();
    }

    public (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target)
    {
        var parts = logits.chunk(layers, 1).Select(block => single.LossAndGradient(block, target)).ToArray();
        return (parts.Sum(p => p.Loss), cat([.. parts.Select(p => p.Gradient)], 1));
    }
}
