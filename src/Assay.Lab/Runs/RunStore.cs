using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>What a new run is told.</summary>
/// <param name="Name">A name for people; it becomes part of the id.</param>
/// <param name="Command">The command line that repeats the run.</param>
public sealed record RunRequest(string Name, string Command)
{
    /// <summary>The seed, or null where nothing is drawn.</summary>
    public long? Seed { get; init; }

    /// <summary>The recipe's text, or null.</summary>
    public string? Recipe { get; init; }

    /// <summary>The recipe's file, or null.</summary>
    public string? RecipeFile { get; init; }

    /// <summary>The overrides of the recipe.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    /// <summary>The settings, by their names in the recipe.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>
/// A folder of runs, each a folder of its own. A run appears with its <c>run.json</c> at once or not at all; whole files are renamed into
/// place; curves grow line by line. A writer holds a lock that the system drops when its process ends, however it ends: that is how a
/// killed run is told from a running one.
/// </summary>
/// <param name="folder">The store's folder; it need not exist yet.</param>
/// <param name="time">The clock; the system's when null.</param>
public sealed class RunStore(string folder, TimeProvider? time = null)
{
    /// <summary>The folder that is used where none is named.</summary>
    public const string DefaultFolder = "runs";

    private readonly TimeProvider clock = time ?? TimeProvider.System;

    /// <summary>The store's folder.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>Begins a run.</summary>
    /// <exception cref="IOException">The store cannot be written.</exception>
    public RunWriter Create(RunRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Name);
        var now = clock.GetUtcNow();
        var stem = $"{now.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{Slug(request.Name)}";
        var temporary = NewFolder();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var id = attempt == 1 ? stem : string.Create(CultureInfo.InvariantCulture, $"{stem}-{attempt}");
                var target = Path.Combine(Folder, id);
                if (Directory.Exists(target))
                    continue;
                var info = new RunInfo
                {
                    Id = id,
                    Name = request.Name,
                    Command = request.Command,
                    Started = now,
                    Seed = request.Seed,
                    Recipe = request.Recipe,
                    RecipeFile = request.RecipeFile,
                    Overrides = request.Overrides,
                    Settings = request.Settings,
                };
                TextFile.Write(Path.Combine(temporary, Run.InfoFile), LabJson.Write(info));
                var held = RunLock.Take(temporary);
                try
                {
                    Directory.Move(temporary, target);
                    return new RunWriter(target, info, held, clock);
                }
                catch (IOException) when (Directory.Exists(target))
                {
                    held.Dispose(); // another process took the same second and name: the next number
                }
            }
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    /// <summary>Goes on with a run that was killed, cancelled or failed.</summary>
    /// <exception cref="ArgumentException">There is no such run, or it is complete.</exception>
    /// <exception cref="IOException">Another process is writing it.</exception>
    public RunWriter Resume(string id)
    {
        var run = Find(id);
        if (run.Info.Status == RunStatus.Finished)
            throw new ArgumentException($"run '{run.Id}' is complete, there is nothing to resume");
        var held = RunLock.TryTake(run.Folder) ?? throw new IOException($"run '{run.Id}' is being written by another process");
        var writer = new RunWriter(run.Folder, run.Info with { Status = RunStatus.Running, Finished = null, Failure = null }, held, clock);
        writer.WriteInfo();
        return writer;
    }

    /// <summary>All runs, the oldest first. A folder without a readable <c>run.json</c> is no run and is left out.</summary>
    public ImmutableArray<Run> List()
    {
        if (!Directory.Exists(Folder))
            return [];
        return [.. Directory.EnumerateDirectories(Folder).Where(d => !Path.GetFileName(d).StartsWith('.')).Order(StringComparer.Ordinal).Select(Open).OfType<Run>()];
    }

    /// <summary>The folders whose <c>run.json</c> is there but cannot be read, with what is wrong: <see cref="List"/> leaves them out.</summary>
    public ImmutableArray<string> Unreadable()
    {
        if (!Directory.Exists(Folder))
            return [];
        var faults = ImmutableArray.CreateBuilder<string>();
        foreach (var path in Directory.EnumerateDirectories(Folder).Order(StringComparer.Ordinal).Select(d => Path.Combine(d, Run.InfoFile)).Where(File.Exists))
        {
            try
            {
                _ = LabJson.ReadFile<RunInfo>(path);
            }
            catch (InvalidDataException e)
            {
                faults.Add(e.Message);
            }
            catch (IOException)
            {
                // Removed meanwhile.
            }
        }
        return faults.ToImmutable();
    }

    /// <summary>Finds a run by its id, by a part of its id that only it has, or as <c>last</c>.</summary>
    /// <exception cref="ArgumentException">No run fits, or several do; the message names them.</exception>
    public Run Find(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var runs = List();
        if (runs.IsEmpty)
            throw new ArgumentException($"there are no runs in {Folder}");
        if (id == "last")
            return runs[^1];
        if (runs.FirstOrDefault(r => r.Id == id) is { } exact)
            return exact;
        var fitting = runs.Where(r => r.Id.Contains(id, StringComparison.OrdinalIgnoreCase)).ToArray();
        return fitting switch
        {
            [var only] => only,
            [] => throw new ArgumentException($"there is no run '{id}' in {Folder}{Spelling.Suggestion(id, runs.Select(r => r.Id))}"),
            _ => throw new ArgumentException($"'{id}' fits {fitting.Length} runs: {string.Join(", ", fitting.Take(5).Select(r => r.Id))}{(fitting.Length > 5 ? ", …" : "")}"),
        };
    }

    /// <summary>Removes a run with all its files. One that is being written is never removed.</summary>
    /// <exception cref="IOException">Another process is writing it.</exception>
    public static void Delete(Run run)
    {
        ArgumentNullException.ThrowIfNull(run);
        using (RunLock.TryTake(run.Folder) ?? throw new IOException($"run '{run.Id}' is being written by another process"))
        {
            // Out of the store first: a reader never meets a run that is half gone.
            var doomed = Path.Combine(Path.GetDirectoryName(run.Folder)!, $".old-{Guid.NewGuid():N}");
            Directory.Move(run.Folder, doomed);
            Directory.Delete(doomed, recursive: true);
        }
    }

    /// <summary>Removes what killed processes left of runs that never appeared or were being removed.</summary>
    /// <returns>The number of folders removed.</returns>
    public int RemoveRemains()
    {
        if (!Directory.Exists(Folder))
            return 0;
        var removed = 0;
        foreach (var remain in Directory.EnumerateDirectories(Folder, ".*").Where(d => Path.GetFileName(d) is var n && (n.StartsWith(".new-", StringComparison.Ordinal) || n.StartsWith(".old-", StringComparison.Ordinal))).ToArray())
        {
            using var held = RunLock.TryTake(remain);
            if (held is null || DateTime.UtcNow - Directory.GetLastWriteTimeUtc(remain) < TimeSpan.FromMinutes(1))
                continue; // someone is at work there
            Directory.Delete(remain, recursive: true);
            removed++;
        }
        return removed;
    }

    private static Run? Open(string folder)
    {
        var path = Path.Combine(folder, Run.InfoFile);
        try
        {
            if (!File.Exists(path))
                return null;
            var info = LabJson.ReadFile<RunInfo>(path) with { Id = Path.GetFileName(folder) };
            return new Run(folder, info.Status == RunStatus.Running && !RunLock.IsHeld(folder) ? info with { Status = RunStatus.Unfinished } : info);
        }
        catch (InvalidDataException)
        {
            return null;
        }
        catch (FileNotFoundException)
        {
            return null; // removed meanwhile
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string NewFolder()
    {
        try
        {
            return Directory.CreateDirectory(Path.Combine(Folder, $".new-{Guid.NewGuid():N}")).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the output folder {Folder} cannot be written", e);
        }
    }

    private static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c))
                slug.Append(c);
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }
        var text = slug.ToString().Trim('-');
        return text.Length == 0 ? "run" : text[..Math.Min(text.Length, 40)].TrimEnd('-');
    }
}
