using Parquet;
using Parquet.Schema;

namespace Assay.Data;

/// <summary>Writes Parquet in row groups that a reader of blocks can hold in memory.</summary>
internal static class ParquetTableWriter
{
    private const int GroupRows = 1 << 18;

    public static void Write(Stream stream, Table table) => WriteAsync(stream, table).GetAwaiter().GetResult();

    private static async Task WriteAsync(Stream stream, Table table)
    {
        if (table.Columns.IsEmpty)
            throw new ArgumentException("a Parquet file needs at least one column", nameof(table));
        DataField[] fields = [.. table.Columns.Select(c => c switch
        {
            FloatColumn => new DataField(c.Name, typeof(float), isNullable: false),
            DoubleColumn => new DataField(c.Name, typeof(double), isNullable: false),
            _ => new DataField(c.Name, typeof(string), isNullable: false),
        })];
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
        for (var row = 0; row < table.RowCount || row == 0; row += GroupRows)
        {
            var count = Math.Min(GroupRows, table.RowCount - row);
            using var group = writer.CreateRowGroup();
            for (var c = 0; c < fields.Length; c++)
            {
                switch (table.Columns[c])
                {
                    case FloatColumn column:
                        await group.WriteAsync(fields[c], column.Values.Slice(row, count));
                        break;
                    case DoubleColumn column:
                        await group.WriteAsync(fields[c], column.Values.Slice(row, count));
                        break;
                    case TextColumn column:
                        await group.WriteAsync(fields[c], column.Values.Slice(row, count));
                        break;
                    default:
                        break;
                }
            }
        }
    }
}
