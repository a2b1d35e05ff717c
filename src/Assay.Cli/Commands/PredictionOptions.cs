using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary>The options of all commands that read files of predictions.</summary>
internal sealed class PredictionOptions
{
    private readonly Option<string?> labels = new("--labels") { Description = "A file with the truth, for predictions that come without it.", HelpName = "file" };
    private readonly Option<string?> id = new("--id") { Description = "The column of ids; 'id' by default.", HelpName = "column" };
    private readonly Option<string?> label = new("--label") { Description = "The column of the truth; label, y, y_true, target or class by default.", HelpName = "column" };
    private readonly Option<string?> prediction = new("--prediction") { Description = "The column of the predicted class or value; prediction, predicted or y_pred by default.", HelpName = "column" };
    private readonly Option<string[]> scores = new("--scores")
    {
        Description = "The columns of scores, one a class: a,b,c; p_CLASS, prob_CLASS or logit_CLASS by default.",
        HelpName = "columns",
    };
    private readonly Option<ScoreKind?> kind = new("--kind") { Description = "What the predictions are, where their names do not say it.", HelpName = "probabilities|logits|classes|values" };
    private readonly Option<double?> tolerance = new("--tolerance") { Description = $"How far probabilities may be from a sum of 1; {Predictions.DefaultTolerance} by default.", HelpName = "number" };
    private readonly Option<string[]> metric = new("--metric", "-m") { Description = "Only this metric, as in 'assay methods --kind metric'; may be given several times.", HelpName = "metric" };
    private readonly Option<double> level = new("--level") { Description = "The confidence level of intervals.", DefaultValueFactory = _ => 0.95, HelpName = "number" };

    public void AddTo(Command command)
    {
        Option[] all = [metric, level, labels, id, label, prediction, scores, kind, tolerance];
        foreach (var option in all)
            command.Add(option);
    }

    /// <summary>The file of --labels, if it is given.</summary>
    public string? Labels(CommandSession session) => session.Get(labels);

    public double Level(CommandSession session) => session.Get(level) is var l && l > 0 && l < 1 ? l : throw new ArgumentException($"--level must lie between 0 and 1, not {l}");

    /// <summary>The metrics that were named, or null for the defaults.</summary>
    public ImmutableArray<Metric>? Metrics(CommandSession session)
    {
        if (session.Get(metric) is not { Length: > 0 } names)
            return null;
        // The room's own catalog: that of all rooms would load the training room.
        var catalog = MethodCatalog.Of(typeof(Metric).Assembly);
        return [.. names.Select(n => catalog.Create<Metric>(n))];
    }

    /// <summary>Reads several models; they are called by their file, with its folder where two files have one name.</summary>
    public ImmutableArray<Predictions> Read(CommandSession session, string[] names, bool withIds, ImmutableArray<string> slices)
    {
        var read = names.Select(n => Read(session, n, withIds, slices)).ToArray();
        var ambiguous = read.GroupBy(p => p.Model, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return [.. read.Select((p, i) => ambiguous.Contains(p.Model) ? p.With(model: names[i]) : p)];
    }

    /// <summary>Reads one model from a file, or from a run by its folder or id, with the truth of --labels where that is given.</summary>
    public Predictions Read(CommandSession session, string name, bool withIds, ImmutableArray<string> slices) => Read(session, name, withIds, slices, session.Get(labels));

    /// <summary>Reads one model from a file, or from a run by its folder or id.</summary>
    /// <param name="session">The invocation.</param>
    /// <param name="name">The file or run.</param>
    /// <param name="withIds">Whether ids are needed.</param>
    /// <param name="slices">The columns to slice by, or null for all that can be.</param>
    /// <param name="truthFile">A file with the truth, for predictions that come without it.</param>
    public Predictions Read(CommandSession session, string name, bool withIds, ImmutableArray<string>? slices, string? truthFile)
    {
        var (path, run) = Resolve(session.Environment, name);
        return PredictionsFile.Read(path, Roles(session, run, withIds, slices), truthFile is { } truth ? session.Environment.PathOf(truth) : null);
    }

    /// <summary>Reads one model block by block.</summary>
    /// <exception cref="ArgumentException">The truth is in a file of its own.</exception>
    public IEnumerable<Predictions> ReadBlocks(CommandSession session, string name, ImmutableArray<string> slices)
    {
        var (path, run) = Resolve(session.Environment, name);
        return session.Get(labels) is { } truth
            ? throw new ArgumentException($"--stream reads predictions with their truth in one file; --labels {truth} cannot be matched block by block")
            : PredictionsFile.ReadBlocks(path, roles: Roles(session, run, withIds: false, slices));
    }

    /// <summary>Whether a table would fill more than half of the memory if it were read whole.</summary>
    public bool FillsMemory(CommandSession session, string name)
    {
        var (path, _) = Resolve(session.Environment, name);
        // A number takes 4 bytes as read, as score and as sorting key; in Parquet about 4 on disk, in CSV about 8.
        var factor = Path.GetExtension(path).ToLowerInvariant() switch { ".parquet" => 5.0, ".csv" or ".tsv" => 2.5, _ => 0 };
        return session.Get(labels) is null && factor * new FileInfo(path).Length > 0.5 * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    private PredictionRoles Roles(CommandSession session, string? run, bool withIds, ImmutableArray<string>? slices) => new()
    {
        Id = session.Get(id),
        Label = session.Get(label),
        Prediction = session.Get(prediction),
        Scores = [.. (session.Get(scores) ?? []).SelectMany(s => s.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
        Kind = session.Get(kind),
        Tolerance = session.Get(tolerance) ?? Predictions.DefaultTolerance,
        WithIds = withIds,
        Slices = slices,
        Model = run,
    };

    private static (string Path, string? Run) Resolve(CliEnvironment environment, string name)
    {
        var path = Path.TrimEndingDirectorySeparator(environment.PathOf(name));
        if (File.Exists(path))
            return (path, null);
        if (Directory.Exists(path))
            return OfRun(new RunStore(Path.GetDirectoryName(path)!).Find(Path.GetFileName(path)));
        var store = new RunStore(environment.PathOf(RunStore.DefaultFolder));
        // What looks like a path is one; a bare word may be a run.
        return name.Contains('/', StringComparison.Ordinal) || Path.GetExtension(name) is { Length: > 1 } || store.List().IsEmpty
            ? throw new FileNotFoundException($"{name}: there is no such file or run", path)
            : OfRun(store.Find(name));
    }

    private static (string Path, string? Run) OfRun(Run run) => File.Exists(run.PredictionsPath)
        ? (run.PredictionsPath, run.Id)
        : throw new FileNotFoundException($"run '{run.Id}' has no predictions; it is {LabJson.Name(run.Info.Status)}", run.PredictionsPath);
}
