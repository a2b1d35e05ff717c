using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>How the numbers of a buffer are stored; the passes compute in single precision whatever the storage.</summary>
internal unsafe interface ILanes
{
    static abstract ScalarType Type { get; }

    static abstract Vector512<float> Load(void* p, nint index);

    static abstract void Store(void* p, nint index, Vector512<float> value);

    static abstract Vector256<float> Load8(void* p, nint index);

    static abstract void Store8(void* p, nint index, Vector256<float> value);

    static abstract float Get(void* p, nint index);

    static abstract void Set(void* p, nint index, float value);
}

/// <summary>Single precision.</summary>
internal readonly unsafe struct SingleLanes : ILanes
{
    public static ScalarType Type => ScalarType.Float32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(void* p, nint index) => Vector512.Load((float*)p + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* p, nint index, Vector512<float> value) => value.Store((float*)p + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(void* p, nint index) => Vector256.Load((float*)p + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(void* p, nint index, Vector256<float> value) => value.Store((float*)p + index);

    public static float Get(void* p, nint index) => ((float*)p)[index];

    public static void Set(void* p, nint index, float value) => ((float*)p)[index] = value;
}

/// <summary>bfloat16: the upper half of a single-precision number, rounded to nearest even.</summary>
internal readonly unsafe struct BrainLanes : ILanes
{
    public static ScalarType Type => ScalarType.BFloat16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(void* p, nint index)
    {
        var half = Vector256.Load((ushort*)p + index);
        if (Avx512F.IsSupported)
            return (Avx512F.ConvertToVector512UInt32(half) << 16).AsSingle();
        var (low, high) = Vector256.Widen(half);
        return (Vector512.Create(low, high) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* p, nint index, Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512.Create(1u))) >>> 16;
        if (Avx512F.IsSupported)
            Avx512F.ConvertToVector256UInt16(rounded).Store((ushort*)p + index);
        else
            Vector256.Narrow(rounded.GetLower(), rounded.GetUpper()).Store((ushort*)p + index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(void* p, nint index)
    {
        var (low, high) = Vector128.Widen(Vector128.Load((ushort*)p + index));
        return (Vector256.Create(low, high) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(void* p, nint index, Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256.Create(1u))) >>> 16;
        Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).Store((ushort*)p + index);
    }

    public static float Get(void* p, nint index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)p)[index] << 16);

    public static void Set(void* p, nint index, float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)p)[index] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

/// <summary>What the fused passes share.</summary>
internal static unsafe class Lanes
{
    /// <summary>eˣ to about 2 units in the last place; 0 below −87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var bounded = Vector512.Min(Vector512.Max(x, Vector512.Create(-87f)), Vector512.Create(88f));
        // eˣ = 2ⁿ·eʳ with r = x − n·ln 2, the logarithm in two parts.
        var n = Vector512.Round(bounded * Vector512.Create(1.44269504f));
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), bounded);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var y = Vector512.Create(1.9875691500e-4f);
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(1.3981999507e-3f));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(8.3334519073e-3f));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(4.1665795894e-2f));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(1.6666665459e-1f));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512.Create(0.5f));
        y = Vector512.FusedMultiplyAdd(y, r * r, r + Vector512<float>.One);
        var power = ((Vector512.ConvertToInt32(n) + Vector512.Create(127)) << 23).AsSingle();
        return y * power & Vector512.GreaterThan(x, Vector512.Create(-87f));
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>The first element of a tensor in main memory. It stays there as long as the tensor lives.</summary>
    public static void* Pointer(Tensor tensor) => Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>Runs a body over [0, count) in <paramref name="parts"/> fixed ranges, on as many threads as torch would use.</summary>
    /// <param name="count">The number of items.</param>
    /// <param name="parts">Into how many ranges; the division does not depend on the number of threads, so neither do sums within a range.</param>
    /// <param name="body">Takes the range's number, its start and its end.</param>
    public static void Ranges(int count, int parts, Action<int, int, int> body)
    {
        var threads = get_num_threads();
        void Run(int i) => body(i, (int)((long)count * i / parts), (int)((long)count * (i + 1) / parts));
        if (threads <= 1)
        {
            for (var i = 0; i < parts; i++)
                Run(i);
        }
        else
        {
            Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = threads }, Run);
        }
    }
}
