namespace Assay.Lab;

/// <summary>Puts <c>--set key=value</c> into a recipe's tree before it is checked.</summary>
internal static class RecipeOverride
{
    public static void Apply(RecipeMapping root, string change)
    {
        var equals = change.IndexOf('=', StringComparison.Ordinal);
        var place = new RecipePlace($"--set {change}", 0, 0);
        if (equals <= 0)
            throw place.Error("key=value was expected, for example split.test=0.3");
        var path = change[..equals].Trim().Split('.');
        var value = RecipeYaml.ParseValue(change[(equals + 1)..].Trim(), place);
        var at = root;
        foreach (var key in path[..^1])
            at = Below(at, key, place);
        Put(at, path[^1], value, place);
    }

    // The group below a key. A shorthand (data: digits) becomes the group it stands for.
    private static RecipeMapping Below(RecipeMapping mapping, string key, RecipePlace place)
    {
        var existing = mapping.Entries.Find(e => e.Key == key)?.Value;
        if (existing is RecipeMapping found)
            return found;
        var below = new RecipeMapping([], place);
        var shorthand = (RecipeFields.All.FirstOrDefault(f => f.Name == key)?.Type as RecipeType.Group)?.Shorthand;
        if (existing is RecipeScalar { Text: not ("false" or "true" or "none" or "null") } && shorthand is not null)
            below.Entries.Add(new RecipeEntry(shorthand, existing.Place, existing));
        Put(mapping, key, below, place);
        return below;
    }

    private static void Put(RecipeMapping mapping, string key, RecipeNode value, RecipePlace place)
    {
        var index = mapping.Entries.FindIndex(e => e.Key == key);
        var entry = new RecipeEntry(key, place, value);
        if (index >= 0)
            mapping.Entries[index] = entry;
        else
            mapping.Entries.Add(entry);
    }
}
