using System.Globalization;
using System.Text;

namespace Assay.Lab;

/// <summary>The ledger of all studies as Markdown: one row for each paper, then every claim with what was measured.</summary>
public static class Ledger
{
    /// <summary>Writes the ledger.</summary>
    /// <param name="studies">The studies with their kept results, in the order of the papers; a result may be absent.</param>
    public static string Write(IReadOnlyList<(Study Study, StudyResult? Result)> studies)
    {
        ArgumentNullException.ThrowIfNull(studies);
        var text = new StringBuilder();
        text.Append("# Ledger\n\n");
        text.Append("Written by `assay study run`; not edited by hand. Each study measures its paper's claims at the scale of one machine; ");
        text.Append("a verdict comes from the 95 % interval over seeds: the whole of it on the claim's side is *held*, the whole of it on the other side is ");
        text.Append("*contradicted*, anything else is *inconclusive*.\n\n");
        AppendTotals(text, [.. studies.Select(s => s.Result).OfType<StudyResult>()], studies.Count);
        text.Append("| paper | study | title | claims | held | contradicted | inconclusive | seconds | command |\n");
        text.Append("|--:|---|---|--:|--:|--:|--:|--:|---|\n");
        foreach (var (study, result) in studies)
            AppendRow(text, study, result);
        foreach (var (study, result) in studies)
        {
            if (result is not null)
                AppendClaims(text, study, result);
        }
        return text.ToString();
    }

    private static void AppendTotals(StringBuilder text, StudyResult[] results, int studies)
    {
        var claims = results.Sum(r => r.Claims.Length);
        text.Append(CultureInfo.InvariantCulture, $"{results.Length} of {studies} studies have a result; {claims} claims: {results.Sum(r => r.Count(Verdict.Held))} held, ");
        text.Append(CultureInfo.InvariantCulture, $"{results.Sum(r => r.Count(Verdict.Contradicted))} contradicted, {results.Sum(r => r.Count(Verdict.Inconclusive))} inconclusive; ");
        text.Append(CultureInfo.InvariantCulture, $"{results.Sum(r => r.Seconds) / 60:0} minutes in all.\n\n");
    }

    private static void AppendRow(StringBuilder text, Study study, StudyResult? result)
    {
        var info = study.Info;
        var counts = result is null
            ? $"{study.Claims.Length} | – | – | – | not run"
            : string.Create(CultureInfo.InvariantCulture, $"{result.Claims.Length} | {result.Count(Verdict.Held)} | {result.Count(Verdict.Contradicted)} | {result.Count(Verdict.Inconclusive)} | {Seconds(result)}");
        text.Append(CultureInfo.InvariantCulture, $"| {info.Paper} | {info.Slug} | {Cell(info.Title)} | {counts} | `assay study run {info.Slug}` |\n");
    }

    private static string Seconds(StudyResult result) =>
        string.Create(CultureInfo.InvariantCulture, $"{result.Seconds:0.#}{(result.Scale == StudyScale.Quick ? " (quick)" : "")}");

    private static void AppendClaims(StringBuilder text, Study study, StudyResult result)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {study.Info.Paper}. {study.Info.Title}\n\n{study.Info.Summary}\n\n");
        text.Append("| claim | the paper's figure | measured | bound | verdict |\n|---|---|--:|--:|---|\n");
        foreach (var claim in result.Claims)
        {
            var declared = study.Claims.FirstOrDefault(c => c.Id == claim.Id);
            var verdict = claim.Verdict.ToString().ToLowerInvariant() + (claim.Reason is null ? "" : $" ({claim.Reason})");
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(claim.Statement)} | {Cell(claim.Paper)} | {Cell(Measured(claim))} | {Cell(declared is null ? "" : Bound(declared))} | {verdict} |\n");
        }
    }

    /// <summary>A measured value with its interval and unit: "1.2 [0.9, 1.5] points".</summary>
    public static string Measured(ClaimResult claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        if (double.IsNaN(claim.Measured))
            return "–";
        var interval = claim.Low < claim.High ? $" [{Number(claim.Low)}, {Number(claim.High)}]" : "";
        return $"{Number(claim.Measured)}{interval} {claim.Unit}".TrimEnd();
    }

    /// <summary>A claim's bounds in words: "≥ 0.5 points".</summary>
    public static string Bound(Claim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var bound = claim.Direction switch
        {
            ClaimDirection.AtLeast => $"≥ {Number(claim.Bound)}",
            ClaimDirection.AtMost => $"≤ {Number(claim.Bound)}",
            _ => $"{Number(claim.Bound)} to {Number(claim.UpperBound ?? double.NaN)}",
        };
        return $"{bound} {claim.Unit}".TrimEnd();
    }

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
