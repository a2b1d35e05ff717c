using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Statistics;
using ScottPlot;

namespace Assay.Lab;

/// <summary>A reliability diagram: how often the model is right at each level of confidence.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Bins">The bins by rising confidence.</param>
public sealed record ReliabilitySection(string Title, ImmutableArray<ReliabilityBin> Bins) : ReportSection(Title)
{
    /// <inheritdoc/>
    public override bool IsEmpty => Bins.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        var figure = new Figure(480, 420);
        var diagonal = figure.Plot.Add.Line(0, 0, 1, 1);
        diagonal.Color = Figure.Reference;
        foreach (var bin in Bins)
            DrawBin(figure.Plot, bin);
        figure.Plot.Axes.SetLimits(0, 1.02, 0, 1.02);
        figure.Plot.XLabel("mean confidence of the bin");
        figure.Plot.YLabel("share of right answers");
        var total = Bins.Sum(b => b.Count);
        var gap = Bins.Sum(b => b.Count * Math.Abs(b.Gap)) / total;
        var over = Bins.Sum(b => b.Count * b.Gap) / total;
        var words = $"On average confidence and accuracy differ by {ReportNumbers.Percent(gap)}; the model is {(over < 0 ? "over" : "under")}confident by {ReportNumbers.Percent(Math.Abs(over))}.";
        html.Append($"<figure>{figure.ToSvg(id, $"Reliability diagram of {Bins.Length} bins. {words}")}<figcaption>{words} Dashed: perfect calibration; bars: 95\u00a0% Wilson intervals.</figcaption></figure>\n");
        html.Append($"<details><summary>The bins in numbers</summary><table><thead><tr><th scope=\"col\" class=\"n\">examples</th><th scope=\"col\" class=\"n\">confidence</th><th scope=\"col\" class=\"n\">right</th><th scope=\"col\" class=\"n\">gap</th></tr></thead><tbody>\n");
        foreach (var bin in Bins)
            html.Append($"<tr><td class=\"n\">{bin.Count}</td><td class=\"n\">{ReportNumbers.Percent(bin.Confidence)}</td><td class=\"n\">{ReportNumbers.Percent(bin.Accuracy)}</td><td class=\"n\">{100 * bin.Gap:+0.0;−0.0;0}</td></tr>\n");
        html.Append($"</tbody></table></details>\n");
    }

    private static void DrawBin(Plot plot, ReliabilityBin bin)
    {
        var interval = ProportionInterval.Wilson(bin.Accuracy * bin.Count, bin.Count);
        var bar = plot.Add.Line(bin.Confidence, interval.Low, bin.Confidence, interval.High);
        bar.Color = Figure.Series(0);
        bar.LineWidth = 1.5f;
        var point = plot.Add.Marker(bin.Confidence, bin.Accuracy);
        point.Color = Figure.Series(0);
        point.Size = 8;
    }
}
