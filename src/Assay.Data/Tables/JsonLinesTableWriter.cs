using System.Text.Encodings.Web;
using System.Text.Json;

namespace Assay.Data;

/// <summary>Writes one JSON object a line; a missing or infinite number is null.</summary>
internal static class JsonLinesTableWriter
{
    public static void Write(Stream stream, Table table)
    {
        var names = table.Columns.Select(c => JsonEncodedText.Encode(c.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)).ToArray();
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        for (var row = 0; row < table.RowCount; row++)
        {
            json.WriteStartObject();
            for (var c = 0; c < names.Length; c++)
            {
                switch (table.Columns[c])
                {
                    case FloatColumn column when column.Values.Span[row] is var v && float.IsFinite(v):
                        json.WriteNumber(names[c], v);
                        break;
                    case DoubleColumn column when column.Values.Span[row] is var v && double.IsFinite(v):
                        json.WriteNumber(names[c], v);
                        break;
                    case TextColumn column:
                        json.WriteString(names[c], column.Values[row]);
                        break;
                    default:
                        json.WriteNull(names[c]);
                        break;
                }
            }
            json.WriteEndObject();
            json.Flush();
            stream.WriteByte((byte)'\n');
            json.Reset();
        }
    }
}
