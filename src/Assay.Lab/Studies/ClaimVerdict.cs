using MathNet.Numerics.Distributions;

namespace Assay.Lab;

/// <summary>
/// The measured value of a claim with its 95 % interval, and the verdict that follows from them alone. The rule:
/// <list type="number">
/// <item>Several measurements of one seed are averaged first: they share their chance.</item>
/// <item>A measurement that is missing for a seed, or that is not finite, makes the claim inconclusive, with the reason.</item>
/// <item>With n ≥ 2 seeds the interval is mean ± t(0.975, n − 1)·s/√n (Student, s the sample standard deviation).</item>
/// <item>A claim measured once in a study of several seeds, or in a study that declares a single one, has no chance in it: its interval is
/// the point. A study that declares several seeds but is run with one shows no spread: inconclusive.</item>
/// <item>The claim is held when the whole interval is on its side (the bound itself included), contradicted when the whole interval is
/// outside, inconclusive otherwise.</item>
/// </list>
/// </summary>
/// <param name="Value">The mean over the seeds; NaN where there is none.</param>
/// <param name="Low">The interval's lower end; NaN where there is none.</param>
/// <param name="High">The interval's upper end; NaN where there is none.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Why an inconclusive claim is inconclusive; null otherwise.</param>
public sealed record ClaimVerdict(double Value, double Low, double High, Verdict Verdict, string? Reason)
{
    /// <summary>Judges a claim.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="measurements">What was measured, in the claim's unit.</param>
    /// <param name="seeds">The seeds that the study ran with.</param>
    /// <param name="declaredSeeds">The number of seeds that the study declares: 1 says that it has no chance in it.</param>
    public static ClaimVerdict Of(Claim claim, IReadOnlyList<(int Seed, double Value)> measurements, IReadOnlyCollection<int> seeds, int declaredSeeds)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(measurements);
        ArgumentNullException.ThrowIfNull(seeds);
        if (measurements.Count == 0)
            return Unusable("not measured");
        if (measurements.Any(m => !double.IsFinite(m.Value)))
        {
            var first = measurements.First(m => !double.IsFinite(m.Value));
            return Unusable($"the measurement of seed {first.Seed} is {(double.IsNaN(first.Value) ? "not a number" : "infinite")}");
        }
        var values = measurements.GroupBy(m => m.Seed).Select(g => g.Average(m => m.Value)).ToArray();
        var isPoint = measurements.Count == 1 && (seeds.Count > 1 || declaredSeeds == 1);
        if (!isPoint && seeds.Except(measurements.Select(m => m.Seed)).Order().ToArray() is { Length: > 0 } missing)
            return Unusable($"not measured for seed {string.Join(", ", missing)}");
        var mean = values.Average();
        if (values.Length == 1)
            return isPoint ? Decide(claim, mean, mean, mean) : new(mean, double.NaN, double.NaN, Verdict.Inconclusive, "one seed shows no spread");
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
        var half = deviation == 0 ? 0 : StudentT.InvCDF(0, 1, values.Length - 1, 0.975) * deviation / Math.Sqrt(values.Length);
        return Decide(claim, mean, mean - half, mean + half);
    }

    private static ClaimVerdict Decide(Claim claim, double value, double low, double high)
    {
        var upper = claim.UpperBound ?? double.PositiveInfinity;
        var (held, contradicted) = claim.Direction switch
        {
            ClaimDirection.AtLeast => (low >= claim.Bound, high < claim.Bound),
            ClaimDirection.AtMost => (high <= claim.Bound, low > claim.Bound),
            _ => (low >= claim.Bound && high <= upper, high < claim.Bound || low > upper),
        };
        return held ? new(value, low, high, Verdict.Held, null)
            : contradicted ? new(value, low, high, Verdict.Contradicted, null)
            : new(value, low, high, Verdict.Inconclusive, "the interval holds a bound");
    }

    private static ClaimVerdict Unusable(string reason) => new(double.NaN, double.NaN, double.NaN, Verdict.Inconclusive, reason);
}
