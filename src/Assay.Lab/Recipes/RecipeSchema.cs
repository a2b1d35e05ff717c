using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>
/// The JSON schema of recipes, for editors (draft 2020-12): made of the same definition that the reader checks, with the methods of a
/// catalog.
/// </summary>
public static class RecipeSchema
{
    /// <summary>Writes the schema.</summary>
    public static string Write(MethodCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var schema = Group(new RecipeType.Group(RecipeFields.All), catalog);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "Assay recipe");
        schema.Insert(2, "description", "What to train and how: assay train recipe.yaml");
        return schema.ToJsonString(new JsonSerializerOptions(LabJson.Indented)) + "\n";
    }

    private static JsonObject Group(RecipeType.Group group, MethodCatalog catalog)
    {
        var properties = new JsonObject();
        foreach (var field in group.Fields)
        {
            var property = Of(field.Type, catalog);
            var end = field.Default is null ? "" : $" Default: {field.Default}.";
            var existing = property["description"]?.GetValue<string>();
            property["description"] = field.Summary + end + (existing is null ? "" : $" {existing}");
            properties[field.Name] = property;
        }
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (group.Fields.Where(f => f.Default is null).Select(f => (JsonNode)f.Name).ToArray() is { Length: > 0 } required)
            schema["required"] = new JsonArray(required);
        return schema;
    }

    private static JsonObject Of(RecipeType type, MethodCatalog catalog) => type switch
    {
        RecipeType.Text => new JsonObject { ["type"] = "string", ["minLength"] = 1 },
        RecipeType.Truth => new JsonObject { ["type"] = "boolean" },
        RecipeType.Choice choice => new JsonObject { ["enum"] = new JsonArray([.. choice.Words.Select(w => (JsonNode)w)]) },
        RecipeType.Number number => Number(number),
        RecipeType.List list => new JsonObject { ["type"] = "array", ["items"] = Of(list.Item, catalog) },
        RecipeType.Optional optional => AnyOf(Of(optional.Inner, catalog), new JsonObject { ["enum"] = new JsonArray("none", null) }),
        RecipeType.Method method => Method(method, catalog),
        RecipeType.Group group => Alternatives(group, catalog),
        _ => throw new NotSupportedException(type.GetType().Name),
    };

    private static JsonObject Number(RecipeType.Number number)
    {
        var schema = new JsonObject { ["type"] = number.IsInteger ? "integer" : "number" };
        if (double.IsFinite(number.Least))
            schema[number.ExcludesLeast ? "exclusiveMinimum" : "minimum"] = number.Least;
        if (double.IsFinite(number.Most))
            schema[number.ExcludesMost ? "exclusiveMaximum" : "maximum"] = number.Most;
        return schema;
    }

    private static JsonObject Method(RecipeType.Method method, MethodCatalog catalog)
    {
        var names = RecipeReader.Fitting(catalog, method);
        var usages = names.Select(n => catalog.TryFind(n, out var entry) && !method.Also.Contains(n) ? Usage(entry) : n);
        return new JsonObject
        {
            ["type"] = "string",
            ["pattern"] = $"^\\s*({string.Join('|', names)})\\s*(\\(.*\\))?\\s*$",
            ["description"] = $"One of: {string.Join("; ", usages)}.",
            ["examples"] = new JsonArray([.. names.Select(n => (JsonNode)n)]),
        };
    }

    private static string Usage(MethodEntry entry) => entry.Parameters.IsEmpty
        ? entry.Name
        : $"{entry.Name}({string.Join(", ", entry.Parameters.Select(p => p.IsRequired ? p.Name : $"{p.Name}: {p.DefaultText}"))})";

    private static JsonObject Alternatives(RecipeType.Group group, MethodCatalog catalog)
    {
        var alternatives = new List<JsonObject> { Group(group, catalog) };
        if (group.Shorthand is { } shorthand)
            alternatives.Add(Of(group.Fields.Single(f => f.Name == shorthand).Type, catalog));
        if (group.CanBeOff)
            alternatives.Add(new JsonObject { ["enum"] = new JsonArray(true, false, "none", null) });
        return alternatives.Count == 1 ? alternatives[0] : AnyOf([.. alternatives]);
    }

    private static JsonObject AnyOf(params JsonObject[] alternatives) => new() { ["anyOf"] = new JsonArray([.. alternatives.Cast<JsonNode>()]) };
}
