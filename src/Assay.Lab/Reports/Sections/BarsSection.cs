using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>Counts as bars: classes, domains.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Quantity">What is counted.</param>
/// <param name="Bars">Names and counts, in order.</param>
public sealed record BarsSection(string Title, string Quantity, ImmutableArray<(string Name, long Count)> Bars) : ReportSection(Title)
{
    /// <summary>The most bars that are shown; the rest is summed up in a line.</summary>
    public int Most { get; init; } = 60;

    /// <inheritdoc/>
    public override bool IsEmpty => Bars.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        var (most, total) = (Math.Max(1, Bars.Max(b => b.Count)), Math.Max(1, Bars.Sum(b => b.Count)));
        html.Append($"<div class=\"scroll\"><table><thead><tr><th scope=\"col\">{Quantity}</th><th scope=\"col\" class=\"n\">examples</th><th scope=\"col\" class=\"n\">share</th><th scope=\"col\"></th></tr></thead><tbody>\n");
        foreach (var (name, count) in Bars.Take(Most))
            html.Append($"<tr><th scope=\"row\">{name}</th><td class=\"n\">{count}</td><td class=\"n\">{ReportNumbers.Percent((double)count / total)}</td><td><span class=\"bar\" style=\"width:{16.0 * count / most:0.##}rem\"></span></td></tr>\n");
        html.Append($"</tbody></table></div>\n");
        if (Bars.Length > Most)
            html.Append($"<p>and {Bars.Length - Most} more with {Bars.Skip(Most).Sum(b => b.Count)} examples</p>\n");
    }
}
