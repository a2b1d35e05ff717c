using System.Text;
using Sylvan.Data.Csv;

namespace Assay.Data;

/// <summary>Reads delimited text with quotes, one row after the other.</summary>
internal sealed class QuotedCsvReader(ByteSource source, CsvDialect dialect, CsvLayout layout)
{
    /// <summary>The rows as blocks of at most <paramref name="rowsPerBlock"/>.</summary>
    /// <param name="offset">Where the first row starts.</param>
    /// <param name="line">The line number there.</param>
    /// <param name="kinds">What each column is read as; numbers come as float or as double, as they need.</param>
    /// <param name="rowsPerBlock">The largest number of rows of a block.</param>
    /// <param name="needed">Receives <see cref="ColumnKind.Text"/> for each numeric column in which a text occurs.</param>
    public IEnumerable<TableColumn[]> Read(long offset, long line, ColumnKind[] kinds, int rowsPerBlock, ColumnKind[] needed)
    {
        using var text = dialect.OpenText(source, dialect.Plain ? offset : 0);
        using var reader = Guard(line, () => CsvDataReader.Create(text, new CsvDataReaderOptions
        {
            HasHeaders = false,
            Delimiter = dialect.Delimiter,
            Comment = '\0',
            BufferSize = 1 << 16,
            MaxBufferSize = 1 << 28,
        }));
        var builders = kinds.Select((kind, c) => new ColumnBuilder(layout.Names[c], kind, layout.SinglePrecision)).ToArray();
        var rows = 0;
        var skip = dialect.Plain ? 0 : (int)dialect.BodyOffset;
        if (skip > 0)
            line = 1;
        while (Guard(line, reader.Read))
        {
            var here = line;
            var raw = reader.GetRawRecordSpan();
            line += Math.Max(1, raw.Count('\n'));
            if (raw.TrimEnd("\r\n").IsEmpty || skip-- > 0)
                continue;
            if (reader.RowFieldCount != kinds.Length)
                throw new InvalidDataException($"{source.Name}: line {here}: {CsvBlock.RaggedMessage(layout, reader.RowFieldCount)}");
            for (var c = 0; c < kinds.Length; c++)
            {
                if (builders[c].Add(reader.GetFieldSpan(c)))
                    continue;
                if (layout.MustBeNumeric[c])
                    throw new InvalidDataException($"{source.Name}: line {here}: column '{layout.Names[c]}': '{reader.GetString(c)}' is not a number");
                needed[c] = ColumnKind.Text;
            }
            if (++rows == rowsPerBlock)
            {
                yield return [.. builders.Select(b => b.Take())];
                rows = 0;
            }
        }
        if (rows > 0)
            yield return [.. builders.Select(b => b.Take())];
    }

    private T Guard<T>(long line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CsvFormatException e)
        {
            throw new InvalidDataException($"{source.Name}: line {line}: {e.Message}", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{source.Name}: near line {line}: not UTF-8 text; save the file as UTF-8", e);
        }
    }

    /// <summary>Collects the cells of one column.</summary>
    private sealed class ColumnBuilder(string name, ColumnKind kind, bool singlePrecision)
    {
        private readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);
        private readonly List<string> texts = [];
        private readonly List<double> numbers = [];
        private bool isPrecise;

        /// <summary>Adds a cell.</summary>
        /// <returns>False if the cell is a text in a column of numbers; its value is then missing.</returns>
        public bool Add(ReadOnlySpan<char> cell)
        {
            if (kind == ColumnKind.Text)
            {
                texts.Add(Intern(cell));
                return true;
            }
            if (kind == ColumnKind.Skip)
                return true;
            Span<byte> bytes = stackalloc byte[128];
            var value = double.NaN;
            var precise = false;
            var isNumber = Encoding.UTF8.TryGetBytes(cell, bytes, out var length) && CsvNumber.TryParse(bytes[..length], out value, out precise);
            numbers.Add(value);
            isPrecise |= precise;
            return isNumber;
        }

        public TableColumn Take()
        {
            if (kind == ColumnKind.Text)
            {
                var column = new TextColumn(name, [.. texts]);
                texts.Clear();
                return column;
            }
            TableColumn result = isPrecise && !singlePrecision
                ? new DoubleColumn(name, [.. numbers])
                : new FloatColumn(name, [.. numbers.Select(v => (float)v)]);
            numbers.Clear();
            isPrecise = false;
            return result;
        }

        private string Intern(ReadOnlySpan<char> cell)
        {
            var lookup = seen.GetAlternateLookup<ReadOnlySpan<char>>();
            if (lookup.TryGetValue(cell, out var known))
                return known;
            var text = cell.ToString();
            if (seen.Count < 4096)
                seen.Add(text, text);
            return text;
        }
    }
}
