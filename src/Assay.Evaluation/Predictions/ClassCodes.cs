using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>Classes in a column of texts or integers, as numbers of classes.</summary>
internal static class ClassCodes
{
    /// <summary>Adds what occurs in a column.</summary>
    public static void Collect(TableColumn column, HashSet<string> texts, HashSet<double> numbers)
    {
        if (column is TextColumn text)
            texts.UnionWith(text.Values.Where(v => v.Length > 0));
        else
            numbers.UnionWith(Numbers(column).Where(v => !double.IsNaN(v)));
    }

    /// <summary>The classes of what occurs: in the order of their numbers where all are integers, else of their texts.</summary>
    public static ImmutableArray<string> Names(HashSet<string> texts, HashSet<double> numbers)
    {
        if (texts.Count > 0)
            return [.. texts.Concat(numbers.Select(Text)).Distinct().Order(StringComparer.Ordinal)];
        return [.. numbers.Order().Select(Text)];
    }

    /// <summary>The class number of each row.</summary>
    /// <exception cref="InvalidDataException">A cell is empty or names no class; the message names row and column.</exception>
    public static ImmutableArray<int> Of(Table table, string column, ImmutableArray<string> classes)
    {
        var codes = new int[table.RowCount];
        if (table[column] is TextColumn text)
        {
            var index = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var c = 0; c < classes.Length; c++)
                index[classes[c]] = c;
            for (var i = 0; i < codes.Length; i++)
            {
                if (!index.TryGetValue(text.Values[i], out codes[i]))
                    throw Unknown(table, column, i, text.Values[i], classes);
            }
        }
        else
        {
            var values = Numbers(table[column]);
            // Integers are names of classes where they fit, else positions.
            var index = new Dictionary<double, int>();
            for (var c = 0; c < classes.Length; c++)
            {
                if (double.TryParse(classes[c], NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                    index[number] = c;
            }
            var areNames = index.Count == classes.Length;
            for (var i = 0; i < codes.Length; i++)
            {
                codes[i] = areNames ? index.GetValueOrDefault(values[i], -1) : values[i] is >= 0 and < int.MaxValue && values[i] == Math.Floor(values[i]) ? (int)values[i] : -1;
                if ((uint)codes[i] >= (uint)classes.Length)
                    throw Unknown(table, column, i, double.IsNaN(values[i]) ? "" : Text(values[i]), classes);
            }
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(codes);
    }

    /// <summary>Whether a column can hold classes: texts, or integers only.</summary>
    public static bool CouldBeClasses(TableColumn column) => column switch
    {
        TextColumn => true,
        FloatColumn floats => floats.Values.Span.IndexOfAnyNonInteger() < 0,
        _ => Array.TrueForAll(((DoubleColumn)column).Values.ToArray(), v => double.IsNaN(v) || v == Math.Floor(v)),
    };

    public static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static double[] Numbers(TableColumn column)
    {
        if (column is DoubleColumn doubles)
            return doubles.Values.ToArray();
        var floats = ((FloatColumn)column).Values.Span;
        var values = new double[floats.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = floats[i];
        return values;
    }

    private static int IndexOfAnyNonInteger(this ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsNaN(values[i]) && values[i] != MathF.Floor(values[i]))
                return i;
        }
        return -1;
    }

    private static InvalidDataException Unknown(Table table, string column, int row, string value, ImmutableArray<string> classes) => new(
        value.Length == 0
            ? $"{table.Source}: row {table.FirstRow + row + 1}, column '{column}': the class is missing"
            : $"{table.Source}: row {table.FirstRow + row + 1}, column '{column}': '{value}' is none of the classes {string.Join(", ", classes.Take(12))}{(classes.Length > 12 ? ", …" : "")}");
}
