using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The sections of a report on results in several wordings.</summary>
public static class WordingSections
{
    private const int MostItems = 20;

    /// <summary>The losses with their tests, dose and response, consistency, the order of the models and the least stable items.</summary>
    /// <param name="detector">Each model on the original and one other wording.</param>
    /// <param name="dose">Losses by distortion, or empty.</param>
    /// <param name="reliability">The report over all wordings.</param>
    public static ImmutableArray<ReportSection> Of(ImmutableArray<CbodResult> detector, ImmutableArray<DoseResponse> dose, ReliabilityReport reliability)
    {
        ArgumentNullException.ThrowIfNull(reliability);
        var test = detector.Select(d => d.Test.Test).Distinct().ToArray();
        return
        [
            new ComparisonSection("Loss when reworded", "Δ, percentage points", [.. detector.Select(d => new ComparedValue(d.Model, d.Delta, $"{d.OnlyOriginal} right only originally, {d.OnlyRephrased} only reworded; p = {ReportNumbers.Value(d.AdjustedPValue)}: {Name(d.Verdict)}"))])
            {
                Reference = 0,
                Explanation = $"Accuracy on the original wording minus accuracy on the reworded items. {string.Join(", ", test)}{(detector.Length > 1 ? ", with Holm's correction" : "")}. A rewording may itself lose information: a model that reads well shows how much.",
            },
            new CurvesSection("Dose and response", "distortion μ", "Δ, percentage points",
                [.. dose.Select(d => new ReportCurve(d.Model, d.Distortions, [.. d.Deltas.Select(e => e.Value)]) { HasMarkers = true, Band = dose.Length > 3 || d.Deltas.Any(e => !e.IsDefined) ? [] : [.. d.Deltas.Select(e => (e.Interval.Low, e.Interval.High))] })]),
            new TableSection("Reliability over all wordings", ["model", "#original", "#reworded", "#worst case", "#best case", "#same answer always", "#pairs that agree", "#instability"],
                [.. reliability.Models.Select(m => (ImmutableArray<string>)[m.Model, .. new[] { m.Original, m.Paraphrased, m.Worst, m.Best, m.Strict, m.Pairwise, m.Instability }.Select(ReportNumbers.Percent)])])
            {
                Caption = "Worst and best case count an item as right where every, or any, rewording is; instability is the share of items that are right in some rewordings only.",
            },
            Models(reliability),
            Leaderboard(reliability.Leaderboard),
            new TableSection("The least stable items", ["item", "#instability", "#drop"],
                [.. reliability.Items.Where(i => i.Instability > 0).Take(MostItems).Select(i => (ImmutableArray<string>)[i.Item, ReportNumbers.Value(i.Instability), ReportNumbers.Value(i.Drop)])]),
        ];
    }

    /// <summary>A verdict in words.</summary>
    public static string Name(OverfitVerdict verdict) => verdict switch
    {
        OverfitVerdict.Overfit => "overfits the wording", OverfitVerdict.Reverse => "better when reworded", OverfitVerdict.TooSmall => "too few items", _ => "no evidence",
    };

    private static TextSection Models(ReliabilityReport reliability) => new("Is it the models, or the rewordings?",
    [
        .. reliability.AcrossModels is { } test ? [$"Over the {reliability.Models.Length} models the drops differ from 0 with p = {ReportNumbers.Value(test.PValue)} ({test.Test}{(test.Caution is { } caution ? $"; {caution}" : "")})."] : Array.Empty<string>(),
        .. reliability.Approved.Select(m => $"With only the wordings that a judge approved, {m.Model} drops by {ReportNumbers.ValueAndInterval(m.Drop)} on {m.Items} items, with all by {ReportNumbers.ValueAndInterval(reliability.Models.First(r => r.Model == m.Model).Drop)}."),
    ]);

    private static TextSection Leaderboard(LeaderboardStability? board) => new("Does the leaderboard hold?", board is null ? [] :
    [
        $"Kendall's τ of the original and the reworded ranking is {ReportNumbers.Value(board.Tau)}, Spearman's ρ {ReportNumbers.Value(board.Rho)}. Drawing other items in the original wording would leave τ above {ReportNumbers.Value(board.NoiseTau)} in 95 of 100 cases: the ranking {(board.IsStable ? "is stable within that noise" : "changes beyond that noise")}.",
        $"{board.Swaps.Length} pairs of models change places, {board.SignificantSwaps} of them significantly before and after{(board.Swaps.IsEmpty ? "" : $": {string.Join("; ", board.Swaps.Take(8).Select(s => $"{s.First} and {s.Second}"))}")}.",
        $"A score on one wording has a dependability of {ReportNumbers.Value(board.Dependability)}.",
    ]);
}
