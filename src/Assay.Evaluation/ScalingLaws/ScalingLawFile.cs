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
            if (Fault(law) is { } fault)
                throw new InvalidDataException($"{path}: {fault}; assay scale fit --out writes a law");
            return law;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            var place = e is JsonException { LineNumber: { } line } json ? $"({line + 1},{json.BytePositionInLine + 1})" : "";
            throw new InvalidDataException($"{path}{place}: no fitted law; assay scale fit --out writes one", e);
        }
    }

    // JSON can hold any lengths; every method of a law relies on these.
    private static string? Fault(ScalingLaw law)
    {
        if (law.Fit is null || law.Fit.Theta.IsDefault || law.Fit.Covariance.IsDefault || law.Fit.Theta.Length != law.Theta.Length || law.Fit.Covariance.Length != law.Theta.Length * law.Theta.Length)
            return $"a law of this kind has {law.Theta.Length} parameters with their covariance";
        if (!law.Fit.Theta.All(double.IsFinite))
            return "a parameter is no finite number";
        if (law.Fit.Refits.IsDefault || law.Fit.Refits.Any(r => r.IsDefault || r.Length != law.Theta.Length))
            return $"every refit has {law.Theta.Length} parameters";
        if (law.Points.IsDefault || law.Points.Any(p => p is null || p.At.IsDefault || p.At.Length != law.Variables.Length || p.Name is null))
            return $"every point has a value of {string.Join(", ", law.Variables)}";
        if (law.Warnings.IsDefault || law.Warnings.Any(w => w is null))
            return "the warnings are no list of texts";
        return law switch
        {
            LearningCurve curve => curve.Regions.IsDefault || curve.Measured.IsDefault || curve.Measured.Any(m => m is null) || curve.Quantity is null ? "the points or regions of the learning curve are missing" : null,
            DifficultyScaling difficulty => Fault(difficulty),
            _ => null,
        };
    }

    private static string? Fault(DifficultyScaling law)
    {
        if (law.Clusters.IsDefault || law.Outliers.IsDefault || law.Pairs.IsDefault || law.Mapping is null || law.Mapping.Coefficients.IsDefault || law.Mapping.Knots.IsDefault)
            return "clusters, outliers, pairs or the mapping are missing";
        if (law.Mapping.Coefficients.Length > (law.Mapping.Knots.IsEmpty ? 3 : law.Mapping.Knots.Length + 2))
            return $"the mapping has {law.Mapping.Coefficients.Length} coefficients for {law.Mapping.Knots.Length} knots";
        if (law.Pairs.Any(p => p is null || p.At.IsDefaultOrEmpty))
            return "every pair has the score on the subset";
        foreach (var cluster in law.Clusters)
        {
            if (cluster is null || cluster.Centre.IsDefault || cluster.Members.IsDefault || (cluster.Kind == ClusterKind.Extrapolatable && cluster.Law is null))
                return "a cluster lacks its centre, its members or its law";
            if (cluster.Law is { } own && Fault(own) is { } fault)
                return $"a cluster's law: {fault}";
        }
        return null;
    }
}
