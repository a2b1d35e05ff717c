using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of labels that nearest neighbours contradict.</summary>
public static class NeighbourSections
{
    private const int TextLength = 300;

    /// <summary>The sections.</summary>
    /// <param name="predictions">The audited predictions.</param>
    /// <param name="candidates">The candidates, the nearest first.</param>
    /// <param name="sources">Where models err around a negative class, or null.</param>
    /// <param name="data">The data set, where it is known.</param>
    /// <param name="rowOf">The data set's row of an audited row, or null for the same.</param>
    /// <param name="most">The most candidates that are shown.</param>
    public static ImmutableArray<ReportSection> Of(
        Predictions predictions, ImmutableArray<NeighbourCandidate> candidates, ErrorSources? sources, Dataset? data = null, Func<int, int>? rowOf = null, int most = 100)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var shown = candidates.Take(most).ToArray();
        var images = data is null ? null : FeatureImage.Of(data);
        string Text(int row) => data is null || data.Texts.IsEmpty ? "" : data.Texts[rowOf?.Invoke(row) ?? row] is { Length: > TextLength } text ? $"{text[..TextLength]}…" : data.Texts[rowOf?.Invoke(row) ?? row];
        string Name(int label) => predictions.ClassName(label);
        return
        [
            sources is null ? new TextSection("Errors", []) : new TableSection("Errors by source", ["model", "error", "#count", "#share of errors", "#F1 without them"],
                [.. sources.Counts.Select(c => (ImmutableArray<string>)[c.Model, LabJson.Name(c.Source).Replace('-', ' '), $"{c.Count}", ReportNumbers.Percent(c.Share), ReportNumbers.Value(c.ScoreWithout.F1)])])
            {
                Explanation = $"The last column is what the score would be if all errors of a kind were wrong labels. {sources.FalsePositives.Length} negatives are taken for a positive by some model.",
            },
            new BarsSection("Proposals", "change", [.. candidates.GroupBy(c => (c.OldLabel, c.Proposed)).OrderByDescending(g => g.Count()).Select(g => ($"{Name(g.Key.OldLabel)} → {Name(g.Key.Proposed)}", (long)g.Count()))])
            {
                Explanation = "How many labels would change, and to what. Removing examples of one class also shifts the balance of classes: compare with a random removal of as many.",
                Most = 30,
            },
            data is null
                ? new TableSection("Candidates", ["id", "given", "proposed", "because of", "#distance"],
                    [.. shown.Select(c => (ImmutableArray<string>)[predictions.Id(c.Row), Name(c.OldLabel), Name(c.Proposed), predictions.Id(c.Evidence), ReportNumbers.Value(c.Distance)])])
                : new ExamplesSection("Candidates", [.. shown.Select(c => new ReportExample($"{Name(c.OldLabel)} → {Name(c.Proposed)}")
                {
                    Image = images?.ToPng(rowOf?.Invoke(c.Row) ?? c.Row),
                    Text = data.Texts.IsEmpty ? null : Text(c.Row),
                    Lines = [$"{predictions.Id(c.Row)}, {ReportNumbers.Value(c.Distance)} from {predictions.Id(c.Evidence)}{(data.Texts.IsEmpty ? "" : $": {Text(c.Evidence)}")}"],
                })])
                {
                    Explanation = $"The nearest first{(shown.Length < candidates.Length ? $"; {shown.Length} of {candidates.Length}" : "")}. Given label → proposal, with the neighbour that speaks for it.",
                },
        ];
    }
}
