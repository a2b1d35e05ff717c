using System.Collections.Immutable;
using System.Globalization;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The sections of a report that a <see cref="PoolRanking"/> gives.</summary>
public static class PoolRankingSections
{
    private const int MostPlotted = 60;

    /// <summary>The scores with intervals, the table, whether the scores are identified, and what removing results does.</summary>
    /// <param name="ranking">The ranking.</param>
    /// <param name="missingness">The curve, or empty.</param>
    public static ImmutableArray<ReportSection> Of(PoolRanking ranking, ImmutableArray<MissingnessPoint> missingness)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        var quantity = ranking.Aggregator switch { Aggregator.PlackettLuce => "strength θ", Aggregator.Elo or Aggregator.ArenaMle => "rating", Aggregator.WinRate => "share of comparisons won", _ => "score" };
        return
        [
            new TextSection("Warnings", ranking.Warnings) { IsList = true },
            new ComparisonSection("Scores", quantity, [.. ranking.Models.Take(MostPlotted).Select(m => new ComparedValue(m.Model, m.Score, Ranks(m)))])
            {
                Reference = ranking.Aggregator == Aggregator.PlackettLuce ? 0 : null,
                Explanation = ranking.Aggregator == Aggregator.PlackettLuce
                    ? "A model with θ higher by 1 wins 73 % of the samples that both were measured on, ties half. Only the order within each sample counts, so that metrics of any scale mix. Intervals and ranks come from a bootstrap over samples."
                    : "Intervals, where there are any, come from a bootstrap over samples.",
            },
            new TableSection("Measurements", ["#rank", "model", "#samples", "#won", "#tied", "#lost"],
                [.. ranking.Models.Select(m => (ImmutableArray<string>)[$"{m.Rank:0.#}", m.Model, Count(m.Measurements), Count(m.Wins), Count(m.Ties), Count(m.Losses)])])
            {
                Caption = $"{Count(ranking.SampleCount)} samples, {Count(ranking.MeasurementCount)} scores ({ReportNumbers.Percent(ranking.Density)} of the cells), {Count(ranking.ComparisonCount)} comparisons.",
            },
            new TextSection("Are the scores identified?",
            [
                ranking.Components.Length == 1
                    ? "Yes: every model lost to, and won against, every other one through some chain of comparisons."
                    : $"Not by the comparisons alone: they fall into {ranking.Components.Length} groups, of which one never lost to another. {string.Join("; ", ranking.Components.Take(8).Select((c, i) => $"group {i + 1}: {string.Join(", ", c.Take(8))}{(c.Length > 8 ? ", …" : "")}"))}.",
                double.IsNaN(ranking.Separability) ? "" : $"{ReportNumbers.Percent(ranking.Separability)} of neighbouring ranks are separated by their intervals.",
            ]),
            new CurvesSection("What a cheaper evaluation would have said", "results removed, %", "Kendall τ to the full ranking",
                missingness.IsEmpty ? [] : [new ReportCurve("mean of the repeats", [.. missingness.Select(p => 100 * p.Fraction)], [.. missingness.Select(p => p.Tau)]) { HasMarkers = true },
                    new ReportCurve("least", [.. missingness.Select(p => 100 * p.Fraction)], [.. missingness.Select(p => p.Least)])])
            {
                Explanation = "The ranking from what remains when results are removed at random, against the ranking from all of them.",
            },
        ];
    }

    private static string Ranks(RankedModel model) => double.IsNaN(model.RankLow) ? $"rank {model.Rank}" : model.RankLow == model.RankHigh ? $"rank {model.RankLow}" : $"rank {model.RankLow} to {model.RankHigh}";

    private static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
