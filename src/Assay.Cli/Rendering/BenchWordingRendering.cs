using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>Results in several wordings, and answer distributions, on a console.</summary>
internal static class BenchWordingRendering
{
    public static IRenderable Render(BenchWordingResult result)
    {
        var rows = new List<IRenderable> { new Markup($"[bold]{Markup.Escape(result.Verdict)}[/]") };
        var table = Table("model", "#items", "#original", "#reworded", "#only original", "#only reworded", "#Δ points", "interval", "#p", "verdict");
        foreach (var d in result.Detector)
        {
            table.AddRow(
                Markup.Escape(d.Model), JudgeRendering.Count(d.Count), ReportNumbers.Percent(d.Accuracy), ReportNumbers.Percent(d.AccuracyRephrased), $"{d.OnlyOriginal}", $"{d.OnlyRephrased}", ReportNumbers.Value(d.Delta),
                Markup.Escape(ReportNumbers.Interval(d.Delta)), Units.Number(d.AdjustedPValue), $"[{(d.Verdict == OverfitVerdict.Overfit ? "red" : "grey")}]{WordingSections.Name(d.Verdict)}[/]");
        }
        rows.Add(table);
        rows.Add(new Markup($"[grey]{Markup.Escape(string.Join(", ", result.Detector.Select(d => d.Test.Test).Distinct()))}{(result.Detector.Length > 1 ? ", Holm's correction over the models" : "")}; a loss of {Units.Number(result.Detector.Max(d => d.DetectableDelta))} points would be found with a power of 80 %[/]"));
        foreach (var (model, delta) in result.BeyondReference)
            rows.Add(new Text($"{model}: {ReportNumbers.Value(delta)} points beyond the reference"));
        foreach (var (over, trend) in result.Trends)
            rows.Add(new Markup($"[grey]Δ = {ReportNumbers.Value(trend.Intercept)} + {ReportNumbers.Value(trend.Slope)} · {over}, R² {ReportNumbers.Value(trend.RSquared)}[/]"));
        foreach (var dose in result.Dose)
            rows.Add(new Text($"{dose.Model}: {string.Join(", ", dose.Distortions.Skip(1).Zip(dose.Deltas.Skip(1), (mu, d) => $"Δ {ReportNumbers.Value(d)} at μ {mu.ToString(System.Globalization.CultureInfo.InvariantCulture)}"))}"));
        var reliability = Table("model", "#drop", "interval", "#worst", "#best", "#same always", "#pairs agree", "#instability");
        foreach (var m in result.Reliability.Models)
        {
            reliability.AddRow(
                Markup.Escape(m.Model), ReportNumbers.Value(m.Drop), Markup.Escape(ReportNumbers.Interval(m.Drop)), ReportNumbers.Percent(m.Worst), ReportNumbers.Percent(m.Best), ReportNumbers.Percent(m.Strict),
                ReportNumbers.Percent(m.Pairwise), ReportNumbers.Percent(m.Instability));
        }
        rows.Add(reliability);
        if (result.Reliability.AcrossModels is { } across)
            rows.Add(new Markup($"[grey]over the {result.Reliability.Models.Length} models: {Markup.Escape(across.Test)}, p {Units.Number(across.PValue)}{(across.Caution is { } caution ? $" ({Markup.Escape(caution)})" : "")}[/]"));
        foreach (var m in result.Reliability.Approved)
            rows.Add(new Text($"{m.Model}: drop {ReportNumbers.ValueAndInterval(m.Drop)} with the wordings that a judge approved ({m.Items} items)"));
        if (result.Reliability.Leaderboard is { } board)
            rows.Add(new Markup($"[grey]leaderboard: τ {ReportNumbers.Value(board.Tau)} (sampling noise: {ReportNumbers.Value(board.NoiseTau)}), ρ {ReportNumbers.Value(board.Rho)}, {board.Swaps.Length} swaps, {board.SignificantSwaps} of them significant[/]"));
        return new Rows(rows);
    }

    public static IRenderable Dcs(DcsReport report)
    {
        var table = Table("model", "#items", "#DCS", "interval", "#below 0", "#accuracy", "#right mass", "#wrong mass", "#IDK mass", "behaviour");
        foreach (var m in report.Models)
        {
            table.AddRow(
                Markup.Escape(m.Model), JudgeRendering.Count(m.Items), ReportNumbers.Value(m.Dcs), Markup.Escape(ReportNumbers.Interval(m.Dcs)), ReportNumbers.Percent(m.NegativeShare), ReportNumbers.Percent(m.Accuracy),
                ReportNumbers.Percent(m.CorrectMass), ReportNumbers.Percent(m.WrongMass), ReportNumbers.Percent(m.IdkMass), m.Behaviour);
        }
        var rows = new List<IRenderable> { table };
        var subjects = Table("model", "subject", "#items", "#DCS", "interval", "#accuracy");
        foreach (var (m, s) in report.Models.SelectMany(m => m.Subjects.Select(s => (m, s))).Take(40))
            subjects.AddRow(Markup.Escape(m.Model), Markup.Escape(s.Model), JudgeRendering.Count(s.Items), ReportNumbers.Value(s.Dcs), Markup.Escape(ReportNumbers.Interval(s.Dcs)), ReportNumbers.Percent(s.Accuracy));
        if (subjects.Rows.Count > 0)
            rows.Add(subjects);
        foreach (var (model, accuracy, dcs) in report.RankChanges)
            rows.Add(new Text($"{model}: rank {Units.Number(accuracy)} by accuracy, {Units.Number(dcs)} by DCS"));
        rows.Add(new Markup($"[grey]answering pays where the answer is believed with more than {ReportNumbers.Percent(report.Threshold)}; the score is no proper scoring rule and depends on how abstaining is offered[/]"));
        return new Rows(rows);
    }

    private static Table Table(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(column.StartsWith('#') ? JudgeRendering.Right(column[1..]) : new TableColumn(column));
        return table;
    }
}
