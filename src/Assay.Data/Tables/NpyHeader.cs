using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Assay.Data;

/// <summary>What a file says about the array that follows. Read from NumPy's header, versions 1 to 3.</summary>
/// <param name="Kind">b bool, i signed, u unsigned, f float, U text of 4-byte characters, S text of bytes.</param>
/// <param name="Size">The bytes of one element.</param>
/// <param name="BigEndian">Whether the bytes of an element are in big-endian order.</param>
/// <param name="FortranOrder">Whether the first index runs fastest.</param>
/// <param name="Shape">The shape; empty for a scalar.</param>
/// <param name="Count">The number of elements.</param>
internal sealed record NpyHeader(char Kind, int Size, bool BigEndian, bool FortranOrder, ImmutableArray<int> Shape, long Count)
{
    private const int MaxLength = 1 << 16;

    public static NpyHeader Read(Stream stream, string name)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false) < 8 || !start.StartsWith((ReadOnlySpan<byte>)[0x93, .. "NUMPY"u8]))
            throw new InvalidDataException($"{name}: not a NumPy array (it does not start with \\x93NUMPY)");
        var version = start[6];
        if (version is < 1 or > 3)
            throw new InvalidDataException($"{name}: NumPy format version {version} is not known");
        var lengthSize = version == 1 ? 2 : 4;
        if (stream.ReadAtLeast(start.Slice(8, lengthSize), lengthSize, throwOnEndOfStream: false) < lengthSize)
            throw new InvalidDataException($"{name}: truncated in the header");
        var length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > MaxLength)
            throw new InvalidDataException($"{name}: the header claims {length} bytes, at most {MaxLength} are sensible");
        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
            throw new InvalidDataException($"{name}: truncated in the header");
        return Parse(Encoding.UTF8.GetString(text), name);
    }

    private static NpyHeader Parse(string text, string name)
    {
        var descr = Value(text, "descr", name);
        var order = Value(text, "fortran_order", name);
        if (order is not ("True" or "False"))
            throw new InvalidDataException($"{name}: fortran_order is '{order}', True or False was expected");
        var shape = Value(text, "shape", name);
        if (shape is not ['(', .., ')'])
            throw new InvalidDataException($"{name}: shape is '{shape}', a tuple was expected");
        var sizes = ImmutableArray.CreateBuilder<int>();
        long count = 1;
        foreach (var part in shape[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                throw new InvalidDataException($"{name}: '{part}' in the shape {shape} is not a size up to {int.MaxValue}");
            sizes.Add(size);
            count = size == 0 || count <= long.MaxValue / size ? count * size : throw new InvalidDataException($"{name}: the shape {shape} is too large");
        }
        var type = descr.Trim('\'', '"');
        if (type.Length < 3 || !"<>|=".Contains(type[0], StringComparison.Ordinal)
            || !int.TryParse(type[2..], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            || !IsKnown(type[1], width))
        {
            throw new InvalidDataException($"{name}: elements of type {descr} are not read; what is read: bool, int8 to int64, uint8 to uint64, float16 to float64 and texts (U, S)");
        }
        var bytes = type[1] == 'U' ? 4L * width : width;
        return bytes > 1 << 20
            ? throw new InvalidDataException($"{name}: elements of {bytes} bytes are too large")
            : new NpyHeader(type[1], (int)bytes, type[0] == '>', order == "True", sizes.ToImmutable(), count);
    }

    private static bool IsKnown(char kind, int width) => kind switch
    {
        'b' => width == 1,
        'i' or 'u' => width is 1 or 2 or 4 or 8,
        'f' => width is 2 or 4 or 8,
        'U' or 'S' => true,
        _ => false,
    };

    // The header is a Python dictionary literal, of which only three keys and their plain values occur.
    private static string Value(string text, string key, string name)
    {
        foreach (var quote in "'\"")
        {
            var at = text.IndexOf($"{quote}{key}{quote}", StringComparison.Ordinal);
            if (at < 0)
                continue;
            var rest = text.AsSpan(at + key.Length + 2).TrimStart();
            if (rest is not [':', ..])
                break;
            rest = rest[1..].TrimStart();
            var end = rest is ['(', ..] ? rest.IndexOf(')') + 1
                : rest is ['\'' or '"', ..] ? rest[1..].IndexOf(rest[0]) + 2
                : rest is ['[', ..] ? rest.IndexOf(']') + 1
                : rest.IndexOfAny(',', '}');
            if (end > (rest is ['\'' or '"', ..] ? 1 : 0))
                return rest[..end].TrimEnd().ToString();
            break;
        }
        throw new InvalidDataException($"{name}: the header has no readable '{key}'");
    }
}
