using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>A confusion matrix as a table with shades; of many classes only the most frequent confusions.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Matrix">The counts: rows are true, columns predicted classes.</param>
/// <param name="ClassNames">The names of the classes; numbers where empty.</param>
public sealed record ConfusionSection(string Title, ConfusionMatrix Matrix, ImmutableArray<string> ClassNames) : ReportSection(Title)
{
    /// <summary>The largest matrix that is shown whole.</summary>
    public const int MostClasses = 25;

    private const int MostConfusions = 20;

    /// <inheritdoc/>
    public override bool IsEmpty => Matrix.Count == 0;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        if (Matrix.ClassCount <= MostClasses)
            WriteMatrix(html);
        WriteConfusions(html);
    }

    private string Name(int index) => ClassNames.IsEmpty ? index.ToString(System.Globalization.CultureInfo.InvariantCulture) : ClassNames[index];

    private void WriteMatrix(HtmlBuilder html)
    {
        var k = Matrix.ClassCount;
        html.Append($"<p class=\"explanation\">Rows: true class; columns: predicted class; shade: share of the row.</p><div class=\"scroll\"><table class=\"matrix\"><thead><tr><td></td>");
        for (var c = 0; c < k; c++)
            html.Append($"<th scope=\"col\">{Name(c)}</th>");
        html.Append($"</tr></thead><tbody>\n");
        for (var r = 0; r < k; r++)
        {
            var total = Enumerable.Range(0, k).Sum(c => Matrix[r, c]);
            html.Append($"<tr><th scope=\"row\">{Name(r)}</th>");
            for (var c = 0; c < k; c++)
            {
                var share = total == 0 ? 0 : (double)Matrix[r, c] / total;
                var kind = Matrix[r, c] == 0 ? "zero" : share > 0.45 ? "strong" : "";
                html.Append($"<td style=\"--p:{100 * share:0.#}\" class=\"{kind}\" title=\"{Name(r)} as {Name(c)}: {Matrix[r, c]} ({ReportNumbers.Percent(share)})\">{Matrix[r, c]}</td>");
            }
            html.Append($"</tr>\n");
        }
        html.Append($"</tbody></table></div>\n");
    }

    private void WriteConfusions(HtmlBuilder html)
    {
        var k = Matrix.ClassCount;
        var pairs = new PriorityQueue<(int Row, int Column), long>();
        var errors = 0L;
        for (var r = 0; r < k; r++)
        {
            for (var c = 0; c < k; c++)
            {
                if (r == c || Matrix[r, c] == 0)
                    continue;
                errors += Matrix[r, c];
                pairs.Enqueue((r, c), Matrix[r, c]);
                if (pairs.Count > MostConfusions)
                    pairs.Dequeue();
            }
        }
        if (errors == 0)
        {
            html.Append($"<p>There are no errors.</p>\n");
            return;
        }
        var most = new Stack<(int Row, int Column)>();
        while (pairs.TryDequeue(out var pair, out _))
            most.Push(pair);
        if (k <= MostClasses)
        {
            var parts = most.Take(3).Select(p => $"{Name(p.Row)} as {Name(p.Column)} ({Matrix[p.Row, p.Column]})");
            html.Append($"<p>{errors} errors; most often {string.Join(", ", parts)}.</p>\n");
            return;
        }
        html.Append($"<table><caption>The most frequent of {errors} errors among {k} classes.</caption><thead><tr><th scope=\"col\">true</th><th scope=\"col\">predicted</th><th scope=\"col\" class=\"n\">examples</th></tr></thead><tbody>\n");
        foreach (var (row, column) in most)
            html.Append($"<tr><td>{Name(row)}</td><td>{Name(column)}</td><td class=\"n\">{Matrix[row, column]}</td></tr>\n");
        html.Append($"</tbody></table>\n");
    }
}
