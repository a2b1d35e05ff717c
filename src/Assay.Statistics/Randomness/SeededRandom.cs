using System.Numerics;
using System.Runtime.CompilerServices;

namespace Assay.Statistics;

/// <summary>
/// A reproducible random generator (xoshiro256++, seeded through SplitMix64). The same seed gives the same numbers on every machine and
/// in every version. Not thread-safe: give each thread its own with <see cref="Fork"/>. Not for cryptography.
/// </summary>
public sealed class SeededRandom
{
    private ulong s0, s1, s2, s3;
    private double spareGaussian = double.NaN;

    /// <summary>Creates a generator.</summary>
    /// <param name="seed">Any number.</param>
    public SeededRandom(long seed)
    {
        var state = unchecked((ulong)seed);
        s0 = SplitMix(ref state);
        s1 = SplitMix(ref state);
        s2 = SplitMix(ref state);
        s3 = SplitMix(ref state);
    }

    /// <summary>
    /// A generator that depends only on the seed and on the path of keys, whatever was drawn elsewhere: <c>At(seed, epoch)</c> is the
    /// shuffle of that epoch, so a resumed run needs no stored state.
    /// </summary>
    public static SeededRandom At(long seed, params ReadOnlySpan<long> path)
    {
        var state = unchecked((ulong)seed);
        var key = SplitMix(ref state);
        foreach (var step in path)
        {
            state = key ^ unchecked((ulong)step * 0xD1342543DE82EF95UL);
            key = SplitMix(ref state);
        }
        return new SeededRandom(unchecked((long)key));
    }

    /// <summary>An independent generator seeded from this one.</summary>
    public SeededRandom Fork() => new(unchecked((long)NextUInt64()));

    /// <summary>64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(s0 + s3, 23) + s0;
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A non-negative 63-bit number, to seed something else.</summary>
    public long NextSeed() => (long)(NextUInt64() >> 1);

    /// <summary>A uniform number in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform integer in [0, exclusiveMax).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int Next(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        // Lemire's multiplication with rejection: unbiased.
        var range = (uint)exclusiveMax;
        var product = (NextUInt64() >> 32) * range;
        if ((uint)product < range)
        {
            var threshold = (0u - range) % range;
            while ((uint)product < threshold)
                product = (NextUInt64() >> 32) * range;
        }
        return (int)(product >> 32);
    }

    /// <summary>A uniform integer in [min, exclusiveMax).</summary>
    public int Next(int min, int exclusiveMax) => min + Next(exclusiveMax - min);

    /// <summary>A uniform number in [min, max).</summary>
    public double NextDouble(double min, double max) => min + (max - min) * NextDouble();

    /// <summary>A standard normal number (polar method).</summary>
    public double NextGaussian()
    {
        if (!double.IsNaN(spareGaussian))
        {
            var spare = spareGaussian;
            spareGaussian = double.NaN;
            return spare;
        }
        double u, v, s;
        do
        {
            u = 2 * NextDouble() - 1;
            v = 2 * NextDouble() - 1;
            s = u * u + v * v;
        }
        while (s is >= 1 or 0);
        var factor = Math.Sqrt(-2 * Math.Log(s) / s);
        spareGaussian = v * factor;
        return u * factor;
    }

    /// <summary>Shuffles in place, each order equally likely (Fisher–Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The numbers 0 to <paramref name="count"/> − 1 in random order.</summary>
    public int[] Permutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var order = new int[count];
        for (var i = 0; i < count; i++)
            order[i] = i;
        Shuffle(order.AsSpan());
        return order;
    }

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
