using System.Collections.Immutable;
using System.IO.Compression;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// NumPy's array files: NPY versions 1 to 3 of bool, int8 to int64, uint8 to uint64, float16 to float64 and texts, in either byte order
/// and in C or Fortran order; and NPZ archives of such arrays. Pickled objects are refused.
/// </summary>
public static class NpyFile
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Reads an NPY file.</summary>
    /// <exception cref="InvalidDataException">The file is no such array, is truncated, or claims more than it holds.</exception>
    public static NpyArray Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var source = ByteSource.Open(path);
        using var stream = source.OpenStream();
        return Read(stream, path, source.Length);
    }

    /// <summary>Reads all arrays of an NPZ file by name.</summary>
    /// <exception cref="InvalidDataException">The file is no such archive, or one of its arrays cannot be read.</exception>
    public static ImmutableSortedDictionary<string, NpyArray> ReadArchive(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var source = ByteSource.Open(path);
        return ReadArchive(source).ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    /// <summary>Writes a matrix as float32. The file appears complete or not at all.</summary>
    public static void Write(string path, FloatMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        AtomicFile.Write(path, stream => Write(stream, "<f4", $"({matrix.Rows}, {matrix.Columns})", matrix.Values));
    }

    /// <summary>Writes integers, such as class labels, as int32.</summary>
    public static void Write(string path, ReadOnlySpan<int> values)
    {
        var copy = values.ToArray();
        AtomicFile.Write(path, stream => Write<int>(stream, "<i4", $"({copy.Length},)", copy));
    }

    internal static void Write<T>(Stream stream, string type, string shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        var dictionary = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}";
        var length = (10 + dictionary.Length + 1 + 63) / 64 * 64 - 10;
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)length, (byte)(length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(dictionary.PadRight(length - 1) + "\n"));
        for (var i = 0; i < values.Length; i += BlockBytes)
            stream.Write(MemoryMarshal.AsBytes(values.Slice(i, Math.Min(BlockBytes, values.Length - i))));
    }

    internal static IEnumerable<KeyValuePair<string, NpyArray>> ReadArchive(ByteSource source)
    {
        var arrays = new List<KeyValuePair<string, NpyArray>>();
        try
        {
            using var archive = new ZipArchive(source.OpenStream(), ZipArchiveMode.Read);
            foreach (var entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith(".npy", StringComparison.Ordinal))
                    throw new InvalidDataException($"'{entry.FullName}' is no .npy array");
                var name = entry.FullName[..^4];
                using var stream = entry.Open();
                // DEFLATE packs at most 1032 times, so that a larger claim is a lie.
                if (entry.Length > 1100 * Math.Max(64, entry.CompressedLength))
                    throw new InvalidDataException($"'{name}' claims {entry.Length} bytes in {entry.CompressedLength}");
                arrays.Add(new(name, Read(stream, $"{source.Name}: '{name}'", entry.Length)));
            }
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(source.Name, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{source.Name}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new InvalidDataException($"{source.Name}: the archive is damaged: {e.Message}", e);
        }
        var duplicate = arrays.GroupBy(a => a.Key, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return duplicate is null ? arrays : throw new InvalidDataException($"{source.Name}: '{duplicate.Key}' occurs {duplicate.Count()} times");
    }

    internal static Table ReadTable(ByteSource source)
    {
        using var stream = source.OpenStream();
        var array = Read(stream, source.Name, source.Length);
        return new Table(source.Name, [.. Columns(array, c => $"{c}")]);
    }

    internal static Table ReadArchiveTable(ByteSource source)
    {
        var arrays = ReadArchive(source).Where(a => !a.Value.Shape.IsEmpty).ToArray();
        if (arrays.Length == 0)
            throw new InvalidDataException($"{source.Name}: the archive holds no array with rows");
        var other = arrays.FirstOrDefault(a => a.Value.Rows != arrays[0].Value.Rows);
        if (other.Key is not null)
            throw new InvalidDataException($"{source.Name}: '{arrays[0].Key}' has {arrays[0].Value.Rows} rows, '{other.Key}' has {other.Value.Rows}");
        var columns = arrays.SelectMany(a => Columns(a.Value, c => a.Value.Shape.Length == 1 ? a.Key : $"{a.Key}_{c}")).ToArray();
        var duplicate = columns.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return duplicate is null
            ? new Table(source.Name, ImmutableCollectionsMarshal.AsImmutableArray(columns))
            : throw new InvalidDataException($"{source.Name}: column '{duplicate.Key}' occurs {duplicate.Count()} times");
    }

    private static TableColumn[] Columns(NpyArray array, Func<int, string> name)
    {
        var columns = new TableColumn[array.Columns];
        Parallel.For(0, columns.Length, c => columns[c] = array.Column(name(c), c));
        return columns;
    }

    internal static NpyArray Read(Stream stream, string name, long length)
    {
        var header = NpyHeader.Read(stream, name);
        return ReadElements(stream, header, name, length);
    }

    internal static NpyArray ReadElements(Stream stream, NpyHeader header, string name, long length)
    {
        // The claim is compared with the file before anything is allocated for it.
        var rest = length - (stream.CanSeek ? stream.Position : 0);
        if (header.Count > Array.MaxLength || header.Count * header.Size > rest)
            throw new InvalidDataException($"{name}: the shape ({string.Join(", ", header.Shape)}) needs {(decimal)header.Count * header.Size} bytes, the file holds {rest}: truncated, or the header is wrong");
        if (header.Shape.Length > 1 && header.Shape.Skip(1).Aggregate(1L, (p, s) => Math.Min(int.MaxValue + 1L, p * s)) > 1 << 24)
            throw new InvalidDataException($"{name}: rows of more than {1 << 24} elements are not read");
        if (stream.CanSeek && header.Count * header.Size != rest)
            throw new InvalidDataException($"{name}: {rest - header.Count * header.Size} bytes follow the array; the header is wrong or the file damaged");
        return header.Kind is 'U' or 'S' ? ReadTexts(stream, header, name) : ReadNumbers(stream, header, name);
    }

    private static NpyArray ReadTexts(Stream stream, NpyHeader header, string name)
    {
        var texts = new string[header.Count];
        var bytes = new byte[header.Size];
        var encoding = header.Kind == 'S' ? Encoding.UTF8 : new UTF32Encoding(header.BigEndian, false);
        for (var i = 0; i < texts.Length; i++)
        {
            Fill(stream, bytes, name);
            texts[i] = encoding.GetString(bytes).TrimEnd('\0');
        }
        return new NpyArray(name, header.Shape, null, null, header.FortranOrder ? Reorder(texts, header.Shape) : texts);
    }

    private static NpyArray ReadNumbers(Stream stream, NpyHeader header, string name)
    {
        var count = (int)header.Count;
        var floats = header is { Kind: 'f', Size: 8 } ? null : GC.AllocateUninitializedArray<float>(count);
        var doubles = floats is null ? GC.AllocateUninitializedArray<double>(count) : null;
        if (header is { Kind: 'f', Size: >= 4 } && header.BigEndian != BitConverter.IsLittleEndian)
        {
            ReadInto(stream, floats is null ? MemoryMarshal.AsBytes(doubles.AsSpan()) : default, name);
            ReadInto(stream, MemoryMarshal.AsBytes(floats.AsSpan()), name);
        }
        else if (header is { Kind: 'u', Size: 1 })
        {
            var block = new byte[BlockBytes];
            for (var at = 0; at < count; at += BlockBytes)
            {
                var bytes = block.AsSpan(0, Math.Min(BlockBytes, count - at));
                Fill(stream, bytes, name);
                TensorPrimitives.ConvertTruncating<byte, float>(bytes, floats.AsSpan(at));
            }
        }
        else
        {
            var block = new byte[BlockBytes];
            var part = new double[BlockBytes];
            for (var at = 0; at < count;)
            {
                var bytes = block.AsSpan(0, (int)Math.Min(BlockBytes / header.Size, count - at) * header.Size);
                Fill(stream, bytes, name);
                var values = part.AsSpan(0, bytes.Length / header.Size);
                NpyElements.Decode(bytes, header, values);
                if (doubles is null && !IsSingle(values))
                    doubles = Widen(floats!, at);
                for (var i = 0; i < values.Length; i++)
                {
                    if (doubles is null)
                        floats![at + i] = (float)values[i];
                    else
                        doubles[at + i] = values[i];
                }
                at += values.Length;
            }
        }
        if (doubles is not null)
            floats = null;
        if (header.FortranOrder && header.Shape.Length > 1)
            (floats, doubles) = (floats is null ? null : Reorder(floats, header.Shape), doubles is null ? null : Reorder(doubles, header.Shape));
        return new NpyArray(name, header.Shape, floats, doubles, null) { IsByte = header is { Kind: 'u', Size: 1 } };
    }

    private static bool IsSingle(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if ((float)value != value && !double.IsNaN(value))
                return false;
        }
        return true;
    }

    private static double[] Widen(float[] floats, int count)
    {
        var doubles = new double[floats.Length];
        for (var i = 0; i < count; i++)
            doubles[i] = floats[i];
        return doubles;
    }

    private static void ReadInto(Stream stream, Span<byte> target, string name)
    {
        for (var at = 0; at < target.Length; at += BlockBytes)
            Fill(stream, target.Slice(at, Math.Min(BlockBytes, target.Length - at)), name);
    }

    private static void Fill(Stream stream, Span<byte> buffer, string name)
    {
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw new InvalidDataException($"{name}: truncated in the data");
    }

    // From Fortran order (first index fastest) to C order (last index fastest).
    private static T[] Reorder<T>(T[] values, ImmutableArray<int> shape)
    {
        var result = new T[values.Length];
        if (shape.Length < 2)
            return values;
        var index = new int[shape.Length];
        for (var from = 0; from < values.Length; from++)
        {
            var to = 0;
            foreach (var (i, size) in index.Zip(shape))
                to = to * size + i;
            result[to] = values[from];
            for (var d = 0; d < index.Length && ++index[d] == shape[d]; d++)
                index[d] = 0;
        }
        return result;
    }
}
