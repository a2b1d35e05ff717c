using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language.Tests;

public sealed class DecoderTests
{
    private static readonly DecoderConfig Tiny = new() { Vocabulary = 11, Width = 16, Layers = 2, Heads = 4, KeyValueHeads = 2, HiddenWidth = 24, Context = 12 };

    // Larger weights than the initial ones, so that attention is far from uniform.
    private static Decoder Model(DecoderConfig config, int seed = 1)
    {
        var model = new Decoder(config, new SeededRandom(seed));
        using var _ = no_grad();
        foreach (var parameter in model.parameters().Where(p => p.dim() == 2))
            parameter.mul_(12);
        model.eval();
        return model;
    }

    private static Tensor Tokens(int batch, int length, int vocabulary = 11, int seed = 5)
    {
        var random = new SeededRandom(seed);
        return tensor(Enumerable.Range(0, batch * length).Select(_ => (long)random.Next(vocabulary)).ToArray(), batch, length);
    }

    public static TheoryData<DecoderConfig, long> Counts => new()
    {
        { new() { Vocabulary = 50304, Width = 2048, Layers = 36, Heads = 32, KeyValueHeads = 8, HiddenWidth = 5120, Context = 1024 }, 1_716_144_128 },
        { new() { Vocabulary = 50304, Width = 1280, Layers = 36, Heads = 20, KeyValueHeads = 4, HiddenWidth = 5120, Context = 1024 }, 978_218_240 },
        { new() { Vocabulary = 50304, Width = 768, Layers = 12, Heads = 12, KeyValueHeads = 12, HiddenWidth = 3072, Context = 1024 }, 190_532_352 },
        { new() { Vocabulary = 512, Width = 64, Layers = 2, Heads = 4, KeyValueHeads = 2, HiddenWidth = 176, Context = 128 }, 158_016 },
        { new() { Vocabulary = 2048, Width = 96, Layers = 4, Heads = 4, KeyValueHeads = 2, HiddenWidth = 256, Context = 128 }, 799_584 },
        { new() { Vocabulary = 1024, Width = 128, Layers = 4, Heads = 4, KeyValueHeads = 2, HiddenWidth = 352, Context = 128 }, 1_000_576 },
    };

    [Theory]
    [MemberData(nameof(Counts))]
    public void The_formula_counts_the_parameters_of_the_paper(DecoderConfig config, long count) => Assert.Equal(count, config.ParameterCount);

    [Fact]
    public void A_built_model_has_as_many_parameters_as_the_formula_says()
    {
        foreach (var tied in (bool[])[false, true])
        {
            using var model = new Decoder(Tiny with { TieEmbeddings = tied }, new SeededRandom(1));
            Assert.Equal((Tiny with { TieEmbeddings = tied }).ParameterCount, model.parameters().Sum(p => p.numel()));
        }
    }

    [Fact]
    public void Norm_activation_and_rotation_are_those_computed_by_hand()
    {
        using var scope = NewDisposeScope();
        AssertClose([0.848528f, 1.131370f], RmsNorm.Apply(tensor(new float[] { 3, 4 }, 1, 2), ones(2), 1e-5));
        Assert.Equal(0.7310586f, nn.functional.silu(tensor(1f)).item<float>(), 1e-6f);
        var (cos, sin) = Rotary.Tables(2, 4, 500_000);
        var q = tensor(new float[] { 1, 2, 3, 4, 1, 2, 3, 4 }, 1, 1, 2, 4);
        var rotated = Rotary.Apply(q, cos, sin);
        AssertClose([1, 2, 3, 4, -1.9841106f, 1.9943411f, 2.4623779f, 4.0028248f], rotated, 1e-5f);
    }

    [Fact]
    public void Rotated_products_depend_on_the_distance_only()
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = Rotary.Tables(32, 8, 500_000);
        var a = Initialization.Normal(empty(8), 1, new SeededRandom(1)).expand(1, 1, 32, 8);
        var b = Initialization.Normal(empty(8), 1, new SeededRandom(2)).expand(1, 1, 32, 8);
        var (qa, kb) = (Rotary.Apply(a, cos, sin).view(32, 8), Rotary.Apply(b, cos, sin).view(32, 8));
        float Product(int i, int j) => qa[i].dot(kb[j]).item<float>();
        Assert.Equal(Product(3, 1), Product(30, 28), 1e-4f);
        Assert.Equal(Product(0, 7), Product(20, 27), 1e-4f);
    }

    [Fact]
    public void A_later_token_never_changes_earlier_logits()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = Model(Tiny);
        var tokens = Tokens(1, 10);
        var before = model.call(tokens);
        tokens[0, 6] = tensor((tokens[0, 6].item<long>() + 1) % 11);
        var after = model.call(tokens);
        Assert.True(before.narrow(1, 0, 6).eq(after.narrow(1, 0, 6)).all().item<bool>());
        Assert.False(before.narrow(1, 6, 1).eq(after.narrow(1, 6, 1)).all().item<bool>());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    [InlineData(2)]
    public void Grouped_attention_equals_full_attention_with_repeated_heads(int keyValueHeads)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var grouped = Model(Tiny with { KeyValueHeads = keyValueHeads });
        using var full = Model(Tiny with { KeyValueHeads = 4 }, seed: 2);
        var repeats = 4 / keyValueHeads;
        var target = full.state_dict();
        foreach (var (name, value) in grouped.state_dict())
        {
            target[name].copy_(name.Contains("k_proj", StringComparison.Ordinal) || name.Contains("v_proj", StringComparison.Ordinal)
                ? value.view(keyValueHeads, 4, 16).repeat_interleave(repeats, 0).view(16, 16)
                : value);
        }
        var tokens = Tokens(2, 9);
        Assert.True(grouped.call(tokens).sub(full.call(tokens)).abs().max().item<float>() < 1e-4);
    }

    [Fact]
    public void Going_on_from_a_cache_equals_the_whole_pass()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = Model(Tiny);
        var tokens = Tokens(2, 12);
        var whole = model.call(tokens);
        using var cache = new KeyValueCache(Tiny, 2);
        var start = 0;
        foreach (var length in (int[])[5, 1, 1, 3, 2])
        {
            var part = model.Forward(tokens.narrow(1, start, length), cache);
            Assert.True(part.sub(whole.narrow(1, start, length)).abs().max().item<float>() < 1e-4);
            start += length;
        }
        Assert.Equal(12, cache.Length);
        Assert.Throws<ArgumentException>(() => model.Forward(tokens.narrow(1, 0, 1), cache));
    }

    [Fact]
    public void Bf16_stays_near_single_precision()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = new Decoder(Tiny, new SeededRandom(1));
        var tokens = Tokens(2, 9);
        var exact = model.call(tokens);
        model.ComputeType = ScalarType.BFloat16;
        Assert.True(model.call(tokens).sub(exact).abs().max().item<float>() < 0.02);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => (Tiny with { Heads = 3 }).Validate());
        Assert.Throws<ArgumentException>(() => (Tiny with { KeyValueHeads = 3 }).Validate());
        Assert.Throws<ArgumentException>(() => (Tiny with { Layers = 0 }).Validate());
    }

    private static void AssertClose(float[] expected, Tensor actual, float tolerance = 2e-6f)
    {
        var values = actual.detach().reshape(-1).data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(expected[i], values[i], tolerance);
    }
}
