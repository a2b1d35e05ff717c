using Assay.Statistics;

namespace Assay.Data;

/// <summary>Shows examples whose features are pixels as PNG images.</summary>
public sealed class FeatureImage
{
    private readonly FloatMatrix features;
    private readonly int channels, height, width;
    private readonly float low, scale;

    private FeatureImage(FloatMatrix features, int channels, int height, int width)
    {
        (this.features, this.channels, this.height, this.width) = (features, channels, height, width);
        var (least, greatest) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in features.Values)
        {
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
        // Bytes and shares keep their meaning; anything else, such as standardised pixels, is stretched over the grey scale.
        (low, scale) = least >= 0 && greatest <= 1 ? (0, 255)
            : least >= 0 && greatest is > 1 and <= 255 ? (0, 1)
            : (least, greatest > least ? 255 / (greatest - least) : 0);
    }

    /// <summary>The images of a dataset, or null where its features are none: a shape [1 or 3, height, width] is needed.</summary>
    public static FeatureImage? Of(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data is { Features.Rows: > 0, FeatureShape: [1 or 3, > 0, > 0] } ? new(data.Features!, data.FeatureShape[0], data.FeatureShape[1], data.FeatureShape[2]) : null;
    }

    /// <summary>One example as a PNG file.</summary>
    public byte[] ToPng(int row)
    {
        var values = features.Row(row);
        var pixels = new byte[values.Length];
        var area = height * width;
        for (var c = 0; c < channels; c++)
        {
            for (var p = 0; p < area; p++)
                pixels[p * channels + c] = (byte)Math.Clamp(MathF.Round((values[c * area + p] - low) * scale), 0, 255);
        }
        using var stream = new MemoryStream();
        PngFile.Write(stream, width, height, channels, pixels);
        return stream.ToArray();
    }
}
