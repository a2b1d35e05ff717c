using System.Collections.Immutable;
using System.Globalization;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The sections of a report that a <see cref="Comparison"/> gives.</summary>
public static class ComparisonSections
{
    /// <summary>The verdicts, the values and differences of the metrics, the tests, and the procedure with its reasons.</summary>
    /// <param name="comparison">The comparison.</param>
    public static ImmutableArray<ReportSection> Of(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        var metrics = comparison.Metrics.Where(m => m.Values.Any(v => v.IsDefined)).ToArray();
        var lead = metrics.FirstOrDefault(m => m.Name == "accuracy") ?? metrics.FirstOrDefault();
        var sections = ImmutableArray.CreateBuilder<ReportSection>();
        sections.Add(new TextSection("Is the difference real?", comparison.Verdicts) { IsList = true });
        if (lead is not null)
        {
            sections.Add(new ComparisonSection(Capitalised(lead.Title), lead.Title, [.. comparison.Models.Select((m, i) => new ComparedValue(m, lead.Values[i]))])
            {
                Explanation = $"On the same {comparison.Count} examples. Intervals that overlap do not mean that the models are equal: the differences below are paired, and say more.",
            });
        }
        foreach (var metric in metrics)
            sections.Add(Differences(metric));
        sections.Add(Pairs(comparison));
        sections.Add(new TextSection("Why these tests", [$"{Capitalised(comparison.Advice.Procedure)}; {comparison.Advice.Inference}.", .. comparison.Advice.Reasons.Select(r => $"Because {r}."), .. comparison.Advice.Avoid.Select(a => $"Not {a}.")]));
        return sections.ToImmutable();
    }

    /// <summary>The differences of one metric, as a forest plot around 0.</summary>
    /// <param name="metric">The metric.</param>
    public static ComparisonSection Differences(MetricComparison metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return new ComparisonSection(
            $"Difference in {metric.Title}", metric.Title,
            [.. metric.Differences.Select(d => new ComparedValue($"{d.Second} − {d.First}", d.Difference, Note(metric, d)))])
        {
            Reference = 0,
            Explanation = $"{(metric.HigherIsBetter ? "Higher" : "Lower")} is better. Intervals: {metric.Method}.",
        };
    }

    private static string Note(MetricComparison metric, MetricDifference d) =>
        !d.Difference.IsDefined ? "" : d.IsReal ? $"{(d.Difference.Value > 0 == metric.HigherIsBetter ? d.Second : d.First)} is better" : "cannot tell";

    private static TableSection Pairs(Comparison comparison) => new(
        "Answers item by item", ["pair", "#both right", "#only first", "#only second", "#neither", "test", "#p", "#after Holm"],
        [.. comparison.Pairs.Select(p => (ImmutableArray<string>)
        [
            $"{p.First} – {p.Second}", $"{p.Outcomes.Both}", $"{p.Outcomes.OnlyFirst}", $"{p.Outcomes.OnlySecond}", $"{p.Outcomes.Neither}", p.Test.Test, P(p.Test.PValue), P(p.AdjustedPValue),
        ])])
    {
        Caption = comparison.AllModels is { } all ? $"All models together: {all.Test}, p = {P(all.PValue)}." : "",
    };

    private static string P(double p) => double.IsNaN(p) ? "–" : p.ToString(p < 1e-4 ? "0.0e0" : "0.0000", CultureInfo.InvariantCulture);

    private static string Capitalised(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";
}
