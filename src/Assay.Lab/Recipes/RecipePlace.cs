using System.Globalization;

namespace Assay.Lab;

/// <summary>Where something stands in a recipe: in a file, or in a <c>--set</c> of the command line.</summary>
/// <param name="Source">The file, or the override as it was written.</param>
/// <param name="Line">The line, from 1; 0 for an override.</param>
/// <param name="Column">The column, from 1; for an override the character, from 1.</param>
public readonly record struct RecipePlace(string Source, int Line, int Column)
{
    /// <summary>The place some characters further right.</summary>
    public RecipePlace Shift(int characters) => this with { Column = Column + characters };

    /// <summary><c>recipe.yaml(3,12)</c>, or <c>--set batch=x</c>.</summary>
    public override string ToString() => Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Source}({Line},{Column})") : Source;

    /// <summary>An error at this place.</summary>
    public InvalidDataException Error(string problem, Exception? inner = null) => new($"{this}: {problem}", inner);
}

/// <summary>A piece of a recipe's tree.</summary>
/// <param name="Place">Where it begins.</param>
internal abstract record RecipeNode(RecipePlace Place);

/// <summary>A scalar as written.</summary>
internal sealed record RecipeScalar(string Text, bool IsQuoted, RecipePlace Place) : RecipeNode(Place)
{
    public override string ToString() => Text;
}

/// <summary>A list.</summary>
internal sealed record RecipeList(IReadOnlyList<RecipeNode> Items, RecipePlace Place) : RecipeNode(Place)
{
    public override string ToString() => $"[{string.Join(", ", Items)}]";
}

/// <summary>A mapping; its entries can be replaced by overrides.</summary>
internal sealed record RecipeMapping(List<RecipeEntry> Entries, RecipePlace Place) : RecipeNode(Place)
{
    public override string ToString() => $"{{{string.Join(", ", Entries.Select(e => $"{e.Key}: {e.Value}"))}}}";
}

/// <summary>An entry of a mapping.</summary>
internal sealed record RecipeEntry(string Key, RecipePlace KeyPlace, RecipeNode Value);
