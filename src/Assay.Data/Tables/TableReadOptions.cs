using System.Collections.Immutable;

namespace Assay.Data;

/// <summary>How <see cref="TableFile"/> reads a file. The defaults read any well-formed file.</summary>
public sealed record TableReadOptions
{
    /// <summary>The options that read any well-formed file.</summary>
    public static TableReadOptions Default { get; } = new();

    /// <summary>The format, or null to tell it from the extension and the first bytes.</summary>
    public TableFormat? Format { get; init; }

    /// <summary>The columns to read, in this order, or empty for all. Leaving out what is not needed saves time and memory.</summary>
    public ImmutableArray<string> Columns { get; init; } = [];

    /// <summary>Columns that must be numeric: a cell that is no number is an error that names its line, instead of making the column text.</summary>
    public ImmutableArray<string> NumericColumns { get; init; } = [];

    /// <summary>Columns that stay texts even if all cells look like numbers (ids such as <c>007</c>).</summary>
    public ImmutableArray<string> TextColumns { get; init; } = [];

    /// <summary>Whether numbers are always rounded to single precision: half the memory, right for scores and features. Default: only where nothing is lost.</summary>
    public bool SinglePrecision { get; init; }

    /// <summary>CSV: the delimiter, or null to find it (comma, tab, semicolon or bar).</summary>
    public char? Delimiter { get; init; }

    /// <summary>
    /// CSV: whether the first line names the columns, or null to find out: a first line of numbers only is data, unless the numbers count
    /// the columns (0, 1, 2, … or 1, 2, 3, …). Columns without a name are called <c>column1</c>, <c>column2</c>, …
    /// </summary>
    public bool? HasHeader { get; init; }
}
