using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Assay.Data;

/// <summary>
/// Reads delimited text. Text without quotes is cut at line ends and parsed on all cores; once a quote occurs, the rows are read one after
/// the other, because only then can a line end inside a cell be told from the end of a row.
/// </summary>
internal sealed unsafe class CsvTableReader
{
    private const int ChunkSize = 2 << 20;
    private readonly ByteSource source;
    private readonly CsvDialect dialect;
    private readonly CsvLayout layout;
    private readonly ImmutableArray<string> wanted;
    private ColumnKind[] kinds;

    public CsvTableReader(ByteSource source, TableFormat format, TableReadOptions options)
    {
        this.source = source;
        dialect = CsvDialect.Detect(source, format, options);
        wanted = options.Columns.IsEmpty ? dialect.Names : options.Columns;
        foreach (var name in wanted.Concat(options.NumericColumns).Concat(options.TextColumns))
        {
            if (!dialect.Names.Contains(name))
                throw new InvalidDataException($"{source.Name}: no column '{name}'; there are: {string.Join(", ", dialect.Names.Take(20))}{(dialect.Names.Length > 20 ? ", …" : "")}");
        }
        layout = new CsvLayout(
            source.Name, dialect.Names, [.. dialect.Names.Select(n => options.NumericColumns.Contains(n))], options.SinglePrecision, (byte)dialect.Delimiter);
        var chosen = wanted.ToHashSet(StringComparer.Ordinal);
        kinds = [.. dialect.Names.Select(n => !chosen.Contains(n) ? ColumnKind.Skip : options.TextColumns.Contains(n) ? ColumnKind.Text : ColumnKind.Float)];
    }

    public Table Read()
    {
        if (dialect.Plain)
        {
            LearnKinds();
            if (ReadRange(dialect.BodyOffset, source.Length, dialect.BodyLine, layout) is { } columns)
                return TableOf(columns);
        }
        return ReadQuoted();
    }

    public IEnumerable<Table> ReadBlocks(int rowsPerBlock)
    {
        var offset = dialect.BodyOffset;
        long line = dialect.BodyLine;
        var strict = layout;
        if (dialect.Plain)
        {
            LearnKinds();
            while (offset < source.Length)
            {
                var end = EndOfLines(offset, rowsPerBlock, out var lines);
                if (ReadRange(offset, end, line, strict) is not { } columns)
                    break;
                strict = Strict();
                offset = end;
                line += lines;
                if (columns.Max(c => c.Count) > 0)
                    yield return TableOf(columns);
            }
            if (offset >= source.Length)
                yield break;
        }
        var quoted = new QuotedCsvReader(source, dialect, line == dialect.BodyLine ? LearnQuotedKinds() : strict);
        foreach (var columns in quoted.Read(offset, line, kinds, rowsPerBlock, [.. kinds]))
            yield return TableOf(columns);
    }

    // After the first block, what is a number stays a number: a text in a later block is an error that names the line.
    private CsvLayout Strict() => layout with { MustBeNumeric = [.. kinds.Select(k => k is ColumnKind.Float or ColumnKind.Double)] };

    private CsvLayout LearnQuotedKinds()
    {
        var needed = kinds.ToArray();
        _ = new QuotedCsvReader(source, dialect, layout).Read(dialect.BodyOffset, dialect.BodyLine, kinds, 1000, needed).FirstOrDefault();
        kinds = needed;
        return Strict();
    }

    private Table ReadQuoted()
    {
        LearnQuotedKinds();
        var needed = kinds.ToArray();
        var reader = new QuotedCsvReader(source, dialect, layout);
        var columns = reader.Read(dialect.BodyOffset, dialect.BodyLine, kinds, int.MaxValue, needed).FirstOrDefault();
        if (!needed.AsSpan().SequenceEqual(kinds))
            columns = reader.Read(dialect.BodyOffset, dialect.BodyLine, needed, int.MaxValue, needed).FirstOrDefault();
        return TableOf(columns ?? [.. layout.Names.Select(n => new FloatColumn(n, []))]);
    }

    private Table TableOf(TableColumn[] columns)
    {
        if (wanted == dialect.Names)
            return new Table(source.Name, ImmutableCollectionsMarshal.AsImmutableArray(columns));
        var byName = columns.ToDictionary(c => c.Name, StringComparer.Ordinal);
        return new Table(source.Name, [.. wanted.Select(n => byName[n])]);
    }

    // The first lines say what most columns are, so that few chunks must be read twice.
    private void LearnKinds()
    {
        var head = new byte[Math.Min(1 << 16, source.Length - dialect.BodyOffset) + 1];
        var read = source.Read(dialect.BodyOffset, head.AsSpan(0, head.Length - 1));
        var length = head.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
        if (head.AsSpan(0, length).Contains((byte)'"'))
            return;
        var block = new CsvBlock(layout);
        fixed (byte* p = head)
            block.Parse(p, p + length, kinds);
        kinds = block.Needed;
    }

    // Reads the lines of a range, or returns null where quotes occur.
    private TableColumn[]? ReadRange(long start, long end, long firstLine, CsvLayout how)
    {
        var count = (int)Math.Max(1, (end - start + ChunkSize - 1) / ChunkSize);
        var blocks = new CsvBlock?[count];
        var quotes = ParseAll(start, end, blocks, Enumerable.Range(0, count), how);
        if (quotes)
            return null;
        foreach (var block in blocks)
        {
            if (block is { Fault: { } fault })
                throw new InvalidDataException($"{source.Name}: line {firstLine + LinesBefore(start, end, Array.IndexOf(blocks, block)) + fault.Line}: {fault.Message}");
        }
        foreach (var block in blocks)
        {
            for (var c = 0; block is not null && c < kinds.Length; c++)
                kinds[c] = (ColumnKind)Math.Max((byte)kinds[c], (byte)block.Needed[c]);
        }
        var stale = Enumerable.Range(0, count).Where(i => blocks[i] is { } b && !b.Kinds.AsSpan().SequenceEqual(kinds)).ToArray();
        if (stale.Length > 0)
            ParseAll(start, end, blocks, stale, how);
        return Join(blocks);
    }

    private bool ParseAll(long start, long end, CsvBlock?[] blocks, IEnumerable<int> which, CsvLayout how)
    {
        var quotes = false;
        var snapshot = kinds;
        Parallel.ForEach(which, static () => Array.Empty<byte>(), (i, loop, buffer) =>
        {
            var from = start + (long)i * ChunkSize;
            if (!ReadLines(start, end, from, Math.Min(end, from + ChunkSize), ref buffer, out var first, out var length, out _))
                return buffer;
            if (buffer.AsSpan(first, length - first).Contains((byte)'"'))
            {
                quotes = true;
                loop.Stop();
                return buffer;
            }
            var block = new CsvBlock(how);
            fixed (byte* p = buffer)
                block.Parse(p + first, p + length, snapshot);
            blocks[i] = block;
            if (block.Fault is not null)
                loop.Break();
            return buffer;
        }, static _ => { });
        return quotes;
    }

    /// <summary>Reads the lines that start in [from, to) of a range; a line feed follows them in the buffer.</summary>
    private bool ReadLines(long rangeStart, long rangeEnd, long from, long to, ref byte[] buffer, out int first, out int length, out long offset)
    {
        offset = from > rangeStart ? from - 1 : from;
        first = 0;
        length = 0;
        for (var slack = 1 << 16; ; slack *= 4)
        {
            var want = Math.Min(to + slack, rangeEnd) - offset;
            if (want > Array.MaxLength - 1)
                throw new InvalidDataException($"{source.Name}: a line is longer than 1 GB; this is no table of text");
            if (buffer.Length < want + 1)
                buffer = GC.AllocateUninitializedArray<byte>((int)want + 1);
            var read = source.Read(offset, buffer.AsSpan(0, (int)want));
            first = from > rangeStart ? buffer.AsSpan(0, read).IndexOf((byte)'\n') + 1 : 0;
            if (from > rangeStart && (first == 0 || offset + first >= to))
                return false;
            length = read;
            if (to < rangeEnd)
            {
                var last = (int)(to - 1 - offset);
                var feed = buffer.AsSpan(last, read - last).IndexOf((byte)'\n');
                if (feed < 0 && offset + read < rangeEnd)
                    continue;
                length = feed < 0 ? read : last + feed + 1;
            }
            buffer[length] = (byte)'\n';
            return true;
        }
    }

    private long LinesBefore(long start, long end, int chunk)
    {
        var buffer = Array.Empty<byte>();
        var from = start + (long)chunk * ChunkSize;
        if (!ReadLines(start, end, from, Math.Min(end, from + ChunkSize), ref buffer, out var first, out _, out var offset))
            return 0;
        return CountLines(start, offset + first);
    }

    private long CountLines(long from, long to)
    {
        var buffer = new byte[1 << 16];
        long lines = 0;
        for (var p = from; p < to; p += buffer.Length)
        {
            var read = source.Read(p, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - p)));
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        }
        return lines;
    }

    // The offset after the given number of further lines, or the end of the file.
    private long EndOfLines(long from, int count, out long lines)
    {
        var buffer = new byte[1 << 18];
        lines = 0;
        for (var p = from; p < source.Length; p += buffer.Length)
        {
            var span = buffer.AsSpan(0, source.Read(p, buffer));
            var here = span.Count((byte)'\n');
            if (lines + here < count)
            {
                lines += here;
                continue;
            }
            var at = 0;
            for (; lines < count; lines++)
                at += span[at..].IndexOf((byte)'\n') + 1;
            return p + at;
        }
        return source.Length;
    }

    private TableColumn[] Join(CsvBlock?[] blocks)
    {
        var parts = blocks.Where(b => b is { Rows: > 0 }).ToArray();
        var total = parts.Sum(b => (long)b!.Rows);
        if (total > Array.MaxLength)
            throw new InvalidDataException($"{source.Name}: {total} rows do not fit into memory at once; read the file in blocks");
        var columns = new TableColumn[kinds.Length];
        Parallel.For(0, kinds.Length, c => columns[c] = kinds[c] switch
        {
            ColumnKind.Text => new TextColumn(layout.Names[c], ImmutableCollectionsMarshal.AsImmutableArray(JoinColumn<string>(parts, c, (int)total))),
            ColumnKind.Double => new DoubleColumn(layout.Names[c], JoinColumn<double>(parts, c, (int)total)),
            ColumnKind.Float => new FloatColumn(layout.Names[c], JoinColumn<float>(parts, c, (int)total)),
            _ => new FloatColumn(layout.Names[c], []),
        });
        return columns;
    }

    private static T[] JoinColumn<T>(CsvBlock?[] parts, int column, int total)
    {
        var joined = GC.AllocateUninitializedArray<T>(total);
        var at = 0;
        foreach (var part in parts)
        {
            Unsafe.As<T[]>(part!.Values[column]!).AsSpan(0, part.Rows).CopyTo(joined.AsSpan(at));
            at += part.Rows;
        }
        return joined;
    }
}
