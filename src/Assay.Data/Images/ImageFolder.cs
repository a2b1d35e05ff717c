using System.Collections.Immutable;
using Assay.Statistics;
using StbImageSharp;

namespace Assay.Data;

/// <summary>
/// A folder of images (PNG, JPEG, BMP): each subfolder is a class; without subfolders there are no labels. Pixels are scaled to [0, 1] and
/// laid out as [channels, height, width], with 1 channel where all images are grey, else 3; transparency is dropped.
/// </summary>
public static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    /// <summary>Loads a folder. Ids are the paths below it, in ordinal order; classes are the subfolders' names in ordinal order.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="roles">The size, the channels and the classes; or null for what the images have.</param>
    /// <exception cref="InvalidDataException">There are no images, one cannot be read, or sizes differ and no size is given; the message names the file.</exception>
    public static Dataset Load(string folder, DataRoles? roles = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        roles ??= DataRoles.Default;
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => Extensions.Contains(Path.GetExtension(f).ToLowerInvariant()))
            .Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal).ToArray();
        if (files.Length == 0)
            throw new InvalidDataException($"{folder}: there are no images ({string.Join(", ", Extensions)})");
        var labelled = files.Where(f => f.Contains('/', StringComparison.Ordinal)).ToArray();
        if (labelled.Length > 0 && labelled.Length < files.Length)
            throw new InvalidDataException($"{folder}: '{files.First(f => !f.Contains('/', StringComparison.Ordinal))}' lies beside the class folders and has no class");

        var infos = files.Select(f => Info(Path.Combine(folder, f))).ToArray();
        var (height, width) = roles.ImageSize ?? (infos[0].Height, infos[0].Width);
        var odd = Array.FindIndex(infos, i => (i.Height, i.Width) != (height, width));
        if (odd >= 0 && roles.ImageSize is null)
            throw new InvalidDataException($"{Path.Combine(folder, files[odd])}: {infos[odd].Width}×{infos[odd].Height} pixels, the first image has {width}×{height}; give a size with --image-size");
        var grey = roles.Grey ?? infos.All(i => i.ColorComponents is ColorComponents.Grey or ColorComponents.GreyAlpha);
        var size = (grey ? 1 : 3) * height * width;
        if ((long)files.Length * size > Array.MaxLength)
            throw new InvalidDataException($"{folder}: {files.Length} images of {width}×{height} pixels do not fit into memory at once; give a smaller size with --image-size");
        var values = new float[files.Length * size];
        try
        {
            Parallel.For(0, files.Length, i => Decode(Path.Combine(folder, files[i]), grey, height, width, values.AsSpan(i * size, size)));
        }
        catch (AggregateException e)
        {
            throw e.InnerExceptions.OfType<InvalidDataException>().FirstOrDefault() ?? e.InnerExceptions[0];
        }

        var label = labelled.Length == 0 ? null : LabelColumn.FromTexts([.. files.Select(f => f[..f.IndexOf('/', StringComparison.Ordinal)])], roles.Classes, i => Path.Combine(folder, files[i]));
        return new Dataset
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Ids = [.. files],
            Features = new FloatMatrix(values, files.Length, size),
            FeatureShape = [grey ? 1 : 3, height, width],
            Labels = label?.Labels ?? [],
            ClassNames = label?.ClassNames ?? [],
        };
    }

    private static ImageInfo Info(string file)
    {
        using var stream = File.OpenRead(file);
        var info = Guard(file, () => ImageInfo.FromStream(stream)) ?? throw new InvalidDataException($"{file}: not an image that can be read");
        if (info.Width <= 0 || info.Height <= 0 || (long)info.Width * info.Height > 1 << 26)
            throw new InvalidDataException($"{file}: {info.Width}×{info.Height} pixels are too many; up to {1 << 26} are read");
        return info;
    }

    private static void Decode(string file, bool grey, int height, int width, Span<float> target)
    {
        using var stream = File.OpenRead(file);
        var channels = grey ? 1 : 3;
        var image = Guard(file, () => ImageResult.FromStream(stream, grey ? ColorComponents.Grey : ColorComponents.RedGreenBlue));
        var plane = new float[image.Height * image.Width];
        for (var c = 0; c < channels; c++)
        {
            for (var p = 0; p < plane.Length; p++)
                plane[p] = image.Data[p * channels + c] / 255f;
            ImageResize.Resize(plane, image.Height, image.Width, target.Slice(c * height * width, height * width), height, width);
        }
    }

    // The decoder answers damaged files with whatever exception the damage leads to.
    private static T Guard<T>(string file, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception e)
        {
            throw new InvalidDataException($"{file}: the image cannot be decoded: {e.Message}", e);
        }
    }
}
