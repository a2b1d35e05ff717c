using System.Globalization;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Calibrations on a console.</summary>
internal static class CalibrateRendering
{
    public static IRenderable Render(CalibrateResult result)
    {
        var rows = new List<IRenderable>
        {
            new Markup($"[bold]{Markup.Escape(result.Model)}[/]  [grey]{Count(result.Examples)} examples[/]"),
            new Text($"{result.Method}, fitted on {Count(result.FittedOn)} examples: {result.Summary}"),
        };
        if (result.Metrics.IsEmpty)
            rows.Add(new Markup("[grey]the predictions come without truth: calibrated, not judged[/]"));
        else
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn("metric").AddColumn(Right("before")).AddColumn("interval").AddColumn(Right("after")).AddColumn("interval").AddColumn("");
            foreach (var m in result.Metrics)
                table.AddRow(new Text(m.Title), new Text(ReportNumbers.Value(m.Before.Estimate)), new Text(ReportNumbers.Interval(m.Before.Estimate)), new Text(ReportNumbers.Value(m.After.Estimate)), new Text(ReportNumbers.Interval(m.After.Estimate)), new Markup(m.HigherIsBetter ? "" : "[grey]lower is better[/]"));
            rows.Add(table);
        }
        rows.Add(new Text(result.ChangedClasses == 0 ? "No predicted class changed." : $"{Count(result.ChangedClasses)} of {Count(result.Examples)} predicted classes changed."));
        return new Rows(rows);
    }

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Count(int count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
