using System.Collections.Immutable;
using System.Text.Json;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>
/// Reads multiple-choice benchmarks as they are published; the format follows from the fields. JSON (a list) or JSONL:
/// ours <c>{id, question, choices[], answer | key, subject?, paraphrases?[], idk?}</c>; ARC and OpenBookQA; HellaSwag; RACE; SciQ; TruthfulQA
/// (<c>mc1_targets</c>); COPA; PIQA (<c>sol1</c>, <c>sol2</c>, <c>label</c>); WinoGrande. CSV without a header: MMLU (question, A, B, C, D, letter).
/// </summary>
public static class QuestionFile
{
    /// <summary>24 questions of general knowledge with five paraphrases each, written for this library.</summary>
    public static ImmutableArray<QuestionItem> Sample()
    {
        using var stream = typeof(QuestionFile).Assembly.GetManifestResourceStream("questions/general-knowledge.jsonl") ?? throw new InvalidDataException("the sample questions are missing");
        using var reader = new StreamReader(stream);
        return Lines(reader.ReadToEnd(), "general-knowledge.jsonl");
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It holds no questions in a known format, or an item is defective; the message names file and item.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ImmutableArray<QuestionItem> Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase))
            return Mmlu(path);
        var text = File.ReadAllText(path);
        var name = Path.GetFileNameWithoutExtension(path);
        if (text.AsSpan().TrimStart() is not ['[', ..] and not ['{', ..])
            throw new InvalidDataException($"{path}: JSON, JSONL or a CSV file of questions was expected");
        if (text.AsSpan().TrimStart() is ['[', ..])
        {
            using var json = Parse(text, path, null);
            return NotEmpty([.. json.RootElement.EnumerateArray().SelectMany((e, i) => Items(e, $"{name}-{i}", path)).Select(Checked(path))], path);
        }
        return Lines(text, path);
    }

    private static ImmutableArray<QuestionItem> Lines(string text, string path)
    {
        var items = ImmutableArray.CreateBuilder<QuestionItem>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            using var json = Parse(line, path, number);
            items.AddRange(Items(json.RootElement, $"{Path.GetFileNameWithoutExtension(path)}-{number}", $"{path}, line {number}").Select(Checked(path)));
        }
        return NotEmpty(items.ToImmutable(), path);
    }

    private static JsonDocument Parse(string text, string path, int? line)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}({line ?? e.LineNumber + 1},{e.BytePositionInLine + 1}): not valid JSON", e);
        }
    }

    private static Func<QuestionItem, QuestionItem> Checked(string path) => item =>
    {
        try
        {
            return item.Validate();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    };

    private static ImmutableArray<QuestionItem> NotEmpty(ImmutableArray<QuestionItem> items, string path)
    {
        if (items.IsEmpty)
            throw new InvalidDataException($"{path}: there are no questions");
        return items.CountBy(i => i.Id, StringComparer.Ordinal).FirstOrDefault(i => i.Value > 1) is { Key: { } id }
            ? throw new InvalidDataException($"{path}: item '{id}' occurs twice")
            : items;
    }

    private static ImmutableArray<QuestionItem> Mmlu(string path)
    {
        var found = TableFile.ReadHead(path, 1, new TableReadOptions { HasHeader = false }).Columns;
        if (found.Length != 6)
            throw new InvalidDataException($"{path}: six columns (question, A, B, C, D, key) without a header were expected, not {found.Length}");
        var table = TableFile.Read(path, new TableReadOptions { HasHeader = false, TextColumns = [.. found.Select(c => c.Name)] });
        var columns = table.Columns.Select(c => ((TextColumn)c).Values).ToArray();
        var name = Path.GetFileNameWithoutExtension(path);
        var subject = name.LastIndexOf('_') is > 0 and var at && name[(at + 1)..] is "test" or "dev" or "val" ? name[..name.LastIndexOf('_')] : name;
        return NotEmpty([.. Enumerable.Range(0, table.RowCount).Select(row => new QuestionItem(
            $"{name}-{row}", columns[0][row], [columns[1][row], columns[2][row], columns[3][row], columns[4][row]], [Letter(columns[5][row], $"{path}: item '{name}-{row}'")]) { Subject = subject })], path);
    }

    private static int Letter(string key, string where) => key.Trim() is [>= 'A' and <= 'Z' and var letter] ? letter - 'A' : throw new InvalidDataException($"{where}: the key is '{key}'; a letter was expected");

    private static IEnumerable<QuestionItem> Items(JsonElement e, string number, string where)
    {
        try
        {
            return QuestionFormats.Read(e, number);
        }
        catch (Exception failure) when (failure is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{where}: {failure.Message}", failure);
        }
    }
}
