using Assay.Statistics;

namespace Assay.Data;

/// <summary>Gaussian noise of standard deviation .08, .12, .18, .26, .38 on each pixel.</summary>
[Method("gaussian-noise-corruption", Kind = MethodKind.Transform)]
public sealed class GaussianNoiseCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var deviation = Level(severity, .08, .12, .18, .26, .38);
        for (var p = 0; p < image.Length; p++)
            target[p] = image[p] + (float)(deviation * random.NextGaussian());
    }
}

/// <summary>Gaussian blur of standard deviation 4, 6, 8, 10, 13 % of the shorter side; the border is repeated outside.</summary>
[Method("gaussian-blur-corruption", Kind = MethodKind.Transform)]
public sealed class GaussianBlurCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        var deviation = Level(severity, .04, .06, .08, .10, .13) * size.Side;
        var radius = Math.Max(1, (int)Math.Ceiling(3 * deviation));
        var kernel = Enumerable.Range(-radius, 2 * radius + 1).Select(k => Math.Exp(-k * k / (2 * deviation * deviation))).ToArray();
        var sum = kernel.Sum();
        var rows = new double[size.Plane];
        for (var c = 0; c < size.Channels; c++)
        {
            var plane = image.Slice(c * size.Plane, size.Plane);
            for (var y = 0; y < size.Height; y++)
            {
                for (var x = 0; x < size.Width; x++)
                {
                    var value = 0.0;
                    for (var k = -radius; k <= radius; k++)
                        value += kernel[k + radius] * plane[y * size.Width + Math.Clamp(x + k, 0, size.Width - 1)];
                    rows[y * size.Width + x] = value / sum;
                }
            }
            for (var y = 0; y < size.Height; y++)
            {
                for (var x = 0; x < size.Width; x++)
                {
                    var value = 0.0;
                    for (var k = -radius; k <= radius; k++)
                        value += kernel[k + radius] * rows[Math.Clamp(y + k, 0, size.Height - 1) * size.Width + x];
                    target[c * size.Plane + y * size.Width + x] = (float)(value / sum);
                }
            }
        }
    }
}

/// <summary>Brightness raised by .1, .2, .3, .4, .5.</summary>
[Method("brightness-corruption", Kind = MethodKind.Transform)]
public sealed class BrightnessCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        var shift = (float)Level(severity, .1, .2, .3, .4, .5);
        for (var p = 0; p < image.Length; p++)
            target[p] = image[p] + shift;
    }
}

/// <summary>Contrast reduced to 75, 50, 40, 30, 15 % around the mean of each plane.</summary>
[Method("contrast-corruption", Kind = MethodKind.Transform)]
public sealed class ContrastCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        var share = (float)Level(severity, .75, .5, .4, .3, .15);
        for (var c = 0; c < size.Channels; c++)
        {
            var mean = 0.0;
            foreach (var pixel in image.Slice(c * size.Plane, size.Plane))
                mean += pixel / size.Plane;
            for (var p = c * size.Plane; p < (c + 1) * size.Plane; p++)
                target[p] = (float)mean + share * (image[p] - (float)mean);
        }
    }
}

/// <summary>Rotation about the centre by 5, 10, 20, 30, 45 degrees to a random side; what comes from outside is black.</summary>
[Method("rotation-corruption", Kind = MethodKind.Transform)]
public sealed class RotationCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var angle = Level(severity, 5, 10, 20, 30, 45) * Math.PI / 180 * (random.Next(2) == 0 ? 1 : -1);
        ImageSampling.Affine(image, target, size, Math.Cos(angle), -Math.Sin(angle), Math.Sin(angle), Math.Cos(angle), 0, 0);
    }
}

/// <summary>Translation by 5, 10, 15, 20, 25 % of the side in a random direction, in whole pixels; what comes from outside is black.</summary>
[Method("translation-corruption", Kind = MethodKind.Transform)]
public sealed class TranslationCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var angle = 2 * Math.PI * random.NextDouble();
        var distance = Math.Max(1, Level(severity, .05, .10, .15, .20, .25) * size.Side);
        ImageSampling.Affine(image, target, size, 1, 0, 0, 1, Math.Round(distance * Math.Cos(angle)), Math.Round(distance * Math.Sin(angle)));
    }
}

/// <summary>A square of 20, 30, 40, 50, 60 % of the shorter side, somewhere inside the image, set to the mean of each plane.</summary>
[Method("cutout-corruption", Kind = MethodKind.Transform)]
public sealed class CutoutCorruption : ImageCorruption
{
    /// <inheritdoc/>
    protected override void Corrupt(ReadOnlySpan<float> image, Span<float> target, ImageSize size, int severity, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        image.CopyTo(target);
        var side = Math.Max(1, (int)Math.Round(Level(severity, .2, .3, .4, .5, .6) * size.Side));
        var top = random.Next(size.Height - side + 1);
        var left = random.Next(size.Width - side + 1);
        for (var c = 0; c < size.Channels; c++)
        {
            var mean = 0.0;
            foreach (var pixel in image.Slice(c * size.Plane, size.Plane))
                mean += pixel / size.Plane;
            for (var y = top; y < top + side; y++)
                target.Slice(c * size.Plane + y * size.Width + left, side).Fill((float)mean);
        }
    }
}
