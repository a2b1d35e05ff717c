using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Assay.Statistics;

/// <summary>
/// How often each example occurs in each of 16 bootstrap resamples: independent Poisson(1) counts, the limit of the multinomial ones
/// (Hanley and MacGibbon 2006; Chamandy et al. 2012). A weight is a function of seed, resample and example alone, so that examples may be
/// visited in any order, by any thread, and two models that are compared see the same resamples.
/// </summary>
internal readonly struct PoissonWeights
{
    /// <summary>The number of resamples that one instance weighs.</summary>
    public const int Lanes = 16;

    private readonly Vector512<uint> key1, key2;

    /// <summary>The weights of resamples 16·group … 16·group + 15.</summary>
    public PoissonWeights(long seed, int group)
    {
        var random = SeededRandom.At(seed, group);
        key1 = Keys(random);
        key2 = Keys(random);
    }

    /// <summary>The 16 weights of an example.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<uint> Of(uint example)
    {
        // Two keyed rounds of a 32-bit mixer with full avalanche (Wellons' lowbias32); one round alone would give all resamples the same numbers in another order.
        var u = Mix(Mix(Vector512.Create(example) ^ key1) + key2);
        // Count the thresholds 2³² P(X ≤ t) that u has passed; P(X > 12) is below 2⁻³³.
        var w = Passed(u, 1580030169u) + Passed(u, 3160060337u) + Passed(u, 3950075422u) + Passed(u, 4213413783u) + Passed(u, 4279248374u) + Passed(u, 4292415292u)
            + Passed(u, 4294609778u) + Passed(u, 4294923276u) + Passed(u, 4294962463u) + Passed(u, 4294966817u) + Passed(u, 4294967253u) + Passed(u, 4294967292u);
        return Vector512<uint>.Zero - w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Passed(Vector512<uint> u, uint threshold) => Vector512.GreaterThanOrEqual(u, Vector512.Create(threshold));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Mix(Vector512<uint> x)
    {
        x ^= x >>> 16;
        x *= Vector512.Create(0x7feb352du);
        x ^= x >>> 15;
        x *= Vector512.Create(0x846ca68bu);
        return x ^ (x >>> 16);
    }

    private static Vector512<uint> Keys(SeededRandom random)
    {
        Span<uint> keys = stackalloc uint[Lanes];
        foreach (ref var key in keys)
            key = (uint)random.NextUInt64();
        return Vector512.Create<uint>(keys);
    }
}
