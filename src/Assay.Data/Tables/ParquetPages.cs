using Parquet.Meta;

namespace Assay.Data;

/// <summary>
/// Walks the page headers of a column chunk before Parquet.Net reads it, because it allocates what they claim: sizes must lie inside the
/// chunk, unpack to a sensible multiple, and hold as many values as the footer says.
/// </summary>
internal sealed class ParquetPages(ByteSource source, ColumnMetaData chunk)
{
    private const int MaxHeader = 1 << 16;
    private const int FreeBytes = 1 << 26;
    private const int MaxRatio = 1 << 12;

    /// <summary>Where the first page starts: the offsets of the footer in the order in which Parquet.Net takes them.</summary>
    public long Start => new[] { chunk.DictionaryPageOffset ?? 0, chunk.DataPageOffset, chunk.IndexPageOffset ?? 0 }.Where(o => o != 0).DefaultIfEmpty(0).Min();

    /// <summary>Where the last page ends.</summary>
    public long End => Start + chunk.TotalCompressedSize;

    /// <summary>Checks all pages.</summary>
    /// <exception cref="InvalidDataException">A page cannot be what it claims; the message lacks the file's name.</exception>
    public void Check()
    {
        var position = Start;
        var end = End;
        long values = 0;
        while (values < chunk.NumValues)
        {
            var page = ReadHeader(position, end, out var headerLength);
            position += headerLength;
            if (page.Packed < 0 || page.Unpacked < 0 || page.Values < 0 || page.Levels < 0 || page.Levels > page.Packed || position + page.Packed > end)
                throw new InvalidDataException($"a page of {page.Packed} bytes with {page.Values} values lies outside its column");
            if (page.Unpacked > FreeBytes && page.Unpacked / MaxRatio > page.Packed)
                throw new InvalidDataException($"a page claims {page.Unpacked} bytes packed into {page.Packed}");
            if (page.IsDictionary && page.Values > page.Unpacked)
                throw new InvalidDataException($"a dictionary claims {page.Values} values in {page.Unpacked} bytes");
            if (chunk.Codec == CompressionCodec.SNAPPY && page.Packed > page.Levels && page.IsPacked)
                CheckSnappy(position + page.Levels, page.Unpacked - page.Levels);
            position += page.Packed;
            if (page.IsData)
                values += page.Values;
        }
        if (values != chunk.NumValues)
            throw new InvalidDataException($"the pages hold {values} values, the footer claims {chunk.NumValues}");
    }

    private record struct Page(bool IsData, bool IsDictionary, int Unpacked, int Packed, int Values, int Levels, bool IsPacked);

    // A Snappy block says its own unpacked length first, and that is what gets allocated.
    private void CheckSnappy(long position, int unpacked)
    {
        var buffer = new byte[10];
        var claimed = new ThriftReader(buffer, source.Read(position, buffer)).Varint();
        if (claimed != (ulong)unpacked)
            throw new InvalidDataException($"a page of {unpacked} bytes holds a block that claims {claimed}");
    }

    private Page ReadHeader(long position, long end, out int headerLength)
    {
        for (var size = 256; ; size *= 8)
        {
            var buffer = new byte[Math.Clamp(end - position, 0, size)];
            var thrift = new ThriftReader(buffer, source.Read(position, buffer));
            try
            {
                ParquetGrammar.Check(thrift, "PageHeader");
                thrift.Rewind();
                var page = ParseHeader(thrift);
                headerLength = thrift.Position;
                return page;
            }
            catch (EndOfStreamException) when (buffer.Length == size && size < MaxHeader)
            {
                // A header with long statistics: once more, with more of it.
            }
            catch (EndOfStreamException)
            {
                throw new InvalidDataException("a page header is damaged");
            }
        }
    }

    // Of the fields only the sizes and counts matter here.
    private static Page ParseHeader(ThriftReader thrift)
    {
        var page = new Page { IsPacked = true };
        for (var id = 0; thrift.NextField(ref id, out var type);)
        {
            switch (id)
            {
                case 1:
                    var kind = thrift.Int();
                    page.IsData = kind is 0 or 3;
                    page.IsDictionary = kind == 2;
                    break;
                case 2:
                    page.Unpacked = thrift.Int();
                    break;
                case 3:
                    page.Packed = thrift.Int();
                    break;
                case 5 or 7 or 8:
                    ParseCounts(thrift, id == 8, ref page);
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }
        return page;
    }

    private static void ParseCounts(ThriftReader thrift, bool isVersion2, ref Page page)
    {
        for (var id = 0; thrift.NextField(ref id, out var type);)
        {
            if (id == 1)
                page.Values = thrift.Int();
            else if (isVersion2 && id is 5 or 6)
                page.Levels += thrift.Int(); // version 2 keeps the levels unpacked, before the values
            else if (isVersion2 && id == 7)
                page.IsPacked = type == 1;
            else
                thrift.Skip(type);
        }
    }
}
