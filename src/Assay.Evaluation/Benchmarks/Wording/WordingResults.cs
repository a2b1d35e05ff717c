using System.Collections.Immutable;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>One answer: whether it was right, and which option it named (empty where unknown).</summary>
public readonly record struct WordedAnswer(bool Correct, string Option);

/// <summary>
/// Answers of models to items in several wordings; wording 0 is the benchmark's own. Missing answers are null.
/// </summary>
/// <param name="Models">The models.</param>
/// <param name="Items">The items' ids.</param>
/// <param name="Subjects">Each item's subject, or empty.</param>
/// <param name="Answers">For each model and item, the answers by wording.</param>
public sealed record WordingResults(ImmutableArray<string> Models, ImmutableArray<string> Items, ImmutableArray<string> Subjects, WordedAnswer?[][][] Answers)
{
    /// <summary>The number of wordings besides the original.</summary>
    public int ParaphraseCount { get; } = Answers.SelectMany(m => m).Max(i => i.Length) - 1;

    /// <summary>The number of parameters of a model in billions, where the results say so.</summary>
    public ImmutableDictionary<string, double> Parameters { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>The distortion of each wording, where the results say so.</summary>
    public ImmutableArray<double> Distortions { get; init; } = [];

    /// <summary>For each item, whether a judge found that each wording means the same as the original; empty where none was asked, null where it did not say.</summary>
    public ImmutableArray<ImmutableArray<bool?>> Approved { get; init; } = [];

    /// <summary>The same results with only the original wording and those others that the judge approved; null where no judge was asked.</summary>
    public WordingResults? OnlyApproved() => Approved.IsEmpty ? null : this with
    {
        Approved = [], Answers = [.. Answers.Select(model => model.Select((item, i) => item.Select((a, w) => w == 0 || Approved[i][w] == true ? a : null).ToArray()).ToArray())],
    };

    /// <summary>
    /// Reads a table: either <c>model, item, wording, correct</c> (wording 0 is the original; <c>option</c>, <c>subject</c> and <c>approved</c>, a judge's 1 or 0 for the wording, are optional), or
    /// <c>id, correct_original, correct_rephrased</c> (<c>model</c>, <c>subject</c>, <c>params_b</c>, <c>mu</c> are optional; each μ becomes a wording).
    /// </summary>
    /// <exception cref="InvalidDataException">The file is neither, or an answer occurs twice; the message names the row.</exception>
    public static WordingResults Load(string path) => WordingFile.Load(path);

    /// <summary>The items that a model answered in the original and in one other wording: outcomes and subjects.</summary>
    public (bool[] Original, bool[] Other, string[] Subjects) Pairs(int model, int wording)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wording);
        var items = Enumerable.Range(0, Items.Length).Where(i => Answers[model][i].Length > wording && Answers[model][i][0] is not null && Answers[model][i][wording] is not null).ToArray();
        return ([.. items.Select(i => Answers[model][i][0]!.Value.Correct)], [.. items.Select(i => Answers[model][i][wording]!.Value.Correct)], Subjects.IsEmpty ? [] : [.. items.Select(i => Subjects[i])]);
    }
}

/// <summary>Tables of answers in several wordings.</summary>
internal static class WordingFile
{
    public static WordingResults Load(string path)
    {
        var names = TableFile.ReadHead(path, 1).Columns.Select(c => c.Name).ToArray();
        var table = TableFile.Read(path, new TableReadOptions { TextColumns = [.. names.Intersect(["model", "item", "id", "subject", "benchmark", "option"])] });
        var subject = names.FirstOrDefault(n => n is "subject" or "benchmark");
        if (names.Contains("correct_original") && names.Contains("correct_rephrased"))
            return Paired(table, subject);
        if (names.Contains("item") && names.Contains("wording") && names.Contains("correct"))
            return Long(table, subject);
        throw new InvalidDataException($"{path}: the columns item, wording and correct were expected (with model), or id, correct_original and correct_rephrased; there are: {string.Join(", ", names)}");
    }

    private static WordingResults Long(Table table, string? subject)
    {
        var (correct, wordings) = (Bits(table, "correct"), Numbers(table, "wording"));
        var rows = Enumerable.Range(0, table.RowCount).Select(row => (Row: row, Model: Cell(table, "model", row, "model"), Item: Cell(table, "item", row), Subject: subject is null ? "" : Cell(table, subject, row),
            Wording: wordings[row] is >= 0 and <= 1000 and var w && w == Math.Floor(w) ? (int)w : throw new InvalidDataException($"{table.Source}: row {row + 1}: wording {wordings[row]}; 0 (the original), 1, 2, … was expected"),
            Answer: correct[row] is { } c ? new WordedAnswer(c, table.Find("option") is null ? "" : Cell(table, "option", row)) : (WordedAnswer?)null));
        var found = rows.ToArray();
        var results = Gather(table.Source, found);
        if (table.Find("approved") is null)
            return results;
        var (approved, items) = (Bits(table, "approved"), results.Items.Index().ToDictionary(i => i.Item, i => i.Index));
        var byItem = results.Items.Select(_ => new bool?[results.ParaphraseCount + 1]).ToArray();
        foreach (var row in found.Where(r => approved[r.Row] is not null))
        {
            ref var known = ref byItem[items[row.Item]][row.Wording];
            if (known is not null && known != approved[row.Row])
                throw new InvalidDataException($"{table.Source}: row {row.Row + 1}: wording {row.Wording} of item '{row.Item}' is approved in one row and not in another");
            known = approved[row.Row];
        }
        return results with { Approved = [.. byItem.Select(i => i.ToImmutableArray())] };
    }

    private static WordingResults Paired(Table table, string? subject)
    {
        var (original, other) = (Bits(table, "correct_original"), Bits(table, "correct_rephrased"));
        var mu = table.Find("mu") is null ? null : Numbers(table, "mu");
        var levels = mu?.Distinct().Order().ToArray() ?? [1];
        var rows = new List<(int, string, string, string, int, WordedAnswer?)>();
        var originals = new HashSet<(string, string)>();
        for (var row = 0; row < table.RowCount; row++)
        {
            var (model, item) = (Cell(table, "model", row, "model"), Cell(table, "id", row));
            if (originals.Add((model, item)))
                rows.Add((row, model, item, subject is null ? "" : Cell(table, subject, row), 0, original[row] is { } o ? new WordedAnswer(o, "") : null));
            rows.Add((row, model, item, subject is null ? "" : Cell(table, subject, row), mu is null ? 1 : 1 + Array.IndexOf(levels, mu[row]), other[row] is { } r ? new WordedAnswer(r, "") : null));
        }
        var parameters = table.Find("params_b") is null ? null : Numbers(table, "params_b");
        return Gather(table.Source, rows) with
        {
            Distortions = mu is null ? [] : [0, .. levels],
            Parameters = parameters is null ? ImmutableDictionary<string, double>.Empty
                : Enumerable.Range(0, table.RowCount).Where(r => parameters[r] > 0).GroupBy(r => Cell(table, "model", r, "model")).ToImmutableDictionary(g => g.Key, g => parameters[g.First()]),
        };
    }

    private static WordingResults Gather(string source, IReadOnlyList<(int Row, string Model, string Item, string Subject, int Wording, WordedAnswer? Answer)> rows)
    {
        if (rows.Count == 0)
            throw new InvalidDataException($"{source}: there are no answers");
        string[] models = [.. rows.Select(r => r.Model).Distinct()], items = [.. rows.Select(r => r.Item).Distinct()];
        var (modelOf, itemOf) = (models.Index().ToDictionary(m => m.Item, m => m.Index), items.Index().ToDictionary(m => m.Item, m => m.Index));
        var wordings = rows.Max(r => r.Wording) + 1;
        var answers = models.Select(_ => items.Select(_ => new WordedAnswer?[wordings]).ToArray()).ToArray();
        var (subjects, seen) = (new string[items.Length], new HashSet<(int, int, int)>());
        foreach (var row in rows)
        {
            var (m, i) = (modelOf[row.Model], itemOf[row.Item]);
            if (!seen.Add((m, i, row.Wording)))
                throw new InvalidDataException($"{source}: row {row.Row + 1}: model '{row.Model}' answers item '{row.Item}' in wording {row.Wording} twice");
            answers[m][i][row.Wording] = row.Answer;
            subjects[i] = row.Subject;
        }
        return wordings < 2 || answers.All(m => m.All(i => i.Skip(1).All(a => a is null)))
            ? throw new InvalidDataException($"{source}: there is no wording besides the original")
            : answers.All(m => m.All(i => i[0] is null)) ? throw new InvalidDataException($"{source}: there is no answer to the original wording (wording 0)")
            : new WordingResults([.. models], [.. items], subjects.All(s => s.Length == 0) ? [] : [.. subjects], answers);
    }

    private static string Cell(Table table, string name, int row, string? absent = null) =>
        table.Find(name) is { } column ? PoolFile.Text(column, row) : absent ?? table[name].Name;

    private static double[] Numbers(Table table, string name) => PoolFile.Scores(table, name);

    private static bool?[] Bits(Table table, string name) => [.. PoolFile.Scores(table, name).Select((v, row) => v switch
    {
        1 => true,
        0 => false,
        double.NaN => (bool?)null,
        _ => throw new InvalidDataException($"{table.Source}: row {row + 1}, column '{name}': {v}; 0 or 1 was expected"),
    })];
}
