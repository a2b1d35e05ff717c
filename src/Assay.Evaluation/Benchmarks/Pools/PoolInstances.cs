using System.Text.Json;

namespace Assay.Evaluation;

/// <summary>The release's description of samples: <c>id → { question: { text }, references: [{ text }], metadata: { source, … } }</c>.</summary>
internal static class PoolInstances
{
    public static void Describe(PoolBuilder builder, string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (var instance in json.RootElement.EnumerateObject())
            {
                if (!builder.TryFind(instance.Name, out var sample))
                    continue;
                foreach (var property in instance.Value.EnumerateObject())
                    Describe(builder, sample, property.Name, property.Value);
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file}({e.LineNumber + 1},{e.BytePositionInLine + 1}): not valid JSON", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{file}: an object of instances by id was expected", e);
        }
    }

    private static void Describe(PoolBuilder builder, int sample, string field, JsonElement value)
    {
        if (field == "question" && value.ValueKind == JsonValueKind.Object && value.TryGetProperty("text", out var text))
        {
            builder.Describe(sample, "text", text.ToString());
        }
        else if (field == "references" && value.ValueKind == JsonValueKind.Array)
        {
            builder.Describe(sample, "references", JsonSerializer.Serialize(value.EnumerateArray().Select(r => r.ValueKind == JsonValueKind.Object && r.TryGetProperty("text", out var t) ? t.ToString() : r.ToString())));
        }
        else if (field == "metadata" && value.ValueKind == JsonValueKind.Object)
        {
            foreach (var entry in value.EnumerateObject())
                builder.Describe(sample, entry.Name, entry.Value.ToString());
        }
        else
        {
            builder.Describe(sample, field, value.ToString());
        }
    }
}
