using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Assay.Data;

/// <summary>Class labels as indices, with the names of the classes.</summary>
internal sealed record LabelColumn(ImmutableArray<int> Labels, ImmutableArray<string> ClassNames)
{
    public static LabelColumn From(Table table, string name, ImmutableArray<string> classes)
    {
        switch (table[name])
        {
            case TextColumn texts:
                return FromTexts(texts.Values, classes, row => Where(table, name, row));
            case FloatColumn floats:
                return FromNumbers(i => floats.Values.Span[i], floats.Count, classes, row => Where(table, name, row));
            default:
                var doubles = (DoubleColumn)table[name];
                return FromNumbers(i => doubles.Values.Span[i], doubles.Count, classes, row => Where(table, name, row));
        }
    }

    public static LabelColumn FromTexts(ImmutableArray<string> texts, ImmutableArray<string> classes, Func<int, string> where)
    {
        var names = classes.IsDefaultOrEmpty ? [.. texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] : classes;
        var index = Index(names);
        var labels = new int[texts.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            if (texts[i].Length == 0)
                throw new InvalidDataException($"{where(i)}: the label is missing");
            if (!index.TryGetValue(texts[i], out labels[i]))
                throw new InvalidDataException($"{where(i)}: label '{texts[i]}' is none of the classes {string.Join(", ", names)}");
        }
        return new LabelColumn(ImmutableCollectionsMarshal.AsImmutableArray(labels), names);
    }

    public static LabelColumn FromNumbers(Func<int, double> value, int count, ImmutableArray<string> classes, Func<int, string> where)
    {
        var numbers = new int[count];
        for (var i = 0; i < count; i++)
        {
            var v = value(i);
            numbers[i] = (int)v;
            if (double.IsNaN(v))
                throw new InvalidDataException($"{where(i)}: the label is missing");
            if (numbers[i] != v)
                throw new InvalidDataException($"{where(i)}: label {v.ToString(CultureInfo.InvariantCulture)} is no integer; a real-valued target takes --target");
        }
        if (classes.IsDefaultOrEmpty)
        {
            var distinct = numbers.Distinct().Order().ToArray();
            var index = distinct.Select((v, i) => (v, i)).ToDictionary(p => p.v, p => p.i);
            return new LabelColumn([.. numbers.Select(v => index[v])], [.. distinct.Select(v => v.ToString(CultureInfo.InvariantCulture))]);
        }
        // Numbers may be names of classes (0 to 9 for digits) or, where they are not, positions in the list.
        var named = Index(classes);
        var isNamed = numbers.All(v => named.ContainsKey(v.ToString(CultureInfo.InvariantCulture)));
        for (var i = 0; i < count && !isNamed; i++)
        {
            if ((uint)numbers[i] >= (uint)classes.Length)
                throw new InvalidDataException($"{where(i)}: label {numbers[i]} is out of range, there are {classes.Length} classes");
        }
        return new LabelColumn(isNamed ? [.. numbers.Select(v => named[v.ToString(CultureInfo.InvariantCulture)])] : [.. numbers], classes);
    }

    /// <summary>A cell for messages; rows count from 1 there, without the header.</summary>
    public static string Where(Table table, string column, int row) => $"{table.Source}: row {row + 1}, column '{column}'";

    private static Dictionary<string, int> Index(ImmutableArray<string> names)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (!index.TryAdd(name, index.Count))
                throw new ArgumentException($"class '{name}' occurs twice", nameof(names));
        }
        return index;
    }
}
