using System.Collections.Immutable;
using System.Text.Json;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>
/// Reads answer distributions. A table (CSV, Parquet, …): <c>id</c>, <c>answer</c> (index of the correct option), the columns <c>p_0, p_1, …</c> and
/// <c>p_idk</c>, optionally <c>model</c> and <c>subject</c>. JSONL: <c>{id, model?, subject?, answer: index or list, probs: […] or logl: […], idk: index, choices?: […]}</c>;
/// with <c>logl</c> and <c>choices</c> the log-likelihoods are divided by the options' lengths.
/// </summary>
public static class DcsFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="normaliseLength">Whether log-likelihoods are divided by the number of characters of the option and its leading space.</param>
    /// <returns>The answers, and the items whose log-likelihoods are all −∞, which cannot be scored.</returns>
    /// <exception cref="InvalidDataException">The file is neither; the message names the line.</exception>
    public static (ImmutableArray<AnswerDistribution> Answers, ImmutableArray<string> Excluded) Load(string path, bool normaliseLength = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.GetExtension(path).ToLowerInvariant() is ".jsonl" or ".ndjson" ? Lines(path, normaliseLength) : (FromTable(path), []);
    }

    /// <summary>Writes distributions as JSONL, which <see cref="Load"/> reads.</summary>
    public static void Write(string path, IReadOnlyCollection<AnswerDistribution> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (var a in answers)
                writer.WriteLine(JsonSerializer.Serialize(new { id = a.Item, model = a.Model, subject = a.Subject, answer = a.Correct, probs = a.Probabilities, idk = a.Idk }));
        });
    }

    private static ImmutableArray<AnswerDistribution> FromTable(string path)
    {
        var names = TableFile.ReadHead(path, 1).Columns.Select(c => c.Name).ToArray();
        string[] options = [.. names.Where(n => n.StartsWith("p_", StringComparison.Ordinal) && n != "p_idk").OrderBy(n => int.TryParse(n[2..], out var i) ? i : int.MaxValue)];
        if (options.Length == 0 || !names.Contains("id") || !names.Contains("answer"))
            throw new InvalidDataException($"{path}: the columns id, answer and p_0, p_1, … (with p_idk) were expected; there are: {string.Join(", ", names.Take(12))}");
        var table = TableFile.Read(path, new TableReadOptions { TextColumns = [.. names.Intersect(["id", "model", "subject"])] });
        var columns = options.Concat(names.Contains("p_idk") ? ["p_idk"] : []).Select(n => PoolFile.Scores(table, n)).ToArray();
        var answers = PoolFile.Scores(table, "answer");
        string Text(string name, int row) => table.Find(name) is { } column ? PoolFile.Text(column, row) : name == "model" ? "model" : "";
        return
        [
            .. Enumerable.Range(0, table.RowCount).Select(row => new AnswerDistribution(
                Text("model", row), Text("id", row), Text("subject", row), [.. columns.Select(c => double.IsNaN(c[row]) ? 0 : c[row])],
                [answers[row] >= 0 && answers[row] < options.Length && answers[row] == Math.Floor(answers[row]) ? (int)answers[row]
                    : throw new InvalidDataException($"{path}: row {row + 1}: the answer is {answers[row]}; an option between 0 and {options.Length - 1} was expected")],
                names.Contains("p_idk") ? options.Length : null)),
        ];
    }

    private static (ImmutableArray<AnswerDistribution>, ImmutableArray<string>) Lines(string path, bool normaliseLength)
    {
        var (answers, excluded) = (ImmutableArray.CreateBuilder<AnswerDistribution>(), ImmutableArray.CreateBuilder<string>());
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            try
            {
                using var json = JsonDocument.Parse(line);
                var e = json.RootElement;
                var id = e.TryGetProperty("id", out var given) ? given.ToString() : $"{number}";
                double[] logl = e.TryGetProperty("logl", out var l) ? [.. l.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? double.NegativeInfinity : v.GetDouble())] : [];
                if (logl.Length > 0 && logl.All(double.IsNegativeInfinity))
                {
                    excluded.Add($"{id}: every option has the log-likelihood −∞");
                    continue;
                }
                int[] lengths = normaliseLength && e.TryGetProperty("choices", out var choices) ? [.. choices.EnumerateArray().Select(c => c.GetString()!.TrimStart().Length + 1)] : [];
                double[] p = logl.Length > 0 ? DistributionalCorrectness.Probabilities(logl, lengths) : [.. e.GetProperty("probs").EnumerateArray().Select(v => v.GetDouble())];
                var answer = e.GetProperty("answer");
                answers.Add(new AnswerDistribution(
                    Optional(e, "model", "model"), id, Optional(e, "subject", ""), [.. p], answer.ValueKind == JsonValueKind.Array ? [.. answer.EnumerateArray().Select(a => a.GetInt32())] : [answer.GetInt32()],
                    e.TryGetProperty("idk", out var idk) && idk.ValueKind == JsonValueKind.Number ? idk.GetInt32() : null));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
            {
                throw new InvalidDataException($"{path}: line {number}: {(e is KeyNotFoundException ? "answer, and probs or logl, were expected" : e.Message)}", e);
            }
        }
        return answers.Count == 0 ? throw new InvalidDataException($"{path}: there are no answers that can be scored") : (answers.ToImmutable(), excluded.ToImmutable());
    }

    private static string Optional(JsonElement e, string name, string absent) => e.TryGetProperty(name, out var value) ? value.ToString() : absent;
}
