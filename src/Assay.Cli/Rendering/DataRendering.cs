using System.Globalization;
using Assay.Data;
using Spectre.Console;
using Spectre.Console.Rendering;
using Table = Spectre.Console.Table;
using TableColumn = Spectre.Console.TableColumn;

namespace Assay.Cli;

/// <summary>Data sets on a console.</summary>
internal static class DataRendering
{
    private const int MostRows = 30;

    public static IRenderable List(IReadOnlyList<DataEntry> entries)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn(new TableColumn("name").NoWrap()).AddColumn(new TableColumn("examples").RightAligned()).AddColumn(new TableColumn("shape").NoWrap())
            .AddColumn(new TableColumn("classes").RightAligned()).AddColumn("what it is").AddColumn("where");
        foreach (var entry in entries)
        {
            table.AddRow(
                new Text(entry.Name), new Text(Number(entry.Examples)), new Text(string.Join('×', entry.Shape)), new Text(Number(entry.Classes)), new Text(entry.Description),
                entry.Place is { } place ? new Text(place) : new Markup($"[yellow]not here:[/] {Markup.Escape(entry.HowToGet!)}"));
        }
        return table;
    }

    public static IRenderable Got(DataGot result) =>
        new Text(result.Fetched ? $"{result.Name} was fetched to {result.Place}" : $"{result.Name} is already there: {result.Place}");

    public static IRenderable Summary(DatasetSummary summary)
    {
        var rows = new List<IRenderable> { new Markup($"[bold]{Markup.Escape(summary.Name)}[/]"), Facts(summary) };
        if (!summary.Classes.IsEmpty)
            rows.Add(Counts("class", summary.Classes, summary.Count));
        if (!summary.Domains.IsEmpty)
            rows.Add(Counts("domain", summary.Domains, summary.Count));
        if (!summary.Features.IsEmpty || summary.Targets is not null)
            rows.Add(Features(summary));
        if (!summary.Texts.IsEmpty)
            rows.Add(new Markup("[bold]texts[/]"));
        rows.AddRange(summary.Texts.Select(t => new Padder(new Text(t), new Padding(2, 0, 0, 0))));
        return new Rows(rows);
    }

    private static Grid Facts(DatasetSummary summary)
    {
        var grid = new Grid().AddColumn(new GridColumn().Padding(2, 0, 3, 0).NoWrap()).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        void Add(string name, string value) => grid.AddRow(new Markup($"[grey]{name}[/]"), new Text(value));
        Add("examples", Text(summary.Count));
        if (!summary.Shape.IsEmpty)
            Add("shape", string.Join('×', summary.Shape));
        if (summary.Groups > 0)
            Add("groups", Text(summary.Groups));
        if (summary.MeanTextLength is { } length)
            Add("mean text", $"{Units.Number(length)} characters");
        Add("missing", summary.Missing == 0 ? "none" : $"{Text(summary.Missing)} values in {Text(summary.Features.Count(f => f.Missing > 0))} features");
        var (repeated, contradicting) = (summary.Duplicates.Examples, summary.Duplicates.OtherLabel);
        Add("duplicates", repeated == 0 ? "none" : $"{Text(repeated)} examples equal an earlier one{(contradicting > 0 ? $", {Text(contradicting)} of them with another label" : "")}");
        return grid;
    }

    private static Table Counts(string what, IReadOnlyList<CategoryCount> counts, int total)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn(what).AddColumn(new TableColumn("examples").RightAligned()).AddColumn(new TableColumn("share").RightAligned());
        foreach (var (name, count) in counts.Take(MostRows))
            table.AddRow(new Text(name), new Text(Text(count)), new Text(Share(count, total)));
        if (counts.Count > MostRows)
            table.AddRow(new Text($"… {counts.Count - MostRows} more"), new Text(Text(counts.Skip(MostRows).Sum(c => c.Count))), new Text(Share(counts.Skip(MostRows).Sum(c => c.Count), total)));
        return table;
    }

    private static Table Features(DatasetSummary summary)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("feature");
        foreach (var column in new[] { "mean", "deviation", "least", "greatest", "missing" })
            table.AddColumn(new TableColumn(column).RightAligned());
        var all = summary.Targets is { } targets ? summary.Features.Insert(0, targets) : summary.Features;
        foreach (var f in all.Take(MostRows))
        {
            table.AddRow(
                new Text(f.Name), new Text(Units.Number(f.Mean)), new Text(Units.Number(f.Deviation)), new Text(Units.Number(f.Least)), new Text(Units.Number(f.Greatest)),
                new Text(f.Missing == 0 ? "" : Text(f.Missing)));
        }
        if (all.Length > MostRows)
            table.AddRow(new Text($"… {all.Length - MostRows} more (all with --json or --html)"));
        return table;
    }

    private static string Number(int value) => value == 0 ? "" : Text(value);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Share(int count, int total) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * count / total:0.0} %");
}
