using System.Collections.Immutable;

namespace Assay.Data;

/// <summary>What becomes of features that are missing.</summary>
public enum MissingValues
{
    /// <summary>An error that names row and column.</summary>
    Refuse,
    /// <summary>The mean of the column's other values. Over the whole file: where test rows must not leak, split first and impute then.</summary>
    Mean,
    /// <summary>The median of the column's other values.</summary>
    Median,
    /// <summary>They stay NaN; most models and <see cref="Dataset.Validate"/> refuse them.</summary>
    Keep,
}

/// <summary>
/// Which column of a file plays which part, by name; what has no part is a feature. A role that is left null goes to the column with the
/// conventional name, if there is one: <c>label</c>, <c>labels</c>, <c>class</c> or <c>y</c>; <c>target</c>; <c>text</c>; <c>domain</c>;
/// <c>group</c>; <c>id</c>.
/// </summary>
public sealed record DataRoles
{
    /// <summary>Only the conventional names.</summary>
    public static DataRoles Default { get; } = new();

    /// <summary>The column of class labels: texts or integers.</summary>
    public string? Label { get; init; }

    /// <summary>The column of real-valued targets.</summary>
    public string? Target { get; init; }

    /// <summary>The column of texts.</summary>
    public string? Text { get; init; }

    /// <summary>The column that says where an example comes from.</summary>
    public string? Domain { get; init; }

    /// <summary>The column that says which examples belong together.</summary>
    public string? Group { get; init; }

    /// <summary>The column of unique ids; without it the row number, counted from 0, is the id.</summary>
    public string? Id { get; init; }

    /// <summary>Columns that play no part.</summary>
    public ImmutableArray<string> Drop { get; init; } = [];

    /// <summary>
    /// The classes in order, or empty: then the labels that occur, sorted (as numbers where all are integers). A label outside is an error;
    /// an integer label counts into this list.
    /// </summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>What becomes of missing features.</summary>
    public MissingValues Missing { get; init; }

    /// <summary>
    /// The most distinct values that a text column among the features may have. It becomes one 0/1 feature for each of them, named
    /// <c>column=value</c>, sorted; a column with more is refused.
    /// </summary>
    public int MaxCategories { get; init; } = 50;

    /// <summary>Images of a folder: the size (height, width) they are resized to, or null where all have one size.</summary>
    public (int Height, int Width)? ImageSize { get; init; }

    /// <summary>Images of a folder: whether they are read in grey; null: if all of them are grey.</summary>
    public bool? Grey { get; init; }

    /// <summary>The shape of one example, where the features of a table are images: [channels, height, width].</summary>
    public ImmutableArray<int> Shape { get; init; } = [];
}
