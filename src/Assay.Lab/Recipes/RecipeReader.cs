using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>Checks a recipe's tree against <see cref="RecipeFields"/> and collects its values by path (<c>split.test</c>).</summary>
internal sealed class RecipeReader(MethodCatalog catalog)
{
    private readonly Dictionary<string, (object Value, RecipePlace Place)> values = new(StringComparer.Ordinal);

    /// <summary>The values as written, by path: what a run keeps as its settings.</summary>
    public ImmutableSortedDictionary<string, string>.Builder Settings { get; } = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);

    public void Read(RecipeMapping root) => ReadGroup(root, RecipeFields.All, "", root.Place);

    public bool Has(string path) => values.ContainsKey(path);

    public RecipePlace PlaceOf(string path) => values[path].Place;

    public T Get<T>(string path, T otherwise) => values.TryGetValue(path, out var found) ? (T)found.Value : otherwise;

    /// <summary>Whether a group was turned off with <c>false</c> or <c>none</c>.</summary>
    public bool IsOff(string path) => values.TryGetValue(path, out var found) && found.Value is false;

    private void ReadGroup(RecipeMapping mapping, ImmutableArray<RecipeField> fields, string prefix, RecipePlace place)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var field = fields.FirstOrDefault(f => f.Name == entry.Key) ?? throw Unknown(entry, fields, prefix);
            if (!seen.Add(entry.Key))
                throw entry.KeyPlace.Error($"'{prefix}{entry.Key}' is given twice");
            ReadField(field, entry.Value, prefix + field.Name);
        }
        if (fields.FirstOrDefault(f => f.Default is null && !seen.Contains(f.Name)) is { } missing)
            throw place.Error($"'{prefix}{missing.Name}' is missing: {missing.Summary}");
    }

    private void ReadField(RecipeField field, RecipeNode node, string path)
    {
        if (field.Type is not RecipeType.Group group)
        {
            values[path] = (Value(field.Type, node, path), node.Place);
            Settings[path] = node.ToString()!;
            return;
        }
        if (group.CanBeOff && node is RecipeScalar { IsQuoted: false, Text: "false" or "none" or "null" or "~" })
        {
            values[path] = (false, node.Place);
            Settings[path] = "none";
        }
        else if (node is RecipeMapping mapping)
        {
            values[path] = (true, node.Place);
            ReadGroup(mapping, group.Fields, path + ".", node.Place);
        }
        else if (group.CanBeOff && node is RecipeScalar { IsQuoted: false, Text: "true" })
        {
            values[path] = (true, node.Place); // on, with the defaults
            Settings[path] = "true";
        }
        else if (group.Shorthand is { } shorthand && node is RecipeScalar)
        {
            values[path] = (true, node.Place);
            ReadField(group.Fields.Single(f => f.Name == shorthand), node, $"{path}.{shorthand}");
        }
        else
        {
            throw node.Place.Error($"'{path}' takes the keys {string.Join(", ", group.Fields.Select(f => f.Name))}, not '{node}'");
        }
    }

    private object Value(RecipeType type, RecipeNode node, string path)
    {
        if (type is RecipeType.Optional optional)
            return node is RecipeScalar { IsQuoted: false, Text: "none" or "null" or "~" } ? None : Value(optional.Inner, node, path);
        if (type is RecipeType.List list)
        {
            if (node is not RecipeList items)
                throw node.Place.Error($"'{path}' must be a list in brackets, such as [a, b], not '{node}'");
            return items.Items.Select(i => Value(list.Item, i, path)).ToImmutableArray();
        }
        if (node is not RecipeScalar scalar)
            throw node.Place.Error($"'{path}' must be {Expected(type)}, not {(node is RecipeList ? "a list" : "a group of keys")}");
        return type switch
        {
            RecipeType.Text when scalar.Text.Length > 0 => scalar.Text,
            RecipeType.Number number when !scalar.IsQuoted && TryNumber(number, scalar.Text, out var value) => value,
            RecipeType.Truth when !scalar.IsQuoted && bool.TryParse(scalar.Text, out var truth) => truth,
            RecipeType.Choice choice when choice.Words.Contains(scalar.Text, StringComparer.OrdinalIgnoreCase) => scalar.Text.ToLowerInvariant(),
            RecipeType.Method method when scalar.Text.Length > 0 => Method(method, scalar),
            _ => throw scalar.Place.Error($"'{path}' must be {Expected(type)}, not '{scalar.Text}'{Hint(type, scalar)}"),
        };
    }

    private RecipeMethod Method(RecipeType.Method type, RecipeScalar scalar)
    {
        var method = RecipeMethod.Parse(scalar.Text, scalar.Place);
        var name = method.Expression.Name;
        var place = scalar.Place.Shift(method.Expression.Position);
        if (type.Also.Contains(name))
            return method.Expression.Arguments.IsEmpty ? method : throw place.Error($"{name} takes no parameters here; its settings are keys of the recipe: {string.Join(", ", RecipeFields.OfBackprop)}");
        var fitting = Fitting(catalog, type);
        if (!catalog.TryFind(name, out var entry))
            throw place.Error($"'{name}' is not known as {type.What}{(Spelling.Suggestion(name, fitting) is { Length: > 0 } near ? near : $"; known: {string.Join(", ", fitting)}")}");
        return type.Wanted.IsAssignableFrom(entry.Type) ? method
            : throw place.Error($"'{name}' is of kind {LabJson.Name(entry.Kind)}; {type.What} was expected: {string.Join(", ", fitting)}");
    }

    /// <summary>The names of the methods that fit a type.</summary>
    public static ImmutableArray<string> Fitting(MethodCatalog catalog, RecipeType.Method type) =>
        [.. type.Also.Union(catalog.Entries.Where(e => e.CanCreate && type.Wanted.IsAssignableFrom(e.Type)).Select(e => e.Name))];

    private static bool TryNumber(RecipeType.Number type, string text, out object value)
    {
        value = 0;
        var style = type.IsInteger ? NumberStyles.AllowLeadingSign : NumberStyles.Float;
        if (!double.TryParse(text, style, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number) || !type.Contains(number))
            return false;
        value = type.IsInteger ? (object)(long)number : number;
        return true;
    }

    private static string Expected(RecipeType type) => type switch
    {
        RecipeType.Text => "a text",
        RecipeType.Number number => number.Expected,
        RecipeType.Truth => "true or false",
        RecipeType.Choice choice => $"one of {string.Join(", ", choice.Words)}",
        RecipeType.Method method => method.What,
        _ => "a value",
    };

    private static string Hint(RecipeType type, RecipeScalar scalar) =>
        type is RecipeType.Number or RecipeType.Truth && scalar.IsQuoted ? " in quotation marks" : "";

    private static InvalidDataException Unknown(RecipeEntry entry, ImmutableArray<RecipeField> fields, string prefix)
    {
        var names = fields.Select(f => f.Name);
        var near = Spelling.Suggestion(entry.Key, names);
        var where = prefix.Length == 0 ? "" : $" in '{prefix.TrimEnd('.')}'";
        return entry.KeyPlace.Error($"unknown key '{entry.Key}'{where}{(near.Length > 0 ? near : $"; known: {string.Join(", ", names)}")}");
    }

    /// <summary>Stands for <c>none</c> among the values.</summary>
    public static object None { get; } = new();
}
