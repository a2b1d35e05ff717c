using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Trainings on a console.</summary>
internal static class TrainRendering
{
    public static IRenderable Result(TrainResult result)
    {
        var rows = new List<IRenderable>();
        foreach (var run in result.Runs)
        {
            rows.Add(new Text(run.Verdict));
            var report = Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(run.Folder, "report.html"));
            rows.Add(new Markup($"[grey]seed {run.Seed}, {Units.Duration(TimeSpan.FromSeconds(run.Seconds))}; report:[/] {Markup.Escape(report)}"));
        }
        if (!result.Summary.IsEmpty)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns($"over {result.Runs.Length} seeds", "mean", "95 % interval");
            foreach (var line in result.Summary)
                table.AddRow(new Text(line.Metric), new Text(Units.Number(line.Mean)), new Text($"[{Units.Number(line.Low)}, {Units.Number(line.High)}]"));
            rows.Add(table);
        }
        return new Rows(rows);
    }

    public static IRenderable Plan(TrainPlan plan)
    {
        var grid = new Grid().AddColumn(new GridColumn().Padding(0, 0, 3, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        void Add(string name, string value) => grid.AddRow(new Markup($"[grey]{name}[/]"), new Text(value));
        Add("data", $"{plan.Data}: {plan.Train} to train, {plan.Validation} to validate, {plan.Test} to test");
        Add("example", $"[{string.Join(", ", plan.Shape)}], {(plan.Classes > 0 ? $"{plan.Classes} classes" : "a real value")}");
        Add("algorithm", plan.Algorithm);
        if (plan.Model is not null)
            Add("model", plan.Model);
        Add(plan.Seeds.Length == 1 ? "seed" : "seeds", string.Join(", ", plan.Seeds));
        return new Rows(grid, new Text("the recipe is sound"));
    }
}
