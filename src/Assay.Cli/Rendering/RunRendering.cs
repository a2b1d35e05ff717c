using System.Globalization;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Runs on a console.</summary>
internal static class RunRendering
{
    public static IRenderable List(IReadOnlyList<RunInfo> runs)
    {
        if (runs.Count == 0)
            return new Text("no runs\n");
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("run").NoWrap()).AddColumn("status").AddColumn(new TableColumn("time").RightAligned()).AddColumn("key figures");
        foreach (var run in runs)
        {
            var figures = run.Failure ?? string.Join(", ", run.Metrics.Take(4).Select(m => $"{m.Key} {Units.Number(m.Value)}"));
            table.AddRow(new Text(run.Id), Status(run.Status), new Text(Units.Duration(TimeSpan.FromSeconds(run.Seconds))), new Text(figures));
        }
        return table;
    }

    public static IRenderable Card(RunCard card)
    {
        var run = card.Run;
        var rows = new List<IRenderable>
        {
            new Columns(new Markup($"[bold]{Markup.Escape(run.Id)}[/]"), Status(run.Status)) { Expand = false },
            Facts(
            [
                ("command", run.Command),
                ("started", run.Started.ToString("u", CultureInfo.InvariantCulture)),
                ("took", Units.Duration(TimeSpan.FromSeconds(run.Seconds))),
                ("seed", run.Seed?.ToString(CultureInfo.InvariantCulture) ?? ""),
                ("machine", run.Machine),
                ("versions", string.Join(", ", run.Versions.Select(v => $"{v.Key} {v.Value}"))),
                ("failure", run.Failure ?? ""),
            ]),
        };
        AddPart(rows, "settings", [.. run.Settings.Select(s => (s.Key, s.Value))]);
        AddPart(rows, "key figures", [.. run.Metrics.Select(m => (m.Key, Units.Number(m.Value)))]);
        if (!card.Curves.IsEmpty)
            rows.Add(Curves(card));
        AddPart(rows, "claims", [.. card.Claims.Select(c => (LabJson.Name(c.Verdict), $"{c.Statement} ({Ledger.Measured(c)})"))]);
        AddPart(rows, "files", [.. card.Files.Select(f => (f.Key, Units.Bytes(f.Value)))]);
        return new Rows(rows);
    }

    public static IRenderable Answer(QueryResult result)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in result.Columns)
            table.AddColumn(new TableColumn(Markup.Escape(column)));
        foreach (var row in result.Rows)
            table.AddRow(row.Select(c => new Text(Cell(c))));
        return new Rows(table, new Text(result.Rows.Length == 1 ? "1 row" : $"{result.Rows.Length} rows"));
    }

    public static IRenderable Cleaned(CleanResult result)
    {
        var verb = result.DryRun ? "would remove" : "removed";
        var lines = result.Removed.Select(id => (IRenderable)new Text($"{verb} {id}"));
        return new Rows([.. lines, new Text($"{verb} {result.Removed.Length} runs, {Units.Bytes(result.Bytes)}")]);
    }

    private static Markup Status(RunStatus status) => new(status switch
    {
        RunStatus.Finished => "[green]finished[/]",
        RunStatus.Running => "[blue]running[/]",
        RunStatus.Failed => "[red]failed[/]",
        _ => $"[yellow]{LabJson.Name(status)}[/]",
    });

    private static void AddPart(List<IRenderable> rows, string title, (string Name, string Value)[] facts)
    {
        if (facts.Length == 0)
            return;
        rows.Add(new Markup($"[bold]{title}[/]"));
        rows.Add(Facts(facts));
    }

    private static Grid Facts((string Name, string Value)[] facts)
    {
        var grid = new Grid().AddColumn(new GridColumn().Padding(2, 0, 3, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        foreach (var (name, value) in facts.Where(f => f.Value.Length > 0))
            grid.AddRow(new Markup($"[grey]{Markup.Escape(name)}[/]"), new Text(value));
        return grid;
    }

    private static Table Curves(RunCard card)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("curve", "points", "first", "last", "least", "most");
        foreach (var curve in card.Curves)
        {
            table.AddRow(
                new Text(curve.Name), new Text(curve.Points.ToString(CultureInfo.InvariantCulture)), new Text(Units.Number(curve.First)), new Text(Units.Number(curve.Last)),
                new Text(Units.Number(curve.Least)), new Text(Units.Number(curve.Most)));
        }
        return table;
    }

    private static string Cell(object? value) => value switch
    {
        null => "–",
        double d => Units.Number(d),
        DateTime t => t.ToString("u", CultureInfo.InvariantCulture),
        System.Collections.IDictionary map => string.Join(", ", map.Keys.Cast<object>().Select(k => $"{k}: {Cell(map[k])}")),
        string s => s,
        System.Collections.IEnumerable list => string.Join(", ", list.Cast<object?>().Select(Cell)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
