namespace Assay.Lab;

/// <summary>What the measurements say of a claim.</summary>
public enum Verdict
{
    /// <summary>The whole interval lies on the claim's side of its bounds.</summary>
    Held,
    /// <summary>The whole interval lies on the other side.</summary>
    Contradicted,
    /// <summary>The interval holds a bound, or the measurements cannot be used.</summary>
    Inconclusive,
}
