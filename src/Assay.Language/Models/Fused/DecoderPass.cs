using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>
/// Forward and backward of a <see cref="Decoder"/> on a CPU without autograd: matrix products by libtorch into buffers that live as long as
/// the pass, everything between them in fused passes (<see cref="NormPass"/>, <see cref="AttentionPass"/>, <see cref="GatedPass"/>). The
/// residual stream and its gradient are single-precision whatever the compute type. One pass serves one thread at a time.
/// </summary>
internal abstract class DecoderPass : IDisposable
{
    /// <summary>Creates a pass for batches of one shape.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">B.</param>
    /// <param name="length">T.</param>
    /// <param name="training">Whether a backward pass follows, for which every block's activations are kept.</param>
    public static DecoderPass Create(Decoder model, int batch, int length, bool training) => model.ComputeType == ScalarType.BFloat16
        ? new DecoderPass<BrainLanes>(model, batch, length, training)
        : new DecoderPass<SingleLanes>(model, batch, length, training);

    /// <summary>Whether the passes can serve a model of these sizes.</summary>
    public static bool Serves(DecoderConfig config) => config.Width % 16 == 0 && config.HiddenWidth % 16 == 0 && config.HeadWidth % 8 == 0;

    /// <summary>Whether this pass is for a batch of the given shape.</summary>
    public abstract bool Fits(Decoder model, long batch, long length, bool training);

    /// <summary>The normalised last hidden state, (B, T, d) in the compute type: the pass's own buffer, good until its next use.</summary>
    /// <param name="tokens">(B, T) of int64 in main memory.</param>
    public abstract Tensor Hidden(Tensor tokens);

    /// <summary>The logits (B, T, V) in the compute type from the hidden state: the pass's own buffer.</summary>
    public abstract Tensor Logits();

    /// <summary>Writes or adds the parameters' gradients, given the gradient with respect to the logits.</summary>
    public abstract void Backward(Tensor logitGradient, bool accumulate);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <inheritdoc cref="DecoderPass"/>
internal sealed unsafe class DecoderPass<T> : DecoderPass
    where T : struct, ILanes
{
    private readonly Decoder model;
    private readonly int batch, length, rows, width, inner, kv;
    private readonly bool training;
    private readonly AttentionShape shape;
    private readonly List<Tensor> owned = [];
    private readonly Block[] blocks;
    private readonly Tensor final, finalNormed, finalScale, added, head;
    private readonly Tensor? stream, stored, upstream, narrow, wide, projected, weightRoom;
    private Tensor? logits;
    private Tensor tokens = null!;

    // The room of one block: its weights in the compute type, and what the backward pass needs again.
    private sealed record Block(
        Tensor Projection, Tensor Output, Tensor GateUp, Tensor Down, Tensor Input, Tensor InputScale, Tensor InputNormed, Tensor Qkv, Tensor LogSums,
        Tensor Attended, Tensor Middle, Tensor MiddleScale, Tensor MiddleNormed, Tensor Gates, Tensor Gated);

    public DecoderPass(Decoder model, int batch, int length, bool training)
    {
        (this.model, this.batch, this.length, this.training) = (model, batch, length, training);
        var c = model.Config;
        (rows, width, inner, kv) = (batch * length, c.Width, c.HiddenWidth, c.KeyValueHeads * c.HeadWidth);
        shape = new AttentionShape(batch, length, c.Heads, c.KeyValueHeads, c.HeadWidth);
        Tensor Own(ScalarType type, ReadOnlySpan<long> size)
        {
            owned.Add(zeros(size, dtype: type).DetachFromDisposeScope());
            return owned[^1];
        }
        Tensor Room(params ReadOnlySpan<long> size) => Own(T.Type, size);
        Tensor Single(params ReadOnlySpan<long> size) => Own(ScalarType.Float32, size);
        Block New() => new(
            Room(width + 2 * kv, width), Room(width, width), Room(2 * inner, width), Room(width, inner), Single(rows, width), Single(rows), Room(rows, width),
            Room(rows, width + 2 * kv), Single(rows * c.Heads), Room(rows, width), Single(rows, width), Single(rows), Room(rows, width), Room(rows, 2 * inner), Room(rows, inner));
        blocks = new Block[c.Layers];
        for (var i = 0; i < blocks.Length; i++)
        {
            // Without a backward pass all blocks share their room; each keeps weights of its own.
            blocks[i] = training || i == 0 ? New() : blocks[0] with { Projection = Room(width + 2 * kv, width), Output = Room(width, width), GateUp = Room(2 * inner, width), Down = Room(width, inner) };
        }
        (final, finalScale, finalNormed, added) = (Single(rows, width), Single(rows), Room(rows, width), Room(rows, width));
        head = T.Type == ScalarType.Float32 ? model.Head : Room(c.Vocabulary, width);
        if (training)
        {
            (stream, upstream) = (Single(rows, width), Room(rows, width));
            stored = T.Type == ScalarType.Float32 ? stream : Room(rows, width);
            (narrow, wide, projected) = (Room(rows, inner), Room(rows, 2 * inner), Room(rows, width + 2 * kv));
            weightRoom = Room(Math.Max(Math.Max((long)c.Vocabulary * width, 2L * inner * width), ((long)width + 2 * kv) * width));
        }
    }

    public override bool Fits(Decoder model, long batch, long length, bool training) =>
        this.model == model && this.batch == batch && this.length == length && this.training == training && model.ComputeType == T.Type;

    public override Tensor Hidden(Tensor tokens)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        this.tokens = tokens.is_contiguous() ? tokens : tokens.contiguous().DetachFromDisposeScope();
        CopyWeights();
        Embed();
        float* cos = (float*)Lanes.Pointer(model.Cosines), sin = (float*)Lanes.Pointer(model.Sines);
        var epsilon = model.Config.NormEpsilon;
        for (var i = 0; i < blocks.Length; i++)
        {
            var (b, p) = (blocks[i], model.Blocks[i]);
            var from = i == 0 ? b.Input : blocks[i - 1].Middle;
            NormPass.Forward<T>(Single(from), i == 0 ? null : Any(added), Single(b.Input), Single(p.AttentionNorm), Any(b.InputNormed), Single(b.InputScale), rows, width, epsilon);
            Multiply(b.Qkv, b.InputNormed, b.Projection);
            AttentionPass.Forward<T>(Any(b.Qkv), cos, sin, Any(b.Attended), Single(b.LogSums), shape);
            Multiply(added, b.Attended, b.Output);
            NormPass.Forward<T>(Single(b.Input), Any(added), Single(b.Middle), Single(p.NetworkNorm), Any(b.MiddleNormed), Single(b.MiddleScale), rows, width, epsilon);
            Multiply(b.Gates, b.MiddleNormed, b.GateUp);
            GatedPass.Forward<T>(Any(b.Gates), Any(b.Gated), rows, inner);
            Multiply(added, b.Gated, b.Down);
        }
        NormPass.Forward<T>(Single(blocks[^1].Middle), Any(added), Single(final), Single(model.FinalNorm), Any(finalNormed), Single(finalScale), rows, width, epsilon);
        return finalNormed.view(batch, length, width).MoveToOuterDisposeScope();
    }

    public override Tensor Logits()
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        logits ??= zeros([rows, model.Config.Vocabulary], dtype: T.Type).DetachFromDisposeScope();
        if (T.Type != ScalarType.Float32)
            Copy(model.Head, head, 0);
        Multiply(logits, finalNormed, head);
        return logits.view(batch, length, model.Config.Vocabulary).MoveToOuterDisposeScope();
    }

    public override void Backward(Tensor logitGradient, bool accumulate)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        float* cos = (float*)Lanes.Pointer(model.Cosines), sin = (float*)Lanes.Pointer(model.Sines);
        var gradient = logitGradient.reshape(rows, model.Config.Vocabulary).to(T.Type);
        upstream!.addmm_(gradient, head, 0, 1); // (N, d)
        AddWeightGradient(gradient, finalNormed, accumulate, model.Head);
        NormPass.Backward<T>(Any(upstream), Single(final), Single(model.FinalNorm), Single(finalScale), Single(stream!), Stored, Gradient(model.FinalNorm), rows, width, fresh: true, accumulate);
        for (var i = blocks.Length - 1; i >= 0; i--)
        {
            var (b, p) = (blocks[i], model.Blocks[i]);
            narrow!.addmm_(stored!, b.Down, 0, 1); // (N, f)
            AddWeightGradient(stored!, b.Gated, accumulate, p.Down);
            GatedPass.Backward<T>(Any(b.Gates), Any(narrow), Any(wide!), rows, inner);
            upstream.addmm_(wide!, b.GateUp, 0, 1);
            AddWeightGradient(wide!, b.MiddleNormed, accumulate, p.Gate, p.Up);
            NormPass.Backward<T>(Any(upstream), Single(b.Middle), Single(p.NetworkNorm), Single(b.MiddleScale), Single(stream!), Stored, Gradient(p.NetworkNorm), rows, width, fresh: false, accumulate);
            upstream.addmm_(stored!, b.Output, 0, 1);
            AddWeightGradient(stored!, b.Attended, accumulate, p.Output);
            AttentionPass.Backward<T>(Any(b.Qkv), cos, sin, Any(b.Attended), Single(b.LogSums), Any(upstream), Any(projected!), shape);
            upstream.addmm_(projected!, b.Projection, 0, 1);
            AddWeightGradient(projected!, b.InputNormed, accumulate, p.Query, p.Key, p.Value);
            NormPass.Backward<T>(Any(upstream), Single(b.Input), Single(p.AttentionNorm), Single(b.InputScale), Single(stream!), Stored, Gradient(p.AttentionNorm), rows, width, fresh: false, accumulate);
        }
        AddEmbeddingGradient(accumulate || model.Config.TieEmbeddings);
    }

    // Where the stream itself is what the matrix products read, there is nothing to store.
    private void* Stored => ReferenceEquals(stored, stream) ? null : Any(stored!);

    private static void Multiply(Tensor result, Tensor a, Tensor weight)
    {
        using var transposed = weight.t();
        result.addmm_(a, transposed, 0, 1);
    }

    private void CopyWeights()
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            var (b, p) = (blocks[i], model.Blocks[i]);
            Copy(p.Query, b.Projection, 0);
            Copy(p.Key, b.Projection, (long)width * width);
            Copy(p.Value, b.Projection, (long)(width + kv) * width);
            Copy(p.Output, b.Output, 0);
            Copy(p.Gate, b.GateUp, 0);
            Copy(p.Up, b.GateUp, (long)inner * width);
            Copy(p.Down, b.Down, 0);
        }
    }

    private static void Copy(Tensor source, Tensor target, long offset)
    {
        float* from = Single(source);
        var to = Any(target);
        var count = (int)source.numel();
        Lanes.Ranges(count / 16, count < 1 << 16 ? 1 : 16, (_, start, end) =>
        {
            for (var i = start * 16; i < end * 16; i += 16)
                T.Store(to, (nint)offset + i, System.Runtime.Intrinsics.Vector512.Load(from + i));
        });
    }

    private void Embed()
    {
        float* table = Single(model.Embedding), x = Single(blocks[0].Input);
        var ids = (long*)Lanes.Pointer(tokens);
        for (var i = 0; i < rows; i++)
        {
            if ((ulong)ids[i] >= (ulong)model.Config.Vocabulary)
                throw new ArgumentOutOfRangeException(nameof(tokens), ids[i], $"token {i}: 0 to {model.Config.Vocabulary - 1} was expected");
            new ReadOnlySpan<float>(table + ids[i] * width, width).CopyTo(new Span<float>(x + (nint)i * width, width));
        }
    }

    private void AddEmbeddingGradient(bool accumulate)
    {
        float* table = Gradient(model.Embedding), x = Single(stream!);
        if (!accumulate)
            new Span<float>(table, model.Config.Vocabulary * width).Clear();
        var ids = (long*)Lanes.Pointer(tokens);
        for (var i = 0; i < rows; i++)
        {
            var row = new Span<float>(table + ids[i] * width, width);
            System.Numerics.Tensors.TensorPrimitives.Add(row, new ReadOnlySpan<float>(x + (nint)i * width, width), row);
        }
    }

    // ∂L/∂W = gradientᵀ·input, for weights that lie one under the other.
    private void AddWeightGradient(Tensor gradient, Tensor input, bool accumulate, params ReadOnlySpan<Parameter> weights)
    {
        var total = gradient.shape[1] * input.shape[1];
        using var room = weightRoom!.narrow(0, 0, total).view(gradient.shape[1], input.shape[1]);
        using var transposed = gradient.t();
        room.addmm_(transposed, input, 0, 1);
        var from = Any(room);
        nint offset = 0;
        foreach (var weight in weights)
        {
            var to = Gradient(weight);
            var (count, first) = ((int)weight.numel(), offset);
            Lanes.Ranges(count / 16, count < 1 << 16 ? 1 : 16, (_, start, end) =>
            {
                for (var i = start * 16; i < end * 16; i += 16)
                {
                    var value = T.Load(from, first + i);
                    System.Runtime.Intrinsics.Vector512.Store(accumulate ? System.Runtime.Intrinsics.Vector512.Load(to + i) + value : value, to + i);
                }
            });
            offset += count;
        }
    }

    private static float* Gradient(Parameter parameter)
    {
        using var gradient = parameter.grad ?? throw new InvalidOperationException("a parameter has no gradient to write into; the trainer's flat buffers give every parameter one");
        return Single(gradient);
    }

    private static float* Single(Tensor tensor) => (float*)Lanes.Pointer(tensor);

    private static void* Any(Tensor tensor) => Lanes.Pointer(tensor);

    public override void Dispose()
    {
        logits?.Dispose();
        owned.ForEach(tensor => tensor.Dispose());
    }
}
