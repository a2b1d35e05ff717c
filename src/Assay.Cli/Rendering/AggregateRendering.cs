using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Releases, fits and plans of averages on a console.</summary>
internal static class AggregateRendering
{
    public static IRenderable Render(AggregateRelease release)
    {
        var rows = new List<IRenderable> { new Text($"{release.Rows:n0} rows in {release.Bags:n0} bags of {release.BagSize}.") };
        if (release.Epsilon is { } epsilon)
            rows.Add(new Text($"ε = {ReportNumbers.Value(epsilon)}: Laplace noise of scale {ReportNumbers.Value(release.NoiseScale)} on an average; {ReportNumbers.Value(release.Spent!.Value)} of {ReportNumbers.Value(release.Budget!.Value)} spent."));
        else
            rows.Add(new Markup("[grey]exact averages: no privacy beyond that of averages[/]"));
        if (release.Clipped > 0)
            rows.Add(new Text($"{ReportNumbers.Percent(release.Clipped)} of the responses lay outside the range and were clipped."));
        return new Rows(rows);
    }

    public static IRenderable Render(AggregateFitResult fit)
    {
        var rows = new List<IRenderable> { new Markup($"[bold]{Markup.Escape(fit.Model)}[/]  [grey]{fit.Rows:n0} rows in {fit.Bags:n0} bags[/]") };
        if (!fit.Curve.IsEmpty)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn(JudgeRendering.Right("ρ")).AddColumn(JudgeRendering.Right("loss on held-out bags")).AddColumn(JudgeRendering.Right("± s.e.")).AddColumn("");
            foreach (var point in fit.Curve)
                table.AddRow(new Text(ReportNumbers.Value(point.Rho)), new Text(ReportNumbers.Value(point.BagLoss)), new Text(ReportNumbers.Value(point.StandardError)), new Text(point.Rho == fit.Rho ? "chosen" : ""));
            rows.Add(table);
        }
        rows.Add(new Text($"ρ = {ReportNumbers.Value(fit.Rho)}; variance of predictions within bags {ReportNumbers.Value(fit.WithinVariance)}."));
        if (fit.TestRmse is { } error)
            rows.Add(new Text($"RMSE on labelled rows {ReportNumbers.Value(error)}; a constant reaches {ReportNumbers.Value(fit.ConstantRmse!.Value)}."));
        return new Rows(rows);
    }

    public static IRenderable Render(AggregatePlan plan)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(JudgeRendering.Right("bag size")).AddColumn(JudgeRendering.Right("bags")).AddColumn(JudgeRendering.Right("best ρ"))
            .AddColumn(JudgeRendering.Right("risk")).AddColumn(JudgeRendering.Right("bag loss alone")).AddColumn(JudgeRendering.Right("instance loss alone")).AddColumn("");
        foreach (var line in plan.Lines)
            table.AddRow(new Text($"{line.BagSize}"), new Text($"{line.Bags}"), new Text(line.BagSize == 1 ? "–" : ReportNumbers.Value(line.BestRho)), new Text(ReportNumbers.Value(line.Risk)), new Text(ReportNumbers.Value(line.BagOnly)), new Text(ReportNumbers.Value(line.InstanceOnly)), new Text(line.BagSize == plan.Best ? "least risk" : ""));
        return new Rows(table, new Markup("[grey]risk: E‖θ − θ₀‖² of a linear model, standard normal features, random bags[/]"));
    }
}
