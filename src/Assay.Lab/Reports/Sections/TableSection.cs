using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>A plain table.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Columns">The headings of the columns; one that begins with <c>#</c> is of numbers, aligned to the right.</param>
/// <param name="Rows">The cells.</param>
public sealed record TableSection(string Title, ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<string>> Rows) : ReportSection(Title)
{
    /// <summary>A line above the table, or an empty text.</summary>
    public string Caption { get; init; } = "";

    /// <inheritdoc/>
    public override bool IsEmpty => Rows.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        html.Append($"<div class=\"scroll\"><table>");
        if (Caption.Length > 0)
            html.Append($"<caption>{Caption}</caption>");
        html.Append($"<thead><tr>");
        foreach (var column in Columns)
            html.Append($"<th scope=\"col\"{Align(column)}>{column.TrimStart('#')}</th>");
        html.Append($"</tr></thead><tbody>\n");
        foreach (var row in Rows)
        {
            html.Append($"<tr>");
            for (var c = 0; c < row.Length; c++)
                html.Append($"<td{Align(c < Columns.Length ? Columns[c] : "")}>{row[c]}</td>");
            html.Append($"</tr>\n");
        }
        html.Append($"</tbody></table></div>\n");
    }

    private static RawHtml Align(string column) => new(column.StartsWith('#') ? " class=\"n\"" : "");
}

/// <summary>Paragraphs of text, or a list of findings.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Paragraphs">The paragraphs.</param>
public sealed record TextSection(string Title, ImmutableArray<string> Paragraphs) : ReportSection(Title)
{
    /// <summary>Whether the paragraphs are items of a list.</summary>
    public bool IsList { get; init; }

    /// <inheritdoc/>
    public override bool IsEmpty => Paragraphs.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        var (open, close) = IsList ? ("<li>", "</li>") : ("<p>", "</p>");
        html.Append($"{new RawHtml(IsList ? "<ul>" : "")}");
        foreach (var paragraph in Paragraphs)
            html.Append($"{new RawHtml(open)}{paragraph}{new RawHtml(close)}\n");
        html.Append($"{new RawHtml(IsList ? "</ul>\n" : "")}");
    }
}
