using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Reads a pool of results. A file (CSV, TSV, Parquet, JSONL) is told by its columns:
/// <list type="bullet">
/// <item>long: <c>model</c>, <c>sample</c> (or <c>data_instance</c>, <c>item</c>, <c>id</c>), <c>score</c> (or <c>correct</c>); further columns
/// (<c>dataset</c>, <c>metric</c>, <c>text</c>, …) describe the sample. Scores are numbers, or true/false, yes/no, correct/incorrect; an empty one is missing.</item>
/// <item>pairs: <c>model_a</c>, <c>model_b</c>, <c>winner</c> (model_a, model_b, tie, or a model's name), with or without a sample column.</item>
/// <item>wide: <c>model</c> and one numeric column for each sample.</item>
/// </list>
/// A folder is one of the paper's release: <c>results.parquet</c> (wide), else <c>pairwise.parquet</c>, with <c>instances.json</c>; or
/// <c>&lt;dataset&gt;/binary|numeric/</c> with wide tables.
/// </summary>
public static class PoolFile
{
    internal static readonly string[] SampleNames = ["sample", "data_instance", "item", "id"], ScoreNames = ["score", "correct"];

    /// <summary>Reads a file or folder.</summary>
    /// <exception cref="InvalidDataException">It is none of these, or damaged; the message names file and row.</exception>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    public static SamplePool Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
            return OfFiles([(path, "", "")], null);
        var instances = Path.Combine(path, "instances.json") is var file && File.Exists(file) ? file : null;
        foreach (var name in new[] { "results", "pairwise" })
        {
            if (Directory.GetFiles(path, $"{name}.*").Order(StringComparer.Ordinal).FirstOrDefault(IsTable) is { } table)
                return OfFiles([(table, "", "")], instances);
        }
        var matrices = Directory.GetDirectories(path).Order(StringComparer.Ordinal).SelectMany(dataset => new[] { "binary", "numeric" }
            .Where(metric => Directory.Exists(Path.Combine(dataset, metric)))
            .SelectMany(metric => Directory.GetFiles(Path.Combine(dataset, metric)).Where(IsTable).Order(StringComparer.Ordinal).Select(f => (f, Path.GetFileName(dataset), metric)))).ToArray();
        return matrices.Length > 0
            ? OfFiles(matrices, instances)
            : throw new InvalidDataException($"{path}: no results.parquet, no pairwise.parquet, and no folder <dataset>/binary or <dataset>/numeric with tables");
    }

    private static bool IsTable(string file) => Path.GetExtension(file).ToLowerInvariant() is ".parquet" or ".csv" or ".tsv" or ".jsonl";

    private static SamplePool OfFiles(IReadOnlyList<(string File, string Dataset, string Metric)> files, string? instances)
    {
        var builder = new PoolBuilder();
        foreach (var (file, dataset, metric) in files)
            Add(builder, file, dataset, metric);
        if (instances is not null)
            PoolInstances.Describe(builder, instances);
        return builder.Build(files.Count == 1 ? files[0].File : $"{files.Count} files");
    }

    private static void Add(PoolBuilder builder, string file, string dataset, string metric)
    {
        var columns = TableFile.ReadHead(file, 1).Columns.Select(c => c.Name).ToArray();
        string[] texts = [.. columns.Intersect(["model", "model_a", "model_b", "winner", "dataset", "metric", "text", .. SampleNames])];
        var table = TableFile.Read(file, new TableReadOptions { TextColumns = [.. texts] });
        if (columns.Contains("model_a") && columns.Contains("model_b"))
            AddPairs(builder, table);
        else if (columns.Contains("model") && columns.Intersect(SampleNames).Any() && columns.Intersect(ScoreNames).Any())
            AddLong(builder, table);
        else if (columns.Contains("model") && columns.Length > 1)
            AddWide(builder, table, dataset, metric);
        else
            throw new InvalidDataException($"{file}: no results: the columns model, sample and score were expected, or model_a, model_b and winner, or model and one column for each sample; there are: {string.Join(", ", columns.Take(12))}");
    }

    private static void AddLong(PoolBuilder builder, Table table)
    {
        var sampleColumn = SampleNames.First(n => table.Find(n) is not null);
        var scoreColumn = ScoreNames.First(n => table.Find(n) is not null);
        var (models, samples, scores) = (Named(table, "model"), Named(table, sampleColumn), Scores(table, scoreColumn));
        var modelCodes = models.Names.Select(builder.Model).ToArray();
        // The same id in two datasets is two samples.
        var datasets = table.Find("dataset") is { } d ? Categories(d) : null;
        var sampleOf = new Dictionary<(int, int), int>();
        var others = table.Columns.Where(c => c.Name != "model" && c.Name != sampleColumn && c.Name != scoreColumn).ToArray();
        for (var row = 0; row < table.RowCount; row++)
        {
            var key = (samples.Codes[row], datasets?.Codes[row] ?? 0);
            if (!sampleOf.TryGetValue(key, out var sample))
            {
                var dataset = datasets?[row] ?? "";
                sampleOf.Add(key, sample = builder.Sample(samples[row], dataset));
                foreach (var column in others)
                    builder.Describe(sample, column.Name, Text(column, row));
            }
            builder.Add(modelCodes[models.Codes[row]], sample, scores[row]);
        }
    }

    private static void AddWide(PoolBuilder builder, Table table, string dataset, string metric)
    {
        var models = Named(table, "model");
        var codes = models.Names.Select(builder.Model).ToArray();
        foreach (var column in table.Columns.Where(c => c.Name != "model"))
        {
            var sample = builder.Sample(column.Name, dataset);
            if (dataset.Length > 0)
                builder.Describe(sample, "dataset", dataset);
            if (metric.Length > 0)
                builder.Describe(sample, "metric", metric);
            var scores = Scores(table, column.Name);
            for (var row = 0; row < table.RowCount; row++)
                builder.Add(codes[models.Codes[row]], sample, scores[row]);
        }
    }

    private static void AddPairs(PoolBuilder builder, Table table)
    {
        var (first, second, winner) = (Named(table, "model_a"), Named(table, "model_b"), Named(table, "winner"));
        var samples = SampleNames.FirstOrDefault(n => table.Find(n) is not null) is { } name ? Named(table, name) : null;
        for (var row = 0; row < table.RowCount; row++)
        {
            var (a, b, won) = (first[row], second[row], winner[row]);
            if (a == b)
                throw new InvalidDataException($"{table.Source}: row {row + 1}: model '{a}' is compared with itself");
            var outcome = won == "model_a" || won == a ? PairOutcome.First
                : won == "model_b" || won == b ? PairOutcome.Second
                : won.StartsWith("tie", StringComparison.OrdinalIgnoreCase) ? PairOutcome.Tie
                : throw new InvalidDataException($"{table.Source}: row {row + 1}: the winner is '{won}'; model_a, model_b or tie was expected");
            builder.Add(new PairResult(builder.Sample(samples?[row] ?? $"row {row + 1}", ""), builder.Model(a), builder.Model(b), outcome));
        }
    }

    private static CategoryColumn Named(Table table, string name)
    {
        var column = Categories(table[name]);
        return column.Names.IndexOf("") is >= 0 and var empty
            ? throw new InvalidDataException($"{table.Source}: row {column.Codes.IndexOf(empty) + 1}: the {name} is empty")
            : column;
    }

    internal static CategoryColumn Categories(TableColumn column) => column is TextColumn text ? text.ToCategories() : CategoryColumn.FromTexts(Enumerable.Range(0, column.Count).Select(row => Text(column, row)));

    internal static string Text(TableColumn column, int row) => column switch
    {
        TextColumn text => text.Values[row],
        FloatColumn floats => Written(floats.Values.Span[row]),
        _ => Written(((DoubleColumn)column).Values.Span[row]),
    };

    private static string Written(double value) => double.IsNaN(value) ? "" : value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    internal static double[] Scores(Table table, string name)
    {
        switch (table[name])
        {
            case FloatColumn floats:
                return Array.ConvertAll(floats.Values.ToArray(), static v => (double)v);
            case DoubleColumn doubles:
                return doubles.Values.ToArray();
            default:
                var texts = ((TextColumn)table[name]).Values;
                return [.. texts.Select((text, row) => Score(text) is { } score ? score
                    : throw new InvalidDataException($"{table.Source}: row {row + 1}, column '{name}': '{text}' is no score; a number or true/false was expected"))];
        }
    }

    private static double? Score(string text) => text.Trim().ToLowerInvariant() switch
    {
        "" or "null" or "na" or "nan" => double.NaN,
        "true" or "yes" or "correct" => 1,
        "false" or "no" or "incorrect" or "wrong" => 0,
        var other => double.TryParse(other, System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : null,
    };
}
