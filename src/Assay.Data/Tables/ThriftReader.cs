namespace Assay.Data;

/// <summary>Walks a message in Thrift's compact protocol: fields by number, sizes never beyond the bytes that are there.</summary>
internal sealed class ThriftReader(byte[] buffer, int length)
{
    private const int MaxDepth = 24;

    /// <summary>The offset of the next byte.</summary>
    public int Position { get; private set; }

    /// <summary>The next field of a struct; false at its end.</summary>
    public bool NextField(ref int id, out int type)
    {
        var head = Byte();
        type = head & 15;
        if (head == 0)
            return false;
        id = head >> 4 == 0 ? (int)ZigZag() : id + (head >> 4);
        return true;
    }

    /// <summary>Skips a value.</summary>
    /// <exception cref="EndOfStreamException">It ends after the bytes that are there.</exception>
    public void Skip(int type, int depth = 0)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException("a header is nested too deeply");
        switch (type)
        {
            case 1 or 2:
                break;
            case 3:
                Advance(1);
                break;
            case 4 or 5 or 6:
                _ = ZigZag();
                break;
            case 7:
                Advance(8);
                break;
            case 8:
                Advance((long)Varint());
                break;
            case 9 or 10:
                for (var count = ListSize(out var element); count > 0; count--)
                    Skip(element is 1 or 2 ? 3 : element, depth + 1); // a boolean in a list takes a byte
                break;
            case 11:
                throw new InvalidDataException("a header holds a map, which Parquet does not use");
            case 12:
                for (var id = 0; NextField(ref id, out var inner);)
                    Skip(inner, depth + 1);
                break;
            default:
                throw new InvalidDataException("a header is damaged");
        }
    }

    /// <summary>The number and the type of a list's elements.</summary>
    public int ListSize(out int elementType)
    {
        var head = Byte();
        elementType = head & 15;
        var count = head >> 4 == 15 ? Varint() : (ulong)(head >> 4);
        return count <= (ulong)(length - Position) ? (int)count : throw new EndOfStreamException();
    }

    /// <summary>Goes back to the first byte.</summary>
    public void Rewind() => Position = 0;

    private byte Byte() => Position < length ? buffer[Position++] : throw new EndOfStreamException();

    private void Advance(long count)
    {
        if (count < 0 || count > length - Position)
            throw new EndOfStreamException();
        Position += (int)count;
    }

    /// <summary>An unsigned integer of 7 bits a byte.</summary>
    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw new InvalidDataException("a header is damaged");
    }

    /// <summary>A signed integer.</summary>
    public long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A size or count; -1 if it is negative or too large.</summary>
    public int Int() => ZigZag() is >= 0 and <= int.MaxValue and var v ? (int)v : -1;
}
