using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>One tensor inside a vector of all weights.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Offset">Its first element.</param>
/// <param name="Shape">Its shape.</param>
public sealed record VectorSegment(string Name, int Offset, ImmutableArray<long> Shape)
{
    /// <summary>The number of elements.</summary>
    public int Length => (int)Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>A model's trainable weights as one vector, and its floating-point buffers (running statistics) as another: what travels between machines.</summary>
public static class ModelVector
{
    /// <summary>Which element belongs to which parameter.</summary>
    public static ImmutableArray<VectorSegment> Layout(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var segments = ImmutableArray.CreateBuilder<VectorSegment>();
        var offset = 0;
        foreach (var (name, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad))
        {
            segments.Add(new VectorSegment(name, offset, [.. parameter.shape]));
            offset += segments[^1].Length;
        }
        return segments.ToImmutable();
    }

    /// <summary>The weights, in the model's order; frozen ones are left out.</summary>
    public static float[] Weights(nn.Module model) => Read((model ?? throw new ArgumentNullException(nameof(model))).parameters().Where(p => p.requires_grad));

    /// <summary>The buffers, without counters.</summary>
    public static float[] Buffers(nn.Module model) => Read((model ?? throw new ArgumentNullException(nameof(model))).buffers().Where(b => b.is_floating_point()));

    /// <summary>Puts weights into a model.</summary>
    /// <exception cref="ArgumentException">The vector is of another model.</exception>
    public static void SetWeights(nn.Module model, ReadOnlySpan<float> weights) => Write((model ?? throw new ArgumentNullException(nameof(model))).parameters().Where(p => p.requires_grad), weights);

    /// <summary>Puts buffers into a model.</summary>
    /// <exception cref="ArgumentException">The vector is of another model.</exception>
    public static void SetBuffers(nn.Module model, ReadOnlySpan<float> buffers) => Write((model ?? throw new ArgumentNullException(nameof(model))).buffers().Where(b => b.is_floating_point()), buffers);

    private static float[] Read(IEnumerable<Tensor> tensors)
    {
        using var scope = NewDisposeScope();
        return [.. tensors.SelectMany(t => t.detach().cpu().reshape(-1).data<float>().ToArray())];
    }

    private static void Write(IEnumerable<Tensor> tensors, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor[] all = [.. tensors];
        if (all.Sum(t => t.numel()) != values.Length)
            throw new ArgumentException($"the model has {all.Sum(t => t.numel())} numbers, the vector {values.Length}", nameof(values));
        var at = 0;
        foreach (var t in all)
        {
            var length = (int)t.numel();
            t.copy_(tensor(values.Slice(at, length).ToArray(), t.shape));
            at += length;
        }
    }
}
