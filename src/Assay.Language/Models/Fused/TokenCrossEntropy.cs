using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>The cross-entropy of the next token, row by row, and its gradient in the logits' own memory, in any storage type.</summary>
internal static unsafe class TokenCrossEntropy
{
    private const int Parts = 32;

    /// <summary>Every position's loss, log Σ exp z − z_target; 0 where the target is the ignored one.</summary>
    /// <param name="logits">(N, V) of Float32 or BFloat16, contiguous, in main memory.</param>
    /// <param name="target">(N) of int64.</param>
    /// <param name="ignored">The target that does not count.</param>
    /// <returns>The losses and the log-sums, N each.</returns>
    public static (float[] Losses, float[] LogSums) Losses(Tensor logits, Tensor target, long ignored) => logits.dtype == ScalarType.BFloat16
        ? Losses<BrainLanes>(logits, target, ignored)
        : Losses<SingleLanes>(logits, target, ignored);

    /// <summary>Overwrites the logits z with w·(softmax(z) − onehot(target)), w each position's weight.</summary>
    public static void ToGradient(Tensor logits, Tensor target, float[] logSums, float[] weights)
    {
        if (logits.dtype == ScalarType.BFloat16)
            ToGradient<BrainLanes>(logits, target, logSums, weights);
        else
            ToGradient<SingleLanes>(logits, target, logSums, weights);
    }

    private static (float[] Losses, float[] LogSums) Losses<T>(Tensor logits, Tensor target, long ignored)
        where T : struct, ILanes
    {
        var (rows, classes) = ((int)target.numel(), (int)logits.shape[^1]);
        var (losses, sums) = (new float[rows], new float[rows]);
        var z = Lanes.Pointer(logits);
        var y = (long*)Lanes.Pointer(target);
        Lanes.Ranges(rows, Parts, (_, start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                if (y[i] == ignored)
                    continue;
                if ((ulong)y[i] >= (ulong)classes)
                    throw new ArgumentOutOfRangeException(nameof(target), y[i], $"position {i}: 0 to {classes - 1} was expected");
                var row = (nint)i * classes;
                var (max, whole) = (Vector512.Create(float.NegativeInfinity), classes / 16 * 16);
                for (var c = 0; c < whole; c += 16)
                    max = Vector512.Max(max, T.Load(z, row + c));
                var most = float.NegativeInfinity;
                for (var c = 0; c < 16; c++)
                    most = Math.Max(most, max[c]);
                for (var c = whole; c < classes; c++)
                    most = Math.Max(most, T.Get(z, row + c));
                var (shift, sum) = (Vector512.Create(most), Vector512<float>.Zero);
                for (var c = 0; c < whole; c += 16)
                    sum += Lanes.Exp(T.Load(z, row + c) - shift);
                double total = Vector512.Sum(sum);
                for (var c = whole; c < classes; c++)
                    total += Math.Exp(T.Get(z, row + c) - most);
                sums[i] = most + (float)Math.Log(total);
                losses[i] = sums[i] - T.Get(z, row + (nint)y[i]);
            }
        });
        return (losses, sums);
    }

    private static void ToGradient<T>(Tensor logits, Tensor target, float[] logSums, float[] weights)
        where T : struct, ILanes
    {
        var (rows, classes) = ((int)target.numel(), (int)logits.shape[^1]);
        var z = Lanes.Pointer(logits);
        var y = (long*)Lanes.Pointer(target);
        Lanes.Ranges(rows, Parts, (_, start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                var row = (nint)i * classes;
                var (weight, whole) = (weights[i], classes / 16 * 16);
                if (weight == 0)
                {
                    for (var c = 0; c < classes; c++)
                        T.Set(z, row + c, 0);
                    continue;
                }
                var right = weight * (MathF.Exp(T.Get(z, row + (nint)y[i]) - logSums[i]) - 1);
                for (var c = 0; c < whole; c += 16)
                    T.Store(z, row + c, Lanes.Exp(T.Load(z, row + c) - Vector512.Create(logSums[i])) * weight);
                for (var c = whole; c < classes; c++)
                    T.Set(z, row + c, MathF.Exp(T.Get(z, row + c) - logSums[i]) * weight);
                T.Set(z, row + (nint)y[i], right);
            }
        });
    }
}
