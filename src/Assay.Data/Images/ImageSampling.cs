namespace Assay.Data;

/// <summary>Samples images at places between pixels.</summary>
internal static class ImageSampling
{
    /// <summary>
    /// target(q) = image(A (q − centre) + centre − shift), bilinear, black outside. A is [[a, b], [c, d]] on (x, y).
    /// </summary>
    public static void Affine(ReadOnlySpan<float> image, Span<float> target, ImageSize size, double a, double b, double c, double d, double shiftX, double shiftY)
    {
        var (centreX, centreY) = ((size.Width - 1) / 2.0, (size.Height - 1) / 2.0);
        for (var y = 0; y < size.Height; y++)
        {
            for (var x = 0; x < size.Width; x++)
            {
                var (dx, dy) = (x - centreX - shiftX, y - centreY - shiftY);
                var (sx, sy) = (a * dx + b * dy + centreX, c * dx + d * dy + centreY);
                var (x0, y0) = ((int)Math.Floor(sx), (int)Math.Floor(sy));
                var (fx, fy) = ((float)(sx - x0), (float)(sy - y0));
                for (var plane = 0; plane < size.Channels; plane++)
                {
                    var pixels = image.Slice(plane * size.Plane, size.Plane);
                    target[plane * size.Plane + y * size.Width + x] =
                        (1 - fy) * ((1 - fx) * At(pixels, x0, y0) + fx * At(pixels, x0 + 1, y0))
                        + fy * ((1 - fx) * At(pixels, x0, y0 + 1) + fx * At(pixels, x0 + 1, y0 + 1));
                }
            }
        }

        float At(ReadOnlySpan<float> pixels, int x, int y) => (uint)x < (uint)size.Width && (uint)y < (uint)size.Height ? pixels[y * size.Width + x] : 0;
    }
}
