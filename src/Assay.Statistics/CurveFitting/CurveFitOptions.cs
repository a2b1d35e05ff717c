namespace Assay.Statistics;

/// <summary>How <see cref="CurveFit"/> weighs residuals and where it looks.</summary>
public sealed record CurveFitOptions
{
    /// <summary>Least squares on the values, unbounded.</summary>
    public static CurveFitOptions Default { get; } = new();

    /// <summary>Whether residuals are ln f − ln y (relative errors) instead of f − y. All y must be positive then.</summary>
    public bool LogResiduals { get; init; }

    /// <summary>δ of the Huber loss (r²/2 up to δ, δ(|r| − δ/2) beyond), or null for plain least squares.</summary>
    public double? HuberDelta { get; init; }

    /// <summary>A non-negative weight for each observation's squared residual, or null for one each.</summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>The least value of each parameter, or null where there is none.</summary>
    public IReadOnlyList<double>? LowerBounds { get; init; }

    /// <summary>The greatest value of each parameter, or null where there is none.</summary>
    public IReadOnlyList<double>? UpperBounds { get; init; }

    /// <summary>The most steps from each start.</summary>
    public int Iterations { get; init; } = 300;

    /// <summary>A start is done when a step lowers the objective by less than this share.</summary>
    public double Tolerance { get; init; } = 1e-14;
}
