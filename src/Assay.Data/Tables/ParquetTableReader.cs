using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Parquet;
using Parquet.Schema;

namespace Assay.Data;

/// <summary>Reads the flat columns of a Parquet file, several columns at a time.</summary>
internal sealed class ParquetTableReader
{
    private readonly ByteSource source;
    private readonly TableReadOptions options;
    private readonly DataField[] fields;
    private readonly long[] groupRows;
    private bool isChecked;

    public ParquetTableReader(ByteSource source, TableReadOptions options)
    {
        this.source = source;
        this.options = options;
        using var reader = Open();
        var all = Guard("the schema", () => reader.Value.Schema.DataFields);
        fields = Choose(all);
        groupRows = CheckSizes(reader.Value);
    }

    public Table Read() => ReadGroups(0, groupRows.Length);

    public IEnumerable<Table> ReadBlocks(int rowsPerBlock)
    {
        for (var g = 0; g < groupRows.Length; g++)
        {
            var table = ReadGroups(g, g + 1);
            for (var row = 0; row < table.RowCount; row += rowsPerBlock)
                yield return table.RowCount <= rowsPerBlock ? table : table.Slice(row, Math.Min(rowsPerBlock, table.RowCount - row));
        }
    }

    private DataField[] Choose(DataField[] all)
    {
        var names = all.Select(f => f.Path.ToString()).ToArray();
        var duplicate = names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        if (duplicate is not null)
            throw new InvalidDataException($"{source.Name}: column '{duplicate.Key}' occurs {duplicate.Count()} times");
        if (all.Length == 0)
            throw new InvalidDataException($"{source.Name}: the file has no columns");
        var wanted = options.Columns.IsEmpty ? names : [.. options.Columns];
        foreach (var name in wanted.Concat(options.NumericColumns).Concat(options.TextColumns))
        {
            if (!names.Contains(name))
                throw new InvalidDataException($"{source.Name}: no column '{name}'; there are: {string.Join(", ", names.Take(20))}{(names.Length > 20 ? ", …" : "")}");
        }
        var chosen = wanted.Select(n => all[Array.IndexOf(names, n)]).ToArray();
        foreach (var field in chosen)
        {
            if (field.IsArray || field.MaxRepetitionLevel > 0)
                throw new InvalidDataException($"{source.Name}: column '{field.Path}' holds lists; only flat columns are read, name them");
        }
        return chosen;
    }

    // A file may claim any number of rows; what it claims must at least agree with itself and with the size of the file.
    private long[] CheckSizes(ParquetReader reader)
    {
        var rows = new long[reader.RowGroupCount];
        long total = 0;
        for (var g = 0; g < rows.Length; g++)
        {
            using var group = Guard("the footer", () => reader.OpenRowGroupReader(g));
            rows[g] = group.RowCount;
            if (rows[g] < 0 || rows[g] > Array.MaxLength)
                throw new InvalidDataException($"{source.Name}: row group {g} claims {rows[g]} rows");
            total += rows[g];
            foreach (var field in fields)
            {
                var meta = Guard($"column '{field.Path}'", () => group.GetMetadata(field)?.MetaData)
                    ?? throw new InvalidDataException($"{source.Name}: row group {g} has no column '{field.Path}'");
                var pages = new ParquetPages(source, meta);
                if (meta.NumValues != rows[g])
                    throw new InvalidDataException($"{source.Name}: column '{field.Path}': row group {g} has {rows[g]} rows but {meta.NumValues} values");
                if (pages.Start < 4 || meta.TotalCompressedSize < 0 || pages.End > source.Length)
                    throw new InvalidDataException($"{source.Name}: column '{field.Path}': row group {g} lies outside the file, which is truncated or damaged");
                if (rows[g] > 1 << 24 && rows[g] / (1 << 14) > meta.TotalCompressedSize)
                    throw new InvalidDataException($"{source.Name}: column '{field.Path}': row group {g} claims {rows[g]} rows in {meta.TotalCompressedSize} bytes");
                Guard($"column '{field.Path}'", () =>
                {
                    pages.Check();
                    return 0;
                });
            }
        }
        if (total != reader.Metadata!.NumRows)
            throw new InvalidDataException($"{source.Name}: the file claims {reader.Metadata.NumRows} rows, its row groups {total}");
        return rows;
    }

    private Table ReadGroups(int first, int end)
    {
        var rows = groupRows[first..end].Sum();
        if (rows > Array.MaxLength)
            throw new InvalidDataException($"{source.Name}: {rows} rows do not fit into memory at once; read the file in blocks");
        var columns = new TableColumn[fields.Length];
        try
        {
            Parallel.For(0, fields.Length, Open, (i, _, reader) =>
            {
                columns[i] = ReadColumn(reader.Value, fields[i], first, end, (int)rows);
                return reader;
            }, static reader => reader.Dispose());
        }
        catch (AggregateException e)
        {
            throw e.InnerExceptions.OfType<InvalidDataException>().FirstOrDefault() ?? e.InnerExceptions[0];
        }
        return new Table(source.Name, ImmutableCollectionsMarshal.AsImmutableArray(columns));
    }

    private TableColumn ReadColumn(ParquetReader reader, DataField field, int first, int end, int rows)
    {
        var name = field.Path.ToString();
        return Guard($"column '{name}'", () =>
        {
            if (!options.TextColumns.Contains(name) && ParquetNumbers.Reader(field.ClrType) is { } read)
                return read(reader, field, first, end, rows, options.SinglePrecision);
            if (options.NumericColumns.Contains(name))
                throw new InvalidDataException($"{source.Name}: column '{name}' holds {field.ClrType.Name} values, not numbers");
            var texts = new string?[rows];
            var at = 0;
            for (var g = first; g < end; g++)
            {
                using var group = reader.OpenRowGroupReader(g);
                var count = (int)group.RowCount;
                ReadTexts(group, field, texts.AsMemory(at, count));
                at += count;
            }
            return new TextColumn(name, ImmutableCollectionsMarshal.AsImmutableArray<string>(texts!));
        });
    }

    private static void ReadTexts(ParquetRowGroupReader group, DataField field, Memory<string?> texts)
    {
        if (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
            group.ReadAsync(field, texts).AsTask().GetAwaiter().GetResult();
        else if (field.ClrType == typeof(DateTime))
            Convert<DateTime>(v => v.ToString("O", CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(DateOnly))
            Convert<DateOnly>(v => v.ToString("O", CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(TimeSpan))
            Convert<TimeSpan>(v => v.ToString("c", CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(Guid))
            Convert<Guid>(v => v.ToString());
        else if (field.ClrType == typeof(long))
            Convert<long>(v => v.ToString(CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(int))
            Convert<int>(v => v.ToString(CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(double))
            Convert<double>(v => v.ToString(CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(float))
            Convert<float>(v => v.ToString(CultureInfo.InvariantCulture));
        else if (field.ClrType == typeof(bool))
            Convert<bool>(v => v ? "true" : "false");
        else
            throw new InvalidDataException($"values of type {field.ClrType.Name} are not read");
        foreach (ref var text in texts.Span)
            text ??= "";

        void Convert<T>(Func<T, string> show) where T : struct
        {
            var values = new T?[texts.Length];
            if (field.IsNullable)
                group.ReadAsync(field, values.AsMemory()).AsTask().GetAwaiter().GetResult();
            else
            {
                var plain = new T[texts.Length];
                group.ReadAsync(field, plain.AsMemory()).AsTask().GetAwaiter().GetResult();
                for (var i = 0; i < plain.Length; i++)
                    values[i] = plain[i];
            }
            for (var i = 0; i < values.Length; i++)
                texts.Span[i] = values[i] is { } v ? show(v) : "";
        }
    }

    private Opened Open() => new(Guard("the footer", () =>
    {
        if (!isChecked)
            CheckFooter();
        isChecked = true;
        // At the end of a stream Parquet.Net would read 0xFF for ever: the stream throws instead.
        return ParquetReader.CreateAsync(source.OpenStream(throwAtEnd: true), leaveStreamOpen: false).GetAwaiter().GetResult();
    }));

    // Parquet.Net allocates what the footer claims, so its claims are checked first.
    private void CheckFooter()
    {
        Span<byte> end = stackalloc byte[8];
        _ = source.Read(Math.Max(0, source.Length - 8), end);
        var length = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (!end.EndsWith("PAR1"u8) || length < 0 || length > source.Length - 12)
            throw new InvalidDataException("it does not end with a footer");
        var footer = new byte[length];
        ParquetGrammar.Check(new ThriftReader(footer, source.Read(source.Length - 8 - length, footer)), "FileMetaData");
    }

    // Parquet.Net answers damaged files with whatever exception the damage leads to.
    private T Guard<T>(string where, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e) when (e.Message.StartsWith(source.Name, StringComparison.Ordinal))
        {
            throw;
        }
        catch (Exception e)
        {
            throw new InvalidDataException($"{source.Name}: {where} cannot be read, the Parquet file is damaged or truncated: {e.Message}", e);
        }
    }

    private readonly record struct Opened(ParquetReader Value) : IDisposable
    {
        public void Dispose() => Value.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
