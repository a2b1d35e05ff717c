using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Assay.Lab;

/// <summary>What became of one claim of a study.</summary>
/// <param name="Id">The claim's id.</param>
/// <param name="Statement">What is claimed.</param>
/// <param name="Paper">The paper's own figure and setting.</param>
/// <param name="Measured">The mean over the seeds; NaN (null in JSON) where there is none.</param>
/// <param name="Low">The lower end of the 95 % interval.</param>
/// <param name="High">The upper end of the 95 % interval.</param>
/// <param name="Unit">The unit.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Why the verdict is inconclusive, or null.</param>
/// <param name="Values">The single measurements, in the order taken.</param>
public sealed record ClaimResult(
    string Id, string Statement, string Paper, double Measured, double Low, double High, string Unit, Verdict Verdict, string? Reason,
    ImmutableArray<double> Values);

/// <summary>A figure that no claim depends on, averaged over its observations.</summary>
/// <param name="Name">What it is, with its unit.</param>
/// <param name="Value">The mean.</param>
/// <param name="Count">The number of observations.</param>
public sealed record StudyObservation(string Name, double Value, int Count);

/// <summary>The result of one run of a study, as kept in <c>studies/results/NN-slug.json</c>.</summary>
/// <param name="Study">The slug.</param>
/// <param name="Paper">The paper's number.</param>
/// <param name="Scale">The scale.</param>
/// <param name="Seeds">The seeds.</param>
/// <param name="Seconds">The wall-clock time.</param>
/// <param name="Machine">The machine in words.</param>
/// <param name="Versions">The versions of what computed it.</param>
/// <param name="SourceHash">The SHA-256 of the study's source file (<see cref="StudySource"/>).</param>
/// <param name="Claims">The claims in the study's order.</param>
/// <param name="Observations">Further figures.</param>
public sealed record StudyResult(
    string Study, int Paper, StudyScale Scale, ImmutableArray<int> Seeds, double Seconds, string Machine,
    ImmutableSortedDictionary<string, string> Versions, string SourceHash, ImmutableArray<ClaimResult> Claims, ImmutableArray<StudyObservation> Observations)
{
    /// <summary>The number of claims with a verdict.</summary>
    public int Count(Verdict verdict) => Claims.Count(c => c.Verdict == verdict);

    /// <summary>The verdicts in words: "2 held, 1 inconclusive".</summary>
    [JsonIgnore]
    public string InWords
    {
        get
        {
            var parts = Enum.GetValues<Verdict>().Select(v => (Verdict: v, Count: Count(v))).Where(p => p.Count > 0).Select(p => $"{p.Count} {p.Verdict.ToString().ToLowerInvariant()}");
            return string.Join(", ", parts) is { Length: > 0 } words ? words : "no claims";
        }
    }
}
