using Parquet;
using Parquet.Schema;

namespace Assay.Data;

/// <summary>Writes Parquet in row groups that a reader of blocks can hold in memory.</summary>
internal static class ParquetTableWriter
{
    private const int GroupRows = 1 << 18;

    public static void Write(Stream stream, IEnumerable<Table> blocks) => WriteAsync(stream, blocks).GetAwaiter().GetResult();

    private static async Task WriteAsync(Stream stream, IEnumerable<Table> blocks)
    {
        DataField[] fields = [];
        ParquetWriter? writer = null;
        try
        {
            foreach (var table in blocks)
            {
                if (writer is null)
                {
                    fields = Fields(table);
                    writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
                }
                await WriteGroupsAsync(writer, fields, table);
            }
        }
        finally
        {
            if (writer is not null)
                await writer.DisposeAsync();
        }
    }

    private static DataField[] Fields(Table table) => table.Columns.IsEmpty
        ? throw new ArgumentException("a Parquet file needs at least one column", nameof(table))
        : [.. table.Columns.Select(c => c switch
        {
            FloatColumn => new DataField(c.Name, typeof(float), isNullable: false),
            DoubleColumn => new DataField(c.Name, typeof(double), isNullable: false),
            _ => new DataField(c.Name, typeof(string), isNullable: false),
        })];

    private static async Task WriteGroupsAsync(ParquetWriter writer, DataField[] fields, Table table)
    {
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
