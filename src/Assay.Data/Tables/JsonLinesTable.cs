using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Assay.Data;

/// <summary>
/// Reads one JSON object a line. A list of numbers of one length becomes the columns <c>name_0</c>, <c>name_1</c>, …; true and false are 1 and 0;
/// other lists and objects stay JSON text.
/// </summary>
internal sealed class JsonLinesTable(ByteSource source, TableReadOptions options)
{
    private const int MaxColumns = 100_000;
    private readonly Dictionary<string, Builder> columns = new(StringComparer.Ordinal);
    private readonly HashSet<string> wanted = [.. options.Columns];
    private int row;
    private long cells;

    public Table Read()
    {
        using var stream = source.OpenStream();
        var buffer = new byte[1 << 20];
        int filled = 0, line = 1;
        while (true)
        {
            var read = stream.Read(buffer.AsSpan(filled));
            filled += read;
            var start = 0;
            for (int feed; (feed = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += feed + 1)
                ReadLine(buffer.AsSpan(start, feed), line++);
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            if (read == 0)
                break;
            if (filled == buffer.Length)
                Array.Resize(ref buffer, buffer.Length < 1 << 28 ? buffer.Length * 4 : throw new InvalidDataException($"{source.Name}: line {line} is longer than {buffer.Length >> 20} MiB"));
        }
        ReadLine(buffer.AsSpan(0, filled), line);
        return Build();
    }

    private void ReadLine(ReadOnlySpan<byte> bytes, int line)
    {
        bytes = bytes.Trim(" \t\r"u8);
        if (line == 1 && bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        if (bytes.IsEmpty)
            return;
        try
        {
            var reader = new Utf8JsonReader(bytes);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidDataException($"{source.Name}: line {line}: a JSON object was expected");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                if (wanted.Count > 0 && !IsWanted(name))
                    reader.Skip();
                else
                    ReadValue(ref reader, bytes, name, line);
            }
            if (reader.Read())
                throw new InvalidDataException($"{source.Name}: line {line}: something follows the JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{source.Name}: line {line}: not valid JSON: {e.Message}", e);
        }
        row++;
    }

    private bool IsWanted(string name) => wanted.Contains(name) || wanted.Any(w => w.StartsWith(name, StringComparison.Ordinal) && w.AsSpan(name.Length) is ['_', ..]);

    private void ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> bytes, string name, int line)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                _ = Column(name, line);
                break;
            case JsonTokenType.Number:
                Column(name, line).Add(row, reader.GetDouble(), reader.ValueSpan);
                break;
            case JsonTokenType.True or JsonTokenType.False:
                Column(name, line).Add(row, reader.TokenType == JsonTokenType.True ? 1 : 0, reader.ValueSpan);
                break;
            case JsonTokenType.String:
                AddText(name, reader.GetString()!, line);
                break;
            default:
                var start = (int)reader.TokenStartIndex;
                if (reader.TokenType == JsonTokenType.StartArray && TryReadNumbers(reader, out var numbers))
                {
                    for (var i = 0; i < numbers.Count; i++)
                        Column($"{name}_{i}", line).Add(row, numbers[i], default);
                    reader.Skip();
                    break;
                }
                reader.Skip();
                AddText(name, Encoding.UTF8.GetString(bytes[start..(int)reader.BytesConsumed]), line);
                break;
        }
    }

    private static bool TryReadNumbers(Utf8JsonReader reader, out List<double> numbers)
    {
        numbers = [];
        while (reader.Read() && reader.TokenType is JsonTokenType.Number or JsonTokenType.Null)
            numbers.Add(reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble());
        return reader.TokenType == JsonTokenType.EndArray && numbers.Count > 0;
    }

    private void AddText(string name, string text, int line)
    {
        var column = Column(name, line);
        if (column.IsNumeric && options.NumericColumns.Contains(name))
            throw new InvalidDataException($"{source.Name}: line {line}: column '{name}': '{text}' is not a number");
        column.Add(row, text);
    }

    private Builder Column(string name, int line)
    {
        ref var column = ref CollectionsMarshal.GetValueRefOrAddDefault(columns, name, out var known);
        if (!known)
        {
            if (columns.Count > MaxColumns)
                throw new InvalidDataException($"{source.Name}: line {line}: more than {MaxColumns} columns");
            column = new Builder(options.TextColumns.Contains(name));
        }
        if (column!.Count > row)
            throw new InvalidDataException($"{source.Name}: line {line}: column '{name}' occurs twice");
        // A missing cell costs memory too: many lines with ever new names would otherwise take it all.
        cells += row + 1 - column.Count;
        if (cells > 100_000_000 && cells > 16 * source.Length)
            throw new InvalidDataException($"{source.Name}: line {line}: almost all of {columns.Count} columns × {row} rows are missing; this is no table");
        column.PadTo(row);
        return column;
    }

    private Table Build()
    {
        if (row == 0)
            throw new InvalidDataException($"{source.Name}: the file has no lines");
        foreach (var name in options.Columns.Concat(options.NumericColumns).Concat(options.TextColumns))
        {
            if (!columns.ContainsKey(name))
                throw new InvalidDataException($"{source.Name}: no column '{name}'; there are: {string.Join(", ", columns.Keys.Take(20))}{(columns.Count > 20 ? ", …" : "")}");
        }
        if ((long)columns.Count * row > 100_000_000 && (long)columns.Count * row > 16 * source.Length)
            throw new InvalidDataException($"{source.Name}: almost all of {columns.Count} columns × {row} rows are missing; this is no table");
        var names = options.Columns.IsEmpty ? columns.Keys : (IEnumerable<string>)options.Columns;
        return new Table(source.Name, [.. names.Select(n => columns[n].Build(n, row, options.SinglePrecision))]);
    }

    private sealed class Builder(bool isText)
    {
        private List<double>? numbers = isText ? null : [];
        private List<string>? texts = isText ? [] : null;
        private bool isPrecise;

        public int Count => numbers?.Count ?? texts!.Count;

        public bool IsNumeric => numbers is not null;

        public void Add(int row, double value, ReadOnlySpan<byte> written)
        {
            PadTo(row);
            if (numbers is null)
            {
                texts!.Add(written.IsEmpty ? Show(value) : Encoding.UTF8.GetString(written));
                return;
            }
            isPrecise |= written.IsEmpty ? (float)value != value && value is > 16777216 or < -16777216 : CsvNumber.TryParse(written, out _, out var precise) && precise;
            numbers.Add(value);
        }

        public void Add(int row, string text)
        {
            PadTo(row);
            texts ??= [.. numbers!.Select(Show)];
            numbers = null;
            texts.Add(text);
        }

        public void PadTo(int row)
        {
            while (Count < row)
            {
                numbers?.Add(double.NaN);
                texts?.Add("");
            }
        }

        public TableColumn Build(string name, int rows, bool singlePrecision)
        {
            PadTo(rows);
            return texts is not null ? new TextColumn(name, [.. texts])
                : isPrecise && !singlePrecision ? new DoubleColumn(name, [.. numbers!])
                : new FloatColumn(name, [.. numbers!.Select(v => (float)v)]);
        }

        private static string Show(double value) => double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);
    }
}
