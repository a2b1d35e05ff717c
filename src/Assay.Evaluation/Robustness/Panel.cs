using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Rows with named columns of texts and one class label each: what slices are cut from. Operations on columns are computed once and kept.</summary>
public sealed class Panel
{
    private readonly Dictionary<string, object> cache = new(StringComparer.Ordinal);

    /// <summary>Creates a panel.</summary>
    /// <param name="name">The name in reports.</param>
    /// <param name="ids">One unique id for each row.</param>
    /// <param name="columns">The columns of texts by name, the first of which is the one that models read.</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="classNames">The classes.</param>
    /// <exception cref="ArgumentException">Lengths differ, ids are not unique, or there is no column.</exception>
    public Panel(string name, ImmutableArray<string> ids, ImmutableArray<(string Name, ImmutableArray<string> Values)> columns, ImmutableArray<int> labels, ImmutableArray<string> classNames)
    {
        if (columns.IsEmpty || columns.Any(c => c.Values.Length != ids.Length) || labels.Length != ids.Length || ids.Distinct(StringComparer.Ordinal).Count() != ids.Length)
            throw new ArgumentException($"panel '{name}': unique ids, labels and at least one column of the same length were expected", nameof(columns));
        (Name, Ids, Columns, Labels, ClassNames) = (name, ids, columns, labels, classNames);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The ids.</summary>
    public ImmutableArray<string> Ids { get; }

    /// <summary>The columns.</summary>
    public ImmutableArray<(string Name, ImmutableArray<string> Values)> Columns { get; }

    /// <summary>The class of each row.</summary>
    public ImmutableArray<int> Labels { get; }

    /// <summary>The classes.</summary>
    public ImmutableArray<string> ClassNames { get; }

    /// <summary>The number of rows.</summary>
    public int Count => Ids.Length;

    /// <summary>How often an operation's result was already there.</summary>
    public int CacheHits { get; private set; }

    /// <summary>Reads a table (CSV, TSV, JSONL, Parquet).</summary>
    /// <param name="path">The file.</param>
    /// <param name="label">The column of classes.</param>
    /// <param name="text">The column that models read, or null for <c>text</c> or the first column of texts.</param>
    /// <exception cref="InvalidDataException">A column is missing; the message lists those there are.</exception>
    public static Panel Read(string path, string label = "label", string? text = null)
    {
        var head = TableFile.ReadHead(path, 64);
        _ = head[label];
        var table = TableFile.Read(path, new TableReadOptions { TextColumns = [.. new[] { label, "id" }.Where(n => head.Find(n) is not null)] });
        var main = text ?? (table.Find("text") is null ? table.Columns.OfType<TextColumn>().FirstOrDefault(c => c.Name != label && c.Name != "id")?.Name : "text")
            ?? throw new InvalidDataException($"{path}: there is no column of texts");
        var classes = ((TextColumn)table[label]).ToCategories();
        ImmutableArray<(string, ImmutableArray<string>)> columns = [.. table.Columns.OfType<TextColumn>().Where(c => c.Name != label && c.Name != "id").OrderBy(c => c.Name == main ? 0 : 1).Select(c => (c.Name, c.Values))];
        if (table[main] is not TextColumn)
            throw new InvalidDataException($"{path}: column '{main}' holds numbers; texts were expected");
        return new Panel(Path.GetFileNameWithoutExtension(path), table.Find("id") is TextColumn ids ? ids.Values : [.. Enumerable.Range(0, table.RowCount).Select(i => $"{i}")], columns, classes.Codes, classes.Names);
    }

    /// <summary>A column's texts; null names the first column.</summary>
    /// <exception cref="ArgumentException">There is no such column; the message lists those there are.</exception>
    public ImmutableArray<string> Texts(string? column = null) => column is null ? Columns[0].Values : Columns.FirstOrDefault(c => c.Name == column) is { Name: not null } found
        ? found.Values
        : throw new ArgumentException($"there is no column '{column}'; there are: {string.Join(", ", Columns.Select(c => c.Name))}", nameof(column));

    /// <summary>The lower-cased words of a column, computed once.</summary>
    public ImmutableArray<string>[] Tokens(string? column = null) => Cached($"tokens:{column}", () => Texts(column).Select(t => HashedBagOfWords.Words(t).ToImmutableArray()).ToArray());

    /// <summary>The result of an operation, computed once for each key.</summary>
    public T Cached<T>(string key, Func<T> compute) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(compute);
        if (cache.TryGetValue(key, out var known))
        {
            CacheHits++;
            return (T)known;
        }
        var value = compute();
        cache[key] = value;
        return value;
    }
}

/// <summary>How a slice comes about.</summary>
public enum SliceCategory
{
    /// <summary>Some rows as they are.</summary>
    SubPopulation,
    /// <summary>Rows that were changed without changing their label.</summary>
    Transformation,
    /// <summary>Another data set as it is.</summary>
    EvaluationSet,
    /// <summary>Rows that were changed against the model.</summary>
    Attack,
    /// <summary>All rows.</summary>
    All,
}

/// <summary>A slice of a panel.</summary>
/// <param name="Identifier">Builder, parameters and provenance; slices with the same identifier are the same.</param>
/// <param name="Category">How it came about.</param>
/// <param name="Rows">The rows of the panel.</param>
/// <param name="Texts">What the rows' texts became, in the order of the rows; empty where they stay.</param>
/// <param name="Note">Figures of the builder: an attack's success.</param>
public sealed record PanelSlice(string Identifier, SliceCategory Category, ImmutableArray<int> Rows, ImmutableArray<string> Texts = default, string Note = "")
{
    /// <summary>Whether the rows' texts differ from the panel's.</summary>
    public bool IsChanged => !Texts.IsDefaultOrEmpty;
}

/// <summary>A text classifier as the bench sees it: texts in, probabilities of the classes out (n × k).</summary>
/// <param name="texts">The texts.</param>
public delegate FloatMatrix TextModel(IReadOnlyList<string> texts);

/// <summary>Cuts slices out of a panel. A recipe names builders with their parameters.</summary>
[MethodValue]
public abstract class SliceBuilder
{
    /// <summary>Whether the builder asks the model (attacks do).</summary>
    public virtual bool NeedsModel => false;

    /// <summary>Builds the slices; those without rows are left out by the bench.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="model">The model, for attacks.</param>
    /// <param name="seed">The seed of changes by chance.</param>
    public abstract IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed);
}
