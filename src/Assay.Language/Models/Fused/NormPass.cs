using System.Runtime.Intrinsics;

namespace Assay.Language;

/// <summary>RMSNorm with the addition before it, forward and backward, each one pass over memory. Widths are multiples of 16.</summary>
internal static unsafe class NormPass
{
    private const int Parts = 16;

    /// <summary>x ← x_in + addend; n = w·x·r with r = 1/√(mean(x²) + ε).</summary>
    /// <param name="input">x_in, (N, d).</param>
    /// <param name="addend">(N, d) of the storage type, or null.</param>
    /// <param name="x">(N, d); may be the input itself, and is not written where there is no addend.</param>
    /// <param name="weight">w, (d).</param>
    /// <param name="normed">n, (N, d) of the storage type.</param>
    /// <param name="scales">r, (N).</param>
    /// <param name="rows">N.</param>
    /// <param name="width">d.</param>
    /// <param name="epsilon">ε.</param>
    public static void Forward<T>(float* input, void* addend, float* x, float* weight, void* normed, float* scales, int rows, int width, double epsilon)
        where T : struct, ILanes => Lanes.Ranges(rows, Parts, (_, start, end) =>
    {
        for (var i = start; i < end; i++)
        {
            var offset = (nint)i * width;
            var squares = Vector512<float>.Zero;
            if (addend is null)
            {
                for (var c = 0; c < width; c += 16)
                {
                    var value = Vector512.Load(input + offset + c);
                    squares = Vector512.FusedMultiplyAdd(value, value, squares);
                }
            }
            else
            {
                for (var c = 0; c < width; c += 16)
                {
                    var value = Vector512.Load(input + offset + c) + T.Load(addend, offset + c);
                    value.Store(x + offset + c);
                    squares = Vector512.FusedMultiplyAdd(value, value, squares);
                }
            }
            var scale = (float)(1 / Math.Sqrt(Vector512.Sum(squares) / (double)width + epsilon));
            scales[i] = scale;
            var from = addend is null ? input : x;
            for (var c = 0; c < width; c += 16)
                T.Store(normed, offset + c, Vector512.Load(from + offset + c) * scale * Vector512.Load(weight + c));
        }
    });

    /// <summary>
    /// From g = ∂L/∂n: ∂L/∂x += r·w·g − x·r³·mean(w·g·x), and ∂L/∂w = Σ g·x·r.
    /// </summary>
    /// <param name="gradient">g, (N, d) of the storage type.</param>
    /// <param name="x">(N, d).</param>
    /// <param name="weight">w, (d).</param>
    /// <param name="scales">r, (N).</param>
    /// <param name="stream">∂L/∂x, (N, d); added to, or written where <paramref name="fresh"/>.</param>
    /// <param name="stored">∂L/∂x in the storage type as well, or null.</param>
    /// <param name="weightGradient">∂L/∂w, (d).</param>
    /// <param name="rows">N.</param>
    /// <param name="width">d.</param>
    /// <param name="fresh">Whether the stream holds nothing yet.</param>
    /// <param name="accumulate">Whether to add to ∂L/∂w.</param>
    public static void Backward<T>(
        void* gradient, float* x, float* weight, float* scales, float* stream, void* stored, float* weightGradient, int rows, int width, bool fresh, bool accumulate)
        where T : struct, ILanes
    {
        var sums = new float[Parts * width];
        fixed (float* pinned = sums)
        {
            var partial = pinned; // a fixed local cannot go into a lambda
            Lanes.Ranges(rows, Parts, (part, start, end) =>
            {
                var sum = partial + (nint)part * width;
                for (var i = start; i < end; i++)
                {
                    var offset = (nint)i * width;
                    Vector512<float> scale = Vector512.Create(scales[i]), dot = Vector512<float>.Zero;
                    for (var c = 0; c < width; c += 16)
                    {
                        var gx = T.Load(gradient, offset + c) * Vector512.Load(x + offset + c);
                        dot = Vector512.FusedMultiplyAdd(gx, Vector512.Load(weight + c), dot);
                        Vector512.FusedMultiplyAdd(gx, scale, Vector512.Load(sum + c)).Store(sum + c);
                    }
                    var pull = Vector512.Create(-Vector512.Sum(dot) / width * scales[i] * scales[i] * scales[i]);
                    for (var c = 0; c < width; c += 16)
                    {
                        var value = T.Load(gradient, offset + c) * Vector512.Load(weight + c) * scale;
                        value = Vector512.FusedMultiplyAdd(Vector512.Load(x + offset + c), pull, value);
                        if (!fresh)
                            value += Vector512.Load(stream + offset + c);
                        value.Store(stream + offset + c);
                        if (stored is not null)
                            T.Store(stored, offset + c, value);
                    }
                }
            });
            for (var c = 0; c < width; c++)
            {
                var total = accumulate ? weightGradient[c] : 0;
                for (var part = 0; part < Parts; part++)
                    total += partial[part * width + c];
                weightGradient[c] = total;
            }
        }
    }
}
