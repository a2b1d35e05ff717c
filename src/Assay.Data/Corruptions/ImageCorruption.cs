using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// A disturbance of images with pixels in [0, 1] in five severities, after ImageNet-C (Hendrycks and Dietterich 2019), with strengths that
/// scale with the size of the image. The result stays in [0, 1].
/// </summary>
[MethodValue]
public abstract class ImageCorruption
{
    /// <summary>The strongest severity.</summary>
    public const int MaxSeverity = 5;

    /// <summary>Corrupts every image of a dataset. Each image has its own random numbers, so that a subset is corrupted in the same way.</summary>
    /// <param name="dataset">Images of the shape [channels, height, width] or [height, width].</param>
    /// <param name="severity">1 to 5; 0 leaves the images as they are.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentException">The dataset holds no images, or a pixel lies outside [0, 1].</exception>
    /// <exception cref="ArgumentOutOfRangeException">The severity is out of range.</exception>
    public Dataset Apply(Dataset dataset, int severity, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegative(severity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(severity, MaxSeverity);
        var images = dataset.RequireFeatures();
        var shape = dataset.FeatureShape;
        if (shape.Length is not (2 or 3))
            throw new ArgumentException($"dataset '{dataset.Name}' holds no images: the shape of an example is [{string.Join(", ", shape)}]", nameof(dataset));
        var bad = images.Values.IndexOfAnyExceptInRange(0f, 1f);
        if (bad >= 0)
            throw new ArgumentException($"dataset '{dataset.Name}': pixel {bad % images.Columns} of image {bad / images.Columns} is {images.Values[bad]}, not in [0, 1]", nameof(dataset));
        if (severity == 0)
            return dataset;
        var (channels, height, width) = shape.Length == 3 ? (shape[0], shape[1], shape[2]) : (1, shape[0], shape[1]);
        var values = GC.AllocateUninitializedArray<float>(images.Values.Length);
        Parallel.For(0, images.Rows, i =>
        {
            var target = values.AsSpan(i * images.Columns, images.Columns);
            Corrupt(images.Row(i), target, new ImageSize(channels, height, width), severity, SeededRandom.At(seed, i));
            foreach (ref var pixel in target)
                pixel = Math.Clamp(pixel, 0, 1);
        });
        return dataset.WithFeatures(new FloatMatrix(values, images.Rows, images.Columns));
    }

    /// <summary>Corrupts one image; the caller clips the result.</summary>
    /// <param name="image">The pixels, plane after plane.</param>
    /// <param name="target">Receives the corrupted pixels.</param>
    /// <param name="size">The image's size.</param>
    /// <param name="severity">1 to 5.</param>
    /// <param name="random">The image's random numbers.</param>
    protected abstract void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random);

    /// <summary>The strength of a severity.</summary>
    private protected static double Level(int severity, params ReadOnlySpan<double> levels) => levels[severity - 1];
}

/// <summary>The size of an image.</summary>
/// <param name="Channels">The number of planes.</param>
/// <param name="Height">Rows of pixels.</param>
/// <param name="Width">Pixels in a row.</param>
public readonly record struct ImageSize(int Channels, int Height, int Width)
{
    /// <summary>Pixels in a plane.</summary>
    public int Plane => Height * Width;

    /// <summary>The shorter side.</summary>
    public int Side => Math.Min(Height, Width);
}
