using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Assay.Training;

/// <summary>
/// Runs an element-wise update over flat buffers in one pass, 16 numbers at a time, split over the threads that torch would use. An
/// optimiser's rule is a struct, so that the compiler makes one loop of it.
/// </summary>
internal static class FusedUpdate
{
    // Below this, starting a second thread costs more than it saves.
    private const int ParallelThreshold = 1 << 16;

    public interface IRule
    {
        /// <summary>Updates 16 parameters in place; <paramref name="m"/> and <paramref name="v"/> are state that the rule may not use.</summary>
        void Apply(ref Vector512<float> p, Vector512<float> g, ref Vector512<float> m, ref Vector512<float> v);
    }

    /// <summary>Updates p (and m, v where given) from g, and sets g to zero.</summary>
    public static unsafe void Run<TRule>(TRule rule, Span<float> p, Span<float> g, Span<float> m, Span<float> v, int threads)
        where TRule : struct, IRule
    {
        fixed (float* pp = p, gp = g, mp = m, vp = v)
        {
            // Lambdas cannot hold pointers, and pinning lasts for the whole call.
            var (pa, ga, ma, va) = ((nint)pp, (nint)gp, (nint)mp, (nint)vp);
            var length = p.Length;
            if (threads <= 1 || length < ParallelThreshold)
            {
                Pass(rule, (float*)pa, (float*)ga, (float*)ma, (float*)va, length);
                return;
            }
            var block = (length / threads + 15) / 16 * 16;
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
            {
                var start = i * block;
                var end = i == threads - 1 ? length : Math.Min(length, start + block);
                if (start < end)
                    Pass(rule, (float*)pa + start, (float*)ga + start, ma == 0 ? null : (float*)ma + start, va == 0 ? null : (float*)va + start, end - start);
            });
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Pass<TRule>(TRule rule, float* p, float* g, float* m, float* v, int length)
        where TRule : struct, IRule
    {
        var i = 0;
        for (; i + 16 <= length; i += 16)
        {
            var pi = Vector512.Load(p + i);
            var gi = Vector512.Load(g + i);
            var mi = m == null ? default : Vector512.Load(m + i);
            var vi = v == null ? default : Vector512.Load(v + i);
            rule.Apply(ref pi, gi, ref mi, ref vi);
            pi.Store(p + i);
            if (m != null)
                mi.Store(m + i);
            if (v != null)
                vi.Store(v + i);
            Vector512<float>.Zero.Store(g + i);
        }
        if (i < length)
            Tail(rule, p + i, g + i, m == null ? null : m + i, v == null ? null : v + i, length - i);
    }

    private static unsafe void Tail<TRule>(TRule rule, float* p, float* g, float* m, float* v, int length)
        where TRule : struct, IRule
    {
        var room = stackalloc float[64];
        new Span<float>(room, 64).Clear();
        for (var i = 0; i < length; i++)
            (room[i], room[16 + i], room[32 + i], room[48 + i]) = (p[i], g[i], m == null ? 0 : m[i], v == null ? 0 : v[i]);
        var (pi, mi, vi) = (Vector512.Load(room), Vector512.Load(room + 32), Vector512.Load(room + 48));
        rule.Apply(ref pi, Vector512.Load(room + 16), ref mi, ref vi);
        pi.Store(room);
        mi.Store(room + 32);
        vi.Store(room + 48);
        for (var i = 0; i < length; i++)
        {
            p[i] = room[i];
            g[i] = 0;
            if (m != null)
                m[i] = room[32 + i];
            if (v != null)
                v[i] = room[48 + i];
        }
    }

    /// <summary>Σ g², in double precision by blocks, so that the result does not depend on the number of threads.</summary>
    public static double SumOfSquares(ReadOnlySpan<float> g)
    {
        var total = 0.0;
        for (var start = 0; start < g.Length; start += 4096)
            total += System.Numerics.Tensors.TensorPrimitives.SumOfSquares(g.Slice(start, Math.Min(4096, g.Length - start)));
        return total;
    }
}
