using Assay.Statistics;
using Assay.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Assay.Language;

/// <summary>One block of a <see cref="Decoder"/>: grouped-query attention and a SwiGLU network, each behind its RMSNorm and added to the stream.</summary>
public sealed class DecoderBlock
{
    private readonly DecoderConfig config;

    internal DecoderBlock(DecoderConfig config, SeededRandom random, Func<string, Tensor, Parameter> add)
    {
        this.config = config;
        var (d, kv, f) = (config.Width, config.KeyValueHeads * config.HeadWidth, config.HiddenWidth);
        Parameter Weight(string name, long outputs, long inputs) => add(name, Initialization.Normal(empty(outputs, inputs), 0.02, random));
        AttentionNorm = add("input_layernorm.weight", ones(d));
        Query = Weight("self_attn.q_proj.weight", d, d);
        Key = Weight("self_attn.k_proj.weight", kv, d);
        Value = Weight("self_attn.v_proj.weight", kv, d);
        Output = Weight("self_attn.o_proj.weight", d, d);
        NetworkNorm = add("post_attention_layernorm.weight", ones(d));
        Gate = Weight("mlp.gate_proj.weight", f, d);
        Up = Weight("mlp.up_proj.weight", f, d);
        Down = Weight("mlp.down_proj.weight", d, f);
    }

    /// <summary>The scale of the norm before attention, (d).</summary>
    public Parameter AttentionNorm { get; }

    /// <summary>W_q, (d, d).</summary>
    public Parameter Query { get; }

    /// <summary>W_k, (n_kv·d_h, d).</summary>
    public Parameter Key { get; }

    /// <summary>W_v, (n_kv·d_h, d).</summary>
    public Parameter Value { get; }

    /// <summary>W_o, (d, d).</summary>
    public Parameter Output { get; }

    /// <summary>The scale of the norm before the network, (d).</summary>
    public Parameter NetworkNorm { get; }

    /// <summary>W_g, (f, d).</summary>
    public Parameter Gate { get; }

    /// <summary>W_u, (f, d).</summary>
    public Parameter Up { get; }

    /// <summary>W_d, (d, f); its columns are the network's value vectors.</summary>
    public Parameter Down { get; }

    internal Tensor Forward(Tensor x, Tensor cos, Tensor sin, KeyValueCache.Slot? cache)
    {
        using var scope = NewDisposeScope();
        var h = x.add(Attention(RmsNorm.Apply(x, AttentionNorm, config.NormEpsilon), cos, sin, cache)); // (B, T, d)
        return h.add(Network(RmsNorm.Apply(h, NetworkNorm, config.NormEpsilon))).MoveToOuterDisposeScope();
    }

    private Tensor Attention(Tensor x, Tensor cos, Tensor sin, KeyValueCache.Slot? cache)
    {
        var type = x.dtype;
        var q = Rotary.Apply(Split(F.linear(x, Query.to(type)), config.Heads), cos, sin); // (B, h, T, d_h)
        var k = Rotary.Apply(Split(F.linear(x, Key.to(type)), config.KeyValueHeads), cos, sin); // (B, n_kv, T, d_h)
        var v = Split(F.linear(x, Value.to(type)), config.KeyValueHeads);
        if (cache is not null)
            (k, v) = cache.Append(k, v); // (B, n_kv, S + T, d_h)
        var groups = config.Heads / config.KeyValueHeads;
        if (groups > 1)
            (k, v) = (k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)); // (B, h, S + T, d_h)
        var y = Attend(q, k, v); // (B, h, T, d_h)
        return F.linear(y.transpose(1, 2).reshape(x.shape), Output.to(type)); // (B, T, d)
    }

    // CPUs have a fast fused kernel for single precision only; in bfloat16 the explicit form is twice as fast.
    private static Tensor Attend(Tensor q, Tensor k, Tensor v)
    {
        var (t, s) = (q.shape[2], k.shape[2]);
        if (q.dtype == ScalarType.Float32 && t == s)
            return F.scaled_dot_product_attention(q, k, v, is_casual: true);
        var scores = q.matmul(k.transpose(2, 3)).mul(1 / Math.Sqrt(q.shape[3])); // (B, h, T, S)
        if (t > 1)
        {
            using var mask = ones([t, s], dtype: ScalarType.Bool, device: q.device).triu(s - t + 1);
            scores = scores.masked_fill(mask, float.NegativeInfinity);
        }
        return scores.softmax(3).matmul(v);
    }

    private Tensor Network(Tensor x)
    {
        var type = x.dtype;
        var gate = F.silu(F.linear(x, Gate.to(type))); // (B, T, f)
        return F.linear(gate.mul(F.linear(x, Up.to(type))), Down.to(type)); // (B, T, d)
    }

    private Tensor Split(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, config.HeadWidth).transpose(1, 2);
}
