using System.Collections.Immutable;
using Assay.Data;

namespace Assay.Lab;

/// <summary>The report of a dataset: what it holds, its classes, its features, a few examples.</summary>
public static class DatasetSections
{
    private const int MostHistograms = 24, ExamplesPerClass = 8, MostImages = 120, MostTexts = 20, TextLength = 600;

    /// <summary>The sections.</summary>
    /// <param name="data">The dataset.</param>
    /// <param name="summary">Its summary.</param>
    public static ImmutableArray<ReportSection> Of(Dataset data, DatasetSummary summary)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(summary);
        return
        [
            new TableSection("Content", ["what", "#number"], [.. Facts(summary)]),
            new BarsSection("Classes", "class", [.. summary.Classes.Select(c => (c.Name, (long)c.Count))]),
            new BarsSection("Domains", "domain", [.. summary.Domains.Select(c => (c.Name, (long)c.Count))]),
            new TableSection("Features", ["feature", "#mean", "#deviation", "#least", "#greatest", "#missing"], [.. Features(summary)]),
            new HistogramsSection("Distributions", [.. Histograms(data)]),
            new ExamplesSection("Examples", [.. Examples(data)]),
        ];
    }

    private static IEnumerable<ImmutableArray<string>> Facts(DatasetSummary summary)
    {
        yield return ["examples", $"{summary.Count}"];
        if (!summary.Shape.IsEmpty)
            yield return ["features of an example", string.Join(" × ", summary.Shape)];
        if (!summary.Classes.IsEmpty)
            yield return ["classes", $"{summary.Classes.Length}"];
        if (!summary.Domains.IsEmpty)
            yield return ["domains", $"{summary.Domains.Length}"];
        if (summary.Groups > 0)
            yield return ["groups", $"{summary.Groups}"];
        if (summary.MeanTextLength is { } length)
            yield return ["mean characters of a text", ReportNumbers.Value(length)];
        yield return ["missing values", $"{summary.Missing}"];
        yield return ["examples that equal an earlier one", $"{summary.Duplicates.Examples}"];
        if (!summary.Classes.IsEmpty)
            yield return ["… with another label", $"{summary.Duplicates.OtherLabel}"];
    }

    private static IEnumerable<ImmutableArray<string>> Features(DatasetSummary summary) =>
        (summary.Targets is { } targets ? summary.Features.Prepend(targets) : summary.Features).Select(f => (ImmutableArray<string>)
            [f.Name, ReportNumbers.Value(f.Mean), ReportNumbers.Value(f.Deviation), ReportNumbers.Value(f.Least), ReportNumbers.Value(f.Greatest), $"{f.Missing}"]);

    private static IEnumerable<ReportHistogram> Histograms(Dataset data)
    {
        if (data.HasTargets)
            yield return ReportHistogram.Of("target", data.Targets.AsSpan());
        if (data.Features is not { Columns: > 0 } features)
            yield break;
        if (data.FeatureNames.IsEmpty)
        {
            yield return ReportHistogram.Of("all values", features.Values);
            yield break;
        }
        for (var c = 0; c < Math.Min(MostHistograms, features.Columns); c++)
            yield return ReportHistogram.Of(data.FeatureNames[c], features.Values, features.Columns, c);
    }

    // Images of each class in turn, so that every class is seen; texts from the start.
    private static IEnumerable<ReportExample> Examples(Dataset data)
    {
        if (FeatureImage.Of(data) is { } images)
            return FirstOfEachClass(data).Take(MostImages).Select(row => new ReportExample(Class(data, row)) { Image = images.ToPng(row), Lines = [data.Ids[row]] });
        return Enumerable.Range(0, Math.Min(MostTexts, data.Texts.Length)).Select(row => new ReportExample(Class(data, row))
        {
            Text = data.Texts[row].Length <= TextLength ? data.Texts[row] : $"{data.Texts[row][..TextLength]}…",
            Lines = [data.Ids[row]],
        });
    }

    private static IEnumerable<int> FirstOfEachClass(Dataset data) => data.HasLabels
        ? Enumerable.Range(0, data.Count).GroupBy(i => data.Labels[i]).OrderBy(g => g.Key).SelectMany(g => g.Take(ExamplesPerClass))
        : Enumerable.Range(0, data.Count);

    private static string Class(Dataset data, int row) => data.HasLabels ? data.ClassNames[data.Labels[row]] : data.Domains?[row] ?? data.Ids[row];
}
