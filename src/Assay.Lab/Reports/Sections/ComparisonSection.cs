using System.Collections.Immutable;
using Assay.Statistics;
using ScottPlot.TickGenerators;

namespace Assay.Lab;

/// <summary>A row of a comparison.</summary>
/// <param name="Name">A model, a method, a slice.</param>
/// <param name="Estimate">Its value and interval.</param>
/// <param name="Note">A remark, such as a p-value; may be empty.</param>
public sealed record ComparedValue(string Name, Estimate Estimate, string Note = "");

/// <summary>Values with their intervals one below the other (a forest plot), with a line at a reference.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Quantity">What is compared, with its unit.</param>
/// <param name="Rows">The rows, from top to bottom.</param>
public sealed record ComparisonSection(string Title, string Quantity, ImmutableArray<ComparedValue> Rows) : ReportSection(Title)
{
    /// <summary>Where the reference line stands (0 for differences), or null.</summary>
    public double? Reference { get; init; }

    /// <inheritdoc/>
    public override bool IsEmpty => Rows.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        if (Rows.Any(r => double.IsFinite(r.Estimate.Value)))
        {
            var description = $"{Quantity}: {string.Join("; ", Rows.Select(r => $"{r.Name} {ReportNumbers.ValueAndInterval(r.Estimate)}"))}.";
            html.Append($"<figure>{Draw().ToSvg(id, description)}</figure>\n");
        }
        var hasNotes = Rows.Any(r => r.Note.Length > 0);
        html.Append($"<div class=\"scroll\"><table><thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"n\">{Quantity}</th><th scope=\"col\">interval</th>{new RawHtml(hasNotes ? "<th scope=\"col\"></th>" : "")}</tr></thead><tbody>\n");
        foreach (var row in Rows)
        {
            html.Append($"<tr><th scope=\"row\">{row.Name}</th><td class=\"n\">{ReportNumbers.Value(row.Estimate)}</td><td class=\"interval\">{ReportNumbers.Interval(row.Estimate)}</td>");
            if (hasNotes)
                html.Append($"<td>{row.Note}</td>");
            html.Append($"</tr>\n");
        }
        html.Append($"</tbody></table></div>\n");
    }

    private Figure Draw()
    {
        var figure = new Figure(720, 70 + 28 * Rows.Length);
        var plot = figure.Plot;
        for (var i = 0; i < Rows.Length; i++)
        {
            var (value, interval) = (Rows[i].Estimate.Value, Rows[i].Estimate.Interval);
            if (!double.IsFinite(value))
                continue;
            if (double.IsFinite(interval.Low) && double.IsFinite(interval.High))
            {
                var line = plot.Add.Line(interval.Low, -i, interval.High, -i);
                line.Color = Figure.Series(0);
                line.LineWidth = 2;
            }
            var marker = plot.Add.Marker(value, -i);
            marker.Color = Figure.Series(0);
            marker.Size = 9;
        }
        if (Reference is { } reference)
        {
            var line = plot.Add.VerticalLine(reference);
            line.Color = Figure.Reference;
            line.LineWidth = 1;
        }
        plot.Axes.Left.TickGenerator = new NumericManual([.. Enumerable.Range(0, Rows.Length).Select(i => (double)-i)], [.. Rows.Select(r => r.Name)]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.SetLimitsY(-Rows.Length + 0.4, 0.6);
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.XLabel(Quantity);
        return figure;
    }
}
