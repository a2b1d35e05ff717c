using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Labels that neighbours contradict, on a console.</summary>
internal static class NeighbourRendering
{
    public static Func<NeighbourAuditResult, IRenderable> Result(int most) => result =>
    {
        var rows = new List<IRenderable> { new Text($"{result.Candidates} of {result.Count} labels are contradicted by their neighbours ({result.Strategy} strategy)") };
        if (!result.Errors.IsEmpty)
        {
            var errors = new Table().Border(TableBorder.Simple).AddColumn("model").AddColumn("error").AddColumn(JudgeRendering.Right("count")).AddColumn(JudgeRendering.Right("share")).AddColumn(JudgeRendering.Right("F1 without them"));
            foreach (var e in result.Errors)
                errors.AddRow(new Text(e.Model), new Text(LabJson.Name(e.Source).Replace('-', ' ')), new Text($"{e.Count}"), new Text(ReportNumbers.Percent(e.Share)), new Text(ReportNumbers.Value(e.ScoreWithout.F1)));
            rows.Add(errors);
        }
        if (result.Findings.Length > 0 && most > 0)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("id", "given", "proposed", "because of").AddColumn(JudgeRendering.Right("distance"));
            foreach (var f in result.Findings.Take(most))
                table.AddRow(new Text(f.Id), new Text(f.Given), new Text(f.Proposed), new Text(f.Evidence), new Text(Units.Number(f.Distance)));
            rows.Add(table);
        }
        if (result.Findings.Length > most)
            rows.Add(new Text($"and {result.Findings.Length - most} more (--top, --html or --json)"));
        return new Rows(rows);
    };
}
