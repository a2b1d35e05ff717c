using System.Collections.Immutable;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>One parameter tensor inside a <see cref="FlatParameters"/> buffer.</summary>
/// <param name="Name">The parameter's name in the model.</param>
/// <param name="Parameter">The parameter, now a view of the buffer.</param>
/// <param name="Offset">Its first element in the buffer.</param>
/// <param name="Length">Its number of elements.</param>
public sealed record ParameterSegment(string Name, Parameter Parameter, long Offset, int Length)
{
    /// <summary>Whether it is a matrix or more (a weight), as against a vector (a bias or a scale).</summary>
    public bool IsMatrix => Parameter.dim() >= 2;
}

/// <summary>
/// All trainable parameters of a model in one contiguous buffer, and all their gradients in another, so that an optimiser step is one
/// pass over memory. The model goes on working: its parameters become views of the buffer. Each parameter starts at a multiple of
/// 64 bytes; the gaps hold zeros. The model's parameters must be single-precision and on one device.
/// </summary>
public sealed class FlatParameters : IDisposable
{
    private const int Alignment = 16; // floats: one cache line, one 512-bit vector

    /// <summary>Moves the trainable parameters of a model into a new buffer.</summary>
    /// <param name="model">The model; frozen parameters (<c>requires_grad = false</c>) stay where they are.</param>
    /// <exception cref="ArgumentException">No parameter is trainable, or one is not single-precision.</exception>
    public FlatParameters(nn.Module model) : this(model?.named_parameters() ?? throw new ArgumentNullException(nameof(model)))
    {
    }

    /// <summary>Moves the given parameters into a new buffer.</summary>
    /// <param name="parameters">Names and parameters; frozen ones are left out.</param>
    public FlatParameters(IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var trainable = parameters.Where(p => p.Parameter.requires_grad).ToArray();
        if (trainable.Length == 0)
            throw new ArgumentException("the model has no trainable parameters", nameof(parameters));
        var segments = ImmutableArray.CreateBuilder<ParameterSegment>(trainable.Length);
        long offset = 0;
        foreach (var (name, parameter) in trainable)
        {
            if (parameter.dtype != ScalarType.Float32)
                throw new ArgumentException($"parameter '{name}' is {parameter.dtype}; Float32 was expected", nameof(parameters));
            segments.Add(new ParameterSegment(name, parameter, offset, (int)parameter.numel()));
            offset += (parameter.numel() + Alignment - 1) / Alignment * Alignment;
        }
        Segments = segments.MoveToImmutable();
        var device = trainable[0].Parameter.device;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Values = zeros(offset, device: device);
        Gradients = zeros(offset, device: device);
        foreach (var segment in Segments)
        {
            var shape = segment.Parameter.shape;
            var view = Values.narrow(0, segment.Offset, segment.Length).view(shape);
            view.copy_(segment.Parameter);
            segment.Parameter.set_(view);
            segment.Parameter.grad = Gradients.narrow(0, segment.Offset, segment.Length).view(shape);
        }
        Values.DetachFromDisposeScope();
        Gradients.DetachFromDisposeScope();
    }

    /// <summary>The parameters, in the model's order.</summary>
    public ImmutableArray<ParameterSegment> Segments { get; }

    /// <summary>All parameters, [n].</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, [n].</summary>
    public Tensor Gradients { get; }

    /// <summary>The buffers' length, gaps included.</summary>
    public long Length => Values.numel();

    /// <summary>Whether the buffers lie in main memory, where the fused SIMD step can reach them.</summary>
    public bool OnCpu => Values.device_type == DeviceType.CPU;

    /// <summary>Sets all gradients to zero.</summary>
    public void ZeroGradients()
    {
        if (OnCpu)
            Span(Gradients).Clear();
        else
            Gradients.zero_();
    }

    /// <summary>‖g‖₂ over all gradients.</summary>
    public double GradientNorm()
    {
        if (OnCpu)
            return Math.Sqrt(FusedUpdate.SumOfSquares(Span(Gradients)));
        using var norm = Gradients.norm();
        return norm.item<float>();
    }

    /// <summary>
    /// A second set of gradients is created by a backward pass when the user's code sets <c>grad</c> to null; this puts the views back.
    /// </summary>
    public void RestoreGradientViews()
    {
        foreach (var segment in Segments)
            segment.Parameter.grad = Gradients.narrow(0, segment.Offset, segment.Length).view(segment.Parameter.shape);
    }

    /// <summary>Gives each parameter a tensor of its own again, with its present value and no gradient; the buffers may then go.</summary>
    public void Release()
    {
        using var _ = no_grad();
        foreach (var segment in Segments)
        {
            using var copy = segment.Parameter.detach().clone();
            segment.Parameter.set_(copy);
            segment.Parameter.grad = null;
        }
    }

    internal static Span<float> Span(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        Gradients.Dispose();
    }
}
