using System.Numerics.Tensors;
using System.Runtime.InteropServices;
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

    private static unsafe void Columns(float* x, float* y, int start, int rows, int channels, float* weight, float* bias, double epsilon, float* mean, float* inverse)
    {
        Span<float> mu = new(mean, channels), scale = new(inverse, channels);
        var room = stackalloc float[Math.Min(channels, MaxStack)];
        var shift = channels <= MaxStack ? new Span<float>(room, channels) : new float[channels];
        mu.Clear();
        for (var r = 0; r < rows; r++)
            TensorPrimitives.Add(mu, Row(x, start + r, channels), mu);
        TensorPrimitives.Divide(mu, rows, mu);
        // Second pass over what is now in the cache: Σ(x − μ)² loses no digits, Σx² − (Σx)²/n would.
        scale.Clear();
        for (var r = 0; r < rows; r++)
        {
            TensorPrimitives.Subtract(Row(x, start + r, channels), mu, shift);
            TensorPrimitives.MultiplyAdd(shift, shift, scale, scale);
        }
        for (var c = 0; c < channels; c++)
            scale[c] = (float)(1 / Math.Sqrt(scale[c] / rows + epsilon));
        if (weight == null)
        {
            for (var r = 0; r < rows; r++)
            {
                var to = Row(y, start + r, channels);
                TensorPrimitives.Subtract(Row(x, start + r, channels), mu, to);
                TensorPrimitives.Multiply(to, scale, to);
            }
            return;
        }
        // y = a·x + s with a = γ/σ, s = β − μ·a.
        var factors = channels <= MaxStack ? stackalloc float[channels] : new float[channels];
        TensorPrimitives.Multiply(scale, new ReadOnlySpan<float>(weight, channels), factors);
        TensorPrimitives.Multiply(mu, factors, shift);
        TensorPrimitives.Subtract(new ReadOnlySpan<float>(bias, channels), shift, shift);
        for (var r = 0; r < rows; r++)
            TensorPrimitives.MultiplyAdd(Row(x, start + r, channels), factors, shift, Row(y, start + r, channels));
    }

    private static unsafe void ColumnsBackward(
        float* x, float* dy, float* dx, int start, int rows, int channels, float* weight, float* mean, float* inverse, float* weightSums, float* biasSums)
    {
        ReadOnlySpan<float> mu = new(mean, channels), scale = new(inverse, channels);
        Span<float> sums = new(biasSums, channels), products = new(weightSums, channels);
        sums.Clear();
        products.Clear();
        var buffer = channels <= MaxStack ? stackalloc float[3 * channels] : new float[3 * channels];
        Span<float> a = buffer[..channels], b = buffer.Slice(channels, channels), c = buffer[(2 * channels)..];
        for (var r = 0; r < rows; r++)
        {
            var g = Row(dy, start + r, channels);
            TensorPrimitives.Add(sums, g, sums);
            TensorPrimitives.Subtract(Row(x, start + r, channels), mu, a);
            TensorPrimitives.MultiplyAdd(a, g, products, products);
        }
        TensorPrimitives.Multiply(products, scale, products); // Σ dy·x̂
        // dx = a·dy + b·x + c with a = γ/σ, b = −a·m₂/σ, c = −a·m₁ − b·μ; m₁ = mean dy, m₂ = mean dy·x̂.
        for (var i = 0; i < channels; i++)
        {
            a[i] = scale[i] * (weight == null ? 1 : weight[i]);
            b[i] = -a[i] * scale[i] * products[i] / rows;
            c[i] = -a[i] * sums[i] / rows - b[i] * mu[i];
        }
        for (var r = 0; r < rows; r++)
        {
            var to = Row(dx, start + r, channels);
            TensorPrimitives.MultiplyAdd(Row(dy, start + r, channels), a, c, to);
            TensorPrimitives.MultiplyAdd(Row(x, start + r, channels), b, to, to);
        }
    }

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

    private static unsafe Span<float> Row(float* data, int row, int channels) => new(data + (long)row * channels, channels);

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
