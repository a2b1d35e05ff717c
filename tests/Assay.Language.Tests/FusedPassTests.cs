using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language.Tests;

/// <summary>The passes without autograd against autograd, and the pieces in double precision.</summary>
public sealed class FusedPassTests
{
    private static readonly DecoderConfig Even = new() { Vocabulary = 37, Width = 32, Layers = 2, Heads = 4, KeyValueHeads = 2, HiddenWidth = 48, Context = 40 };

    public static TheoryData<DecoderConfig, int> Shapes => new()
    {
        { Even, 40 },
        { Even, 21 }, // not a multiple of any block
        { Even, 1 },
        { Even with { TieEmbeddings = true }, 17 },
        { Even with { Width = 48, Heads = 2, KeyValueHeads = 1 }, 33 }, // heads of 24: padded to whole vectors
        { Even with { Width = 64, Heads = 2, KeyValueHeads = 2 }, 19 }, // heads of 32
    };

    private static Decoder Model(DecoderConfig config)
    {
        var model = new Decoder(config, new SeededRandom(3));
        using var _ = no_grad();
        foreach (var parameter in model.parameters())
            parameter.mul_(parameter.dim() == 2 ? 8 : 1.3);
        return model;
    }

    private static Tensor Tokens(int batch, int length, int seed)
    {
        var random = new SeededRandom(seed);
        return tensor(Enumerable.Range(0, batch * length).Select(_ => (long)random.Next(37)).ToArray(), batch, length);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gradients_equal_those_of_autograd(DecoderConfig config, int length)
    {
        using var scope = NewDisposeScope();
        using var model = Model(config);
        using var flat = new FlatParameters(model);
        var (inputs, targets) = (Tokens(3, length, 1), Tokens(3, length, 2));
        targets[0, 0] = tensor(NextTokenLoss.Ignored);
        using var loss = new NextTokenLoss();
        var expected = loss.call(model.call(inputs), targets);
        expected.backward();
        var gradient = flat.Gradients.clone();
        Assert.True(model.HasClosedForm);
        foreach (var accumulate in (bool[])[false, true])
        {
            var value = double.NaN;
            model.Backward(inputs, logits =>
            {
                (value, var g) = loss.LossAndGradient(logits, targets);
                return g;
            }, accumulate);
            Assert.Equal(expected.item<float>(), value, 1e-4);
            var error = flat.Gradients.sub(gradient.mul(accumulate ? 2 : 1)).abs().max().item<float>();
            Assert.True(error < 3e-5 * Math.Max(1, gradient.abs().max().item<float>()), $"{error}");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Bf16_gradients_point_where_single_precision_ones_do(DecoderConfig config, int length)
    {
        using var scope = NewDisposeScope();
        using var model = new Decoder(config, new SeededRandom(3));
        using var flat = new FlatParameters(model);
        var (inputs, targets) = (Tokens(3, length, 1), Tokens(3, length, 2));
        using var loss = new NextTokenLoss();
        loss.call(model.call(inputs), targets).backward();
        var exact = flat.Gradients.clone();
        model.ComputeType = ScalarType.BFloat16;
        model.Backward(inputs, logits => loss.LossAndGradient(logits, targets).Gradient, accumulate: false);
        var cosine = flat.Gradients.dot(exact).div(flat.Gradients.norm().mul(exact.norm())).item<float>();
        Assert.True(cosine > 0.999, $"{cosine}");
        Assert.Equal(1, flat.Gradients.norm().div(exact.norm()).item<float>(), 0.01);
    }

    [Fact]
    public void Evaluation_without_gradients_gives_the_same_logits()
    {
        using var scope = NewDisposeScope();
        using var model = Model(Even);
        var tokens = Tokens(2, 23, 4);
        var slow = model.call(tokens).detach();
        using var _ = no_grad();
        Assert.True(model.call(tokens).sub(slow).abs().max().item<float>() < 1e-4);
        Assert.True(model.Hidden(tokens).matmul(model.Head.t()).sub(slow).abs().max().item<float>() < 1e-4);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.call(tokens.add(37)));
        Assert.Throws<ArgumentException>(() => model.call(Tokens(1, 41, 1)));
    }

    [Fact]
    public void Parts_of_a_batch_add_up_to_the_gradient_of_the_whole()
    {
        using var scope = NewDisposeScope();
        using var model = Model(Even);
        using var flat = new FlatParameters(model);
        var (inputs, targets) = (Tokens(16, 12, 1), Tokens(16, 12, 2));
        using var loss = new NextTokenLoss();
        model.Backward(inputs, z => loss.LossAndGradient(z, targets).Gradient, accumulate: false);
        var whole = flat.Gradients.clone();
        for (var i = 0; i < 4; i++)
        {
            var rows = i * 4;
            model.Backward(inputs.narrow(0, rows, 4), z => loss.LossAndGradient(z, targets.narrow(0, rows, 4)).Gradient.mul_(0.25), accumulate: i > 0);
        }
        Assert.True(flat.Gradients.sub(whole).abs().max().item<float>() < 1e-6 * Math.Max(1, whole.abs().max().item<float>()));
    }

    [Fact]
    public void The_vector_exponential_is_exact_to_three_units()
    {
        for (var x = -86.5f; x < 86; x += 0.37f)
            Assert.Equal(1, Lanes.Exp(System.Runtime.Intrinsics.Vector512.Create(x))[3] / Math.Exp(x), 3.6e-7);
        Assert.Equal(0, Lanes.Exp(System.Runtime.Intrinsics.Vector512.Create(float.NegativeInfinity))[0]);
        Assert.Equal(0, Lanes.Exp(System.Runtime.Intrinsics.Vector512.Create(-1000f))[0]);
    }

    [Fact]
    public unsafe void Bfloat16_is_rounded_to_nearest_even_as_torch_does()
    {
        var values = Enumerable.Range(0, 64).Select(i => (float)Math.Sin(i * 1.7) * MathF.Pow(10, i % 7 - 3)).ToArray();
        using var expected = tensor(values).to(ScalarType.BFloat16);
        using var written = zeros(64, dtype: ScalarType.BFloat16);
        for (var i = 0; i < 64; i += 16)
            BrainLanes.Store(Lanes.Pointer(written), i, System.Runtime.Intrinsics.Vector512.Create(values.AsSpan(i, 16)));
        Assert.True(written.eq(expected).all().item<bool>());
        Assert.Equal(expected[5].to(ScalarType.Float32).item<float>(), BrainLanes.Get(Lanes.Pointer(written), 5));
    }
}
