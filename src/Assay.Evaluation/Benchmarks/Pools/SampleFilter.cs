using System.Globalization;
using System.Text.Json;

namespace Assay.Evaluation;

/// <summary>How a field is compared.</summary>
public enum FilterOperator
{
    /// <summary>Equal.</summary>
    Eq,
    /// <summary>Not equal.</summary>
    Ne,
    /// <summary>Greater.</summary>
    Gt,
    /// <summary>Greater or equal.</summary>
    Ge,
    /// <summary>Less.</summary>
    Lt,
    /// <summary>Less or equal.</summary>
    Le,
    /// <summary>Contains the text, whatever the case.</summary>
    Contains,
    /// <summary>Has that many entries (a JSON list) or characters.</summary>
    Len,
}

/// <summary>
/// A condition on a sample's metadata, written <c>field operator value</c>: <c>dataset eq mmlu</c>, <c>year &gt;= 2020</c>, <c>text contains integral</c>,
/// <c>references len 4</c>. Numbers are compared as numbers where both sides are; an order of texts is that of their characters.
/// </summary>
/// <param name="Field">The field.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Value">What it is compared with.</param>
public sealed record SampleFilter(string Field, FilterOperator Operator, string Value)
{
    private static readonly Dictionary<string, FilterOperator> Symbols = new(StringComparer.OrdinalIgnoreCase)
    {
        ["="] = FilterOperator.Eq, ["=="] = FilterOperator.Eq, ["!="] = FilterOperator.Ne, [">"] = FilterOperator.Gt, [">="] = FilterOperator.Ge, ["<"] = FilterOperator.Lt,
        ["<="] = FilterOperator.Le, ["eq"] = FilterOperator.Eq, ["ne"] = FilterOperator.Ne, ["gt"] = FilterOperator.Gt, ["ge"] = FilterOperator.Ge, ["lt"] = FilterOperator.Lt,
        ["le"] = FilterOperator.Le, ["contains"] = FilterOperator.Contains, ["len"] = FilterOperator.Len,
    };

    /// <summary>Reads a condition.</summary>
    /// <exception cref="FormatException">It is not of the form <c>field operator value</c>.</exception>
    public static SampleFilter Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length != 3 || !Symbols.TryGetValue(parts[1], out var op))
            throw new FormatException($"'{text}' is no condition; 'field operator value' was expected, with an operator among {string.Join(" ", Symbols.Keys)}");
        if (op == FilterOperator.Len && !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new FormatException($"'{text}': len compares with a whole number, not '{parts[2]}'");
        return new SampleFilter(parts[0], op, parts[2]);
    }

    /// <summary>Whether a value fulfils the condition.</summary>
    public bool Holds(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        switch (Operator)
        {
            case FilterOperator.Contains:
                return value.Contains(Value, StringComparison.OrdinalIgnoreCase);
            case FilterOperator.Len:
                return Length(value) == int.Parse(Value, CultureInfo.InvariantCulture);
            case FilterOperator.Eq or FilterOperator.Ne:
                return (Compare(value) == 0) == (Operator == FilterOperator.Eq);
            default:
                var order = Compare(value);
                return value.Length > 0 && Operator switch { FilterOperator.Gt => order > 0, FilterOperator.Ge => order >= 0, FilterOperator.Lt => order < 0, _ => order <= 0 };
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Field} {Operator.ToString().ToLowerInvariant()} {Value}";

    private int Compare(string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out var x) && double.TryParse(Value, CultureInfo.InvariantCulture, out var y)
            ? x.CompareTo(y)
            : string.CompareOrdinal(value, Value);

    private static int Length(string value)
    {
        if (!value.StartsWith('['))
            return value.Length;
        try
        {
            using var json = JsonDocument.Parse(value);
            return json.RootElement.GetArrayLength();
        }
        catch (JsonException)
        {
            return value.Length; // a text that begins with a bracket
        }
    }
}
