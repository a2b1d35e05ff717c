using System.Globalization;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Suspicious labels on a console.</summary>
internal static class LabelAuditRendering
{
    private const int MostConfusions = 5;

    public static Func<LabelAuditResult, IRenderable> Result(int most) => result =>
    {
        var rows = new List<IRenderable>
        {
            new Text($"{result.Flagged} of {result.Count} labels are suspicious; about {Percent(result.EstimatedErrorShare)} are estimated to be wrong ({LabJson.Name(result.Filter)})"),
        };
        if (!result.Confusions.IsEmpty)
            rows.Add(new Text($"most often: {string.Join(", ", result.Confusions.Take(MostConfusions).Select(c => $"{c.Given} should be {c.True} ({c.Count})"))}"));
        var table = new Table().Border(TableBorder.Simple).AddColumns("id", "given", "guessed");
        foreach (var column in new[] { "score", "P(given)", "P(guessed)" })
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var s in result.Suspicious.Take(most))
        {
            table.AddRow(
                new Text(s.Id), new Text(s.Given), new Text(s.Guessed), new Text(Units.Number(s.Score)), new Text(Units.Number(s.GivenProbability)), new Text(Units.Number(s.GuessedProbability)));
        }
        if (result.Suspicious.Length > 0 && most > 0)
            rows.Add(table);
        if (result.Suspicious.Length > most)
            rows.Add(new Text($"and {result.Suspicious.Length - most} more (--top, --sheet, --html or --json)"));
        if (result.Review is { } review)
            rows.Add(Review(review));
        return new Rows(rows);
    };

    private static Rows Review(LabelReviewResult review)
    {
        var rows = new List<IRenderable>
        {
            new Text($"reviewed: {string.Join(", ", review.Verdicts.Select(v => $"{v.Value} {v.Key}"))}; {review.Corrected} corrected, {review.Dropped} dropped, {review.Remaining} remain"),
        };
        rows.AddRange(review.Models.Select(m => new Text($"{m.Model}: accuracy {Percent(m.OriginalAccuracy)} on original, {Percent(m.CorrectedAccuracy)} on corrected labels")));
        if (review.Models.Length > 1)
        {
            rows.Add(new Text(review.FlipOnCorrected is { } flip
                ? $"on corrected labels the ranking flips at {Percent(flip)} wrong labels (here {Percent(review.NaturalPrevalence)})"
                : $"on corrected labels the ranking never flips above {Percent(review.NaturalPrevalence)} wrong labels"));
        }
        return new Rows(rows);
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
}
