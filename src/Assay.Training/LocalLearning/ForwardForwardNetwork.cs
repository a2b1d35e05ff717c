using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// The network of <see cref="ForwardForward"/>: h_0 = N(x), z_i = W_i h_{i−1} + b_i, a_i = max(0, z_i), h_i = N(a_i) with
/// N(v) = v / (√mean(v²) + 10⁻⁸). In evaluation it gives one score for each class.
/// </summary>
public sealed class ForwardForwardNetwork : nn.Module<Tensor, Tensor>
{
    private const double PeerMomentum = 0.9, Tiny = 1e-8;
    private readonly ForwardForwardOptions options;
    private readonly ImmutableArray<Tensor> peers; // r_i: running mean activity of each unit over positive inputs

    /// <summary>Creates the network with fresh weights: W ~ N(0, 1/√n_out), b = 0.</summary>
    /// <param name="sizes">Inputs and hidden sizes.</param>
    /// <param name="classes">K.</param>
    /// <param name="random">Draws the weights.</param>
    /// <param name="options">Goodness and prediction.</param>
    public ForwardForwardNetwork(ReadOnlySpan<int> sizes, int classes, SeededRandom random, ForwardForwardOptions options) : base(nameof(ForwardForwardNetwork))
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, Classes, Weights, Biases, peers) = (options, classes, [], [], []);
        var features = 0;
        for (var i = 1; i < sizes.Length; i++)
        {
            var weight = new Parameter(Initialization.Normal(empty(sizes[i], sizes[i - 1]), 1 / Math.Sqrt(sizes[i]), random));
            var bias = new Parameter(zeros(sizes[i]));
            var peer = full(sizes[i], 0.5f);
            (Weights, Biases, peers) = (Weights.Add(weight), Biases.Add(bias), peers.Add(peer));
            register_parameter($"weight{i}", weight);
            register_parameter($"bias{i}", bias);
            register_buffer($"peer{i}", peer);
            if (i > 1 || sizes.Length == 2)
                features += sizes[i];
        }
        Head = new Mlp([features, classes], random, outputBias: false);
        using (no_grad())
            Head.Weights[0].zero_();
        register_module("head", Head);
        ByGoodness = new GoodnessScores(this);
    }

    /// <summary>W_1 to W_L.</summary>
    public ImmutableArray<Parameter> Weights { get; }

    /// <summary>b_1 to b_L.</summary>
    public ImmutableArray<Parameter> Biases { get; }

    /// <summary>K.</summary>
    public int Classes { get; }

    /// <summary>Multiply–accumulates of one prediction.</summary>
    public long ForwardMacs
    {
        get
        {
            var first = Weights[0].numel();
            var rest = Weights.Skip(1).Sum(w => w.numel());
            // By goodness, the first layer's products are shared by all classes: only the label's columns differ.
            return options.Predict == ForwardForwardPrediction.Head ? first + rest + Head.Weights[0].numel() : first + Classes * rest;
        }
    }

    /// <summary>The linear softmax head on the neutral input's activities.</summary>
    internal Mlp Head { get; }

    /// <summary>The same network, predicting by goodness.</summary>
    internal nn.Module<Tensor, Tensor> ByGoodness { get; }

    /// <summary>N(v) = v / (√mean_j v_j² + 10⁻⁸), row by row.</summary>
    public static Tensor Normalize(Tensor v)
    {
        ArgumentNullException.ThrowIfNull(v);
        using var scope = NewDisposeScope();
        return v.div(v.square().mean([1], keepdim: true).sqrt().add(Tiny)).MoveToOuterDisposeScope();
    }

    /// <summary>The inputs with their first K entries replaced, (n, d).</summary>
    /// <param name="inputs">(n, d).</param>
    /// <param name="entries">(n, K): one-hot labels, or 0.1 everywhere for the neutral input.</param>
    public static Tensor Embed(Tensor inputs, Tensor entries)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(entries);
        using var rest = inputs.narrow(1, entries.shape[1], inputs.shape[1] - entries.shape[1]);
        using var typed = entries.to(inputs.dtype);
        return cat([typed, rest], 1);
    }

    /// <summary>The goodness of each layer, (n, L), of inputs that carry a label.</summary>
    public Tensor Goodness(Tensor embedded)
    {
        using var scope = NewDisposeScope();
        var h = Normalize(embedded);
        var all = new List<Tensor>();
        for (var i = 0; i < Weights.Length; i++)
        {
            var a = addmm(Biases[i], h, Weights[i].t(), 1, 1).relu();
            all.Add(Measure(a));
            h = Normalize(a);
        }
        return stack(all, 1).MoveToOuterDisposeScope();
    }

    /// <summary>The class scores (n, K).</summary>
    public override Tensor forward(Tensor input)
    {
        if (options.Predict == ForwardForwardPrediction.Goodness)
            return ByGoodness.call(input);
        using var features = Features(input);
        return Head.call(features);
    }

    /// <summary>The features of the head for all examples.</summary>
    internal TensorDataset NeutralFeatures(TensorDataset data) =>
        new(TrainedModel.Scores(new NeutralActivities(this), data.Inputs), data.Targets.alias(), data.Outputs);

    private Tensor Measure(Tensor a) =>
        options.Goodness == ForwardForwardGoodness.SumOfSquares ? a.square().sum([1]) : a.square().mean([1]);

    private double Threshold(int layer) => options.Goodness == ForwardForwardGoodness.SumOfSquares ? Weights[layer].shape[0] : 2;

    // h_2 to h_L of the neutral input, side by side (h_1 when there is only one layer).
    private Tensor Features(Tensor input)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var x = input.flatten(1);
        var h = Normalize(Embed(x, full([x.shape[0], Classes], 0.1f, device: x.device)));
        var all = new List<Tensor>();
        for (var i = 0; i < Weights.Length; i++)
        {
            h = Normalize(addmm(Biases[i], h, Weights[i].t(), 1, 1).relu());
            if (i > 0 || Weights.Length == 1)
                all.Add(h);
        }
        return cat(all, 1).MoveToOuterDisposeScope();
    }

    private sealed class NeutralActivities(ForwardForwardNetwork network) : nn.Module<Tensor, Tensor>(nameof(NeutralActivities))
    {
        public override Tensor forward(Tensor input) => network.Features(input);
    }

    /// <summary>score_c = Σ_{i≥2} g_i of the input with label c (g_1 when there is only one layer).</summary>
    private sealed class GoodnessScores(ForwardForwardNetwork network) : nn.Module<Tensor, Tensor>(nameof(GoodnessScores))
    {
        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var x = input.flatten(1);
            var blank = Embed(x, zeros([x.shape[0], network.Classes], device: x.device));
            // Every one-hot label has the same norm, so the scale of N(x) is shared by all classes.
            var scale = blank.square().sum([1], keepdim: true).add(1).div(x.shape[1]).sqrt().add(Tiny); // (n, 1)
            var shared = blank.mm(network.Weights[0].t()); // (n, n_1)
            var scores = new Tensor[network.Classes];
            for (var c = 0; c < scores.Length; c++)
            {
                using var inner = NewDisposeScope();
                var a = shared.add(network.Weights[0].narrow(1, c, 1).squeeze(1)).div_(scale).add_(network.Biases[0]).relu_();
                var score = network.Weights.Length == 1 ? network.Measure(a) : zeros(x.shape[0], device: x.device);
                for (var i = 1; i < network.Weights.Length; i++)
                {
                    a = addmm(network.Biases[i], Normalize(a), network.Weights[i].t(), 1, 1).relu_();
                    score = score.add(network.Measure(a));
                }
                scores[c] = score.MoveToOuterDisposeScope();
            }
            return stack(scores, 1).MoveToOuterDisposeScope();
        }
    }

    /// <summary>The layers as the trainer sees them: inputs with labels, positives above negatives, to g − n, (2B, L).</summary>
    internal sealed class Layers : nn.Module<Tensor, Tensor>, IClosedFormGradients
    {
        private readonly ForwardForwardNetwork network;

        public Layers(ForwardForwardNetwork network) : base(nameof(Layers))
        {
            this.network = network;
            for (var i = 0; i < network.Weights.Length; i++)
            {
                register_parameter($"weight{i}", network.Weights[i]);
                register_parameter($"bias{i}", network.Biases[i]);
                register_buffer($"peer{i}", network.peers[i]);
            }
        }

        public bool HasClosedForm => true;

        // By autograd, for those who want to see the same thing without the closed form: ReLU is straight-through.
        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var h = Normalize(input);
            var all = new List<Tensor>();
            for (var i = 0; i < network.Weights.Length; i++)
            {
                var z = addmm(network.Biases[i], h, network.Weights[i].t(), 1, 1);
                var a = z.relu().sub(z).detach().add(z);
                all.Add(network.Measure(a).sub(network.Threshold(i)));
                h = Normalize(a.detach());
            }
            return stack(all, 1).MoveToOuterDisposeScope();
        }

        public Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var count = network.Weights.Length;
            var (hidden, active, margins) = (new Tensor[count + 1], new Tensor[count], new Tensor[count]);
            hidden[0] = Normalize(input);
            for (var i = 0; i < count; i++)
            {
                active[i] = addmm(network.Biases[i], hidden[i], network.Weights[i].t(), 1, 1).relu_(); // (2B, n_i)
                margins[i] = network.Measure(active[i]).sub(network.Threshold(i)); // (2B)
                hidden[i + 1] = Normalize(active[i]);
            }
            var outputs = stack(margins, 1); // (2B, L)
            var gradient = logitGradient(outputs);
            for (var i = 0; i < count; i++)
            {
                // ∂L/∂z = 2a·∂L/∂g: where z < 0, a = 0 and so is this; the straight-through ReLU matters for the peer term only.
                var factor = network.options.Goodness == ForwardForwardGoodness.SumOfSquares ? 2.0 : 2.0 / active[i].shape[1];
                var delta = active[i].mul(gradient.narrow(1, i, 1)).mul_(factor);
                AddPeerGradient(i, active[i], delta);
                network.Weights[i].grad!.addmm_(delta.t(), hidden[i], accumulate ? 1 : 0, 1);
                DenseKernels.SumRows(delta, network.Biases[i].grad!, accumulate);
            }
            return outputs.MoveToOuterDisposeScope();
        }

        // r ← 0.9 r + 0.1 mean(a over positives); the loss gains c·mean_j (mean(r) − r_j)²; its gradient flows through the 0.1.
        private void AddPeerGradient(int layer, Tensor active, Tensor delta)
        {
            if (network.options.PeerNormalization == 0)
                return;
            var (rows, units) = (active.shape[0] / 2, active.shape[1]);
            var r = network.peers[layer];
            r.mul_(PeerMomentum).add_(active.narrow(0, 0, rows).mean([0]), 1 - PeerMomentum);
            var pull = r.sub(r.mean()).mul_(network.options.PeerNormalization * 2 / units * (1 - PeerMomentum) / rows); // (n_i)
            delta.narrow(0, 0, rows).add_(pull);
        }

        // The parameters belong to the network.
        protected override void Dispose(bool disposing)
        {
        }
    }
}
