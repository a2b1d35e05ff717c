namespace Assay.Lab;

/// <summary>Writes a <see cref="Report"/> as one self-contained HTML page: no script, no network, light and dark, ready to print.</summary>
public static class ReportBuilder
{
    private const int SectionsForContents = 4;

    /// <summary>Writes the page.</summary>
    public static string Write(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var sections = report.Sections.Where(s => !s.IsEmpty).Select((s, i) => (Id: $"s{i + 1}", Section: s)).ToArray();
        var html = new HtmlBuilder();
        html.Append($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <title>{report.Title}</title>
            <style>{new RawHtml(ReportStyle.Css)}</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header>
            <h1>{report.Title}</h1>
            <p class="subtitle">{report.Subtitle}{new RawHtml(report.Subtitle.Length > 0 ? " · " : "")}<time datetime="{report.When:O}">{report.When:d MMMM yyyy, HH:mm 'UTC'}</time></p>
            <p class="verdict {LabJson.Name(report.Tone)}">{report.Verdict}</p>
            </header>

            """);
        if (sections.Length >= SectionsForContents)
        {
            html.Append($"<nav aria-label=\"Contents\"><ul>");
            foreach (var (id, section) in sections)
                html.Append($"<li><a href=\"#{id}\">{section.Title}</a></li>");
            html.Append($"</ul></nav>\n");
        }
        html.Append($"<main id=\"main\">\n");
        foreach (var (id, section) in sections)
        {
            html.Append($"<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{section.Title}</h2>\n");
            if (section.Explanation.Length > 0)
                html.Append($"<p class=\"explanation\">{section.Explanation}</p>\n");
            section.WriteContent(html, id);
            html.Append($"</section>\n");
        }
        html.Append($"</main>\n<footer>Written by assay {Machine.Versions["assay"]}.</footer>\n</body>\n</html>\n");
        return html.ToString();
    }
}
