using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class GradientTests
{
    [Theory]
    [InlineData(Activation.Relu, 0.0)]
    [InlineData(Activation.Tanh, 0.0)]
    [InlineData(Activation.Relu, 0.1)]
    public void Closed_form_gradients_equal_autograd(Activation activation, double smoothing)
    {
        using var scope = NewDisposeScope();
        using var model = new Mlp([5, 7, 6, 3], new SeededRandom(3), activation);
        using var flat = new FlatParameters(model);
        var loss = new CrossEntropyLoss(smoothing);
        var x = Initialization.Normal(empty(9, 5), 1, new SeededRandom(4));
        var y = tensor(new long[] { 0, 1, 2, 0, 1, 2, 2, 2, 0 });

        loss.call(model.call(x), y).backward();
        var expected = flat.Gradients.clone();
        flat.ZeroGradients();
        var value = 0.0;
        model.Backward(x, z =>
        {
            (value, var gradient) = loss.LossAndGradient(z, y);
            return gradient;
        }, accumulate: false);

        Assert.True(flat.Gradients.sub(expected).abs().max().item<float>() < 1e-6);
        Assert.Equal(loss.call(model.call(x), y).item<float>(), value, 1e-6);

        // Accumulating adds a second time.
        model.Backward(x, z => loss.LossAndGradient(z, y).Gradient, accumulate: true);
        Assert.True(flat.Gradients.sub(expected.mul(2)).abs().max().item<float>() < 2e-6);
    }

    [Fact]
    public void Mean_squared_error_knows_its_gradient()
    {
        using var scope = NewDisposeScope();
        var loss = new MeanSquaredErrorLoss();
        var p = tensor(new float[] { 1, 2, 4 }).view(3, 1);
        var y = tensor(new float[] { 0, 2, 1 });
        var (value, gradient) = loss.LossAndGradient(p, y);
        Assert.Equal(10.0 / 3, value, 1e-6);
        Assert.Equal([2f / 3, 0, 2], gradient.data<float>().ToArray());
    }

    [Fact]
    public void The_same_seed_builds_the_same_model()
    {
        using var a = new Mlp([4, 8, 2], new SeededRandom(5));
        using var b = new Mlp([4, 8, 2], new SeededRandom(5));
        using var c = new Mlp([4, 8, 2], new SeededRandom(6));
        Assert.Equal(a.Weights[0].data<float>().ToArray(), b.Weights[0].data<float>().ToArray());
        Assert.NotEqual(a.Weights[0].data<float>().ToArray(), c.Weights[0].data<float>().ToArray());
        var bound = Math.Sqrt(6.0 / 4);
        Assert.All(a.Weights[0].data<float>().ToArray(), w => Assert.InRange(w, -bound, bound));
    }
}
