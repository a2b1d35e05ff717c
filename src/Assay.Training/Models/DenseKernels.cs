using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// The element-wise parts of closed-form gradients, each one pass over memory. For small layers a torch operation's own overhead is
/// most of its time; tensors that are not plain single-precision in main memory take torch operations instead.
/// </summary>
internal static class DenseKernels
{
    /// <summary>upstream ⊙ σ'(z), from the activation a = σ(z): 1[a &gt; 0] for ReLU, 1 − a² for tanh. Works in place.</summary>
    public static Tensor ActivationBackward(Tensor upstream, Tensor activation, Activation kind)
    {
        if (!IsPlain(upstream) || !IsPlain(activation))
            return kind == Activation.Relu ? upstream.mul_(activation.gt(0)) : upstream.mul_(activation.square().neg_().add_(1));
        var u = Floats(upstream);
        var a = Floats(activation);
        if (kind == Activation.Relu)
            ReluBackward(u, a);
        else
            TanhBackward(u, a);
        return upstream;
    }

    /// <summary>The sum of the rows of delta (B, n) into the gradient (n), which is replaced or added to.</summary>
    public static void SumRows(Tensor delta, Tensor gradient, bool accumulate)
    {
        if (!IsPlain(delta) || !IsPlain(gradient))
        {
            // sum([0]), not sum(0): the constant 0 would be taken for a scalar type.
            gradient.mul_(accumulate ? 1 : 0).add_(delta.sum([0]));
            return;
        }
        var rows = Floats(delta);
        var sum = Floats(gradient);
        if (!accumulate)
            sum.Clear();
        for (var start = 0; start < rows.Length; start += sum.Length)
            TensorPrimitives.Add(sum, rows.Slice(start, sum.Length), sum);
    }

    /// <summary>Softmax cross-entropy with smoothing ε of plain tensors: the mean loss, and (softmax − q)/B into a new tensor.</summary>
    public static (double Loss, Tensor Gradient) SoftmaxCrossEntropy(Tensor logits, Tensor target, double smoothing)
    {
        var gradient = empty_like(logits);
        var z = Floats(logits);
        var g = Floats(gradient);
        var y = MemoryMarshal.Cast<byte, long>(target.bytes);
        var classes = z.Length / y.Length;
        var scale = 1f / y.Length;
        var total = 0.0;
        for (var i = 0; i < y.Length; i++)
        {
            var row = z.Slice(i * classes, classes);
            var p = g.Slice(i * classes, classes);
            var max = TensorPrimitives.Max((ReadOnlySpan<float>)row);
            TensorPrimitives.Subtract(row, max, p);
            var shifted = p[(int)y[i]];
            var meanShifted = smoothing > 0 ? TensorPrimitives.Sum<float>(p) / classes : 0;
            TensorPrimitives.Exp(p, p);
            var sum = TensorPrimitives.Sum<float>(p);
            total += Math.Log(sum) - (1 - smoothing) * shifted - smoothing * meanShifted;
            TensorPrimitives.Multiply(p, scale / sum, p);
            if (smoothing > 0)
                TensorPrimitives.Subtract(p, (float)(smoothing / classes) * scale, p);
            p[(int)y[i]] -= (float)(1 - smoothing) * scale;
        }
        return (total / y.Length, gradient);
    }

    /// <summary>Whether the fused passes can reach the tensor's memory.</summary>
    public static bool IsPlain(Tensor tensor) =>
        tensor.device_type == TorchSharp.DeviceType.CPU && tensor.dtype is ScalarType.Float32 && tensor.is_contiguous();

    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static void ReluBackward(Span<float> upstream, ReadOnlySpan<float> activation)
    {
        var i = 0;
        ref var u = ref MemoryMarshal.GetReference(upstream);
        ref var a = ref MemoryMarshal.GetReference(activation);
        for (; i + 16 <= upstream.Length; i += 16)
        {
            var mask = Vector512.GreaterThan(Vector512.LoadUnsafe(ref a, (nuint)i), Vector512<float>.Zero);
            (Vector512.LoadUnsafe(ref u, (nuint)i) & mask).StoreUnsafe(ref u, (nuint)i);
        }
        for (; i < upstream.Length; i++)
            upstream[i] = activation[i] > 0 ? upstream[i] : 0;
    }

    private static void TanhBackward(Span<float> upstream, ReadOnlySpan<float> activation)
    {
        for (var i = 0; i < upstream.Length; i++)
            upstream[i] *= 1 - activation[i] * activation[i];
    }
}
