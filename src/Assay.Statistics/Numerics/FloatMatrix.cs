namespace Assay.Statistics;

/// <summary>
/// A row-major matrix of single-precision numbers: rows are examples, columns are features, classes or models. It wraps the array that it
/// was given without copying; callers do not change that array afterwards.
/// </summary>
public sealed class FloatMatrix
{
    private readonly float[] values;

    /// <summary>Wraps an array.</summary>
    /// <param name="values">The numbers, row after row; rows × columns of them.</param>
    /// <param name="rows">The number of rows, 0 or more.</param>
    /// <param name="columns">The number of columns, 0 or more.</param>
    /// <exception cref="ArgumentException">The array's length is not rows × columns.</exception>
    public FloatMatrix(float[] values, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if ((long)rows * columns != values.Length)
            throw new ArgumentException($"{values.Length} values do not fill {rows} rows of {columns}", nameof(values));
        this.values = values;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The number of columns.</summary>
    public int Columns { get; }

    /// <summary>All numbers, row after row.</summary>
    public ReadOnlySpan<float> Values => values;

    /// <summary>All numbers, row after row, for use across threads.</summary>
    public ReadOnlyMemory<float> Memory => values;

    /// <summary>One number.</summary>
    public float this[int row, int column] => Row(row)[column];

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => new(values, row * Columns, Columns);

    /// <summary>The given rows, in the given order, as a new matrix. A row may be named more than once.</summary>
    public FloatMatrix Select(ReadOnlySpan<int> rows)
    {
        var chosen = new float[(long)rows.Length * Columns];
        for (var i = 0; i < rows.Length; i++)
            Row(rows[i]).CopyTo(chosen.AsSpan(i * Columns, Columns));
        return new FloatMatrix(chosen, rows.Length, Columns);
    }
}
