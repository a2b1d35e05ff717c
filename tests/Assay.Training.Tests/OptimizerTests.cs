using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class OptimizerTests
{
    public static TheoryData<string> All => ["sgd", "momentum", "nesterov", "adam", "adam-l2", "adamw", "nadamw", "lion"];

    private static OptimizerSpec Spec(string name) => name switch
    {
        "sgd" => new Sgd(0.1, momentum: 0, weightDecay: 0.01),
        "momentum" => new Sgd(0.1, weightDecay: 0.01),
        "nesterov" => new Sgd(0.1, nesterov: true),
        "adam" => new Adam(0.01),
        "adam-l2" => new Adam(0.01, weightDecay: 0.1),
        "adamw" => new AdamW(0.01, weightDecay: 0.1),
        "nadamw" => new NadamW(0.01, weightDecay: 0.1),
        _ => new Lion(0.01, weightDecay: 0.1),
    };

    // 37 is no multiple of 16: the tail is exercised; 70,000 is above the threshold of the parallel pass.
    [Theory]
    [MemberData(nameof(All))]
    public void The_simd_pass_equals_the_torch_operations(string name)
    {
        foreach (var length in (int[])[37, 70_000])
        {
            using var simd = Sequence(length, Spec(name), simd: true);
            using var reference = Sequence(length, Spec(name), simd: false);
            Assert.True(simd.sub(reference).abs().max().item<float>() < 2e-6);
        }
    }

    // One parameter by the definition, in double precision.
    [Theory]
    [MemberData(nameof(All))]
    public void The_step_equals_its_definition(string name)
    {
        double p = 0.5, m = 0, v = 0;
        using var parameter = new Parameter(tensor(new float[] { 0.5f }));
        using var flat = new FlatParameters([("p", parameter)]);
        using var optimizer = Spec(name).Bind(flat);
        var gradients = new[] { 0.3, -0.2, 0.05, 0.7, -0.4 };
        for (var t = 1; t <= gradients.Length; t++)
        {
            var g = gradients[t - 1];
            (p, m, v) = Define(name, p, g, m, v, t);
            parameter.grad!.fill_((float)g);
            optimizer.Step();
            Assert.Equal(p, parameter.item<float>(), 1e-6);
            Assert.Equal(0, parameter.grad!.item<float>());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Decay_of_matrices_only_leaves_vectors_alone(bool simd)
    {
        using var first = new Parameter(ones(3, 5));
        using var scale = new Parameter(ones(7));
        using var last = new Parameter(ones(2, 2));
        using var flat = new FlatParameters([("a", first), ("norm", scale), ("b", last)]);
        using var optimizer = new AdamW(0.1, weightDecay: 0.5, decayMatricesOnly: true).Bind(flat);
        optimizer.Step(simd); // no gradient: nothing but decay moves a weight
        Assert.True(first.eq(0.95f).all().item<bool>());
        Assert.True(scale.eq(1).all().item<bool>());
        Assert.True(last.eq(0.95f).all().item<bool>());
    }

    // Paper 12: why a lost optimiser state makes a loss spike.
    [Fact]
    public void The_first_step_after_a_reset_is_a_whole_learning_rate_and_a_kept_state_takes_a_ninth_of_it()
    {
        using var parameter = new Parameter(tensor(new float[] { 0, 0 }));
        using var flat = new FlatParameters([("p", parameter)]);
        using var optimizer = new AdamW(1e-3, beta2: 0.95, weightDecay: 0).Bind(flat);
        parameter.grad!.fill_(0.002f);
        optimizer.Step();
        Assert.Equal(-1e-3, parameter[0].item<float>(), 1e-8);
        using var _ = no_grad();
        parameter.zero_();
        foreach (var (name, value) in optimizer.State)
            value.fill_(name == "m" ? 1e-3 : 1e-4);
        optimizer.Steps = 999;
        parameter.grad!.fill_(0.002f);
        optimizer.Step();
        Assert.Equal(0.1127389, -parameter[0].item<float>() / 1e-3, 1e-5);
    }

    [Fact]
    public void Adam_equals_that_of_torch()
    {
        using var mine = Sequence(1000, new Adam(0.01), simd: true);
        var theirs = new Parameter(Start(1000));
        using var optimizer = optim.Adam([theirs], lr: 0.01);
        for (var i = 0; i < 10; i++)
        {
            theirs.grad = Gradient(1000, i);
            optimizer.step();
        }
        Assert.True(mine.sub(theirs).abs().max().item<float>() < 2e-6);
    }

    [Fact]
    public void Flat_parameters_keep_the_values_and_share_the_buffer()
    {
        using var model = new Mlp([3, 4, 2], new SeededRandom(1));
        using var before = model.Weights[0].detach().clone();
        using (var flat = new FlatParameters(model))
        {
            Assert.True(model.Weights[0].sub(before).abs().max().item<float>() == 0);
            using (no_grad())
                flat.Values.fill_(2);
            Assert.Equal(2, model.Weights[1][0, 0].item<float>());
            flat.Release();
        }
        Assert.Equal(2, model.Weights[1][0, 0].item<float>());
    }

    [Fact]
    public void A_learning_rate_that_is_not_positive_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Lion(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(beta1: 1));
    }

    private static (double P, double M, double V) Define(string name, double p, double g, double m, double v, int t)
    {
        const double rate = 0.01, b1 = 0.9, b2 = 0.999, eps = 1e-8;
        switch (name)
        {
            case "sgd":
                return (p - 0.1 * (g + 0.01 * p), 0, 0);
            case "momentum":
                m = 0.9 * m + g + 0.01 * p;
                return (p - 0.1 * m, m, 0);
            case "nesterov":
                m = 0.9 * m + g;
                return (p - 0.1 * (g + 0.9 * m), m, 0);
            case "lion":
                var direction = Math.Sign(0.9 * m + 0.1 * g);
                return (p * (1 - rate * 0.1) - rate * direction, 0.99 * m + 0.01 * g, 0);
        }
        if (name == "adam-l2")
            g += 0.1 * p;
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * g * g;
        var mHat = name == "nadamw"
            ? b1 * m / (1 - Math.Pow(b1, t + 1)) + (1 - b1) * g / (1 - Math.Pow(b1, t))
            : m / (1 - Math.Pow(b1, t));
        var vHat = v / (1 - Math.Pow(b2, t));
        if (name is "adamw" or "nadamw")
            p *= 1 - rate * 0.1;
        return (p - rate * mHat / (Math.Sqrt(vHat) + eps), m, v);
    }

    private static Tensor Sequence(int length, OptimizerSpec spec, bool simd)
    {
        var parameter = new Parameter(Start(length));
        using var flat = new FlatParameters([("p", parameter)]);
        using var optimizer = spec.Bind(flat);
        for (var i = 0; i < 10; i++)
        {
            using var g = Gradient(length, i);
            parameter.grad!.copy_(g);
            optimizer.Step(simd);
        }
        flat.Release();
        return parameter;
    }

    private static Tensor Start(int length) => Initialization.Normal(empty(length), 1, new SeededRandom(7));

    private static Tensor Gradient(int length, int step) => Initialization.Normal(empty(length), 1, new SeededRandom(100 + step));
}
