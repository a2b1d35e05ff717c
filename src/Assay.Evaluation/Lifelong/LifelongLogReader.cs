using System.Globalization;
using System.Text.Json;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>Reads the released log layout: one tab-separated file for each worker and block, described by two small JSON files.</summary>
internal sealed class LifelongLogReader
{
    private readonly string folder;
    private readonly string? wanted;

    public LifelongLogReader(string folder, string? measure)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"there is no folder '{folder}'");
        (this.folder, wanted) = (folder, measure);
    }

    /// <summary>The scenario folders at or below a folder: itself, or those inside it that hold logs.</summary>
    public static string[] Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"there is no folder '{folder}'");
        if (Files(folder).Length > 0)
            return [folder];
        string[] inside = [.. Directory.GetDirectories(folder).Where(f => Files(f).Length > 0).Order(StringComparer.Ordinal)];
        return inside.Length > 0 ? inside : throw NoLogs(folder);
    }

    public LifelongLog Read()
    {
        var files = Files(folder);
        if (files.Length == 0)
            throw NoLogs(folder);
        var measure = wanted ?? Measure();
        var experiences = new List<LifelongExperience>();
        var incomplete = 0;
        foreach (var file in files)
            incomplete += ReadFile(file, measure, experiences);
        if (experiences.Count == 0)
            throw new InvalidDataException($"{folder}: no experience is complete");
        try
        {
            return LifelongLog.Of(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), experiences, incomplete > 0 ? [$"{incomplete} experiences that are not complete were dropped"] : []);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static InvalidDataException NoLogs(string folder) => new($"{folder}: no log was found; WORKER/BLOCK-train/data-log.tsv or WORKER/BLOCK-test/data-log.tsv was expected");

    private static string[] Files(string folder) => [.. Directory.GetDirectories(folder)
        .SelectMany(Directory.GetDirectories).Select(block => Path.Combine(block, "data-log.tsv")).Where(File.Exists).Order(StringComparer.Ordinal)];

    private string Measure()
    {
        var path = Path.Combine(folder, "logger_info.json");
        if (!File.Exists(path))
            throw new InvalidDataException($"{path} is missing; it names the column with the performance, which can be given as well");
        try
        {
            using var info = JsonDocument.Parse(File.ReadAllText(path));
            return info.RootElement.GetProperty("metrics_columns").EnumerateArray().First().GetString() ?? throw new InvalidOperationException();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{path}: an object with a list 'metrics_columns' of texts was expected", e);
        }
    }

    private static int ReadFile(string file, string measure, List<LifelongExperience> experiences)
    {
        var table = TableFile.Read(file, new TableReadOptions { Delimiter = '\t', HasHeader = true });
        var (blocks, numbers, types, tasks) = (Numbers(table, "block_num"), Numbers(table, "exp_num"), Texts(table, "block_type")!, Texts(table, "task_name")!);
        var (values, states) = (Numbers(table, measure), Texts(table, "exp_status")!);
        var (subtypes, parameters) = (Texts(table, "block_subtype", isOptional: true), Texts(table, "task_params", isOptional: true));
        var incomplete = 0;
        for (var row = 0; row < table.RowCount; row++)
        {
            if (!states(row).Equals("complete", StringComparison.OrdinalIgnoreCase))
            {
                incomplete++;
                continue;
            }
            var type = types(row).ToLowerInvariant() switch
            {
                "train" => BlockType.Train,
                "test" => BlockType.Test,
                var other => throw new InvalidDataException($"{file}: row {row + 1}: block_type is '{other}'; train or test was expected"),
            };
            if (tasks(row).Length == 0)
                throw new InvalidDataException($"{file}: row {row + 1}: task_name is empty");
            experiences.Add(new LifelongExperience(
                Whole(blocks[row], file, row, "block_num"), Whole(numbers[row], file, row, "exp_num"), type, subtypes?.Invoke(row) is "sleep", tasks(row), parameters?.Invoke(row) ?? "", values[row]));
        }
        return incomplete;
    }

    private static int Whole(double value, string file, int row, string column) => value >= 0 && value <= int.MaxValue && value == Math.Floor(value)
        ? (int)value
        : throw new InvalidDataException($"{file}: row {row + 1}: {column} is {value}; a whole number was expected");

    private static double[] Numbers(Table table, string name) => table[name] switch
    {
        DoubleColumn column => column.Values.ToArray(),
        FloatColumn column => Array.ConvertAll(column.Values.ToArray(), v => (double)v),
        TextColumn column when column.Values.All(v => v.Length == 0) => [.. column.Values.Select(_ => double.NaN)],
        TextColumn column => throw new InvalidDataException($"{table.Source}: column '{name}' holds '{column.Values.First(v => v.Length > 0 && !double.TryParse(v, CultureInfo.InvariantCulture, out _))}'; numbers were expected"),
        _ => throw new InvalidDataException($"{table.Source}: column '{name}' holds no numbers"),
    };

    private static Func<int, string>? Texts(Table table, string name, bool isOptional = false) => (isOptional ? table.Find(name) : table[name]) switch
    {
        null => null,
        TextColumn column => row => column.Values[row],
        DoubleColumn column => row => column.Values.Span[row].ToString(CultureInfo.InvariantCulture),
        FloatColumn column => row => column.Values.Span[row].ToString(CultureInfo.InvariantCulture),
        _ => throw new InvalidDataException($"{table.Source}: column '{name}' holds no texts"),
    };
}
