using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>An example of the data as people see it.</summary>
/// <param name="Caption">A short line: its class, or what is suspected of it.</param>
public sealed record ReportExample(string Caption)
{
    /// <summary>Further lines under the caption.</summary>
    public ImmutableArray<string> Lines { get; init; } = [];

    /// <summary>The example as a PNG file, or null.</summary>
    public byte[]? Image { get; init; }

    /// <summary>The example's text, or null.</summary>
    public string? Text { get; init; }
}

/// <summary>Examples: a contact sheet of images, or a list of texts.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Examples">The examples, in order.</param>
public sealed record ExamplesSection(string Title, ImmutableArray<ReportExample> Examples) : ReportSection(Title)
{
    /// <inheritdoc/>
    public override bool IsEmpty => Examples.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        html.Append($"<div class=\"sheet\">\n");
        foreach (var example in Examples)
        {
            html.Append($"<figure class=\"{(example.Image is null ? "wide" : "example")}\">");
            if (example.Image is { } png)
                html.Append($"<img alt=\"{example.Caption}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">");
            if (example.Text is { } text)
                html.Append($"<blockquote>{text}</blockquote>");
            html.Append($"<figcaption><strong>{example.Caption}</strong>");
            foreach (var line in example.Lines)
                html.Append($"<br>{line}");
            html.Append($"</figcaption></figure>\n");
        }
        html.Append($"</div>\n");
    }
}
