using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// A table read from a file: named columns of equal length, each of numbers or of texts. It is the one door through which CSV, TSV,
/// Parquet, JSONL and NPY files enter (<c>TableFile</c>).
/// </summary>
public sealed class Table
{
    private readonly Dictionary<string, TableColumn> byName;

    /// <summary>Creates a table.</summary>
    /// <param name="source">Where it came from, for messages: a file name.</param>
    /// <param name="columns">The columns.</param>
    /// <exception cref="ArgumentException">Columns differ in length, or a name occurs twice.</exception>
    public Table(string source, ImmutableArray<TableColumn> columns)
    {
        Source = source;
        Columns = columns;
        RowCount = columns.IsEmpty ? 0 : columns[0].Count;
        byName = new Dictionary<string, TableColumn>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            if (column.Count != RowCount)
                throw new ArgumentException($"{source}: column '{column.Name}' has {column.Count} rows, '{columns[0].Name}' has {RowCount}");
            if (!byName.TryAdd(column.Name, column))
                throw new ArgumentException($"{source}: column '{column.Name}' occurs twice");
        }
    }

    /// <summary>Where the table came from, for messages.</summary>
    public string Source { get; }

    /// <summary>For a block of a file: how many of the file's rows come before it, so that messages count rows as the file does.</summary>
    public long FirstRow { get; init; }

    /// <summary>The columns in file order.</summary>
    public ImmutableArray<TableColumn> Columns { get; }

    /// <summary>The number of rows.</summary>
    public int RowCount { get; }

    /// <summary>A column by name.</summary>
    /// <exception cref="InvalidDataException">There is none; the message lists those there are.</exception>
    public TableColumn this[string name] => Find(name)
        ?? throw new InvalidDataException($"{Source}: no column '{name}'; there are: {string.Join(", ", Columns.Take(20).Select(c => c.Name))}{(Columns.Length > 20 ? ", …" : "")}");

    /// <summary>A column by name, or null.</summary>
    public TableColumn? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Some consecutive rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not all there.</exception>
    public Table Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, RowCount - count);
        return new Table(Source, [.. Columns.Select(c => c.Slice(start, count))]);
    }

    /// <summary>
    /// Numeric columns as a matrix, one row for each row of the table. A missing value is NaN; what single precision cannot hold is rounded.
    /// </summary>
    /// <param name="names">The columns, in the order of the matrix.</param>
    /// <exception cref="InvalidDataException">A column is missing or holds texts, or the matrix is too large for memory.</exception>
    public FloatMatrix ToMatrix(params ReadOnlySpan<string> names)
    {
        var columns = new TableColumn[names.Length];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = this[names[c]];
            if (columns[c] is TextColumn text)
                throw new InvalidDataException($"{Source}: column '{text.Name}' holds texts ('{text.Values.FirstOrDefault(t => t.Length > 0)}'), not numbers");
        }
        if ((long)RowCount * columns.Length > Array.MaxLength)
            throw new InvalidDataException($"{Source}: {RowCount} rows of {columns.Length} numbers do not fit into memory at once");
        var width = columns.Length;
        var values = GC.AllocateUninitializedArray<float>(RowCount * width);
        const int blockRows = 1024; // so that one block of all columns stays in cache while it is transposed
        Parallel.For(0, (RowCount + blockRows - 1) / blockRows, block =>
        {
            var end = Math.Min(RowCount, (block + 1) * blockRows);
            for (var c = 0; c < width; c++)
            {
                if (columns[c] is FloatColumn { Values.Span: var floats })
                {
                    for (var i = block * blockRows; i < end; i++)
                        values[i * width + c] = floats[i];
                }
                else if (columns[c] is DoubleColumn { Values.Span: var doubles })
                {
                    for (var i = block * blockRows; i < end; i++)
                        values[i * width + c] = (float)doubles[i];
                }
            }
        });
        return new FloatMatrix(values, RowCount, width);
    }
}

/// <summary>A column of a <see cref="Table"/>.</summary>
public abstract class TableColumn(string name)
{
    /// <summary>The column's name.</summary>
    public string Name { get; } = name;

    /// <summary>The number of rows.</summary>
    public abstract int Count { get; }

    internal abstract TableColumn Slice(int start, int count);
}

/// <summary>A column of single-precision numbers; a missing value is NaN.</summary>
public sealed class FloatColumn(string name, float[] values) : TableColumn(name)
{
    /// <inheritdoc/>
    public override int Count => values.Length;

    /// <summary>The numbers.</summary>
    public ReadOnlyMemory<float> Values => values;

    internal override TableColumn Slice(int start, int count) => new FloatColumn(Name, values.AsSpan(start, count).ToArray());
}

/// <summary>A column of integers or of numbers that single precision cannot hold; a missing value is NaN.</summary>
public sealed class DoubleColumn(string name, double[] values) : TableColumn(name)
{
    /// <inheritdoc/>
    public override int Count => values.Length;

    /// <summary>The numbers.</summary>
    public ReadOnlyMemory<double> Values => values;

    internal override TableColumn Slice(int start, int count) => new DoubleColumn(Name, values.AsSpan(start, count).ToArray());
}

/// <summary>A column of texts.</summary>
public sealed class TextColumn(string name, ImmutableArray<string> values) : TableColumn(name)
{
    /// <inheritdoc/>
    public override int Count => values.Length;

    /// <summary>The texts; a missing one is empty.</summary>
    public ImmutableArray<string> Values => values;

    /// <summary>The texts as categories, in the order of first appearance.</summary>
    public CategoryColumn ToCategories() => CategoryColumn.FromTexts(values);

    internal override TableColumn Slice(int start, int count) => new TextColumn(Name, values.Slice(start, count));
}
