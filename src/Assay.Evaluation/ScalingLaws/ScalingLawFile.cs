using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>Fitted laws as JSON files: what <c>assay scale fit</c> saves and <c>predict</c> and <c>plot</c> read.</summary>
public static class ScalingLawFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        AllowOutOfOrderMetadataProperties = true,
    };

    /// <summary>Writes a law.</summary>
    public static void Write(string path, ScalingLaw law) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, law, Options));

    /// <summary>Reads a law.</summary>
    /// <exception cref="InvalidDataException">The file holds no law; the message names file, line and column.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ScalingLaw Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var law = JsonSerializer.Deserialize<ScalingLaw>(File.ReadAllText(path), Options) ?? throw new InvalidDataException($"{path}: null, a fitted law was expected");
            if (law.Fit is null || law.Fit.Theta.Length != law.Theta.Length || law.Fit.Covariance.Length != law.Theta.Length * law.Theta.Length)
                throw new InvalidDataException($"{path}: a law of this kind has {law.Theta.Length} parameters");
            return law;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            var place = e is JsonException { LineNumber: { } line } json ? $"({line + 1},{json.BytePositionInLine + 1})" : "";
            throw new InvalidDataException($"{path}{place}: no fitted law; assay scale fit --out writes one", e);
        }
    }
}
