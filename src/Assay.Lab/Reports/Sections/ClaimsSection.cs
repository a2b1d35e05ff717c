using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>Claims with what was measured.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Claims">The claims.</param>
public sealed record ClaimsSection(string Title, ImmutableArray<ClaimResult> Claims) : ReportSection(Title)
{
    /// <inheritdoc/>
    public override bool IsEmpty => Claims.IsEmpty;

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        html.Append($"<div class=\"scroll\"><table><thead><tr><th scope=\"col\">verdict</th><th scope=\"col\">claim</th><th scope=\"col\">source</th><th scope=\"col\" class=\"n\">measured</th></tr></thead><tbody>\n");
        foreach (var claim in Claims)
        {
            var (mark, tone) = claim.Verdict switch
            {
                Verdict.Held => ("✓ held", "good-text"),
                Verdict.Contradicted => ("✗ contradicted", "bad-text"),
                _ => ("? inconclusive", "warning-text"),
            };
            var reason = claim.Reason is null ? "" : $" ({claim.Reason})";
            html.Append($"<tr><td class=\"mark {tone}\">{mark}</td><td>{claim.Statement}</td><td>{claim.Paper}</td><td class=\"n\">{Ledger.Measured(claim)}{reason}</td></tr>\n");
        }
        html.Append($"</tbody></table></div>\n");
    }
}
