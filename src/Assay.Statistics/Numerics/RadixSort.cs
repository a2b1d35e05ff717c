using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Assay.Statistics;

/// <summary>
/// Stable least-significant-digit radix sorts, 11 bits a pass; a pass in which all keys share one digit is skipped. Linear in n, where a
/// comparison sort of a million floats takes ten times as long.
/// </summary>
public static class RadixSort
{
    private const int Bits = 11;
    private const int Buckets = 1 << Bits;

    /// <summary>Maps a float to an unsigned integer of the same order: −∞ &lt; −1 &lt; −0 = 0 &lt; 1 &lt; ∞. NaN has no place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Key(float value)
    {
        // −0 and 0 are equal values and need equal keys.
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return bits ^ ((uint)((int)bits >> 31) | 0x80000000u);
    }

    /// <summary>The float of a key.</summary>
    public static float Value(uint key) => BitConverter.UInt32BitsToSingle((key & 0x80000000u) != 0 ? key ^ 0x80000000u : ~key);

    /// <summary>The row numbers in ascending order of their values; equal values keep their order.</summary>
    /// <param name="values">The values, none of them NaN.</param>
    public static int[] Order(ReadOnlySpan<float> values)
    {
        var items = new ulong[values.Length];
        for (var i = 0; i < values.Length; i++)
            items[i] = ((ulong)Key(values[i]) << 32) | (uint)i;
        SortByUpperHalf(items, new ulong[values.Length]);
        var order = new int[values.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = (int)(uint)items[i];
        return order;
    }

    /// <summary>Sorts 64-bit items in place by their upper 32 bits; the lower 32 are carried along.</summary>
    /// <param name="items">The items.</param>
    /// <param name="scratch">Room for as many items.</param>
    /// <exception cref="ArgumentException"><paramref name="scratch"/> is shorter than <paramref name="items"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SortByUpperHalf(Span<ulong> items, Span<ulong> scratch)
    {
        if (scratch.Length < items.Length)
            throw new ArgumentException($"room for {items.Length} items was expected, not {scratch.Length}", nameof(scratch));
        Span<int> histogram = stackalloc int[3 * Buckets];
        histogram.Clear();
        foreach (var item in items)
        {
            histogram[(int)(item >> 32) & (Buckets - 1)]++;
            histogram[Buckets + ((int)(item >> 43) & (Buckets - 1))]++;
            histogram[2 * Buckets + (int)(item >> 54)]++;
        }
        var from = items;
        var to = scratch[..items.Length];
        for (var pass = 0; pass < 3; pass++)
        {
            var shift = 32 + Bits * pass;
            var offsets = histogram.Slice(pass * Buckets, Buckets);
            if (items.Length == 0 || offsets[(int)(items[0] >> shift) & (Buckets - 1)] == items.Length)
                continue;
            ToOffsets(offsets);
            ref var target = ref MemoryMarshal.GetReference(to);
            ref var offset = ref MemoryMarshal.GetReference(offsets);
            foreach (var item in from)
                Unsafe.Add(ref target, Unsafe.Add(ref offset, (int)(item >> shift) & (Buckets - 1))++) = item;
            var swap = from;
            from = to;
            to = swap;
        }
        if (!Unsafe.AreSame(ref MemoryMarshal.GetReference(from), ref MemoryMarshal.GetReference(items)))
            from.CopyTo(items);
    }

    private static void ToOffsets(Span<int> histogram)
    {
        var sum = 0;
        for (var b = 0; b < histogram.Length; b++)
        {
            var count = histogram[b];
            histogram[b] = sum;
            sum += count;
        }
    }
}
