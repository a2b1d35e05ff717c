using System.Collections.Immutable;
using System.Text.Json;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>A saved calibrator as it stands in its file.</summary>
internal sealed record CalibratorFile
{
    private const string Kind = "assay-calibrator";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    public string Format { get; init; } = Kind;
    public int Version { get; init; } = 1;
    public required string Method { get; init; }
    public required int ClassCount { get; init; }
    public required ImmutableArray<string> ClassNames { get; init; }
    public required int FittedCount { get; init; }
    public required int TransformCount { get; init; }
    public required string Fingerprint { get; init; }
    public required ImmutableSortedDictionary<string, double[]> Parameters { get; init; }

    public static void Write(string path, CalibratorFile file) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, file, Json));

    public static CalibratorFile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = File.OpenRead(path);
            var file = JsonSerializer.Deserialize<CalibratorFile>(stream, Json);
            if (file is null || file.Format != Kind || file.Method is null || file.Fingerprint is null || file.Parameters is null || file.ClassNames.IsDefault)
                throw new InvalidDataException($"{path}: a calibrator that 'assay calibrate --save' wrote was expected");
            if (file.Version != 1)
                throw new InvalidDataException($"{path}: format version {file.Version}, this program reads version 1");
            if (file.ClassCount < 2 || file.FittedCount < 1 || file.TransformCount < 0 || (file.ClassNames.Length is var names && names != 0 && names != file.ClassCount))
                throw new InvalidDataException($"{path}: {file.ClassCount} classes with {file.ClassNames.Length} names, fitted on {file.FittedCount} examples: that cannot be");
            return file;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}{(e.LineNumber is { } line ? $"({line + 1},{e.BytePositionInLine + 1})" : "")}: no saved calibrator", e);
        }
    }
}

/// <summary>The numbers of a saved calibrator, taken by name.</summary>
internal sealed class CalibratorParameters(string path, ImmutableSortedDictionary<string, double[]> values)
{
    /// <summary>The names there are.</summary>
    public IEnumerable<string> Names => values.Keys;

    /// <summary>The numbers of that name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="length">How many there must be, or null for any number.</param>
    public double[] Take(string name, int? length = null)
    {
        if (!values.TryGetValue(name, out var numbers) || numbers is null)
            throw Fault($"the parameter '{name}' is missing");
        if (length is { } expected && numbers.Length != expected)
            throw Fault($"{numbers.Length} numbers for '{name}', {expected} were expected");
        return numbers;
    }

    public InvalidDataException Fault(string what) => new($"{path}: {what}");
}
