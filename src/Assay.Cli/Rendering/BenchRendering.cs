using System.Globalization;
using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Benchmark results on a console.</summary>
internal static class BenchRendering
{
    private const int MostModels = 60;

    public static IRenderable Aggregate(BenchAggregateResult result)
    {
        var ranking = result.Ranking;
        var hasIntervals = ranking.Models.Any(m => !double.IsNaN(m.RankLow));
        var table = new Table().Border(TableBorder.Simple).AddColumn(JudgeRendering.Right("rank"));
        if (hasIntervals)
            table.AddColumn("ranks");
        table.AddColumn("model").AddColumn(JudgeRendering.Right(ranking.Aggregator == Aggregator.PlackettLuce ? "θ" : "score"));
        if (hasIntervals)
            table.AddColumn("interval");
        foreach (var name in new[] { "samples", "won", "tied", "lost" })
            table.AddColumn(JudgeRendering.Right(name));
        foreach (var model in ranking.Models.Take(MostModels))
        {
            var cells = new List<IRenderable> { new Text(Units.Number(model.Rank)) };
            if (hasIntervals)
                cells.Add(new Text(double.IsNaN(model.RankLow) ? "" : model.RankLow == model.RankHigh ? $"{model.RankLow}" : $"{model.RankLow}–{model.RankHigh}"));
            cells.Add(new Text(model.Model));
            cells.Add(new Text(ReportNumbers.Value(model.Score)));
            if (hasIntervals)
                cells.Add(new Text(ReportNumbers.Interval(model.Score)));
            cells.AddRange(new[] { model.Measurements, model.Wins, model.Ties, model.Losses }.Select(v => new Text(v.ToString("N0", CultureInfo.InvariantCulture))));
            table.AddRow(cells);
        }
        var rows = new List<IRenderable> { table };
        if (ranking.Models.Length > MostModels)
            rows.Add(new Markup($"[grey]the {MostModels} best of {ranking.Models.Length} models; all with --json[/]"));
        rows.Add(new Markup($"[grey]{JudgeRendering.Count(ranking.SampleCount)} samples, {JudgeRendering.Count(ranking.MeasurementCount)} scores ({ReportNumbers.Percent(ranking.Density)} of the cells), {JudgeRendering.Count((long)ranking.ComparisonCount)} comparisons; {LabJson.Name(ranking.Aggregator)}{(ranking.Alpha > 0 ? $", α = {ranking.Alpha.ToString(CultureInfo.InvariantCulture)}" : "")}[/]"));
        if (!double.IsNaN(ranking.Separability))
            rows.Add(new Markup($"[grey]{ReportNumbers.Percent(ranking.Separability)} of neighbouring ranks are separated by their intervals[/]"));
        if (!result.Hits.IsEmpty)
            rows.Add(Hits(result));
        if (!result.Missingness.IsEmpty)
            rows.Add(Missingness(result));
        return new Rows(rows);
    }

    private static Table Hits(BenchAggregateResult result)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("sample").AddColumn("dataset").AddColumn(JudgeRendering.Right("similarity")).AddColumn("text");
        foreach (var hit in result.Hits.Take(10))
            table.AddRow(new Text(hit.Sample), new Text(hit.Dataset), new Text(Units.Number(hit.Similarity)), new Text(hit.Text.Length > 80 ? hit.Text[..79] + "…" : hit.Text));
        return table;
    }

    private static Table Missingness(BenchAggregateResult result)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(JudgeRendering.Right("removed")).AddColumn(JudgeRendering.Right("Kendall τ to all")).AddColumn(JudgeRendering.Right("least"));
        foreach (var point in result.Missingness)
            table.AddRow(new Text(ReportNumbers.Percent(point.Fraction)), new Text(ReportNumbers.Value(point.Tau)), new Text(ReportNumbers.Value(point.Least)));
        return table;
    }
}
