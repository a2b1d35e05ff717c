using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>Makes a <see cref="Dataset"/> of a <see cref="Table"/>: roles by name, the rest features.</summary>
public static class TableDataset
{
    private static readonly string[] LabelNames = ["label", "labels", "class", "y"];

    /// <summary>Makes a dataset.</summary>
    /// <param name="table">The table.</param>
    /// <param name="name">The dataset's name.</param>
    /// <param name="roles">Which column plays which part, or null for the conventional names.</param>
    /// <exception cref="InvalidDataException">A named column is missing, or a value does not fit its role; the message names row and column.</exception>
    public static Dataset ToDataset(this Table table, string name, DataRoles? roles = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(name);
        roles ??= DataRoles.Default;
        if (table.RowCount == 0)
            throw new InvalidDataException($"{table.Source}: the table has no rows");
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var drop in roles.Drop)
        {
            _ = table[drop];
            used.Add(drop);
        }
        var label = Role(roles.Label, LabelNames);
        var target = Role(roles.Target, "target");
        var text = Role(roles.Text, "text");
        var domain = Role(roles.Domain, "domain");
        var group = Role(roles.Group, "group");
        var id = Role(roles.Id, "id");

        var (features, names) = Features([.. table.Columns.Where(c => !used.Contains(c.Name))], table, roles);
        var labels = label is null ? null : LabelColumn.From(table, label, roles.Classes);
        return new Dataset
        {
            Name = name,
            Ids = id is null ? RowIds(table.RowCount) : Ids(table, id),
            Features = features,
            FeatureNames = roles.Shape.IsEmpty ? names : [],
            FeatureShape = features is null ? [] : Shape(table, roles, features.Columns),
            Labels = labels?.Labels ?? [],
            ClassNames = labels?.ClassNames ?? [],
            Targets = target is null ? [] : Targets(table, target),
            Texts = text is null ? [] : Texts(table[text]),
            Domains = domain is null ? null : CategoryColumn.FromTexts(Texts(table[domain])),
            Groups = group is null ? null : CategoryColumn.FromTexts(Texts(table[group])),
        };

        string? Role(string? wanted, params ReadOnlySpan<string> conventional)
        {
            if (wanted is not null)
            {
                if (!used.Add(table[wanted].Name))
                    throw new InvalidDataException($"{table.Source}: column '{wanted}' cannot play two parts");
                return wanted;
            }
            foreach (var candidate in conventional)
            {
                if (table.Find(candidate) is not null && used.Add(candidate))
                    return candidate;
            }
            return null;
        }
    }

    internal static ImmutableArray<string> RowIds(int count) => [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    private static ImmutableArray<string> Ids(Table table, string column)
    {
        var ids = Texts(table[column]);
        var seen = new Dictionary<string, int>(ids.Length, StringComparer.Ordinal);
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i].Length == 0)
                throw new InvalidDataException($"{LabelColumn.Where(table, column, i)}: the id is missing");
            if (!seen.TryAdd(ids[i], i))
                throw new InvalidDataException($"{LabelColumn.Where(table, column, i)}: id '{ids[i]}' stands already in row {seen[ids[i]] + 1}");
        }
        return ids;
    }

    private static ImmutableArray<float> Targets(Table table, string column)
    {
        var values = table.ToMatrix(column).Values.ToArray();
        var bad = Array.FindIndex(values, v => !float.IsFinite(v));
        return bad < 0
            ? ImmutableCollectionsMarshal.AsImmutableArray(values)
            : throw new InvalidDataException($"{LabelColumn.Where(table, column, bad)}: the target is {(float.IsNaN(values[bad]) ? "missing" : "infinite")}");
    }

    private static ImmutableArray<int> Shape(Table table, DataRoles roles, int columns)
    {
        if (roles.Shape.IsEmpty)
            return [columns];
        return roles.Shape.Aggregate(1L, (p, s) => p * s) == columns
            ? roles.Shape
            : throw new InvalidDataException($"{table.Source}: {columns} feature columns do not fill the shape {string.Join('×', roles.Shape)}");
    }

    private static ImmutableArray<string> Texts(TableColumn column) => column switch
    {
        TextColumn texts => texts.Values,
        FloatColumn floats => [.. floats.Values.ToArray().Select(v => float.IsNaN(v) ? "" : v.ToString(CultureInfo.InvariantCulture))],
        _ => [.. ((DoubleColumn)column).Values.ToArray().Select(v => double.IsNaN(v) ? "" : v.ToString(CultureInfo.InvariantCulture))],
    };

    private static (FloatMatrix? Features, ImmutableArray<string> Names) Features(TableColumn[] columns, Table table, DataRoles roles)
    {
        if (columns.Length == 0)
            return (null, []);
        var numeric = new List<TableColumn>();
        foreach (var column in columns)
        {
            if (column is TextColumn texts)
                numeric.AddRange(OneHot(texts, table, roles.MaxCategories));
            else
                numeric.Add(Complete(column, table, roles.Missing));
        }
        var names = numeric.Select(c => c.Name).ToImmutableArray();
        return (new Table(table.Source, [.. numeric]).ToMatrix(names.AsSpan()), names);
    }

    private static IEnumerable<TableColumn> OneHot(TextColumn column, Table table, int maxCategories)
    {
        var values = column.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (values.Length > maxCategories)
            throw new InvalidDataException($"{table.Source}: column '{column.Name}' holds {values.Length} different texts ('{values.First(v => v.Length > 0)}', …), too many for a feature: leave it out with --drop \"{column.Name}\", or give it a role");
        foreach (var value in values)
            yield return new FloatColumn($"{column.Name}={value}", [.. column.Values.Select(v => v == value ? 1f : 0f)]);
    }

    private static FloatColumn Complete(TableColumn column, Table table, MissingValues missing)
    {
        var values = column is FloatColumn floats ? floats.Values.ToArray() : [.. ((DoubleColumn)column).Values.ToArray().Select(v => (float)v)];
        var present = values.Where(v => !float.IsNaN(v)).ToArray();
        var infinite = Array.FindIndex(values, float.IsInfinity);
        if (infinite >= 0)
            throw new InvalidDataException($"{LabelColumn.Where(table, column.Name, infinite)}: the feature is infinite");
        if (present.Length == values.Length || missing == MissingValues.Keep)
            return new FloatColumn(column.Name, values);
        if (missing == MissingValues.Refuse)
            throw new InvalidDataException($"{LabelColumn.Where(table, column.Name, Array.FindIndex(values, float.IsNaN))}: the feature is missing ({values.Length - present.Length} in this column); fill in with --missing mean or median, or leave the column out with --drop \"{column.Name}\"");
        if (present.Length == 0)
            throw new InvalidDataException($"{table.Source}: column '{column.Name}' has no value at all; leave it out with --drop \"{column.Name}\"");
        Array.Sort(present);
        var fill = missing == MissingValues.Mean
            ? (float)present.Average(v => (double)v)
            : (present[(present.Length - 1) / 2] + present[present.Length / 2]) / 2;
        return new FloatColumn(column.Name, [.. values.Select(v => float.IsNaN(v) ? fill : v)]);
    }
}
