namespace Assay.Data;

/// <summary>
/// The one door through which tables enter and leave: CSV, TSV, Parquet, JSONL, NPY and NPZ, packed with gzip or not. Every defect of a file
/// is an <see cref="InvalidDataException"/> that names the file, the line or row, and the column.
/// </summary>
public static class TableFile
{
    /// <summary>Reads a whole table.</summary>
    /// <param name="path">The file. Its format follows from its first bytes and its extension.</param>
    /// <param name="options">How to read it, or null for the defaults.</param>
    /// <exception cref="InvalidDataException">The file is no well-formed table, or lacks a column that the options name.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static Table Read(string path, TableReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var source = ByteSource.Open(path);
        return Read(source, options ?? TableReadOptions.Default);
    }

    /// <summary>Reads a whole table from a stream, for example an embedded resource.</summary>
    /// <param name="stream">The content, packed with gzip or not.</param>
    /// <param name="name">The file name, for messages and for the format.</param>
    /// <param name="options">How to read it, or null for the defaults.</param>
    /// <exception cref="InvalidDataException">The content is no well-formed table.</exception>
    public static Table Read(Stream stream, string name, TableReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        using var source = ByteSource.Of(name, stream);
        return Read(source, options ?? TableReadOptions.Default);
    }

    /// <summary>
    /// Reads a table block by block, so that memory is bounded by a block (CSV, TSV), or by a row group (Parquet); other formats are read
    /// whole and cut. In CSV, a column that is numeric in the first block must stay numeric.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="rowsPerBlock">The largest number of rows of a block, at least 1.</param>
    /// <param name="options">How to read it, or null for the defaults.</param>
    /// <exception cref="InvalidDataException">The file is no well-formed table; thrown when the defect is reached.</exception>
    public static IEnumerable<Table> ReadBlocks(string path, int rowsPerBlock, TableReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerBlock);
        return Blocks(path, rowsPerBlock, options ?? TableReadOptions.Default);
    }

    /// <summary>Reads the first rows of a table, from which its columns and their kinds are known.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">The most rows, at least 1.</param>
    /// <param name="options">How to read it, or null for the defaults.</param>
    /// <exception cref="InvalidDataException">The file is no well-formed table, or has no rows.</exception>
    public static Table ReadHead(string path, int rows, TableReadOptions? options = null) =>
        ReadBlocks(path, rows, options).FirstOrDefault() ?? throw new InvalidDataException($"{path}: there are no rows");

    /// <summary>
    /// Writes a table as CSV, TSV, Parquet, JSONL or NPY, by the extension. The file appears complete or not at all. A missing value is an
    /// empty cell in CSV, null in JSONL, and NaN elsewhere; NPY takes numbers only.
    /// </summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="table">The table.</param>
    /// <exception cref="ArgumentException">The extension names no format that is written, or the format cannot hold the table.</exception>
    public static void Write(string path, Table table)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(table);
        switch (TableFormats.OfExtension(path))
        {
            case TableFormat.Csv:
                AtomicFile.Write(path, stream => CsvTableWriter.Write(stream, [table], ','));
                break;
            case TableFormat.Tsv:
                AtomicFile.Write(path, stream => CsvTableWriter.Write(stream, [table], '\t'));
                break;
            case TableFormat.Parquet:
                AtomicFile.Write(path, stream => ParquetTableWriter.Write(stream, [table]));
                break;
            case TableFormat.JsonLines:
                AtomicFile.Write(path, stream => JsonLinesTableWriter.Write(stream, table));
                break;
            case TableFormat.Npy:
                AtomicFile.Write(path, stream => NpyTableWriter.Write(stream, table));
                break;
            default:
                throw new ArgumentException($"'{path}': the extension must be .csv, .tsv, .parquet, .jsonl or .npy", nameof(path));
        }
    }

    /// <summary>
    /// Writes blocks of rows one after the other, so that a table may be larger than memory: CSV, TSV, Parquet (a row group for each block) or JSONL.
    /// The file appears complete or not at all.
    /// </summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="blocks">The blocks, at least one, all with the same columns.</param>
    /// <exception cref="ArgumentException">There is no block, a block has other columns than the first, or the extension names no such format.</exception>
    public static void WriteBlocks(string path, IEnumerable<Table> blocks)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(blocks);
        var alike = Alike(blocks);
        switch (TableFormats.OfExtension(path))
        {
            case var format and (TableFormat.Csv or TableFormat.Tsv):
                AtomicFile.Write(path, stream => CsvTableWriter.Write(stream, alike, format == TableFormat.Csv ? ',' : '\t'));
                break;
            case TableFormat.Parquet:
                AtomicFile.Write(path, stream => ParquetTableWriter.Write(stream, alike));
                break;
            case TableFormat.JsonLines:
                AtomicFile.Write(path, stream =>
                {
                    foreach (var block in alike)
                        JsonLinesTableWriter.Write(stream, block);
                });
                break;
            default:
                throw new ArgumentException($"'{path}': the extension must be .csv, .tsv, .parquet or .jsonl", nameof(path));
        }
    }

    private static IEnumerable<Table> Alike(IEnumerable<Table> blocks)
    {
        Table? first = null;
        foreach (var block in blocks)
        {
            first ??= block;
            if (!block.Columns.Select(c => (c.Name, c.GetType())).SequenceEqual(first.Columns.Select(c => (c.Name, c.GetType()))))
                throw new ArgumentException($"a block has the columns {string.Join(", ", block.Columns.Take(12).Select(c => c.Name))}, the first has {string.Join(", ", first.Columns.Take(12).Select(c => c.Name))}; names and kinds must agree", nameof(blocks));
            yield return block;
        }
        if (first is null)
            throw new ArgumentException("at least one block was expected", nameof(blocks));
    }

    private static Table Read(ByteSource source, TableReadOptions options) => Format(source, options) switch
    {
        TableFormat.Parquet => new ParquetTableReader(source, options).Read(),
        TableFormat.JsonLines => new JsonLinesTable(source, options).Read(),
        TableFormat.Npy => Restrict(NpyFile.ReadTable(source), options),
        TableFormat.Npz => Restrict(NpyFile.ReadArchiveTable(source), options),
        var text => new CsvTableReader(source, text, options).Read(),
    };

    private static IEnumerable<Table> Blocks(string path, int rowsPerBlock, TableReadOptions options)
    {
        using var source = ByteSource.Open(path);
        var format = Format(source, options);
        var blocks = format switch
        {
            TableFormat.Csv or TableFormat.Tsv => new CsvTableReader(source, format, options).ReadBlocks(rowsPerBlock),
            TableFormat.Parquet => new ParquetTableReader(source, options).ReadBlocks(rowsPerBlock),
            _ => Cut(Read(source, options), rowsPerBlock),
        };
        long row = 0;
        foreach (var block in blocks)
        {
            yield return row == 0 ? block : new Table(block.Source, block.Columns) { FirstRow = row };
            row += block.RowCount;
        }
    }

    private static IEnumerable<Table> Cut(Table table, int rowsPerBlock)
    {
        for (var row = 0; row < table.RowCount; row += rowsPerBlock)
            yield return table.Slice(row, Math.Min(rowsPerBlock, table.RowCount - row));
    }

    private static TableFormat Format(ByteSource source, TableReadOptions options)
    {
        var head = new byte[Math.Min(256, source.Length)];
        _ = source.Read(0, head);
        return options.Format ?? TableFormats.Detect(source.Name, head);
    }

    // NumPy arrays are typed as a whole: choosing columns comes after reading.
    private static Table Restrict(Table table, TableReadOptions options)
    {
        foreach (var name in options.NumericColumns)
        {
            if (table[name] is TextColumn)
                throw new InvalidDataException($"{table.Source}: column '{name}' holds texts, not numbers");
        }
        return options.Columns.IsEmpty ? table : new Table(table.Source, [.. options.Columns.Select(n => table[n])]);
    }
}
