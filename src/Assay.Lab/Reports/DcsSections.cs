using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The sections of a report on answer distributions.</summary>
public static class DcsSections
{
    /// <summary>Scores, where the probability lies, the sweep over loadings, changes of rank, and limits.</summary>
    /// <param name="report">The report.</param>
    public static ImmutableArray<ReportSection> Of(DcsReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            new ComparisonSection("Distributional correctness", "DCS", [.. report.Models.Select(m => new ComparedValue(m.Model, m.Dcs, $"{ReportNumbers.Percent(m.NegativeShare)} of the items below 0; {m.Behaviour}"))])
            {
                Reference = 0,
                Explanation = $"1: sure and right; 0: abstains; below 0: sure of wrong answers. Answering pays where the answer is believed with more than {ReportNumbers.Percent(report.Threshold)}.",
            },
            new TableSection("Where the probability lies", ["model", "#right", "#wrong", "#I do not know", "#hedged of what is not right", "behaviour"],
                [.. report.Models.Select(m => (ImmutableArray<string>)[m.Model, ReportNumbers.Percent(m.CorrectMass), ReportNumbers.Percent(m.WrongMass), ReportNumbers.Percent(m.IdkMass), ReportNumbers.Percent(m.HedgedShare), m.Behaviour])])
            {
                Caption = "A model hedges where what is not right goes to abstaining, and guesses where it goes to wrong answers.",
            },
            new TableSection("Beside other metrics", ["model", "#DCS", "#accuracy", "#ternary", "#confidence-weighted", "#Brier", "#log score", "#coverage", "#selective accuracy"],
                [.. report.Models.Select(m => (ImmutableArray<string>)[m.Model, .. new[] { m.Dcs.Value, m.Accuracy, m.Ternary, m.ConfidenceWeighted, m.Brier, m.LogScore, m.Coverage, m.SelectiveAccuracy }.Select(ReportNumbers.Value)])]),
            new CurvesSection("How much wrong answers cost", "wrong loading (right answers bring 1)", "DCS",
                [.. report.Models.Take(8).Select(m => new ReportCurve(m.Model, DcsReport.SweptLoadings, m.Sweep) { HasMarkers = true })]),
            new TableSection("By subject", ["model", "subject", "#items", "#DCS", "#accuracy"],
                [.. report.Models.SelectMany(m => m.Subjects.Select(s => (ImmutableArray<string>)[m.Model, s.Model, $"{s.Items}", ReportNumbers.ValueAndInterval(s.Dcs), ReportNumbers.Percent(s.Accuracy)]))]),
            new TextSection("Ranks that change", [.. report.RankChanges.Select(r => $"{r.Model}: rank {r.ByAccuracy:0.#} by accuracy, {r.ByDcs:0.#} by DCS")]) { IsList = true },
            new TextSection("Left out", report.Excluded) { IsList = true },
            new TextSection("Limits",
            [
                "The score is no proper scoring rule: an agent gains most by answering or abstaining with certainty, so reported probabilities need not be beliefs.",
                "It depends on how abstaining is worded, and needs probabilities or many samples of each answer.",
            ]) { IsList = true },
        ];
    }
}
