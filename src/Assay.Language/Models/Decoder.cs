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
public sealed class Decoder : nn.Module<Tensor, Tensor>, IMixedPrecision, IClosedFormGradients
{
    private const double InitialDeviation = 0.02;
    private readonly Parameter embedding; // (V, d)
    private readonly Parameter head; // (V, d); the embedding itself when tied
    private readonly Parameter finalNorm; // (d)
    private readonly Tensor cosines, sines; // (T, d_h)
    private DecoderPass? trainingPass, inferencePass; // taken by whoever uses them

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

    internal Parameter FinalNorm => finalNorm;

    internal Tensor Cosines => cosines;

    internal Tensor Sines => sines;

    /// <inheritdoc/>
    public bool HasClosedForm => HasFusedPasses && parameters().All(p => p.requires_grad);

    private bool HasFusedPasses => DecoderPass.Serves(Config) && embedding.device_type == TorchSharp.DeviceType.CPU && embedding.dtype == ScalarType.Float32;

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
        if (cache is null && UsesFusedInference)
            return Fused(ref inferencePass, input, training: false, (_, pass) => pass.Logits().to(ScalarType.Float32, copy: true)).MoveToOuterDisposeScope();
        var hidden = Hidden(input, cache); // (B, T, d)
        return F.linear(hidden, head.to(ComputeType)).to(ScalarType.Float32).MoveToOuterDisposeScope(); // (B, T, V)
    }

    /// <summary>The normalised last hidden state, (B, T, d), in the compute type.</summary>
    public Tensor Hidden(Tensor input, KeyValueCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        var (start, length) = (cache?.Length ?? 0, input.shape[1]);
        CheckLength(start + length);
        if (cache is null && UsesFusedInference)
            return Fused(ref inferencePass, input, training: false, (hidden, _) => hidden.clone()).MoveToOuterDisposeScope();
        var cos = cosines.narrow(0, start, length).to(ComputeType); // (T, d_h)
        var sin = sines.narrow(0, start, length).to(ComputeType);
        var x = embedding.index_select(0, input.reshape(-1)).view(input.shape[0], length, Config.Width).to(ComputeType); // (B, T, d)
        for (var i = 0; i < Blocks.Length; i++)
            x = Blocks[i].Forward(x, cos, sin, cache?.Layer(i));
        cache?.Advance((int)length);
        return RmsNorm.Apply(x, finalNorm, Config.NormEpsilon).MoveToOuterDisposeScope();
    }

    /// <summary>Forward and backward without autograd. The loss sees the logits (B, T, V) in the compute type and may overwrite them.</summary>
    /// <param name="input">(B, T).</param>
    /// <param name="logitGradient">Given the logits, returns ∂L/∂logits.</param>
    /// <param name="accumulate">Whether to add to the gradients.</param>
    /// <returns>The memory that held the logits, which after a loss in place holds their gradient; good until the next step.</returns>
    public Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(logitGradient);
        return Fused(ref trainingPass, input, training: true, (_, pass) =>
        {
            var logits = pass.Logits();
            pass.Backward(logitGradient(logits), accumulate);
            return logits;
        });
    }

    private bool UsesFusedInference => !is_grad_enabled() && HasFusedPasses;

    private Tensor Fused(ref DecoderPass? kept, Tensor input, bool training, Func<Tensor, DecoderPass, Tensor> run)
    {
        CheckLength(input.shape[1]);
        var pass = Interlocked.Exchange(ref kept, null);
        if (pass is null || !pass.Fits(this, input.shape[0], input.shape[1], training))
        {
            pass?.Dispose();
            pass = DecoderPass.Create(this, (int)input.shape[0], (int)input.shape[1], training);
        }
        var result = run(pass.Hidden(input), pass);
        Interlocked.Exchange(ref kept, pass)?.Dispose();
        return result;
    }

    private void CheckLength(long length)
    {
        if (length > Config.Context)
            throw new ArgumentException($"the sequence has {length} tokens, the context holds {Config.Context}");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Interlocked.Exchange(ref trainingPass, null)?.Dispose();
            Interlocked.Exchange(ref inferencePass, null)?.Dispose();
        }
        base.Dispose(disposing);
    }

    private Parameter Add(string name, Tensor value)
    {
        var parameter = new Parameter(value);
        register_parameter(name.Replace('.', '/'), parameter);
        return parameter;
    }
}
