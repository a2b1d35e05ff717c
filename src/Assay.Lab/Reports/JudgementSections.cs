using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The sections of a report that a <see cref="Judgement"/> gives.</summary>
public static class JudgementSections
{
    /// <summary>Key figures, reliability, confusions and classes of a judgement.</summary>
    /// <param name="judgement">The judgement.</param>
    /// <param name="classNames">The names of the classes; numbers where empty.</param>
    public static ImmutableArray<ReportSection> Of(Judgement judgement, ImmutableArray<string> classNames = default)
    {
        ArgumentNullException.ThrowIfNull(judgement);
        var sections = ImmutableArray.CreateBuilder<ReportSection>();
        sections.Add(new MetricsSection("Key figures", [.. judgement.Metrics.Where(m => m.Estimate.IsDefined).Select(m => new ReportMetric(m.Title, m.Estimate, m.HigherIsBetter ? "" : "lower is better"))])
        {
            Explanation = $"On {judgement.Count} examples. An interval covers the value that endlessly many such examples would give, at the stated confidence.",
        });
        sections.Add(new ReliabilitySection("Calibration", judgement.Reliability)
        {
            Explanation = "Points below the diagonal: the model is surer than it is right.",
        });
        if (judgement.Confusion is { } matrix)
            sections.Add(new ConfusionSection("Confusions", matrix, classNames.IsDefault ? [] : classNames));
        sections.Add(new TableSection(
            "Classes", ["class", "#examples", "#precision", "interval", "#recall", "interval", "#F1", "interval"],
            [.. judgement.Classes.OrderBy(c => double.IsNaN(c.F1.Value) ? double.MaxValue : c.F1.Value).Select(c => (ImmutableArray<string>)
            [
                c.Name, $"{c.Support}", ReportNumbers.Value(c.Precision), ReportNumbers.Interval(c.Precision), ReportNumbers.Value(c.Recall), ReportNumbers.Interval(c.Recall),
                ReportNumbers.Value(c.F1), ReportNumbers.Interval(c.F1),
            ])])
        {
            Caption = "The weakest first.",
        });
        return sections.ToImmutable();
    }

    /// <summary>A metric by slice.</summary>
    /// <param name="column">The column that the examples were sliced by.</param>
    /// <param name="overall">The judgement of all examples.</param>
    /// <param name="slices">The judgements of the slices.</param>
    /// <param name="metric">The metric's name.</param>
    public static SlicesSection BySlice(string column, Judgement overall, ImmutableArray<SliceJudgement> slices, string metric = "accuracy")
    {
        ArgumentNullException.ThrowIfNull(overall);
        var whole = overall[metric];
        return new SlicesSection(
            $"{char.ToUpperInvariant(whole.Title[0])}{whole.Title[1..]} by {column}", whole.Title.ToLowerInvariant(), whole.Estimate.Value,
            [.. slices.Select(s => new ReportSlice(s.Slice, s.Judgement.Count, s.Judgement[metric].Estimate))])
        {
            HigherIsBetter = whole.HigherIsBetter,
        };
    }
}
