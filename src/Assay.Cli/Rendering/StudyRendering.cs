using System.Globalization;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Studies and their results on a console.</summary>
internal static class StudyRendering
{
    public static IRenderable List(IReadOnlyList<StudyLine> studies)
    {
        if (studies.Count == 0)
            return new Text("there are no studies in this build\n");
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn(new TableColumn("paper").RightAligned()).AddColumn(new TableColumn("study").NoWrap()).AddColumn("title")
            .AddColumn(new TableColumn("claims").RightAligned()).AddColumn(new TableColumn("held").RightAligned())
            .AddColumn(new TableColumn("contradicted").RightAligned()).AddColumn(new TableColumn("inconclusive").RightAligned()).AddColumn("result");
        foreach (var line in studies)
        {
            table.AddRow(Cell(line.Paper), new Text(line.Study), new Text(line.Title), Cell(line.Claims), Cell(line.Held), Cell(line.Contradicted), Cell(line.Inconclusive),
                new Text(StateName(line.State)));
        }
        return table;
    }

    public static IRenderable States(IReadOnlyList<StudyState> states)
    {
        var open = states.Where(s => s.State != ResultState.Current).ToArray();
        if (open.Length == 0)
            return new Text($"all {states.Count} studies have a current result\n");
        var rows = open.Select(s => (IRenderable)new Text($"{s.Paper,2} {s.Study}: {StateName(s.State)}"));
        return new Rows([.. rows, new Text($"{open.Length} of {states.Count} studies must run: assay study run --stale")]);
    }

    public static IRenderable Card(StudyCard card)
    {
        var rows = new List<IRenderable>
        {
            new Markup($"[bold]{card.Study}[/]  [grey]paper {card.Paper}: {Markup.Escape(card.Title)}[/]"),
            new Text(card.Summary),
            Text.Empty,
        };
        foreach (var claim in card.Claims)
        {
            rows.Add(new Markup($"{VerdictMark(claim.Result)}  {Markup.Escape(claim.Statement)}"));
            var grid = new Grid().AddColumn(new GridColumn().Padding(4, 0, 2, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
            grid.AddRow(new Markup("[grey]paper[/]"), new Text(claim.Paper));
            grid.AddRow(new Markup("[grey]quantity[/]"), new Text($"{claim.Quantity}; {claim.Bound}"));
            if (claim.Result is { } result)
                grid.AddRow(new Markup("[grey]measured[/]"), new Text(Ledger.Measured(result) + (result.Reason is null ? "" : $": {result.Reason}")));
            rows.Add(grid);
        }
        if (card.Result is { } kept)
            AddResult(rows, card, kept);
        else
            rows.Add(new Markup($"no result yet: [green]assay study run {card.Study}[/]"));
        rows.Add(Text.Empty);
        return new Rows(rows);
    }

    public static IRenderable Summary(IReadOnlyList<StudyResult> results, IReadOnlyList<string> failed)
    {
        var line = $"{results.Count} studies: {results.Sum(r => r.Count(Verdict.Held))} claims held, {results.Sum(r => r.Count(Verdict.Contradicted))} contradicted, "
            + $"{results.Sum(r => r.Count(Verdict.Inconclusive))} inconclusive; {Units.Duration(TimeSpan.FromSeconds(results.Sum(r => r.Seconds)))}";
        return new Text(failed.Count == 0 ? line + "\n" : $"{line}; failed: {string.Join(", ", failed)}\n");
    }

    internal static string StateName(ResultState state) => state switch
    {
        ResultState.Current => "current",
        ResultState.Stale => "older than its source",
        ResultState.Quick => "quick scale only",
        _ => "missing",
    };

    private static void AddResult(List<IRenderable> rows, StudyCard card, StudyResult result)
    {
        foreach (var observation in result.Observations)
            rows.Add(new Markup($"[grey]{Markup.Escape(observation.Name)}:[/] {Units.Number(observation.Value)}"));
        rows.Add(new Markup($"[grey]{result.Scale.ToString().ToLowerInvariant()} scale, {result.Seeds.Length} seeds, {Units.Duration(TimeSpan.FromSeconds(result.Seconds))}, {Markup.Escape(result.Machine)}[/]"));
        if (card.State == ResultState.Stale)
            rows.Add(new Markup($"[yellow]the study has changed since:[/] [green]assay study run {card.Study}[/]"));
    }

    private static string VerdictMark(ClaimResult? result) => result?.Verdict switch
    {
        Verdict.Held => "[green]held[/]        ",
        Verdict.Contradicted => "[red]contradicted[/]",
        Verdict.Inconclusive => "[yellow]inconclusive[/]",
        _ => "[grey]not measured[/]",
    };

    private static Text Cell(int? number) => new(number?.ToString(CultureInfo.InvariantCulture) ?? "–");
}
