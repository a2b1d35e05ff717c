using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>
/// The released experiments of the over-training paper as they are: <c>models/*.json</c> (sizes, tokens, losses on each validation set),
/// <c>evals/evaluation_*_heavy.json</c> (accuracy on each task) and <c>eval_metadata.csv</c> (the chance of guessing each task).
/// </summary>
/// <param name="Runs">The runs.</param>
/// <param name="Chance">The accuracy of guessing each task.</param>
public sealed record OverTrainingRelease(ImmutableArray<ReleasedRun> Runs, ImmutableDictionary<string, double> Chance)
{
    private const double MiddleSize = 153677376, LeastLead = 0.1;

    /// <summary>Reads the folder <c>exp_data</c>, or the one that holds it.</summary>
    /// <exception cref="InvalidDataException">The folder is not of that layout, or a file of it is damaged.</exception>
    public static OverTrainingRelease Read(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var root = Directory.Exists(Path.Combine(folder, "exp_data")) ? Path.Combine(folder, "exp_data") : folder;
        var models = Path.Combine(root, "models");
        if (!Directory.Exists(models))
            throw new InvalidDataException($"{folder}: neither a folder of runs nor released experiments (exp_data/models/*.json)");
        var runs = Directory.EnumerateFiles(models, "*.json").Order(StringComparer.Ordinal).Select(f => ReadRun(f, Path.Combine(root, "evals"))).ToImmutableArray();
        var metadata = Path.Combine(root, "eval_metadata.csv");
        return new OverTrainingRelease(runs, File.Exists(metadata) ? ReadChance(metadata) : ImmutableDictionary<string, double>.Empty);
    }

    /// <summary>All tasks, in order of their names.</summary>
    public ImmutableArray<string> Tasks => [.. Runs.SelectMany(r => r.Accuracy.Keys).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The tasks on which any run of 0.154 billion parameters beats guessing by 10 points: those that small models can tell apart.</summary>
    public ImmutableArray<string> SelectTasks() =>
        [.. Tasks.Where(t => Runs.Any(r => r.N == MiddleSize && r.Accuracy.TryGetValue(t, out var accuracy) && accuracy >= Chance.GetValueOrDefault(t) + LeastLead))];

    /// <summary>The runs of one training set with the loss on one validation set and the mean error over tasks.</summary>
    /// <param name="dataset">c4_original, rpj or rw_original.</param>
    /// <param name="validation">The validation set.</param>
    /// <param name="tasks">The tasks; those of <see cref="SelectTasks"/> where null.</param>
    public ImmutableArray<ScalingRun> Select(string dataset, string validation = "c4_val", IReadOnlyCollection<string>? tasks = null)
    {
        var chosen = tasks ?? SelectTasks();
        var found = Runs.Where(r => r.Dataset == dataset).ToArray();
        if (found.Length == 0)
            throw new ArgumentException($"no runs on '{dataset}'; there are {string.Join(", ", Runs.Select(r => r.Dataset).Distinct())}");
        return [.. found.Select(r => new ScalingRun(r.N, r.D, r.Losses.TryGetValue(validation, out var loss) ? loss : throw new ArgumentException($"run {r.Name} has no loss on '{validation}'; there are {string.Join(", ", r.Losses.Keys)}"))
        {
            Name = r.Name,
            Group = dataset,
            Error = chosen.All(r.Accuracy.ContainsKey) && chosen.Count > 0 ? chosen.Average(t => 1 - r.Accuracy[t]) : double.NaN,
        })];
    }

    /// <summary>The paper's five runs for the loss law: M = 20 at the four small sizes, and the smallest size at M = 320.</summary>
    public static ImmutableArray<ScalingRun> FittingSet(IEnumerable<ScalingRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var all = runs.ToArray();
        var smallest = all.Min(r => r.N);
        return [.. all.Where(r => r.N < 1e9 && (Near(r.Multiplier, 20) || (r.N == smallest && Near(r.Multiplier, 320))))];
    }

    /// <summary>The paper's six runs for the error law: those for the loss law, and 1.4 billion parameters at M = 20.</summary>
    public static ImmutableArray<ScalingRun> ErrorFittingSet(IEnumerable<ScalingRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var all = runs.ToArray();
        return [.. FittingSet(all), .. all.Where(r => r.N is >= 1e9 and < 2e9 && Near(r.Multiplier, 20))];
    }

    /// <summary>The released runs as a table with the columns group, name, n, d, loss and error.</summary>
    public ScalingTable ToTable(string source) => new(source,
    [
        .. Runs.Select(r => r.Dataset).Distinct().SelectMany(d => Select(d)).Select(r => (IReadOnlyDictionary<string, string>)new Dictionary<string, string>
        {
            ["group"] = r.Group, ["name"] = r.Name, ["n"] = Text(r.N), ["d"] = Text(r.D), ["loss"] = Text(r.Loss), ["error"] = double.IsNaN(r.Error) ? "" : Text(r.Error),
        }),
    ]);

    private static bool Near(double value, double target) => Math.Abs(value / target - 1) < 0.01;

    private static string Text(double value) => value.ToString("r", CultureInfo.InvariantCulture);

    private static ReleasedRun ReadRun(string file, string evals)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var root = json.RootElement;
            var settings = root.GetProperty("hyperparameters");
            var losses = ImmutableDictionary.CreateBuilder<string, double>();
            foreach (var result in root.GetProperty("results").EnumerateArray())
            {
                var path = result.GetProperty("val_data")[0].GetString()!.Split('/');
                var set = path.Length > 1 ? path[^2] : path[0];
                losses[set.Contains("de-en", StringComparison.Ordinal) ? path[^1].Split('.')[0] : set] = result.GetProperty("loss").GetDouble();
            }
            var accuracy = ImmutableDictionary<string, double>.Empty;
            var evaluation = Path.Combine(evals, $"evaluation_{Path.GetFileNameWithoutExtension(file)}_heavy.json");
            if (File.Exists(evaluation))
            {
                using var tasks = JsonDocument.Parse(File.ReadAllText(evaluation));
                accuracy = tasks.RootElement.GetProperty("eval_metrics").GetProperty("icl").EnumerateObject().ToImmutableDictionary(p => p.Name, p => p.Value.GetDouble());
            }
            return new ReleasedRun(
                root.GetProperty("name").GetString()!, root.GetProperty("dataset_name").GetString()!, settings.GetProperty("params").GetDouble(), settings.GetProperty("tokens").GetDouble(), losses.ToImmutable(), accuracy);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{file}: no released run: {e.Message}", e);
        }
    }

    private static ImmutableDictionary<string, double> ReadChance(string file)
    {
        var table = TableFile.Read(file);
        if (table["Eval Task"] is not TextColumn names)
            throw new InvalidDataException($"{file}: column 'Eval Task' holds no texts");
        var baseline = table["Random baseline"];
        return Enumerable.Range(0, table.RowCount).ToImmutableDictionary(i => names.Values[i], i => (baseline switch
        {
            DoubleColumn d => d.Values.Span[i],
            FloatColumn f => f.Values.Span[i],
            _ => throw new InvalidDataException($"{file}: column 'Random baseline' holds no numbers"),
        }) / 100);
    }
}

/// <summary>A released run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dataset">Its training set.</param>
/// <param name="N">Parameters, embeddings included.</param>
/// <param name="D">Training tokens.</param>
/// <param name="Losses">The loss on each validation set.</param>
/// <param name="Accuracy">The accuracy on each task; empty where it was not evaluated.</param>
public sealed record ReleasedRun(
    string Name, string Dataset, double N, double D, ImmutableDictionary<string, double> Losses, ImmutableDictionary<string, double> Accuracy);
