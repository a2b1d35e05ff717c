namespace Assay.Data;

/// <summary>
/// Resizes one plane with the triangle filter, widened when shrinking so that every source pixel counts (what Pillow calls BILINEAR).
/// </summary>
internal static class ImageResize
{
    public static void Resize(ReadOnlySpan<float> source, int height, int width, Span<float> target, int newHeight, int newWidth)
    {
        if (height == newHeight && width == newWidth)
        {
            source.CopyTo(target);
            return;
        }
        // First along rows, then along columns.
        var narrow = new float[height * newWidth];
        var (first, weights) = Filter(width, newWidth);
        for (var x = 0; x < newWidth; x++)
        {
            for (var y = 0; y < height; y++)
            {
                var sum = 0f;
                for (var k = 0; k < weights[x].Length; k++)
                    sum += weights[x][k] * source[y * width + first[x] + k];
                narrow[y * newWidth + x] = sum;
            }
        }
        (first, weights) = Filter(height, newHeight);
        for (var y = 0; y < newHeight; y++)
        {
            for (var x = 0; x < newWidth; x++)
            {
                var sum = 0f;
                for (var k = 0; k < weights[y].Length; k++)
                    sum += weights[y][k] * narrow[(first[y] + k) * newWidth + x];
                target[y * newWidth + x] = sum;
            }
        }
    }

    // For each new pixel, the first old pixel that counts and the weights from there on; they sum to 1.
    private static (int[] First, float[][] Weights) Filter(int size, int newSize)
    {
        var first = new int[newSize];
        var weights = new float[newSize][];
        var scale = (double)size / newSize;
        var support = Math.Max(1, scale);
        for (var i = 0; i < newSize; i++)
        {
            var centre = (i + 0.5) * scale;
            first[i] = Math.Max(0, (int)(centre - support + 0.5));
            var end = Math.Min(size, (int)(centre + support + 0.5));
            var w = new double[end - first[i]];
            for (var k = 0; k < w.Length; k++)
                w[k] = Math.Max(0, 1 - Math.Abs((first[i] + k + 0.5 - centre) / support));
            var sum = w.Sum();
            weights[i] = [.. w.Select(v => (float)(v / sum))];
        }
        return (first, weights);
    }
}
