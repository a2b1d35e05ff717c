using System.Collections.Immutable;
using System.Text.Json;

namespace Assay.Data;

/// <summary>An example of relation extraction: a sentence with a marked subject and object.</summary>
/// <param name="Id">The id.</param>
/// <param name="Tokens">The sentence's tokens.</param>
/// <param name="Subject">The subject's first and last token, both included.</param>
/// <param name="Object">The object's first and last token, both included.</param>
/// <param name="SubjectType">The subject's entity type.</param>
/// <param name="ObjectType">The object's entity type.</param>
/// <param name="Relation">The label.</param>
public sealed record RelationExample(string Id, ImmutableArray<string> Tokens, (int First, int Last) Subject, (int First, int Last) Object, string SubjectType, string ObjectType, string Relation)
{
    /// <summary>The sentence with both entities replaced by their types, which a bag of words can learn from.</summary>
    public string Masked => string.Join(' ', Tokens.Select((t, i) => Inside(i, Subject) ? $"SUBJ_{SubjectType}" : Inside(i, Object) ? $"OBJ_{ObjectType}" : t)
        .Where((t, i) => i == 0 || !(t.StartsWith("SUBJ_", StringComparison.Ordinal) && Inside(i, Subject) && i > Subject.First) && !(Inside(i, Object) && i > Object.First)));

    private static bool Inside(int i, (int First, int Last) span) => i >= span.First && i <= span.Last;
}

/// <summary>Reads TACRED's JSON: an array of objects with token[], subj_start, subj_end, obj_start, obj_end (ends included), subj_type, obj_type, relation, id. The data itself is licensed and does not come with Assay.</summary>
public static class RelationFile
{
    /// <summary>Reads examples.</summary>
    /// <param name="path">The JSON file.</param>
    /// <param name="patches">A file of corrected labels, a list of {id, relation} or a map from id to relation; or null.</param>
    /// <exception cref="InvalidDataException">The file is no such array, or a patch names an unknown id; the message names file and item.</exception>
    public static ImmutableArray<RelationExample> Read(string path, string? patches = null)
    {
        using var document = Parse(path);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException($"{path}: an array of examples was expected");
        var examples = document.RootElement.EnumerateArray().Select((e, i) => Example(path, i, e)).ToArray();
        if (patches is not null)
        {
            var rows = examples.Select((e, i) => (e.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
            foreach (var (id, relation) in Patches(patches))
            {
                if (!rows.TryGetValue(id, out var row))
                    throw new InvalidDataException($"{patches}: id '{id}' is not among the {examples.Length} examples of {path}");
                examples[row] = examples[row] with { Relation = relation };
            }
        }
        return [.. examples];
    }

    /// <summary>Reads examples as a data set: the masked sentence as text, the relation as class.</summary>
    /// <inheritdoc cref="Read"/>
    public static Dataset ReadDataset(string path, string? patches = null)
    {
        var examples = Read(path, patches);
        ImmutableArray<string> classes = [.. examples.Select(e => e.Relation).Distinct().Order(StringComparer.Ordinal)];
        var codes = classes.Select((c, i) => (c, i)).ToDictionary(p => p.c, p => p.i, StringComparer.Ordinal);
        return new Dataset
        {
            Name = Path.GetFileNameWithoutExtension(path),
            Ids = [.. examples.Select(e => e.Id)],
            Texts = [.. examples.Select(e => e.Masked)],
            Labels = [.. examples.Select(e => codes[e.Relation])],
            ClassNames = classes,
        }.Validate();
    }

    private static RelationExample Example(string path, int index, JsonElement e)
    {
        try
        {
            ImmutableArray<string> tokens = [.. e.GetProperty("token").EnumerateArray().Select(t => t.GetString() ?? "")];
            (int, int) Span(string name) => (e.GetProperty($"{name}_start").GetInt32(), e.GetProperty($"{name}_end").GetInt32());
            var (subject, target) = (Span("subj"), Span("obj"));
            foreach (var (first, last) in new[] { subject, target })
            {
                if (first < 0 || last < first || last >= tokens.Length)
                    throw new InvalidDataException($"{path}: item {index}: the span {first}–{last} does not lie in {tokens.Length} tokens");
            }
            string Text(string name) => e.GetProperty(name).GetString() ?? "";
            return new RelationExample(Text("id"), tokens, subject, target, Text("subj_type"), Text("obj_type"), Text("relation"));
        }
        catch (Exception x) when (x is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: item {index}: {x.Message}", x);
        }
    }

    private static IEnumerable<(string Id, string Relation)> Patches(string path)
    {
        using var document = Parse(path);
        var root = document.RootElement;
        try
        {
            return root.ValueKind == JsonValueKind.Object
                ? [.. root.EnumerateObject().Select(p => (p.Name, p.Value.GetString()!))]
                : (IEnumerable<(string, string)>)[.. root.EnumerateArray().Select(p => (p.GetProperty("id").GetString()!, p.GetProperty("relation").GetString()!))];
        }
        catch (Exception x) when (x is KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: a map from id to relation, or a list of objects with 'id' and 'relation', was expected", x);
        }
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException x)
        {
            throw new InvalidDataException($"{path}({x.LineNumber + 1},{x.BytePositionInLine + 1}): no valid JSON", x);
        }
    }
}
