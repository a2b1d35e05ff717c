using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Assay.Data;

/// <summary>Decodes the elements of NumPy arrays.</summary>
internal static class NpyElements
{
    public static void Decode(Span<byte> bytes, NpyHeader header, Span<double> values)
    {
        if (header.BigEndian == BitConverter.IsLittleEndian)
            Swap(bytes, header.Size);
        switch (header.Kind, header.Size)
        {
            case ('b' or 'u', 1):
                for (var i = 0; i < values.Length; i++)
                    values[i] = header.Kind == 'b' ? bytes[i] != 0 ? 1 : 0 : bytes[i];
                break;
            case ('i', 1): Convert<sbyte>(bytes, values); break;
            case ('i', 2): Convert<short>(bytes, values); break;
            case ('i', 4): Convert<int>(bytes, values); break;
            case ('i', 8): Convert<long>(bytes, values); break;
            case ('u', 2): Convert<ushort>(bytes, values); break;
            case ('u', 4): Convert<uint>(bytes, values); break;
            case ('u', 8): Convert<ulong>(bytes, values); break;
            case ('f', 2): Convert<Half>(bytes, values); break;
            case ('f', 4): Convert<float>(bytes, values); break;
            default: Convert<double>(bytes, values); break;
        }
    }

    private static void Convert<T>(Span<byte> bytes, Span<double> values) where T : unmanaged, System.Numerics.INumber<T>
    {
        var elements = MemoryMarshal.Cast<byte, T>(bytes);
        for (var i = 0; i < values.Length; i++)
            values[i] = double.CreateTruncating(elements[i]);
    }

    private static void Swap(Span<byte> bytes, int size)
    {
        switch (size)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
            default:
                break;
        }
    }
}
