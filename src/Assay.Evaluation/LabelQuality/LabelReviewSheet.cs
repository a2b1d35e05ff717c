using System.Collections.Immutable;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>
/// The sheet that reviewers fill in, a table with the columns <c>id, given, guessed, score, text, verdict</c>. In <c>verdict</c> each
/// reviewer writes <c>given</c>, <c>guessed</c>, <c>both</c> or <c>neither</c>; several votes in one cell are separated by spaces, commas
/// or semicolons, and several reviewers may each fill a copy. An empty cell is no vote.
/// </summary>
public static class LabelReviewSheet
{
    private const string Id = "id", Given = "given", Guessed = "guessed", Score = "score", Text = "text", Verdict = "verdict";

    /// <summary>Writes a sheet to be filled in, by the extension as CSV, TSV, Parquet or JSONL.</summary>
    /// <param name="path">The file.</param>
    /// <param name="suspicious">The labels to review.</param>
    /// <param name="textOf">What a reviewer is shown of a row (a text, a file name), or null.</param>
    public static void Write(string path, IReadOnlyCollection<SuspiciousLabel> suspicious, Func<int, string>? textOf = null)
    {
        ArgumentNullException.ThrowIfNull(suspicious);
        TextColumn Column(string name, Func<SuspiciousLabel, string> value) => new(name, [.. suspicious.Select(value)]);
        var scores = new DoubleColumn(Score, [.. suspicious.Select(s => Math.Round(s.Score, 6))]);
        ImmutableArray<TableColumn> shown = textOf is null ? [] : [Column(Text, s => textOf(s.Row))];
        TableFile.Write(path, new Table(path, [Column(Id, s => s.Id), Column(Given, s => s.Given), Column(Guessed, s => s.Guessed), scores, .. shown, Column(Verdict, _ => "")]));
    }

    /// <summary>Reads sheets that were filled in, and adds up the votes on each example. Rows without a vote are left out.</summary>
    /// <param name="paths">The sheets, one or one of each reviewer.</param>
    /// <exception cref="InvalidDataException">A column is missing, a vote is none, or sheets contradict each other about an example.</exception>
    public static ImmutableArray<LabelReview> Read(params IReadOnlyCollection<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var reviews = new Dictionary<string, LabelReview>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            var table = TableFile.Read(path, new TableReadOptions { TextColumns = [Id, Given, Guessed, Verdict] });
            var (ids, given, guessed, votes) = (Texts(table, Id), Texts(table, Given), Texts(table, Guessed), Texts(table, Verdict));
            for (var row = 0; row < table.RowCount; row++)
            {
                var review = reviews.GetValueOrDefault(ids[row]) ?? new LabelReview(ids[row], given[row], guessed[row], 0, 0, 0, 0);
                if (review.GivenLabel != given[row] || review.GuessedLabel != guessed[row])
                    throw new InvalidDataException($"{path}: row {row + 1}: id '{ids[row]}' stands elsewhere with other labels ({review.GivenLabel}, {review.GuessedLabel})");
                foreach (var vote in votes[row].Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries))
                    review = Add(review, vote, $"{path}: row {row + 1}, column '{Verdict}'");
                if (review.Votes > 0)
                    reviews[ids[row]] = review;
            }
        }
        return [.. reviews.Values];
    }

    /// <summary>The verdicts by row.</summary>
    /// <param name="reviews">The reviews.</param>
    /// <param name="predictions">The predictions whose ids and classes the reviews name.</param>
    /// <exception cref="InvalidDataException">An id or a class is unknown, or a given label is another than the predictions have.</exception>
    public static IReadOnlyDictionary<int, (LabelVerdict Verdict, int Guessed)> ToVerdicts(IEnumerable<LabelReview> reviews, Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(reviews);
        ArgumentNullException.ThrowIfNull(predictions);
        predictions.RequireTruth();
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < predictions.Count; i++)
            rows[predictions.Id(i)] = i;
        var classes = Enumerable.Range(0, predictions.ClassCount).ToDictionary(predictions.ClassName, c => c, StringComparer.Ordinal);
        var verdicts = new Dictionary<int, (LabelVerdict, int)>();
        foreach (var review in reviews)
        {
            if (!rows.TryGetValue(review.Id, out var row))
                throw new InvalidDataException($"the reviewed id '{review.Id}' is not among the {predictions.Count} predictions of {predictions.Model}");
            if (predictions.ClassName(predictions.Labels[row]) != review.GivenLabel)
                throw new InvalidDataException($"id '{review.Id}' was reviewed as '{review.GivenLabel}', but its label is '{predictions.ClassName(predictions.Labels[row])}'");
            if (!classes.TryGetValue(review.GuessedLabel, out var guessed))
                throw new InvalidDataException($"id '{review.Id}': '{review.GuessedLabel}' is none of the classes {string.Join(", ", classes.Keys)}");
            verdicts.Add(row, (review.Verdict, guessed));
        }
        return verdicts;
    }

    private static ImmutableArray<string> Texts(Table table, string column) => table[column] is TextColumn texts
        ? texts.Values
        : throw new InvalidDataException($"{table.Source}: column '{column}' holds numbers, texts were expected");

    private static LabelReview Add(LabelReview review, string vote, string where) => vote.ToLowerInvariant() switch
    {
        "given" => review with { Given = review.Given + 1 },
        "guessed" => review with { Guessed = review.Guessed + 1 },
        "both" => review with { Both = review.Both + 1 },
        "neither" => review with { Neither = review.Neither + 1 },
        "other" => review with { Other = review.Other + 1 },
        _ => throw new InvalidDataException($"{where}: '{vote}' is no verdict; given, guessed, both, neither or other was expected"),
    };
}
