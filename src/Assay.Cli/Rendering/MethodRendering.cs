using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>The catalog and its cards on a console.</summary>
internal static class MethodRendering
{
    public static IRenderable List(IReadOnlyList<MethodLine> methods)
    {
        if (methods.Count == 0)
            return new Text("no method fits\n");
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("method").NoWrap()).AddColumn(new TableColumn("paper").RightAligned()).AddColumn("what it does");
        foreach (var group in methods.GroupBy(m => m.Kind).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            table.AddRow(new Markup($"[bold]{group.Key}[/]"), Text.Empty, Text.Empty);
            foreach (var method in group)
                table.AddRow(new Text($"  {method.Name}"), Paper(method.Paper), new Text(method.Summary));
        }
        return new Rows(table, new Text($"{methods.Count} methods; a card: assay methods NAME"));
    }

    public static IRenderable Card(MethodCard card)
    {
        var paper = card.Paper > 0 ? $"paper {card.Paper}" : "standard method";
        var rows = new List<IRenderable> { new Markup($"[bold]{card.Name}[/]  [grey]{card.Kind}, {paper}, {Markup.Escape(card.Type)}[/]"), Text.Empty };
        foreach (var paragraph in new[] { card.Summary, card.Remarks }.Where(p => p.Length > 0))
        {
            rows.Add(new Text(paragraph));
            rows.Add(Text.Empty);
        }
        if (card.Title is not null)
            rows.Add(new Markup($"[bold]paper[/]  {Markup.Escape(card.Title)}"));
        if (card.Verdict is not null)
            rows.Add(new Markup($"[bold]verdict of its study[/]  {Markup.Escape(card.Verdict)}"));
        if (card.Usage is not null)
            rows.Add(new Markup($"[bold]in a recipe[/]  [green]{Markup.Escape(card.Usage)}[/]"));
        if (!card.Parameters.IsEmpty)
            rows.Add(Parameters(card));
        if (!card.Functions.IsEmpty)
        {
            rows.Add(new Markup("[bold]called from code[/]"));
            var table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumn(new TableColumn("").NoWrap()).AddColumn("");
            foreach (var function in card.Functions)
                table.AddRow(new Text(function.Name), new Text(function.Summary));
            rows.Add(table);
        }
        return new Rows(rows);
    }

    private static Table Parameters(MethodCard card)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("parameter", "type", "default", "meaning");
        foreach (var parameter in card.Parameters)
            table.AddRow(new Text(parameter.Name), new Text(parameter.Type), new Text(parameter.Default ?? "required"), new Text(parameter.Summary));
        return table;
    }

    private static Text Paper(int paper) => new(paper > 0 ? paper.ToString(CultureInfo.InvariantCulture) : "");
}
