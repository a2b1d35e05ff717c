using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class ReweightedLossTests
{
    private static readonly float[] Losses = [1, 2, 3, 5];

    [Theory]
    [InlineData(ReweightingStrategy.LinUpper, 1, new[] { .123681, .203916, .336201, .336201 })]
    [InlineData(ReweightingStrategy.Quadratic, 1, new[] { .146300, .309717, .397684, .146300 })]
    [InlineData(ReweightingStrategy.Extremes, 1, new[] { .336201, .203916, .123681, .336201 })]
    [InlineData(ReweightingStrategy.LinUpper, .4, new[] { .034656, .120960, .422192, .422192 })]
    [InlineData(ReweightingStrategy.Quadratic, .4, new[] { .048301, .314965, .588432, .048301 })]
    [InlineData(ReweightingStrategy.Uniform, .4, new[] { .25, .25, .25, .25 })]
    public void Weights_are_those_of_the_brief(ReweightingStrategy strategy, double temperature, double[] expected)
    {
        var weights = new SampleReweighter(strategy).Weights(Losses, temperature);
        for (var i = 0; i < 4; i++)
            Assert.Equal(expected[i], weights[i], 1e-6);
    }

    public static TheoryData<ReweightingStrategy> All => [.. Enum.GetValues<ReweightingStrategy>()];

    [Theory]
    [MemberData(nameof(All))]
    public void Weights_lie_on_the_simplex_and_follow_the_losses_only_up_to_scale_and_shift(ReweightingStrategy strategy)
    {
        var reweighter = new SampleReweighter(strategy);
        var random = new SeededRandom(3);
        var losses = Enumerable.Range(0, 9).Select(_ => (float)random.NextDouble(-1, 4)).ToArray();
        var weights = reweighter.Weights(losses, 0.4);
        Assert.Equal(1, weights.Sum(), 1e-12);
        Assert.All(weights, w => Assert.True(w > 0));
        var moved = reweighter.Weights(losses.Select(l => 3 * l + 7).ToArray(), 0.4);
        var backwards = reweighter.Weights(losses.Reverse().ToArray(), 0.4);
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(weights[i], moved[i], 1e-5);
            Assert.Equal(weights[i], backwards[8 - i], 1e-12);
        }
        Assert.All(reweighter.Weights([2, 2, 2], 0.4), w => Assert.Equal(1.0 / 3, w, 1e-15));
        Assert.Equal([1.0], reweighter.Weights([5], 0.4));
        Assert.All(reweighter.Weights(losses, 1e6), w => Assert.Equal(1.0 / 9, w, 1e-6));
    }

    // A known weakness: one outlier pushes all others to the low end, where they are told apart no more.
    [Fact]
    public void One_outlier_makes_all_others_equally_low()
    {
        var weights = new SampleReweighter().Weights([1, 2, 3, 1000], 0.4);
        Assert.True(weights[2] / weights[0] < 1.011);
        Assert.True(weights[3] > 10 * weights[0]);
    }

    [Fact]
    public void The_weights_maximise_the_regularised_objective()
    {
        var weights = new SampleReweighter(ReweightingStrategy.KlDro).Weights(Losses, 0.7);
        double[] f = [-1, -.5, 0, 1];
        double Objective(double[] w) => w.Zip(f, (a, b) => a * b).Sum() - 0.7 * w.Sum(a => a > 0 ? a * Math.Log(4 * a) : 0);
        var best = Objective(weights);
        var random = new SeededRandom(4);
        var point = new double[4];
        for (var i = 0; i < 10_000; i++)
        {
            random.NextDirichlet(1, point);
            Assert.True(Objective(point) <= best + 1e-12);
        }
    }

    [Fact]
    public void The_temperature_drops_after_the_warm_up()
    {
        var reweighter = new SampleReweighter(warmup: 0.1, ramp: 0.2);
        Assert.Equal(100, reweighter.Temperature(9, 100));
        Assert.Equal(50.2, reweighter.Temperature(20, 100), 1e-9);
        Assert.Equal(0.4, reweighter.Temperature(30, 100));
        Assert.Equal(0.4, new SampleReweighter(warmup: 0).Temperature(0, 100));
    }

    [Fact]
    public void The_gradient_is_that_of_the_frozen_weights_in_both_forms()
    {
        using var scope = NewDisposeScope();
        using var loss = new ReweightedLoss(warmup: 0);
        var logits = Initialization.Normal(empty(6, 4), 2, new SeededRandom(1)).requires_grad_();
        var target = tensor(new long[] { 0, 1, 2, 3, 0, 1 });
        var value = loss.call(logits, target);
        value.backward();
        var each = nn.functional.cross_entropy(logits.detach(), target, reduction: nn.Reduction.None).data<float>().ToArray();
        var weights = new SampleReweighter().Weights(each, 0.4);
        var expected = logits.detach().softmax(1).sub(nn.functional.one_hot(target, 4)).mul(tensor(weights).to(ScalarType.Float32).unsqueeze(1));
        Assert.True(logits.grad!.sub(expected).abs().max().item<float>() < 1e-6);
        var (closed, gradient) = loss.LossAndGradient(logits.detach(), target);
        Assert.Equal(value.ToDouble(), closed, 1e-6);
        Assert.True(gradient.sub(expected).abs().max().item<float>() < 1e-6);
        Assert.True(loss.Newest.EffectiveSamples is > 1 and < 6);
        using var _ = no_grad();
        Assert.Equal(each.Average(), loss.call(logits, target).ToDouble(), 1e-5);
    }

    [Fact]
    public void Parts_of_a_batch_share_the_weights_of_the_whole()
    {
        using var scope = NewDisposeScope();
        Tensor Gradient(int parts)
        {
            var model = new Mlp([3, 4], new SeededRandom(1));
            using var flat = new FlatParameters(model);
            var data = Initialization.Normal(empty(8, 3), 2, new SeededRandom(2));
            var target = tensor(new long[] { 0, 1, 2, 3, 0, 1, 2, 3 });
            var loss = new ReweightedLoss(warmup: 0);
            var step = new GradientStep(model, loss, new TrainingOptions { AccumulationSteps = parts });
            loss.Begin(0, 1);
            step.Compute(new TrainingBatch(data, target, arange(8)));
            Assert.Equal(8, loss.RowShares().Length);
            return flat.Gradients.clone();
        }
        Assert.True(Gradient(1).sub(Gradient(4)).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void What_cannot_be_weighed_is_refused()
    {
        var reweighter = new SampleReweighter();
        var error = Assert.Throws<ArgumentException>(() => reweighter.Weights([1, float.NaN], 0.4));
        Assert.Contains("sample 1", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => reweighter.Weights([1], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SampleReweighter(delta: 0));
        Assert.Equal([0, 1, 0.0], reweighter.Weights([float.NaN, 1, 9], 0.4, [false, true, false]));
    }
}
