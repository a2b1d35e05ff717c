using System.Collections.Immutable;
using System.Text.Json;
using Assay.Training;

namespace Assay.Lab;

/// <summary>A run as found in a store. It is read when asked for, so a running run shows what it has written so far.</summary>
public sealed class Run
{
    internal const string InfoFile = "run.json", CurvesFile = "curves.jsonl", PredictionsFile = "predictions.parquet", ClaimsFile = "claims.json",
        ReportFile = "report.html", CheckpointsFolder = "checkpoints", LockFile = ".lock";

    internal Run(string folder, RunInfo info) => (Folder, Info) = (folder, info);

    /// <summary>What <c>run.json</c> says, with the status as it really is.</summary>
    public RunInfo Info { get; }

    /// <summary>The id.</summary>
    public string Id => Info.Id;

    /// <summary>The run's folder.</summary>
    public string Folder { get; }

    /// <summary>The file of predictions; it may not exist.</summary>
    public string PredictionsPath => Path.Combine(Folder, PredictionsFile);

    /// <summary>The report; it may not exist.</summary>
    public string ReportPath => Path.Combine(Folder, ReportFile);

    /// <summary>The folder of checkpoints; it may not exist.</summary>
    public string CheckpointsPath => Path.Combine(Folder, CheckpointsFolder);

    /// <summary>The bytes on disk.</summary>
    public long Size => new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    /// <summary>The curves written so far. A last line that is not complete yet is left out.</summary>
    /// <exception cref="InvalidDataException">A complete line is no point of a curve.</exception>
    public ImmutableArray<CurvePoint> ReadCurves()
    {
        var path = Path.Combine(Folder, CurvesFile);
        if (!File.Exists(path))
            return [];
        // The writer may hold the file open for appending.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        var points = ImmutableArray.CreateBuilder<CurvePoint>();
        var line = 1;
        for (int start = 0, end; (end = text.IndexOf('\n', start)) >= 0; start = end + 1, line++)
        {
            try
            {
                points.Add(JsonSerializer.Deserialize<CurvePoint>(text.AsSpan(start, end - start), LabJson.Line));
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}({line},{(e.BytePositionInLine ?? 0) + 1}): no point of a curve", e);
            }
        }
        return points.ToImmutable();
    }

    /// <summary>The claims, or none.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read.</exception>
    public ImmutableArray<ClaimResult> ReadClaims() =>
        Path.Combine(Folder, ClaimsFile) is var path && File.Exists(path) ? LabJson.ReadFile<ImmutableArray<ClaimResult>>(path) : [];
}
