using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>
/// Normalisation of each ghost batch by its own statistics, and its gradient, as fused passes over contiguous single-precision memory
/// (B, C, S): one ghost (and, for images, one channel of it) is read from main memory once and then found in the cache, which a plain
/// batch normalisation of the whole batch cannot do.
/// </summary>
internal static class GhostKernels
{
    // Below this many numbers, a second thread costs more than it saves.
    private const int ParallelThreshold = 1 << 15;

    /// <summary>y = γ·(x − μ_g)/√(σ²_g + ε) + β; fills the means and inverse deviations (k, C).</summary>
    /// <param name="x">The input, contiguous.</param>
    /// <param name="y">The output, of the input's size.</param>
    /// <param name="layout">How x is divided.</param>
    /// <param name="weight">γ (C), or null for 1.</param>
    /// <param name="bias">β (C), or null for 0.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="mean">Receives the means, (k, C).</param>
    /// <param name="inverse">Receives 1/√(σ² + ε), (k, C).</param>
    public static unsafe void Forward(Tensor x, Tensor y, GhostLayout layout, Tensor? weight, Tensor? bias, double epsilon, Tensor mean, Tensor inverse)
    {
        fixed (float* px = Floats(x), py = Floats(y), pm = Floats(mean), pi = Floats(inverse), pw = Floats(weight), pb = Floats(bias))
        {
            var (ax, ay, am, ai, aw, ab) = ((nint)px, (nint)py, (nint)pm, (nint)pi, (nint)pw, (nint)pb);
            ForEachUnit(layout, (ghost, channel) =>
            {
                var (start, rows) = layout.Rows(ghost);
                if (layout.Inner == 1)
                    Columns((float*)ax, (float*)ay, start, rows, layout.Channels, (float*)aw, (float*)ab, epsilon, (float*)am + ghost * layout.Channels, (float*)ai + ghost * layout.Channels);
                else
                    Planes((float*)ax, (float*)ay, start, rows, channel, layout, (float*)aw, (float*)ab, epsilon, (float*)am, (float*)ai, ghost);
            });
        }
    }

    /// <summary>dx from dy, and the sums over each ghost that make dγ and dβ, (k, C).</summary>
    public static unsafe void Backward(Tensor x, Tensor dy, Tensor dx, GhostLayout layout, Tensor? weight, Tensor mean, Tensor inverse, Tensor weightSums, Tensor biasSums)
    {
        fixed (float* px = Floats(x), pg = Floats(dy), pd = Floats(dx), pm = Floats(mean), pi = Floats(inverse), pw = Floats(weight), ps = Floats(weightSums), pb = Floats(biasSums))
        {
            var (ax, ag, ad, am, ai, aw, aws, abs) = ((nint)px, (nint)pg, (nint)pd, (nint)pm, (nint)pi, (nint)pw, (nint)ps, (nint)pb);
            ForEachUnit(layout, (ghost, channel) =>
            {
                var (start, rows) = layout.Rows(ghost);
                if (layout.Inner == 1)
                {
                    var at = ghost * layout.Channels;
                    ColumnsBackward((float*)ax, (float*)ag, (float*)ad, start, rows, layout.Channels, (float*)aw, (float*)am + at, (float*)ai + at, (float*)aws + at, (float*)abs + at);
                }
                else
                {
                    PlanesBackward((float*)ax, (float*)ag, (float*)ad, start, rows, channel, layout, (float*)aw, (float*)am, (float*)ai, (float*)aws, (float*)abs, ghost);
                }
            });
        }
    }

    // Rows are read in the order of memory, four at a time, so that the sums of a feature are loaded and stored once for four rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Columns(float* x, float* y, int start, int rows, int channels, float* weight, float* bias, double epsilon, float* mean, float* inverse)
    {
        x += (long)start * channels;
        y += (long)start * channels;
        new Span<float>(mean, channels).Clear();
        new Span<float>(inverse, channels).Clear();
        for (var r = 0; r < rows; r += 4)
            AddRows(x + (long)r * channels, Math.Min(4, rows - r), channels, null, mean);
        TensorPrimitives.Divide(new ReadOnlySpan<float>(mean, channels), rows, new Span<float>(mean, channels));
        // A second pass: Σ(x − μ)² loses no digits, Σx² − (Σx)²/n would.
        for (var r = 0; r < rows; r += 4)
            AddRows(x + (long)r * channels, Math.Min(4, rows - r), channels, mean, inverse);
        // y = a·x + s with a = γ/σ, s = β − μ·a.
        var buffer = channels <= MaxStack ? stackalloc float[2 * channels] : new float[2 * channels];
        fixed (float* a = buffer)
        {
            var s = a + channels;
            for (var c = 0; c < channels; c++)
            {
                inverse[c] = (float)(1 / Math.Sqrt(inverse[c] / rows + epsilon));
                a[c] = inverse[c] * (weight == null ? 1 : weight[c]);
                s[c] = (bias == null ? 0 : bias[c]) - mean[c] * a[c];
            }
            for (var r = 0; r < rows; r++)
                Affine(x + (long)r * channels, a, s, y + (long)r * channels, channels);
        }
    }

    // sums += Σ rows, or Σ (rows − μ)² where μ is given.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void AddRows(float* x, int rows, int channels, float* mean, float* sums)
    {
        var c = 0;
        if (rows == 4)
        {
            float* x1 = x + channels, x2 = x1 + channels, x3 = x2 + channels;
            for (; c + 16 <= channels; c += 16)
            {
                var (v0, v1, v2, v3) = (Vector512.Load(x + c), Vector512.Load(x1 + c), Vector512.Load(x2 + c), Vector512.Load(x3 + c));
                if (mean != null)
                {
                    var mu = Vector512.Load(mean + c);
                    (v0, v1, v2, v3) = (v0 - mu, v1 - mu, v2 - mu, v3 - mu);
                    (v0, v1, v2, v3) = (v0 * v0, v1 * v1, v2 * v2, v3 * v3);
                }
                (Vector512.Load(sums + c) + (v0 + v1 + (v2 + v3))).Store(sums + c);
            }
        }
        for (; c < channels; c++)
        {
            for (var r = 0; r < rows; r++)
            {
                var v = x[(long)r * channels + c];
                sums[c] += mean == null ? v : (v - mean[c]) * (v - mean[c]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Affine(float* x, float* a, float* s, float* y, int channels)
    {
        var c = 0;
        for (; c + 16 <= channels; c += 16)
            Vector512.FusedMultiplyAdd(Vector512.Load(x + c), Vector512.Load(a + c), Vector512.Load(s + c)).Store(y + c);
        for (; c < channels; c++)
            y[c] = x[c] * a[c] + s[c];
    }

    // dx = a·dy + b·x + s with a = γ/σ, b = −a·m₂/σ, s = −a·m₁ − b·μ; m₁ = mean dy, m₂ = mean dy·x̂.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void ColumnsBackward(
        float* x, float* dy, float* dx, int start, int rows, int channels, float* weight, float* mean, float* inverse, float* weightSums, float* biasSums)
    {
        x += (long)start * channels;
        dy += (long)start * channels;
        dx += (long)start * channels;
        new Span<float>(weightSums, channels).Clear();
        new Span<float>(biasSums, channels).Clear();
        for (var r = 0; r < rows; r += 2)
            AddProducts(x + (long)r * channels, dy + (long)r * channels, Math.Min(2, rows - r), channels, mean, weightSums, biasSums);
        var buffer = channels <= MaxStack ? stackalloc float[3 * channels] : new float[3 * channels];
        fixed (float* a = buffer)
        {
            float* b = a + channels, s = b + channels;
            for (var c = 0; c < channels; c++)
            {
                weightSums[c] *= inverse[c];
                a[c] = inverse[c] * (weight == null ? 1 : weight[c]);
                b[c] = -a[c] * inverse[c] * weightSums[c] / rows;
                s[c] = -a[c] * biasSums[c] / rows - b[c] * mean[c];
            }
            for (var r = 0; r < rows; r++)
                Combine(x + (long)r * channels, dy + (long)r * channels, a, b, s, dx + (long)r * channels, channels);
        }
    }

    // sums += Σ dy and products += Σ (x − μ)·dy over one or two rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void AddProducts(float* x, float* dy, int rows, int channels, float* mean, float* products, float* sums)
    {
        var c = 0;
        if (rows == 2)
        {
            for (; c + 16 <= channels; c += 16)
            {
                var mu = Vector512.Load(mean + c);
                var (g0, g1) = (Vector512.Load(dy + c), Vector512.Load(dy + channels + c));
                (Vector512.Load(sums + c) + (g0 + g1)).Store(sums + c);
                var product = Vector512.FusedMultiplyAdd(Vector512.Load(x + c) - mu, g0, Vector512.Load(products + c));
                Vector512.FusedMultiplyAdd(Vector512.Load(x + channels + c) - mu, g1, product).Store(products + c);
            }
        }
        for (; c < channels; c++)
        {
            for (var r = 0; r < rows; r++)
            {
                var g = dy[(long)r * channels + c];
                sums[c] += g;
                products[c] += (x[(long)r * channels + c] - mean[c]) * g;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Combine(float* x, float* dy, float* a, float* b, float* s, float* dx, int channels)
    {
        var c = 0;
        for (; c + 16 <= channels; c += 16)
            Vector512.FusedMultiplyAdd(Vector512.Load(dy + c), Vector512.Load(a + c), Vector512.FusedMultiplyAdd(Vector512.Load(x + c), Vector512.Load(b + c), Vector512.Load(s + c))).Store(dx + c);
        for (; c < channels; c++)
            dx[c] = a[c] * dy[c] + b[c] * x[c] + s[c];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Planes(float* x, float* y, int start, int rows, int channel, GhostLayout layout, float* weight, float* bias, double epsilon, float* mean, float* inverse, int ghost)
    {
        var inner = layout.Inner;
        var count = (double)rows * inner;
        var sum = 0.0;
        for (var r = 0; r < rows; r++)
            sum += TensorPrimitives.Sum<float>(Plane(x, start + r, channel, layout));
        var mu = (float)(sum / count);
        var squares = 0.0;
        var room = inner <= MaxStack ? stackalloc float[inner] : new float[inner];
        for (var r = 0; r < rows; r++)
        {
            TensorPrimitives.Subtract(Plane(x, start + r, channel, layout), mu, room);
            squares += TensorPrimitives.SumOfSquares<float>(room);
        }
        var scale = (float)(1 / Math.Sqrt(squares / count + epsilon));
        mean[ghost * layout.Channels + channel] = mu;
        inverse[ghost * layout.Channels + channel] = scale;
        var a = scale * (weight == null ? 1 : weight[channel]);
        var s = (bias == null ? 0 : bias[channel]) - mu * a;
        for (var r = 0; r < rows; r++)
        {
            var to = Plane(y, start + r, channel, layout);
            TensorPrimitives.Multiply(Plane(x, start + r, channel, layout), a, to);
            TensorPrimitives.Add(to, s, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void PlanesBackward(
        float* x, float* dy, float* dx, int start, int rows, int channel, GhostLayout layout, float* weight, float* mean, float* inverse, float* weightSums, float* biasSums, int ghost)
    {
        var at = ghost * layout.Channels + channel;
        var (mu, scale) = (mean[at], inverse[at]);
        var (sum, product) = (0.0, 0.0);
        for (var r = 0; r < rows; r++)
        {
            var g = Plane(dy, start + r, channel, layout);
            var sumOfPlane = TensorPrimitives.Sum<float>(g);
            sum += sumOfPlane;
            product += TensorPrimitives.Dot<float>(Plane(x, start + r, channel, layout), g) - (double)mu * sumOfPlane;
        }
        product *= scale;
        weightSums[at] = (float)product;
        biasSums[at] = (float)sum;
        var count = (double)rows * layout.Inner;
        var a = scale * (weight == null ? 1f : weight[channel]);
        var b = (float)(-a * scale * product / count);
        var c = (float)(-a * sum / count) - b * mu;
        for (var r = 0; r < rows; r++)
        {
            var to = Plane(dx, start + r, channel, layout);
            TensorPrimitives.Multiply(Plane(dy, start + r, channel, layout), a, to);
            TensorPrimitives.Add(to, c, to);
            TensorPrimitives.MultiplyAdd(Plane(x, start + r, channel, layout), b, to, to);
        }
    }

    private const int MaxStack = 4096;

    private static unsafe Span<float> Plane(float* data, int row, int channel, GhostLayout layout) =>
        new(data + ((long)row * layout.Channels + channel) * layout.Inner, layout.Inner);

    // Rows with one number a channel are worked on ghost by ghost, images by ghost and channel.
    private static void ForEachUnit(GhostLayout layout, Action<int, int> work)
    {
        var perGhost = layout.Inner == 1 ? 1 : layout.Channels;
        var units = layout.Ghosts * perGhost;
        var threads = Math.Min(get_num_threads(), units);
        if (threads <= 1 || (long)layout.Batch * layout.Channels * layout.Inner < ParallelThreshold)
        {
            for (var u = 0; u < units; u++)
                work(u / perGhost, u % perGhost);
            return;
        }
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, t =>
        {
            for (var u = (int)((long)units * t / threads); u < (int)((long)units * (t + 1) / threads); u++)
                work(u / perGhost, u % perGhost);
        });
    }

    private static Span<float> Floats(Tensor? tensor) => tensor is null ? default : MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
