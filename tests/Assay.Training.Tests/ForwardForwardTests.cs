using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class ForwardForwardTests
{
    private static readonly ForwardForwardOptions Plain = new() { Hidden = [3], PeerNormalization = 0, Epochs = 5, Patience = 0, BatchSize = 32 };

    [Fact]
    public void Losses_and_gradients_of_one_layer_are_those_computed_by_hand()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[] { 2, 0.5f, 0 }, 1, 3).requires_grad_();
        var loss = new ForwardForward.GoodnessLoss();
        foreach (var (target, value, gradient) in new[]
        {
            (1f, 0.251929, new[] { -0.890801f, -0.222700f, 0 }),
            (0f, 1.501929, new[] { 3.109199f, 0.777300f, 0 }),
        })
        {
            a.grad = null;
            var margin = a.square().sum([1], keepdim: true).sub(3); // g − n = 4.25 − 3
            var l = loss.call(margin, tensor(new[] { target }));
            l.backward();
            Assert.Equal(value, l.item<float>(), 1e-5);
            for (var j = 0; j < 3; j++)
                Assert.Equal(gradient[j], a.grad![0, j].item<float>(), 1e-5f);
        }
    }

    [Fact]
    public void Normalisation_divides_by_the_root_mean_square()
    {
        using var scope = NewDisposeScope();
        var n = ForwardForwardNetwork.Normalize(tensor(new float[] { 3, 4 }, 1, 2));
        Assert.Equal(0.848528, n[0, 0].item<float>(), 1e-6);
        Assert.Equal(1.131371, n[0, 1].item<float>(), 1e-6);
    }

    [Fact]
    public void The_next_layers_goodness_does_not_see_the_scale()
    {
        using var scope = NewDisposeScope();
        using var network = new ForwardForwardNetwork([6, 5, 4], 2, new SeededRandom(2), Plain);
        var x = Initialization.Normal(empty(3, 6), 1, new SeededRandom(3));
        Assert.True(network.Goodness(x).sub(network.Goodness(x.mul(7))).abs().max().item<float>() < 1e-4);
    }

    [Fact]
    public void The_closed_form_equals_autograd_with_a_straight_through_relu()
    {
        using var scope = NewDisposeScope();
        using var network = new ForwardForwardNetwork([6, 5, 4], 2, new SeededRandom(2), Plain);
        using var layers = new ForwardForwardNetwork.Layers(network);
        using var flat = new FlatParameters(layers);
        var loss = new ForwardForward.GoodnessLoss();
        var x = Initialization.Normal(empty(8, 6), 1, new SeededRandom(3));
        var t = cat([ones(4), zeros(4)]);
        loss.call(layers.call(x), t).backward();
        var automatic = flat.Gradients.clone();
        layers.Backward(x, m => loss.LossAndGradient(m, t).Gradient, accumulate: false);
        Assert.True(flat.Gradients.sub(automatic).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void Peer_normalisation_pulls_each_unit_to_the_mean_activity()
    {
        using var scope = NewDisposeScope();
        var options = Plain with { PeerNormalization = 0.03 };
        using var network = new ForwardForwardNetwork([2, 2], 2, new SeededRandom(2), options);
        using (no_grad())
        {
            network.Weights[0].copy_(tensor(new float[] { 1, 0, 0, -1 }, 2, 2));
        }
        using var layers = new ForwardForwardNetwork.Layers(network);
        using var flat = new FlatParameters(layers);
        // One positive (1,1) and one negative (1,1): N leaves them as they are; activities are (1, 0).
        layers.Backward(ones(2, 2), m => zeros_like(m), accumulate: false);
        // r = 0.9·0.5 + 0.1·(1, 0) = (0.55, 0.45); ∂/∂z = 0.03·2/2·(r − 0.5)·0.1/1 = (1.5e-4, −1.5e-4), where z < 0 too.
        Assert.Equal(1.5e-4, network.Biases[0].grad![0].item<float>(), 1e-8);
        Assert.Equal(-1.5e-4, network.Biases[0].grad![1].item<float>(), 1e-8);
    }

    [Fact]
    public void Negatives_never_carry_the_true_label_and_are_uniform_over_the_others()
    {
        using var data = new TensorDataset(zeros(3000, 8), arange(3000).remainder(5).to(int64), 5);
        using var network = new ForwardForwardNetwork([8, 3], 5, new SeededRandom(2), Plain);
        using var layers = new ForwardForwardNetwork.Layers(network);
        using var flat = new FlatParameters(layers);
        using var optimizer = new AdamW().Bind(flat);
        var state = new TrainerState(layers, optimizer, new TrainingOptions(), data, 1, 1);
        var batch = new TrainingBatch(data.Inputs, data.Targets, arange(3000));
        new ForwardForward.Contrast(5, seed: 1, negativesAreTrue: false).OnBatch(state, ref batch);
        using var scope = NewDisposeScope();
        Assert.Equal([6000L, 8], batch.Inputs.shape);
        Assert.True(batch.Inputs.narrow(0, 0, 3000).narrow(1, 0, 5).argmax(1).eq(data.Targets).all().item<bool>());
        var wrong = batch.Inputs.narrow(0, 3000, 3000).narrow(1, 0, 5).argmax(1);
        var shifts = wrong.sub(data.Targets).remainder(5).data<long>().ToArray();
        Assert.DoesNotContain(0L, shifts);
        var chi = Enumerable.Range(1, 4).Sum(k => Math.Pow(shifts.Count(s => s == k) - 750, 2) / 750);
        Assert.True(chi < 16.27, $"chi-square {chi} with 3 degrees of freedom"); // the 0.1 % point
        Assert.Equal(3000, batch.Targets.sum().item<float>());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 1)]
    [InlineData(51, 1.0)]
    [InlineData(75, 0.52)]
    [InlineData(100, 0.02)]
    public void The_rate_falls_in_the_second_half(int epoch, double factor) =>
        Assert.Equal(factor, new ForwardForwardSchedule(100).Factor((epoch - 1) * 10, 1000), 1e-12);

    [Fact]
    public void Scores_by_goodness_equal_one_run_for_each_class()
    {
        using var scope = NewDisposeScope();
        foreach (var hidden in (int[][])[[5], [5, 4, 3]])
        {
            using var network = new ForwardForwardNetwork([6, .. hidden], 3, new SeededRandom(2), Plain with { Hidden = [.. hidden] });
            network.eval();
            var x = Initialization.Normal(empty(4, 6), 1, new SeededRandom(3));
            var scores = network.call(x);
            for (var c = 0; c < 3; c++)
            {
                var label = zeros(4, 3);
                label.narrow(1, c, 1).fill_(1);
                var goodness = network.Goodness(ForwardForwardNetwork.Embed(x, label));
                var expected = hidden.Length == 1 ? goodness.squeeze(1) : goodness.narrow(1, 1, hidden.Length - 1).sum([1]);
                Assert.True(expected.sub(scores.select(1, c)).abs().max().item<float>() < 1e-4);
            }
        }
    }

    [Fact]
    public void It_learns_and_true_negatives_do_not()
    {
        var x = Initialization.Normal(empty(600, 10), 1, new SeededRandom(1));
        x.narrow(1, 3, 7).mul_(2);
        using var data = new TensorDataset(x, x.narrow(1, 3, 3).argmax(1), 3);
        var options = new ForwardForwardOptions { Hidden = [64, 64], Epochs = 60, BatchSize = 50, LearningRate = 3e-3, Patience = 0 };
        using var learned = new ForwardForward(options).Fit(data, data, new TrainingContext());
        Assert.True(learned.Accuracy(data) > 0.8, $"{learned.Accuracy(data)}");
        using var control = new ForwardForward(options with { NegativesAreTrue = true }).Fit(data, data, new TrainingContext());
        Assert.True(control.Accuracy(data) < 0.6, $"{control.Accuracy(data)}");
        using var head = new ForwardForward(options with { Predict = ForwardForwardPrediction.Head }).Fit(data, data, new TrainingContext());
        Assert.True(head.Accuracy(data) > 0.6, $"{head.Accuracy(data)}");
    }

    [Fact]
    public void More_classes_than_inputs_are_refused()
    {
        using var data = new TensorDataset(ones(4, 2), tensor(new long[] { 0, 1, 2, 0 }), 3);
        var error = Assert.Throws<ArgumentException>(() => new ForwardForward(Plain).Fit(data, null, new TrainingContext()));
        Assert.Contains("do not fit", error.Message, StringComparison.Ordinal);
    }
}
