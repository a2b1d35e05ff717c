using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Lifelong metrics on a console.</summary>
internal static class LifelongRendering
{
    public static IRenderable Render(LifelongResult result)
    {
        var rows = new List<IRenderable>();
        var count = result.Runs.Length;
        var first = result.Runs[0];
        rows.Add(new Markup(count == 1
            ? $"[bold]{Markup.Escape(first.Run)}[/]  [grey]{first.Tasks.Length} tasks, {first.LearningExperiences} learning and {first.EvaluationExperiences} evaluation experiences[/]"
            : $"[bold]{count} runs[/]  [grey]{Markup.Escape(string.Join(", ", result.Runs.Take(6).Select(r => r.Run)))}{(count > 6 ? ", …" : "")}[/]"));
        var table = new Table().Border(TableBorder.Simple).AddColumn("metric").AddColumn(JudgeRendering.Right("value"));
        if (count > 1)
            table.AddColumn("95 % interval").AddColumn(JudgeRendering.Right("runs"));
        table.AddColumn("reading");
        foreach (var s in result.Statistics)
        {
            List<IRenderable> cells = [new Text(LifelongSections.Title(s.Metric)), new Text(count > 1 ? ReportNumbers.Value(s.Estimate) : ReportNumbers.Value(s.Estimate.Value))];
            if (count > 1)
                cells.AddRange([new Text(ReportNumbers.Interval(s.Estimate)), new Text($"{s.Runs}")]);
            cells.Add(new Markup(LifelongSections.Reading(s) is { } reading ? s.Estimate.Value >= s.Threshold ? $"[green]{reading}[/]" : $"[yellow]{reading}[/]" : ""));
            table.AddRow(cells);
        }
        rows.Add(table);
        if (count == 1)
            rows.Add(Tasks(first));
        return new Rows(rows);
    }

    private static Rows Tasks(LifelongReport report)
    {
        LifelongMetric[] metrics = [.. Enum.GetValues<LifelongMetric>().Where(m => report.Tasks.Any(t => t.Values.ContainsKey(m)))];
        var table = new Table().Border(TableBorder.Simple).AddColumn("task");
        foreach (var metric in metrics)
            table.AddColumn(JudgeRendering.Right(LifelongSections.Title(metric)));
        foreach (var task in report.Tasks)
            table.AddRow([new Text(task.Task), .. metrics.Select(m => new Text(task.Values.TryGetValue(m, out var v) ? ReportNumbers.Value(v) : "–"))]);
        var rows = new List<IRenderable> { table };
        rows.AddRange(report.Tasks.SelectMany(t => t.Missing.Select(m => (t.Task, Missing: m))).GroupBy(m => m.Missing)
            .Select(g => new Markup($"[grey]{Markup.Escape($"{string.Join(", ", g.Select(m => m.Task))}: no {g.Key}")}[/]")));
        return new Rows(rows);
    }
}
