namespace Assay.Data;

/// <summary>Writes the numeric columns of a table as one NumPy matrix, float32 or, where a column needs it, float64.</summary>
internal static class NpyTableWriter
{
    public static void Write(Stream stream, Table table)
    {
        if (table.Columns.FirstOrDefault(c => c is TextColumn) is { } text)
            throw new ArgumentException($"column '{text.Name}' holds texts; a NumPy array takes numbers only", nameof(table));
        var width = table.Columns.Length;
        if ((long)table.RowCount * width > Array.MaxLength)
            throw new ArgumentException($"{table.RowCount} rows of {width} numbers do not fit into one array", nameof(table));
        var shape = $"({table.RowCount}, {width})";
        if (!table.Columns.Any(c => c is DoubleColumn))
        {
            NpyFile.Write(stream, "<f4", shape, table.ToMatrix([.. table.Columns.Select(c => c.Name)]).Values);
            return;
        }
        var values = new double[table.RowCount * width];
        for (var c = 0; c < width; c++)
        {
            for (var i = 0; i < table.RowCount; i++)
                values[i * width + c] = table.Columns[c] is DoubleColumn d ? d.Values.Span[i] : ((FloatColumn)table.Columns[c]).Values.Span[i];
        }
        NpyFile.Write<double>(stream, "<f8", shape, values);
    }
}
