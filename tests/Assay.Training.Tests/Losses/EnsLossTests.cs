using Assay.Statistics;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class EnsLossTests
{
    [Fact]
    public void The_worked_example()
    {
        double[] z = [2, -.5, .3];
        var g = EnsLoss.Derivatives(z, [-1, 0, 1]);
        double[] expected = [-.183940, -1, -1];
        for (var i = 0; i < 3; i++)
            Assert.Equal(expected[i], g[i], 2e-6); // 10⁻⁶ is the shift
        Assert.Equal(-.055960, g.Zip(z, (a, b) => a * b).Average(), 2e-6);
    }

    [Theory]
    [InlineData(0, .5, 1.648721)]
    [InlineData(.5, .5, 1.5625)]
    [InlineData(1, .5, 1.5)]
    [InlineData(-.5, .5, 1.777778)]
    [InlineData(.5, -1.5, .0625)]
    [InlineData(-.5, 1, 4)]
    public void The_inverse_box_cox_map(double lambda, double u, double expected) => Assert.Equal(expected, EnsLoss.InverseBoxCox(u, lambda), 1e-6);

    [Fact]
    public void Derivatives_never_decrease_with_the_margin_and_stay_in_their_interval() =>
        Gen.Select(Gen.Double[-4, 4].Array[1, 40], Gen.Long, Gen.Double[-1, 1]).Sample((z, seed, lambda) =>
        {
            var random = new SeededRandom(seed);
            var u = z.Select(_ => random.NextGaussian()).ToArray();
            foreach (var tail in new[] { TailRule.None, TailRule.InverseMargin })
            {
                var g = EnsLoss.Derivatives(z, u, lambda, tail);
                Assert.All(g, x => Assert.InRange(x, -1 - 1e-6, -1e-6));
                var ordered = z.Zip(g).OrderBy(p => p.First).ThenBy(p => p.Second).Select(p => p.Second).ToArray();
                Assert.Equal(ordered.Order(), ordered);
            }
        }, iter: 1000);

    [Fact]
    public void The_gradient_is_g_times_the_sign_over_the_batch()
    {
        using var scope = NewDisposeScope();
        double[] f = [2, .5, .3, -1.4];
        long[] y = [1, 0, 1, 0];
        var z = f.Zip(y, (a, b) => b == 1 ? a : -a).ToArray();
        var random = new SeededRandom(7);
        var g = EnsLoss.Derivatives(z, [.. z.Select(_ => random.NextGaussian())]);
        var leaf = tensor(f).requires_grad_();
        new EnsLoss(seed: 7).call(leaf, tensor(y)).backward();
        for (var i = 0; i < 4; i++)
            Assert.Equal(g[i] * (y[i] == 1 ? 1 : -1) / 4, leaf.grad![i].ToDouble(), 1e-15);
    }

    [Fact]
    public void Descent_on_one_point_raises_its_logit_at_every_step()
    {
        using var scope = NewDisposeScope();
        var loss = new EnsLoss();
        var f = -2.0;
        for (var step = 0; step < 100; step++)
        {
            var leaf = tensor(new[] { f }).requires_grad_();
            loss.call(leaf, tensor(new long[] { 1 })).backward();
            var next = f - .1 * leaf.grad![0].ToDouble();
            Assert.True(next > f);
            f = next;
        }
    }

    [Fact]
    public void The_same_seed_draws_the_same_and_the_next_call_draws_anew()
    {
        using var scope = NewDisposeScope();
        var f = tensor(new[] { .4, -.2, 1.5 });
        var y = tensor(new long[] { 1, 0, 0 });
        var (a, b) = (new EnsLoss(seed: 3), new EnsLoss(seed: 3));
        var first = a.call(f, y).ToDouble();
        Assert.Equal(first, b.call(f, y).ToDouble());
        Assert.NotEqual(first, a.call(f, y).ToDouble());
        a.Reseed(9);
        b.Reseed(9);
        Assert.Equal(a.call(f, y).ToDouble(), b.call(f, y).ToDouble());
    }

    [Fact]
    public void With_all_draws_clipped_and_no_tail_it_is_minus_the_mean_margin()
    {
        double[] z = [2, -1, .5];
        var g = EnsLoss.Derivatives(z, [1, 2, 3], tail: TailRule.None); // e^u > 1 is clipped to 1
        Assert.Equal(-.5, g.Zip(z, (a, b) => a * b).Average(), 2e-6);
    }

    [Fact]
    public void Training_with_it_resumes_with_the_same_draws()
    {
        using var scope = NewDisposeScope();
        using var data = new TensorDataset(Initialization.Normal(empty(40, 3), 1, new SeededRandom(1)), arange(40).remainder(2).to(ScalarType.Int64), 2);
        float[] Train()
        {
            using var model = new Mlp([3, 5, 2], new SeededRandom(2));
            using var loss = new EnsLoss();
            new Trainer(new TrainingOptions { Epochs = 2, BatchSize = 8, Loss = loss }).Fit(model, data);
            return model.Weights[0].data<float>().ToArray();
        }
        Assert.Equal(Train(), Train());
    }

    [Fact]
    public void Fixed_losses_have_their_closed_forms()
    {
        Assert.Equal(Math.Log(1 + Math.Exp(-.7)), Value(new BinaryCrossEntropyLoss(), .7), 1e-12);
        Assert.Equal(.3, Value(new HingeLoss(), .7), 1e-12);
        Assert.Equal(0, Value(new HingeLoss(), 1.7), 1e-12);
        Assert.Equal(1 / 2.0 - 1, Value(new HingeLoss(HingeTail.Inverse), 2), 1e-12);
        Assert.Equal(-Math.Log(2), Value(new HingeLoss(HingeTail.Log), 2), 1e-12);
        Assert.Equal(Math.E / Math.Log(1 + Math.E) - Math.E, Value(new HingeLoss(HingeTail.InverseLog), 2), 1e-12);
        Assert.Equal(2 - 2 * Math.Sqrt(2), Value(new HingeLoss(HingeTail.SquareRoot), 2), 1e-12);
        Assert.Equal(Math.Exp(-.7), Value(new ExponentialLoss(), .7), 1e-12);
        Assert.Equal(Math.Exp(20) * 6, Value(new ExponentialLoss(), -25), 1);
        foreach (var tail in Enum.GetValues<HingeTail>())
            Assert.Equal(1.5, Value(new HingeLoss(tail), -.5), 1e-12);
    }

    private static double Value(BinaryLoss loss, double margin)
    {
        using var scope = NewDisposeScope();
        return loss.call(tensor(new[] { margin }), tensor(new long[] { 1 })).ToDouble();
    }
}
