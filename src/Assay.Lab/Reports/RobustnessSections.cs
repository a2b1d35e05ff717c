using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of a test bench: slice bars with intervals for each category, and examples of changed texts.</summary>
public static class RobustnessSections
{
    /// <summary>The sections.</summary>
    public static ImmutableArray<ReportSection> Of(RobustnessReport report, TestBench bench)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(bench);
        var overall = report.Rows[^1].Accuracy.Value;
        return
        [
            new TextSection("Weak slices", [.. report.Rows.Where(r => r.IsWeak).OrderBy(r => r.Difference).Select(r =>
                $"{r.Slice}: accuracy {ReportNumbers.ValueAndInterval(r.Accuracy)}, {ReportNumbers.Value(100 * r.Difference)} points against {(r.Category is SliceCategory.SubPopulation ? "the rest" : "the same rows unchanged")} {r.Note}")]) { IsList = true },
            .. report.Rows.Where(r => r.Category != SliceCategory.All).GroupBy(r => r.Category).Select(g => new SlicesSection(Title(g.Key), "accuracy", overall,
                [.. g.Select(r => new ReportSlice(r.IsSmall ? $"{r.Slice} (few rows)" : r.Slice, r.Count, r.Accuracy))])),
            new TableSection("Tests", ["slice", "#rows", "#difference", "#p (Holm)", "#macro F1", "remark"],
                [.. report.Rows.Select(r => (ImmutableArray<string>)[r.Slice, $"{r.Count}", ReportNumbers.Value(r.Difference), ReportNumbers.Value(r.AdjustedPValue), ReportNumbers.Value(r.MacroF1), r.Note])])
            {
                Explanation = "Subpopulations against the rest of the rows (two proportions), changed texts against the same rows unchanged (McNemar), corrected by Holm over all slices.",
            },
            new ExamplesSection("Changed texts", [.. bench.Slices.Where(s => s.IsChanged).SelectMany(s => s.Rows.Take(2).Select((row, i) => new ReportExample(s.Identifier) { Text = s.Texts[i], Lines = [$"before: {bench.Panel.Texts()[row]}"] }))])
            {
                Explanation = "Look whether the labels are still right: a change is taken to keep them.",
            },
        ];
    }

    private static string Title(SliceCategory category) => category switch
    {
        SliceCategory.SubPopulation => "Subpopulations",
        SliceCategory.Transformation => "Transformations",
        SliceCategory.EvaluationSet => "Evaluation sets",
        _ => "Attacks",
    };
}
