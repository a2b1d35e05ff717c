using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Advice and selections on a console.</summary>
internal static class SelectRendering
{
    public static IRenderable Plan(SelectionPlan plan)
    {
        var grid = new Grid().AddColumn(new GridColumn().Padding(0, 0, 2, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        grid.AddRow(new Markup("[bold]do[/]"), new Text(plan.Procedure));
        grid.AddRow(new Markup("[bold]infer by[/]"), new Text(plan.Inference));
        Add("because", [.. plan.Reasons]);
        Add("or", [.. plan.Alternatives]);
        Add("avoid", [.. plan.Avoid]);
        return grid;

        void Add(string title, string[] lines)
        {
            for (var i = 0; i < lines.Length; i++)
                grid.AddRow(new Markup(i == 0 ? $"[grey]{title}[/]" : ""), new Text(lines[i]));
        }
    }

    public static IRenderable Run(SelectionRun run)
    {
        var rows = new List<IRenderable> { Plan(run.Plan) };
        var hasSettings = run.Candidates.Any(c => c.Setting is not null);
        var table = new Table().Border(TableBorder.Simple).AddColumn("learner").AddColumn(JudgeRendering.Right("accuracy")).AddColumn("95 % interval");
        if (hasSettings)
            table.AddColumn("chosen setting");
        foreach (var candidate in run.Candidates.OrderByDescending(c => c.Accuracy.Value))
        {
            List<IRenderable> cells = [new Text(candidate.Name), new Text(ReportNumbers.Value(candidate.Accuracy)), new Text(ReportNumbers.Interval(candidate.Accuracy))];
            if (hasSettings)
                cells.Add(new Text(candidate.Setting ?? ""));
            table.AddRow(cells);
        }
        rows.Add(table);
        rows.Add(new Markup($"[grey]accuracy: {Markup.Escape(run.Candidates[0].Basis)}[/]"));
        if (!run.Pairs.IsEmpty)
            rows.Add(Pairs(run));
        return new Rows(rows);
    }

    private static Table Pairs(SelectionRun run)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("pair").AddColumn(JudgeRendering.Right("difference")).AddColumn("test").AddColumn(JudgeRendering.Right("p"))
            .AddColumn(JudgeRendering.Right($"after {LabJson.Name(run.Plan.Correction)}")).AddColumn("at 5 %");
        foreach (var pair in run.Pairs)
        {
            table.AddRow(
                new Text($"{pair.First} – {pair.Second}"), new Text(ReportNumbers.Value(pair.Difference)), new Text(pair.Test.Test), new Text(CompareRendering.P(pair.Test.PValue)),
                new Text(CompareRendering.P(pair.AdjustedPValue)),
                pair.AdjustedPValue <= 0.05 ? new Markup($"[green]{Markup.Escape(pair.Difference > 0 ? pair.First : pair.Second)} is better[/]") : new Text("cannot tell"));
        }
        return table;
    }
}
