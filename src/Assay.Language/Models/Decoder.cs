using System.Collections.Immutable;
using Assay.Statistics;
using Assay.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Assay.Language;

/// <summary>
/// A LLaMA-style decoder: x ← x + Attention(RMSNorm(x)); x ← x + SwiGLU(RMSNorm(x)); then RMSNorm and the output head. Rotary positions
/// in the half-split layout, grouped-query attention, no biases. Parameters carry the names of Hugging Face's LLaMA.
/// </summary>
public sealed class Decoder : nn.Module<Tensor, Tensor>, IMixedPrecision
{
    private const double InitialDeviation = 0.02;
    private readonly Parameter embedding; // (V, d)
    private readonly Parameter head; // (V, d); the embedding itself when tied
    private readonly Parameter finalNorm; // (d)
    private readonly Tensor cosines, sines; // (T, d_h)

    /// <summary>Creates the model with weights N(0, 0.02²) and norms 1.</summary>
    /// <param name="config">The sizes.</param>
    /// <param name="random">Draws the weights.</param>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public Decoder(DecoderConfig config, SeededRandom random) : base(nameof(Decoder))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config.Validate();
        embedding = Add("model.embed_tokens.weight", Initialization.Normal(empty(config.Vocabulary, config.Width), InitialDeviation, random));
        Blocks = [.. Enumerable.Range(0, config.Layers).Select(i => new DecoderBlock(config, random, (name, value) => Add($"model.layers.{i}.{name}", value)))];
        finalNorm = Add("model.norm.weight", ones(config.Width));
        head = config.TieEmbeddings ? embedding : Add("lm_head.weight", Initialization.Normal(empty(config.Vocabulary, config.Width), InitialDeviation, random));
        (cosines, sines) = Rotary.Tables(config.Context, config.HeadWidth, config.RopeBase);
        register_buffer("rotary_cosines", cosines, persistent: false);
        register_buffer("rotary_sines", sines, persistent: false);
    }

    /// <summary>The sizes.</summary>
    public DecoderConfig Config { get; }

    /// <summary>The blocks, first to last.</summary>
    public ImmutableArray<DecoderBlock> Blocks { get; }

    /// <summary>The token embedding, (V, d).</summary>
    public Parameter Embedding => embedding;

    /// <summary>The output head, (V, d).</summary>
    public Parameter Head => head;

    /// <inheritdoc/>
    public ScalarType ComputeType { get; set; } = ScalarType.Float32;

    /// <summary>The logits of the next token at every position.</summary>
    /// <param name="input">Token numbers, (B, T) of int64, T at most the context.</param>
    /// <returns>(B, T, V), single-precision.</returns>
    public override Tensor forward(Tensor input) => Forward(input, cache: null);

    /// <summary>The same, going on after the tokens that a cache has seen; their keys and values are not computed again.</summary>
    /// <param name="input">The new tokens, (B, T).</param>
    /// <param name="cache">The cache, which takes up the new tokens; or null.</param>
    /// <exception cref="ArgumentException">The sequence is longer than the context.</exception>
    public Tensor Forward(Tensor input, KeyValueCache? cache)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        var hidden = Hidden(input, cache); // (B, T, d)
        return F.linear(hidden, head.to(ComputeType)).to(ScalarType.Float32).MoveToOuterDisposeScope(); // (B, T, V)
    }

    /// <summary>The normalised last hidden state, (B, T, d), in the compute type.</summary>
    public Tensor Hidden(Tensor input, KeyValueCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        var (start, length) = (cache?.Length ?? 0, input.shape[1]);
        if (start + length > Config.Context)
            throw new ArgumentException($"the sequence has {start + length} tokens, the context holds {Config.Context}", nameof(input));
        var cos = cosines.narrow(0, start, length).to(ComputeType); // (T, d_h)
        var sin = sines.narrow(0, start, length).to(ComputeType);
        var x = embedding.index_select(0, input.reshape(-1)).view(input.shape[0], length, Config.Width).to(ComputeType); // (B, T, d)
        for (var i = 0; i < Blocks.Length; i++)
            x = Blocks[i].Forward(x, cos, sin, cache?.Layer(i));
        cache?.Advance((int)length);
        return RmsNorm.Apply(x, finalNorm, Config.NormEpsilon).MoveToOuterDisposeScope();
    }

    private Parameter Add(string name, Tensor value)
    {
        var parameter = new Parameter(value);
        register_parameter(name.Replace('.', '/'), parameter);
        return parameter;
    }
}
