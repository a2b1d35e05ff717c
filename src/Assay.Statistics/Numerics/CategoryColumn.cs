using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>A column of categories, stored as codes into a list of names.</summary>
public sealed class CategoryColumn
{
    /// <summary>Creates a column.</summary>
    /// <param name="codes">For each row, the index of its name.</param>
    /// <param name="names">The names.</param>
    /// <exception cref="ArgumentException">A code has no name.</exception>
    public CategoryColumn(ImmutableArray<int> codes, ImmutableArray<string> names)
    {
        for (var i = 0; i < codes.Length; i++)
        {
            if ((uint)codes[i] >= (uint)names.Length)
                throw new ArgumentException($"row {i} has code {codes[i]}, but there are {names.Length} names", nameof(codes));
        }
        Codes = codes;
        Names = names;
    }

    /// <summary>For each row, the index of its name.</summary>
    public ImmutableArray<int> Codes { get; }

    /// <summary>The names.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>The number of rows.</summary>
    public int Count => Codes.Length;

    /// <summary>The name of a row.</summary>
    public string this[int row] => Names[Codes[row]];

    /// <summary>Codes texts in the order in which they first appear.</summary>
    public static CategoryColumn FromTexts(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        var codes = ImmutableArray.CreateBuilder<int>();
        foreach (var text in texts)
        {
            if (!index.TryGetValue(text, out var code))
                index.Add(text, code = index.Count);
            codes.Add(code);
        }
        return new CategoryColumn(codes.ToImmutable(), [.. index.Keys]);
    }

    /// <summary>The given rows, in the given order; all names stay.</summary>
    public CategoryColumn Select(ReadOnlySpan<int> rows)
    {
        var chosen = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            chosen[i] = Codes[rows[i]];
        return new CategoryColumn(System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(chosen), Names);
    }
}
