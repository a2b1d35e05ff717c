using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>Which departures from the null hypothesis count as evidence.</summary>
public enum Alternative
{
    /// <summary>Either direction.</summary>
    TwoSided,
    /// <summary>Only the first contestant's being larger.</summary>
    Greater,
    /// <summary>Only the first contestant's being smaller.</summary>
    Less,
}

/// <summary>What a statistical test found.</summary>
/// <param name="Test">The test, with its variant.</param>
/// <param name="Statistic">The statistic: χ², t, F, z or a count; NaN where it is undefined.</param>
/// <param name="PValue">The probability, if there is no difference, of a statistic at least as extreme; NaN where the test says nothing.</param>
/// <param name="DegreesOfFreedom">The degrees of freedom, one number or two; empty for exact tests.</param>
/// <param name="Caution">What speaks against trusting the test here, or null.</param>
public sealed record TestResult(string Test, double Statistic, double PValue, ImmutableArray<double> DegreesOfFreedom, string? Caution = null)
{
    /// <summary>Whether the difference is real at the level α: p ≤ α. A NaN p-value is never significant.</summary>
    public bool IsSignificant(double alpha = 0.05) => PValue <= alpha;
}
