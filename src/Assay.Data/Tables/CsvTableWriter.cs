using System.Buffers;
using System.Globalization;
using System.Text;

namespace Assay.Data;

/// <summary>Writes delimited text: a header line, numbers that read back to the same value, quotes only where they are needed.</summary>
internal static class CsvTableWriter
{
    public static void Write(Stream stream, IEnumerable<Table> blocks, char delimiter)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        writer.NewLine = "\n";
        var special = SearchValues.Create([delimiter, '"', '\n', '\r']);
        var hasHeader = false;
        foreach (var table in blocks)
        {
            if (!hasHeader)
                WriteHeader(writer, table, delimiter, special);
            hasHeader = true;
            WriteRows(writer, table, delimiter, special);
        }
    }

    private static void WriteHeader(StreamWriter writer, Table table, char delimiter, SearchValues<char> special)
    {
        for (var c = 0; c < table.Columns.Length; c++)
        {
            if (c > 0)
                writer.Write(delimiter);
            WriteText(writer, table.Columns[c].Name, special);
        }
        writer.WriteLine();
    }

    private static void WriteRows(StreamWriter writer, Table table, char delimiter, SearchValues<char> special)
    {
        Span<char> number = stackalloc char[32];
        for (var row = 0; row < table.RowCount; row++)
        {
            for (var c = 0; c < table.Columns.Length; c++)
            {
                if (c > 0)
                    writer.Write(delimiter);
                switch (table.Columns[c])
                {
                    case FloatColumn column when column.Values.Span[row] is var v && !float.IsNaN(v):
                        v.TryFormat(number, out var length, default, CultureInfo.InvariantCulture);
                        writer.Write(number[..length]);
                        break;
                    case DoubleColumn column when column.Values.Span[row] is var v && !double.IsNaN(v):
                        v.TryFormat(number, out length, default, CultureInfo.InvariantCulture);
                        writer.Write(number[..length]);
                        break;
                    case TextColumn column:
                        // A lone empty cell would be a blank line, which is no row.
                        if (table.Columns.Length == 1 && column.Values[row].Length == 0)
                            writer.Write("\"\"");
                        WriteText(writer, column.Values[row], special);
                        break;
                    default:
                        if (table.Columns.Length == 1)
                            writer.Write("NaN");
                        break;
                }
            }
            writer.WriteLine();
        }
    }

    private static void WriteText(StreamWriter writer, string text, SearchValues<char> special)
    {
        if (text.AsSpan().ContainsAny(special))
            writer.Write($"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        else
            writer.Write(text);
    }
}
