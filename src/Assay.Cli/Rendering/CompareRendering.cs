using System.Globalization;
using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Comparisons on a console: the verdict first, then the figures that it rests on.</summary>
internal static class CompareRendering
{
    public static IRenderable Render(Comparison comparison, double level)
    {
        var rows = new List<IRenderable>();
        rows.AddRange(comparison.Verdicts.Select(v => new Markup($"[bold]{Markup.Escape(v)}[/]")));
        if (comparison.AllModels is { } all)
            rows.Add(new Text($"all {comparison.Models.Length} models together: {all.Test} {Units.Number(all.Statistic)}, p = {P(all.PValue)}{(all.IsSignificant(1 - level) ? "" : ": no difference shown")}"));
        rows.Add(Metrics(comparison, level));
        if (comparison.Models.Length > 2)
            rows.Add(new Markup("[grey]differences of all pairs in every metric: --json[/]"));
        if (!comparison.Pairs.IsEmpty)
            rows.Add(Pairs(comparison));
        rows.Add(new Markup($"[grey]{JudgeRendering.Count(comparison.Count)} examples; {Markup.Escape(string.Join("; ", comparison.Metrics.Select(m => m.Method).Distinct()))}[/]"));
        rows.Add(new Markup($"[grey]procedure: {Markup.Escape(comparison.Advice.Procedure)}; {Markup.Escape(comparison.Advice.Inference)}[/]"));
        foreach (var reason in comparison.Advice.Reasons)
            rows.Add(new Markup($"[grey]  because {Markup.Escape(reason)}[/]"));
        return new Rows(rows);
    }

    // Two models: the difference; more: the values alone would be as wide as a screen allows.
    private static Table Metrics(Comparison comparison, double level)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("metric");
        foreach (var model in comparison.Models)
            table.AddColumn(JudgeRendering.Right(model));
        var isPair = comparison.Models.Length == 2;
        if (isPair)
            table.AddColumn(JudgeRendering.Right("difference")).AddColumn($"{JudgeRendering.Percent(level)} interval").AddColumn("");
        foreach (var metric in comparison.Metrics)
        {
            List<IRenderable> cells = [new Text(metric.Title), .. metric.Values.Select(v => new Text(ReportNumbers.Value(v)))];
            if (isPair)
            {
                var d = metric.Differences[0];
                var better = d.Difference.Value > 0 == metric.HigherIsBetter ? d.Second : d.First;
                cells.AddRange([new Text(ReportNumbers.Value(d.Difference)), new Text(ReportNumbers.Interval(d.Difference)), new Markup(d.IsReal ? $"[green]{Markup.Escape(better)}[/]" : "")]);
            }
            table.AddRow(cells);
        }
        return table;
    }

    private static Table Pairs(Comparison comparison)
    {
        var several = comparison.Pairs.Length > 1;
        var table = new Table().Border(TableBorder.Simple).AddColumn("pair").AddColumn(JudgeRendering.Right("both right")).AddColumn(JudgeRendering.Right("only first"))
            .AddColumn(JudgeRendering.Right("only second")).AddColumn(JudgeRendering.Right("neither")).AddColumn("test").AddColumn(JudgeRendering.Right("p"));
        if (several)
            table.AddColumn(JudgeRendering.Right("after Holm"));
        foreach (var pair in comparison.Pairs)
        {
            var o = pair.Outcomes;
            List<IRenderable> cells =
            [
                new Text($"{pair.First} – {pair.Second}"), new Text(JudgeRendering.Count(o.Both)), new Text(JudgeRendering.Count(o.OnlyFirst)), new Text(JudgeRendering.Count(o.OnlySecond)),
                new Text(JudgeRendering.Count(o.Neither)), new Text(pair.Test.Test), new Text(P(pair.Test.PValue)),
            ];
            if (several)
                cells.Add(new Text(P(pair.AdjustedPValue)));
            table.AddRow(cells);
        }
        return table;
    }

    internal static string P(double p) => double.IsNaN(p) ? "–" : p < 1e-4 ? p.ToString("0.0e0", CultureInfo.InvariantCulture) : p.ToString("0.0000", CultureInfo.InvariantCulture);
}
