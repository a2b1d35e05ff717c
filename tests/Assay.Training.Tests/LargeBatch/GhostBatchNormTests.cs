using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class GhostBatchNormTests
{
    private static readonly float[] Eight = [1, 2, 3, 4, 10, 20, 30, 40];

    private static double[] Values(Tensor t) => [.. t.detach().to(float64).reshape(-1).data<double>().ToArray()];

    private static void Near(double[] expected, Tensor actual, double tolerance) =>
        Assert.All(expected.Zip(Values(actual)), p => Assert.Equal(p.First, p.Second, tolerance));

    private static Tensor Random(long seed, params long[] shape) => Initialization.Normal(empty(shape), 1, new SeededRandom(seed));

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Each_ghost_is_normalised_by_its_own_statistics(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var x = tensor(Eight).view(8, 1).to(type);
        Near([-0.9257, -0.8531, -0.7805, -0.7079, -0.2723, 0.4538, 1.1799, 1.9059], GhostBatchNorm.Normalize(x, 8), 1e-4);
        Near([-1.3416, -0.4472, 0.4472, 1.3416, -1.3416, -0.4472, 0.4472, 1.3416], GhostBatchNorm.Normalize(x, 4), 1e-4);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Running_statistics_are_those_of_the_ghosts_in_order(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var (mean, variance) = (zeros(1, dtype: type), ones(1, dtype: type));
        GhostBatchNorm.Normalize(tensor(Eight).view(8, 1).to(type), 4, runningMean: mean, runningVariance: variance);
        Near([2.725], mean, 1e-5);
        Near([17.626667], variance, 1e-4);

        using var plain = nn.BatchNorm1d(1, dtype: type);
        foreach (var half in tensor(Eight).view(8, 1).to(type).split(4))
            plain.call(half);
        Near(Values(plain.running_mean!), mean, 1e-5);
        Near(Values(plain.running_var!), variance, 1e-4);
    }

    [Theory]
    [InlineData(6, 4, 1)]
    [InlineData(6, 4, 9)]
    [InlineData(3, 300, 1)]
    public void A_ghost_of_the_whole_batch_is_batch_normalisation(int batch, int channels, int inner)
    {
        using var scope = NewDisposeScope();
        long[] shape = inner == 1 ? [batch, channels] : [batch, channels, 3, 3];
        var (x, upstream) = (Random(1, shape), Random(2, shape));
        using nn.Module<Tensor, Tensor> ghost = inner == 1 ? new GhostBatchNorm1d(channels, 100) : new GhostBatchNorm2d(channels, 100);
        using nn.Module<Tensor, Tensor> plain = inner == 1 ? nn.BatchNorm1d(channels) : nn.BatchNorm2d(channels);
        var (a, b) = (Run(ghost), Run(plain));
        for (var i = 0; i < a.Length; i++)
            Assert.True(a[i].sub(b[i]).abs().max().item<float>() < 1e-6 * (1 + b[i].abs().max().item<float>()), $"part {i}: {a[i].sub(b[i]).abs().max().item<float>()}");

        // Output, gradient of the input and of both parameters, running statistics, and evaluation.
        Tensor[] Run(nn.Module<Tensor, Tensor> norm)
        {
            var (w, s) = (norm.parameters().First(), norm.parameters().Last());
            using (no_grad())
            {
                w.copy_(Random(3, channels));
                s.copy_(Random(4, channels));
            }
            var leaf = x.clone().requires_grad_();
            var y = norm.call(leaf);
            y.backward([upstream]);
            norm.eval();
            return [y.detach(), leaf.grad!, w.grad!, s.grad!, .. norm.buffers().Where(q => q.dtype == float32), norm.call(x).detach()];
        }
    }

    [Theory]
    [InlineData(12, 4, 1)]
    [InlineData(12, 4, 4)]
    [InlineData(11, 4, 4)] // 2 ghosts of 6 and 5
    [InlineData(7, 2, 1)] // 3, 3 and a single example, which joins the second
    public void The_fused_passes_equal_torch_operations_in_double_precision(int batch, int ghost, int inner)
    {
        using var scope = NewDisposeScope();
        var (x, upstream, w, b) = (Random(1, batch, 3, inner), Random(2, batch, 3, inner), Random(3, 3), Random(4, 3));
        var results = new List<Tensor[]>();
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            var (leaf, weight, bias) = (x.to(type).clone().requires_grad_(), w.to(type).clone().requires_grad_(), b.to(type).clone().requires_grad_());
            var (mean, variance) = (zeros(3, dtype: type), ones(3, dtype: type));
            var y = GhostBatchNorm.Normalize(leaf, ghost, weight, bias, mean, variance);
            y.backward([upstream.to(type)]);
            results.Add([y, leaf.grad!, weight.grad!, bias.grad!, mean, variance]);
        }
        foreach (var (fused, composed) in results[0].Zip(results[1]))
            Assert.True(fused.to(float64).sub(composed).abs().max().item<double>() < 1e-5);
    }

    [Fact]
    public void Gradients_agree_with_finite_differences()
    {
        using var scope = NewDisposeScope();
        var (x, weights) = (Random(1, 8, 3).to(float64), Random(2, 8, 3).to(float64));
        var (w, b) = (Random(3, 3).to(float64), Random(4, 3).to(float64));
        double Value(Tensor at)
        {
            using var inner = NewDisposeScope();
            return GhostBatchNorm.Normalize(at, 4, w, b).tanh().mul(weights).sum().item<double>();
        }
        var leaf = x.clone().requires_grad_();
        GhostBatchNorm.Normalize(leaf, 4, w, b).tanh().mul(weights).sum().backward();
        for (var i = 0; i < 8; i++)
        {
            for (var j = 0; j < 3; j++)
            {
                const double H = 1e-5;
                using var inner = NewDisposeScope();
                var (up, down) = (x.clone(), x.clone());
                up[i, j] += H;
                down[i, j] -= H;
                Assert.Equal((Value(up) - Value(down)) / (2 * H), leaf.grad![i, j].item<double>(), 1e-6);
            }
        }
    }

    [Fact]
    public void Order_counts_between_ghosts_but_not_within_one()
    {
        using var scope = NewDisposeScope();
        var x = Random(1, 8, 5);
        var y = GhostBatchNorm.Normalize(x, 4);
        Assert.True(Moved(1, 0, 3, 2, 7, 6, 5, 4).sub(y).abs().max().item<float>() < 1e-6);
        Assert.True(Moved(4, 1, 2, 3, 0, 5, 6, 7).sub(y).abs().max().item<float>() > 0.01);

        // Normalises in another order, and puts the results back.
        Tensor Moved(params long[] order)
        {
            var z = empty_like(y);
            z[tensor(order)] = GhostBatchNorm.Normalize(x[tensor(order)], 4);
            return z;
        }
    }

    [Fact]
    public void Surgery_gives_the_gradients_of_accumulating_ghost_by_ghost()
    {
        using var train = new TensorDataset(Random(1, 32, 6), arange(32).remainder(3).to(int64), 3);
        var weights = new List<double[]>();
        foreach (var isSurgery in (bool[])[true, false])
        {
            using var model = new NormalizedMlp([6, 16, 8, 3], new SeededRandom(1));
            using var surgery = isSurgery ? GhostBatchNormSurgery.Attach(model, 8) : null;
            var options = new TrainingOptions { Epochs = 4, BatchSize = 32, AccumulationSteps = isSurgery ? 1 : 4, Optimizer = new Sgd(0.1), ClipNorm = 5 };
            new Trainer(options).Fit(model, train);
            weights.Add([.. model.state_dict().Where(p => p.Value.dtype == float32).SelectMany(p => Values(p.Value))]);
            if (isSurgery)
                Assert.Equal((2, 8), (surgery!.Count, surgery.Calls));
        }
        Assert.All(weights[0].Zip(weights[1]), p => Assert.Equal(p.First, p.Second, 2e-5));
    }

    [Fact]
    public void Surgery_works_on_a_cnn_keeps_its_state_and_can_be_undone()
    {
        using var scope = NewDisposeScope();
        using var model = new CnnSpec([4, 8]).Build([1, 8, 8], 2, new SeededRandom(1));
        var names = model.state_dict().Keys.ToArray();
        var x = Random(1, 12, 1, 8, 8);
        var before = model.call(x).detach();
        var surgery = GhostBatchNormSurgery.Attach(model, 3);
        Assert.Equal(2, surgery.Count);
        Assert.Equal(names, model.state_dict().Keys);
        Assert.True(model.call(x).sub(before).abs().max().item<float>() > 1e-3);
        Assert.All(model.modules(), m => Assert.True(m.training));
        surgery.Dispose();
        Assert.True(model.call(x).sub(before).abs().max().item<float>() < 1e-6);
        using var plain = new MlpSpec([4]).Build([3], 2, new SeededRandom(1));
        Assert.Equal(0, GhostBatchNormSurgery.Attach(plain, 8).Count);
    }

    [Fact]
    public void What_cannot_be_normalised_is_refused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => GhostBatchNorm.Normalize(ones(1, 3), 4));
        Assert.Throws<ArgumentException>(() => GhostBatchNorm.Normalize(ones(4, 3, dtype: int64), 4));
        Assert.Throws<ArgumentException>(() => GhostBatchNorm.Normalize(ones(4), 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => GhostBatchNorm.Normalize(ones(4, 3), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GhostBatchNorm1d(3, 0));
        Assert.Throws<ArgumentException>(() => new GhostBatchNorm2d(3, 4).call(ones(8, 3)));
        Assert.Throws<ArgumentException>(() => new GhostBatchNormSpec(new MlpSpec([4]), 8).Build([3], 2, new SeededRandom(1)));
    }
}
