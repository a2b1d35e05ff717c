using System.Collections.Immutable;
using Assay.Lab;

namespace Assay.Cli;

/// <summary>One line of the list of studies.</summary>
/// <param name="Paper">The paper's number.</param>
/// <param name="Study">The slug.</param>
/// <param name="Title">The paper's title.</param>
/// <param name="Claims">The number of claims.</param>
/// <param name="State">How the kept result stands to the source.</param>
/// <param name="Held">Claims that held, or null without a result.</param>
/// <param name="Contradicted">Claims that were contradicted.</param>
/// <param name="Inconclusive">Claims without a decision.</param>
/// <param name="Seconds">The seconds that the result took.</param>
public sealed record StudyLine(int Paper, string Study, string Title, int Claims, ResultState State, int? Held, int? Contradicted, int? Inconclusive, double? Seconds)
{
    internal static StudyLine Of(Study study, StudyResult? result) => new(
        study.Info.Paper, study.Info.Slug, study.Info.Title, study.Claims.Length, result is null ? ResultState.Missing : StudyResults.StateOf(study, result),
        result?.Count(Verdict.Held), result?.Count(Verdict.Contradicted), result?.Count(Verdict.Inconclusive), result?.Seconds);
}

/// <summary>How the kept result of a study stands to its source.</summary>
/// <param name="Paper">The paper's number.</param>
/// <param name="Study">The slug.</param>
/// <param name="State">The state.</param>
public sealed record StudyState(int Paper, string Study, ResultState State);

/// <summary>A claim as declared, with what was measured.</summary>
/// <param name="Id">The claim's id.</param>
/// <param name="Statement">What is claimed.</param>
/// <param name="Paper">The paper's own figure.</param>
/// <param name="Quantity">What is measured.</param>
/// <param name="Bound">The bound in words.</param>
/// <param name="Result">The result, or null.</param>
public sealed record StudyCardClaim(string Id, string Statement, string Paper, string Quantity, string Bound, ClaimResult? Result);

/// <summary>All that is known of a study.</summary>
/// <param name="Paper">The paper's number.</param>
/// <param name="Study">The slug.</param>
/// <param name="Title">The paper's title.</param>
/// <param name="Summary">What the study does.</param>
/// <param name="State">How the kept result stands to the source.</param>
/// <param name="Claims">The claims.</param>
/// <param name="Result">The kept result, or null.</param>
public sealed record StudyCard(
    int Paper, string Study, string Title, string Summary, ResultState State, ImmutableArray<StudyCardClaim> Claims, StudyResult? Result)
{
    internal static StudyCard Of(Study study, StudyResult? result) => new(
        study.Info.Paper, study.Info.Slug, study.Info.Title, study.Info.Summary, result is null ? ResultState.Missing : StudyResults.StateOf(study, result),
        [.. study.Claims.Select(c => new StudyCardClaim(c.Id, c.Statement, c.Paper, c.Quantity, Ledger.Bound(c), result?.Claims.FirstOrDefault(r => r.Id == c.Id)))],
        result);
}
