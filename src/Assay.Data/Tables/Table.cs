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
}

/// <summary>A column of a <see cref="Table"/>.</summary>
public abstract class TableColumn(string name)
{
    /// <summary>The column's name.</summary>
    public string Name { get; } = name;

    /// <summary>The number of rows.</summary>
    public abstract int Count { get; }
}

/// <summary>A column of single-precision numbers; a missing value is NaN.</summary>
public sealed class FloatColumn(string name, float[] values) : TableColumn(name)
{
    /// <inheritdoc/>
    public override int Count => values.Length;

    /// <summary>The numbers.</summary>
    public ReadOnlyMemory<float> Values => values;
}

/// <summary>A column of integers or of numbers that single precision cannot hold; a missing value is NaN.</summary>
public sealed class DoubleColumn(string name, double[] values) : TableColumn(name)
{
    /// <inheritdoc/>
    public override int Count => values.Length;

    /// <summary>The numbers.</summary>
    public ReadOnlyMemory<double> Values => values;
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
}
