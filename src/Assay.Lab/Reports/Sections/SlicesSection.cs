using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>A slice of the examples.</summary>
/// <param name="Name">What the examples share.</param>
/// <param name="Count">Their number.</param>
/// <param name="Estimate">The figure on them.</param>
public sealed record ReportSlice(string Name, long Count, Estimate Estimate);

/// <summary>A figure by slice, the worst first; those whose whole interval is on the wrong side of the overall value are marked.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Quantity">The figure.</param>
/// <param name="Overall">The figure on all examples.</param>
/// <param name="Slices">The slices.</param>
public sealed record SlicesSection(string Title, string Quantity, double Overall, ImmutableArray<ReportSlice> Slices) : ReportSection(Title)
{
    /// <summary>Whether more is better.</summary>
    public bool HigherIsBetter { get; init; } = true;

    /// <inheritdoc/>
    public override bool IsEmpty => Slices.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        var most = Slices.Select(s => s.Estimate.Value).Append(Overall).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
        html.Append($"<div class=\"scroll\"><table><caption>Over all examples: {ReportNumbers.Value(Overall)}.</caption><thead><tr><th scope=\"col\">slice</th><th scope=\"col\" class=\"n\">examples</th><th scope=\"col\" class=\"n\">{Quantity}</th><th scope=\"col\">interval</th><th scope=\"col\"></th></tr></thead><tbody>\n");
        var ordered = HigherIsBetter ? Slices.OrderBy(s => s.Estimate.Value) : Slices.OrderByDescending(s => s.Estimate.Value);
        foreach (var slice in ordered)
        {
            var isWorse = IsWorse(slice);
            var width = double.IsFinite(slice.Estimate.Value) && most > 0 ? 8 * Math.Abs(slice.Estimate.Value) / most : 0;
            html.Append($"<tr><th scope=\"row\">{slice.Name}</th><td class=\"n\">{slice.Count}</td><td class=\"n\">{ReportNumbers.Value(slice.Estimate)}</td><td class=\"interval\">{ReportNumbers.Interval(slice.Estimate)}</td>");
            html.Append($"<td><span class=\"bar {(isWorse ? "low" : "")}\" style=\"width:{width:0.##}rem\"></span>{new RawHtml(isWorse ? " <span class=\"bad-text\">worse than overall</span>" : "")}</td></tr>\n");
        }
        html.Append($"</tbody></table></div>\n");
    }

    private bool IsWorse(ReportSlice slice) => HigherIsBetter ? slice.Estimate.Interval.High < Overall : slice.Estimate.Interval.Low > Overall;
}
