namespace Assay.Language;

/// <summary>The gate of SwiGLU, forward and backward: a = silu(g)·u with (g, u) the halves of a row. Widths are multiples of 16.</summary>
internal static unsafe class GatedPass
{
    private const int Parts = 16;

    /// <summary>a (N, f) from (g, u) (N, 2f).</summary>
    public static void Forward<T>(void* both, void* result, int rows, int width)
        where T : struct, ILanes => Lanes.Ranges(rows, Parts, (_, start, end) =>
    {
        for (var i = start; i < end; i++)
        {
            nint row = (nint)i * 2 * width, to = (nint)i * width;
            for (var c = 0; c < width; c += 16)
            {
                var g = T.Load(both, row + c);
                T.Store(result, to + c, g * Lanes.Sigmoid(g) * T.Load(both, row + width + c));
            }
        }
    });

    /// <summary>From e = ∂L/∂a: ∂L/∂g = e·u·σ(g)·(1 + g·(1 − σ(g))) and ∂L/∂u = e·silu(g), (N, 2f).</summary>
    public static void Backward<T>(void* both, void* upstream, void* result, int rows, int width)
        where T : struct, ILanes => Lanes.Ranges(rows, Parts, (_, start, end) =>
    {
        for (var i = start; i < end; i++)
        {
            nint row = (nint)i * 2 * width, from = (nint)i * width;
            for (var c = 0; c < width; c += 16)
            {
                var (g, u, e) = (T.Load(both, row + c), T.Load(both, row + width + c), T.Load(upstream, from + c));
                var sigmoid = Lanes.Sigmoid(g);
                var silu = g * sigmoid;
                T.Store(result, row + c, e * u * (sigmoid + silu - silu * sigmoid));
                T.Store(result, row + width + c, e * silu);
            }
        }
    });
}
