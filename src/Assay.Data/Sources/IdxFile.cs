using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Assay.Data;

/// <summary>
/// The IDX format of MNIST and its kin (LeCun 1998): two zero bytes, an element type, the number of dimensions, their sizes in big-endian
/// order, then the elements in C order; packed with gzip or not.
/// </summary>
public static class IdxFile
{
    /// <summary>Reads an array.</summary>
    /// <exception cref="InvalidDataException">The file is no such array, is truncated, or claims another size than it has.</exception>
    public static NpyArray Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var source = ByteSource.Open(path);
        return Read(source);
    }

    /// <summary>Whether the file starts as an IDX file does.</summary>
    internal static bool IsIdx(ByteSource source)
    {
        Span<byte> head = stackalloc byte[4];
        return source.Read(0, head) == 4 && head is [0, 0, 8 or 9 or >= 0x0B and <= 0x0E, >= 1 and <= 8];
    }

    internal static NpyArray Read(ByteSource source)
    {
        var name = source.Name;
        if (!IsIdx(source))
            throw new InvalidDataException($"{name}: no IDX file (it does not start with two zero bytes and an element type)");
        Span<byte> head = stackalloc byte[4 + 4 * 8];
        _ = source.Read(0, head);
        var (kind, size) = head[2] switch
        {
            8 => ('u', 1),
            9 => ('i', 1),
            0x0B => ('i', 2),
            0x0C => ('i', 4),
            0x0D => ('f', 4),
            _ => ('f', 8),
        };
        var shape = ImmutableArray.CreateBuilder<int>();
        long count = 1;
        for (var d = 0; d < head[3]; d++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(head[(4 + 4 * d)..]);
            if (length < 0 || (length > 0 && count > long.MaxValue / length))
                throw new InvalidDataException($"{name}: dimension {d} claims the size {length}");
            count *= length;
            shape.Add(length);
        }
        var header = new NpyHeader(kind, size, BigEndian: true, FortranOrder: false, shape.ToImmutable(), count);
        using var stream = source.OpenStream(4 + 4 * head[3]);
        return NpyFile.ReadElements(stream, header, name, source.Length);
    }

    /// <summary>Reads images and their labels as a dataset. Bytes are scaled to [0, 1]; the shape is [channels, height, width].</summary>
    /// <param name="images">The images: n × height × width, or n × height × width × channels.</param>
    /// <param name="labels">The labels: n integers; or null for the file that is called like the images, with <c>labels</c> in place of <c>images</c>.</param>
    /// <param name="name">The dataset's name.</param>
    /// <param name="classNames">The classes, or empty for the numbers that occur.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or there are not as many labels as images.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    public static Dataset ReadDataset(string images, string? labels, string name, ImmutableArray<string> classNames = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var pixels = Read(images);
        if (pixels.Shape.Length < 2)
            throw new InvalidDataException($"{images}: the shape ({string.Join(", ", pixels.Shape)}) is not that of images");
        labels ??= LabelsOf(images) ?? throw new FileNotFoundException($"{images}: there are no labels beside the images; the file {Path.GetFileName(images).Replace("images", "labels", StringComparison.Ordinal)} was expected");
        var given = Read(labels);
        if (given.Shape.Length != 1 || given.Rows != pixels.Rows)
            throw new InvalidDataException($"{labels}: the shape ({string.Join(", ", given.Shape)}) does not give one label for each of {pixels.Rows} images");
        var numbers = given.ToDoubles();
        var column = LabelColumn.FromNumbers(i => numbers[i], numbers.Length, classNames, row => $"{labels}: element {row}");
        return ArrayDataset.Images(pixels, pixels.IsByte, name, column.Labels, column.ClassNames);
    }

    private static string? LabelsOf(string images)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(images))!;
        var bare = Path.GetFileName(images).Replace("images", "labels", StringComparison.Ordinal).Replace("idx3", "idx1", StringComparison.Ordinal);
        var unpacked = bare.EndsWith(".gz", StringComparison.Ordinal) ? bare[..^3] : bare;
        return bare == Path.GetFileName(images) ? null : new[] { bare, unpacked, unpacked + ".gz" }.Select(f => Path.Combine(folder, f)).FirstOrDefault(File.Exists);
    }
}
