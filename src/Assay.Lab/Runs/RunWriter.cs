using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Training;

namespace Assay.Lab;

/// <summary>
/// Writes a run. End it with <see cref="Finish"/>, <see cref="Fail"/> or <see cref="Cancel"/>; a writer that is only disposed leaves an
/// unfinished run, just as a killed process does. Safe to use from several threads.
/// </summary>
public sealed class RunWriter : IDisposable
{
    private readonly Lock gate = new();
    private readonly FileStream held;
    private readonly TimeProvider clock;
    private readonly long start;
    private readonly double secondsBefore;
    private static readonly TimeSpan InfoInterval = TimeSpan.FromSeconds(10);
    private FileStream? curves;
    private long infoWritten;

    internal RunWriter(string folder, RunInfo info, FileStream held, TimeProvider clock)
    {
        (Folder, Info, this.held, this.clock) = (folder, info, held, clock);
        start = infoWritten = clock.GetTimestamp();
        secondsBefore = info.Seconds;
    }

    /// <summary>What stands in <c>run.json</c>.</summary>
    public RunInfo Info { get; private set; }

    /// <summary>The run's folder.</summary>
    public string Folder { get; }

    /// <summary>The folder for checkpoints.</summary>
    public string CheckpointsPath => Path.Combine(Folder, Run.CheckpointsFolder);

    /// <summary>Appends a point to the curves; the line reaches the system before the call returns.</summary>
    public void Append(in CurvePoint point)
    {
        lock (gate)
        {
            WriteLine(point);
            // So that a killed run still tells about how long it worked.
            if (clock.GetElapsedTime(infoWritten) < InfoInterval)
                return;
            infoWritten = clock.GetTimestamp();
            Info = Info with { Seconds = Elapsed() };
            WriteInfo();
        }
    }

    /// <summary>Replaces all curves: after a resume, points later than the checkpoint are recorded anew.</summary>
    public void ReplaceCurves(IEnumerable<CurvePoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        lock (gate)
        {
            curves?.Dispose();
            curves = null;
            var text = new StringBuilder();
            foreach (var point in points)
                text.Append(JsonSerializer.Serialize(point, LabJson.Line)).Append('\n');
            TextFile.Write(Path.Combine(Folder, Run.CurvesFile), text.ToString());
        }
    }

    /// <summary>Writes the claims.</summary>
    public void WriteClaims(ImmutableArray<ClaimResult> claims) => TextFile.Write(Path.Combine(Folder, Run.ClaimsFile), LabJson.Write(claims));

    /// <summary>Writes the report.</summary>
    public void WriteReport(string html) => TextFile.Write(Path.Combine(Folder, Run.ReportFile), html);

    /// <summary>Writes any further file of the run through its path; it appears whole or not at all.</summary>
    /// <param name="name">The file's name inside the run's folder.</param>
    /// <param name="write">Writes to the temporary path that it is given, which has the same extension.</param>
    public void WriteFile(string name, Action<string> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(write);
        if (Path.GetFileName(name) != name)
            throw new ArgumentException($"'{name}' is no plain file name", nameof(name));
        var temporary = Path.Combine(Folder, $".{Guid.NewGuid():N}-{name}");
        try
        {
            write(temporary);
            File.Move(temporary, Path.Combine(Folder, name), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Sets key figures; those of earlier calls stay unless they are named again.</summary>
    public void SetMetrics(IEnumerable<KeyValuePair<string, double>> metrics)
    {
        lock (gate)
            Info = Info with { Metrics = Info.Metrics.SetItems(metrics), Seconds = Elapsed() };
        WriteInfo();
    }

    /// <summary>Marks the run as complete.</summary>
    public void Finish() => End(RunStatus.Finished, null);

    /// <summary>Marks the run as failed.</summary>
    public void Fail(string failure) => End(RunStatus.Failed, failure);

    /// <summary>Marks the run as cancelled.</summary>
    public void Cancel() => End(RunStatus.Cancelled, null);

    /// <summary>The run as a reader sees it.</summary>
    public Run ToRun() => new(Folder, Info);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            curves?.Dispose();
            curves = null;
            held.Dispose();
        }
    }

    internal void WriteInfo() => TextFile.Write(Path.Combine(Folder, Run.InfoFile), LabJson.Write(Info));

    private void End(RunStatus status, string? failure)
    {
        lock (gate)
        {
            curves?.Flush(flushToDisk: true);
            Info = Info with { Status = status, Finished = clock.GetUtcNow(), Seconds = Elapsed(), Failure = failure };
        }
        WriteInfo();
    }

    private double Elapsed() => Math.Round(secondsBefore + clock.GetElapsedTime(start).TotalSeconds, 3);

    private void WriteLine(in CurvePoint point)
    {
        var path = Path.Combine(Folder, Run.CurvesFile);
        if (curves is null)
        {
            curves = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1);
            curves.SetLength(LengthOfWholeLines(curves)); // a killed writer may have left half a line
            curves.Seek(0, SeekOrigin.End);
        }
        curves.Write([.. JsonSerializer.SerializeToUtf8Bytes(point, LabJson.Line), (byte)'\n']);
        curves.Flush();
    }

    private static long LengthOfWholeLines(FileStream file)
    {
        for (var at = file.Length - 1; at >= 0; at--)
        {
            file.Seek(at, SeekOrigin.Begin);
            if (file.ReadByte() == '\n')
                return at + 1;
        }
        return 0;
    }
}
