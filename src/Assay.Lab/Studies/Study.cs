using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>How much work a study does.</summary>
public enum StudyScale
{
    /// <summary>At most 60 seconds on two cores.</summary>
    Quick,
    /// <summary>About 5 minutes on two cores, never more than 15. Committed results are of this scale.</summary>
    Full,
}

/// <summary>On which side of its bounds a measured quantity must lie for the claim to hold.</summary>
public enum ClaimDirection
{
    /// <summary>At or above <see cref="Claim.Bound"/>.</summary>
    AtLeast,
    /// <summary>At or below <see cref="Claim.Bound"/>.</summary>
    AtMost,
    /// <summary>Between <see cref="Claim.Bound"/> and <see cref="Claim.UpperBound"/>.</summary>
    Within,
}

/// <summary>A claim of a paper, stated before anything is measured.</summary>
/// <param name="Id">A short name, unique in the study.</param>
/// <param name="Statement">What is claimed, in one sentence.</param>
/// <param name="Paper">The paper's own figure and setting.</param>
/// <param name="Quantity">What the study measures, with its definition.</param>
/// <param name="Unit">The unit: points, %, ratio, nats.</param>
/// <param name="Direction">On which side of the bound the quantity must lie.</param>
/// <param name="Bound">The bound (the lower one for <see cref="ClaimDirection.Within"/>).</param>
/// <param name="UpperBound">The upper bound, for <see cref="ClaimDirection.Within"/> only.</param>
public sealed record Claim(
    string Id, string Statement, string Paper, string Quantity, string Unit, ClaimDirection Direction, double Bound, double? UpperBound = null);

/// <summary>
/// A runnable check of one paper's main claims. It declares the claims first, then measures each of them once for every seed; the verdict
/// comes from the measurements alone (<see cref="StudyContext.Measure"/>), never from the study's own opinion.
/// </summary>
public abstract class Study
{
    /// <summary>The paper's number, slug and title.</summary>
    public abstract StudyInfo Info { get; }

    /// <summary>The claims, in the order of the report.</summary>
    public abstract ImmutableArray<Claim> Claims { get; }

    /// <summary>Measures every claim through <see cref="StudyContext.Measure"/>, once for each seed of the context.</summary>
    public abstract void Run(StudyContext context);
}

/// <summary>What a study is about.</summary>
/// <param name="Slug">The paper's slug, for example <c>mono-forward</c>.</param>
/// <param name="Paper">The paper's number, 1 to 92.</param>
/// <param name="Title">The paper's title and year.</param>
/// <param name="Summary">What the study does, in a sentence or two.</param>
/// <param name="DefaultSeeds">The number of seeds at full scale; quick scale may use fewer.</param>
public sealed record StudyInfo(string Slug, int Paper, string Title, string Summary, int DefaultSeeds = 3);
