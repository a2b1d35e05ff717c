using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>A key figure.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Estimate">Its value and interval.</param>
/// <param name="Note">A remark: "lower is better"; may be empty.</param>
public sealed record ReportMetric(string Name, Estimate Estimate, string Note = "");

/// <summary>Key figures with their intervals.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Metrics">The figures.</param>
public sealed record MetricsSection(string Title, ImmutableArray<ReportMetric> Metrics) : ReportSection(Title)
{
    /// <inheritdoc/>
    public override bool IsEmpty => Metrics.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        var level = Metrics.Select(m => m.Estimate.Interval).FirstOrDefault(i => double.IsFinite(i.Low)).Level;
        var hasNotes = Metrics.Any(m => m.Note.Length > 0);
        html.Append($"<div class=\"scroll\"><table><thead><tr><th scope=\"col\">figure</th><th scope=\"col\" class=\"n\">value</th><th scope=\"col\">");
        html.Append($"{(level > 0 ? $"{100 * level:0.#} % interval" : "interval")}</th>{new RawHtml(hasNotes ? "<th scope=\"col\"></th>" : "")}</tr></thead><tbody>\n");
        foreach (var metric in Metrics)
        {
            html.Append($"<tr><th scope=\"row\">{metric.Name}</th><td class=\"n\">{ReportNumbers.Value(metric.Estimate)}</td><td class=\"interval\">{ReportNumbers.Interval(metric.Estimate)}</td>");
            if (hasNotes)
                html.Append($"<td class=\"interval\">{metric.Note}</td>");
            html.Append($"</tr>\n");
        }
        html.Append($"</tbody></table></div>\n");
    }
}
