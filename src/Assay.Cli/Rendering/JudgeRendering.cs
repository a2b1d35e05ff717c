using System.Globalization;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Judgements on a console.</summary>
internal static class JudgeRendering
{
    private const int MostClasses = 20, MostSlices = 30;

    public static IRenderable Render(IReadOnlyList<JudgeResult> results)
    {
        var rows = new List<IRenderable>();
        foreach (var result in results)
            Add(rows, result);
        if (results.Count > 1)
            rows.Add(new Markup($"whether they differ: [green]assay compare {Markup.Escape(string.Join(' ', results.Select(r => r.File)))}[/]"));
        return new Rows(rows);
    }

    private static void Add(List<IRenderable> rows, JudgeResult result)
    {
        var classes = result.Classes.IsEmpty ? "" : $", {result.Classes.Length} classes";
        rows.Add(new Markup($"[bold]{Markup.Escape(result.Model)}[/]  [grey]{Count(result.Examples)} examples{classes}, {LabJson.Name(result.Kind)}[/]"));
        var table = new Table().Border(TableBorder.Simple).AddColumn("metric").AddColumn(Right("value")).AddColumn($"{Percent(result.Level)} interval").AddColumn("");
        foreach (var metric in result.Metrics)
            table.AddRow(new Text(metric.Title), new Text(Value(metric)), new Text(Interval(metric)), new Markup(metric.HigherIsBetter ? "" : "[grey]lower is better[/]"));
        rows.Add(table);
        if (!result.Classes.IsEmpty)
            rows.Add(Classes(result));
        foreach (var column in result.Slices)
            rows.Add(Slices(result, column));
    }

    private static IRenderable Classes(JudgeResult result)
    {
        var weakest = result.Classes.OrderBy(c => double.IsNaN(c.F1.Value) ? double.MaxValue : c.F1.Value).ToArray();
        var table = new Table().Border(TableBorder.Simple).AddColumn("class").AddColumn(Right("examples")).AddColumn(Right("precision")).AddColumn(Right("recall")).AddColumn(Right("F1")).AddColumn("interval of F1");
        foreach (var c in weakest.Length > MostClasses ? weakest.Take(MostClasses) : result.Classes)
            table.AddRow(new Text(c.Name), new Text(Count(c.Support)), new Text(ReportNumbers.Value(c.Precision)), new Text(ReportNumbers.Value(c.Recall)), new Text(ReportNumbers.Value(c.F1)), new Text(ReportNumbers.Interval(c.F1)));
        return weakest.Length > MostClasses
            ? new Rows(table, new Markup($"[grey]the {MostClasses} weakest of {weakest.Length} classes; all with --json[/]"))
            : table;
    }

    private static IRenderable Slices(JudgeResult result, SliceColumn column)
    {
        // The first metric, and those that most tell slices apart.
        var shown = result.Metrics.Where((m, i) => i == 0 || m.Name is "f1-macro" or "log-loss").Take(3).ToArray();
        var table = new Table().Border(TableBorder.Simple).AddColumn(Markup.Escape(column.Column)).AddColumn(Right("examples"));
        foreach (var metric in shown)
            table.AddColumn(Right(metric.Title)).AddColumn("interval");
        table.AddColumn("");
        foreach (var slice in column.Values.Take(MostSlices))
        {
            var cells = new List<IRenderable> { new Text(slice.Value), new Text(Count(slice.Examples)) };
            foreach (var metric in shown)
            {
                var own = slice.Metrics.First(m => m.Name == metric.Name);
                cells.Add(new Text(Value(own)));
                cells.Add(new Text(Interval(own)));
            }
            var lead = slice.Metrics.First(m => m.Name == shown[0].Name);
            cells.Add(new Markup(IsWorse(lead, shown[0]) ? "[red]worse[/]" : IsBetter(lead, shown[0]) ? "[green]better[/]" : ""));
            table.AddRow(cells);
        }
        return column.Values.Length > MostSlices ? new Rows(table, new Markup($"[grey]the {MostSlices} largest of {column.Values.Length} slices; all with --json[/]")) : table;
    }

    // The slice's whole interval lies beyond the value of all examples.
    private static bool IsWorse(MetricLine slice, MetricLine all) => slice.HigherIsBetter ? slice.High < all.Value : slice.Low > all.Value;

    private static bool IsBetter(MetricLine slice, MetricLine all) => slice.HigherIsBetter ? slice.Low > all.Value : slice.High < all.Value;

    private static string Value(MetricLine metric) => ReportNumbers.Value(metric.Estimate);

    private static string Interval(MetricLine metric) => ReportNumbers.Interval(metric.Estimate);

    internal static string Percent(double level) => string.Create(CultureInfo.InvariantCulture, $"{100 * level:0.##} %");

    internal static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    internal static TableColumn Right(string name) => new TableColumn(Markup.Escape(name)).RightAligned();
}
