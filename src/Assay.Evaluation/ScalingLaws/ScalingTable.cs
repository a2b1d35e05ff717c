using System.Collections.Immutable;
using System.Globalization;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>A table of runs by column, as laws are fitted on. Columns are found by their usual names, in any case.</summary>
public sealed class ScalingTable
{
    private static readonly ImmutableDictionary<string, string[]> Aliases = new Dictionary<string, string[]>
    {
        ["n"] = ["n", "params", "parameters", "size"],
        ["d"] = ["d", "tokens", "examples", "data"],
        ["compute"] = ["compute", "c", "flops"],
        ["steps"] = ["steps", "step", "s"],
        ["batch"] = ["batch", "batch_tokens", "b"],
        ["loss"] = ["loss", "l"],
        ["error"] = ["error", "err"],
        ["m"] = ["m", "examples", "d"],
        ["size"] = ["size", "n", "params", "parameters"],
    }.ToImmutableDictionary();

    private readonly Dictionary<string, double[]> numbers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string[]> texts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A table of given rows; a value that is no number counts as text.</summary>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="rows">Each row by column; absent numbers become NaN.</param>
    public ScalingTable(string source, IReadOnlyList<IReadOnlyDictionary<string, string>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        (Source, Count) = (source, rows.Count);
        foreach (var name in rows.SelectMany(r => r.Keys).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            string[] cells = [.. rows.Select(r => r.GetValueOrDefault(name, ""))];
            texts[name] = cells;
            double[] parsed = [.. cells.Select(c => double.TryParse(c, NumberStyles.Float, CultureInfo.InvariantCulture, out var v) ? v : double.NaN)];
            if (cells.Zip(parsed).All(p => p.First.Length == 0 || !double.IsNaN(p.Second)) && parsed.Any(v => !double.IsNaN(v)))
                numbers[name] = parsed;
        }
    }

    /// <summary>Where the table came from.</summary>
    public string Source { get; }

    /// <summary>The number of rows.</summary>
    public int Count { get; }

    /// <summary>Reads a table file, or the released folder of the over-training paper.</summary>
    /// <exception cref="InvalidDataException">The file is no table.</exception>
    public static ScalingTable Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            return OverTrainingRelease.Read(path).ToTable(path);
        var table = TableFile.Read(path);
        var rows = Enumerable.Range(0, table.RowCount).Select(i => (IReadOnlyDictionary<string, string>)table.Columns.ToDictionary(c => c.Name, c => c switch
        {
            DoubleColumn d => d.Values.Span[i].ToString("r", CultureInfo.InvariantCulture),
            FloatColumn f => f.Values.Span[i].ToString("r", CultureInfo.InvariantCulture),
            TextColumn t => t.Values[i],
            _ => "",
        }, StringComparer.OrdinalIgnoreCase)).ToArray();
        return new ScalingTable(path, rows);
    }

    /// <summary>Whether there is such a column of numbers.</summary>
    public bool Has(string column) => Find(column) is not null;

    /// <summary>A column of numbers.</summary>
    /// <exception cref="InvalidDataException">There is none; the message names those there are.</exception>
    public double[] Numbers(string column) => Find(column)
        ?? throw new InvalidDataException($"{Source}: no column of numbers '{column}'; there are {string.Join(", ", numbers.Keys)}");

    /// <summary>A column of texts; empty texts where there is none.</summary>
    public string[] Texts(string column) => texts.GetValueOrDefault(column) ?? [.. Enumerable.Repeat("", Count)];

    /// <summary>The rows of a group (column group or dataset).</summary>
    public ScalingTable OfGroup(string group)
    {
        var column = GroupColumn ?? throw new InvalidDataException($"{Source}: no column 'group' to choose '{group}' from");
        var kept = Enumerable.Range(0, Count).Where(i => texts[column][i] == group).ToArray();
        if (kept.Length == 0)
            throw new InvalidDataException($"{Source}: no group '{group}'; there are {string.Join(", ", texts[column].Distinct())}");
        return new ScalingTable(Source, [.. kept.Select(i => texts.ToDictionary(t => t.Key, t => t.Value[i], StringComparer.OrdinalIgnoreCase))]);
    }

    /// <summary>The rows as finished runs: columns n, d and loss; error, group and name where there are such.</summary>
    public ImmutableArray<ScalingRun> Runs()
    {
        var (n, d, loss) = (Numbers("n"), Numbers("d"), Numbers("loss"));
        var (error, group, name) = (Find("error"), GroupColumn is { } g ? texts[g] : null, texts.GetValueOrDefault("name"));
        return [.. Enumerable.Range(0, Count).Select(i => new ScalingRun(n[i], d[i], loss[i]) { Error = error?[i] ?? double.NaN, Group = group?[i] ?? "", Name = name?[i] ?? "" })];
    }

    /// <summary>The rows as training curves: columns run, n, batch, step and loss.</summary>
    public ImmutableArray<TrainingCurve> Curves()
    {
        var (n, batch, steps, loss, run) = (Numbers("n"), Numbers("batch"), Numbers("steps"), Numbers("loss"), Texts("run"));
        return [.. Enumerable.Range(0, Count).GroupBy(i => (run[i], n[i], batch[i])).Select(g =>
        {
            var order = g.OrderBy(i => steps[i]).ToArray();
            return new TrainingCurve(g.Key.Item2, g.Key.Item3, [.. order.Select(i => steps[i])], [.. order.Select(i => loss[i])]) { Name = g.Key.Item1 };
        })];
    }

    /// <summary>The rows as points of a learning curve: columns m and error (or loss); size and seed where there are such.</summary>
    public ImmutableArray<LearningCurvePoint> LearningCurve()
    {
        var (m, error, size, seed) = (Numbers("m"), Find("error") ?? Numbers("loss"), Find("size"), Find("seed"));
        return LearningCurvePoint.Envelope(Enumerable.Range(0, Count).Select(i => new LearningTrial(m[i], size?[i] ?? double.NaN, (int)(seed?[i] ?? 0), error[i])));
    }

    /// <summary>The rows as pass rates: columns question, model, compute, passes and trials.</summary>
    public PassRateTable PassRates()
    {
        var (compute, passes, trials) = (Numbers("compute"), Numbers("passes"), Numbers("trials"));
        var (question, model) = (Texts("question"), Texts("model"));
        var rows = Enumerable.Range(0, Count).ToArray();
        var questions = question.Distinct().ToArray();
        var models = rows.GroupBy(i => model[i]).Select(g => new ScaledModel(g.Key, compute[g.First()], (int)g.Min(i => trials[i]))).ToArray();
        var rates = rows.GroupBy(i => (question[i], model[i])).ToDictionary(g => g.Key, g => g.Sum(i => passes[i]) / g.Sum(i => trials[i]));
        return new PassRateTable([.. questions], [.. models], [.. questions.Select(q => (ImmutableArray<double>)[.. models.Select(m => rates.GetValueOrDefault((q, m.Name), double.NaN))])]).Checked();
    }

    private string? GroupColumn => texts.ContainsKey("group") ? "group" : texts.ContainsKey("dataset") ? "dataset" : null;

    private double[]? Find(string column) => Aliases.GetValueOrDefault(column, [column]).Select(a => numbers.GetValueOrDefault(a)).FirstOrDefault(c => c is not null);
}
