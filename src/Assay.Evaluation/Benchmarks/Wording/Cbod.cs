using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What the comparison of two wordings says.</summary>
public enum OverfitVerdict
{
    /// <summary>No evidence of a difference.</summary>
    None,
    /// <summary>Significantly worse when reworded: the model overfits the benchmark's wording.</summary>
    Overfit,
    /// <summary>Significantly better when reworded.</summary>
    Reverse,
    /// <summary>Fewer than 20 items.</summary>
    TooSmall,
}

/// <summary>How <see cref="Cbod"/> tests.</summary>
public sealed record CbodOptions
{
    /// <summary>The variant of McNemar's test, or null: exact below 50 disagreements, otherwise χ² without correction, as in the paper.</summary>
    public McNemarVariant? Variant { get; init; }

    /// <summary>The level of significance.</summary>
    public double Alpha { get; init; } = 0.05;
}

/// <summary>A model on the original and the reworded items.</summary>
/// <param name="Model">The model.</param>
/// <param name="Count">N.</param>
/// <param name="Accuracy">Accuracy on the original wording.</param>
/// <param name="AccuracyRephrased">Accuracy on the reworded items.</param>
/// <param name="OnlyOriginal">b: right only in the original wording.</param>
/// <param name="OnlyRephrased">c: right only when reworded.</param>
/// <param name="Delta">Δ = 100 (b − c)/N, the loss in percentage points, with its interval ±z √(b + c − (b − c)²/N)/N.</param>
/// <param name="Test">McNemar's test; its name tells the variant.</param>
/// <param name="OneSidedPValue">The p-value of b &gt; c alone.</param>
/// <param name="AdjustedPValue">The p-value after Holm's correction over all models, or the test's own.</param>
/// <param name="DetectableDelta">The loss in points that would be found with a power of 80 %, at this rate of disagreement.</param>
/// <param name="Verdict">The verdict, by the adjusted p-value.</param>
public sealed record CbodResult(
    string Model, long Count, double Accuracy, double AccuracyRephrased, long OnlyOriginal, long OnlyRephrased, Estimate Delta, TestResult Test, double OneSidedPValue,
    double AdjustedPValue, double DetectableDelta, OverfitVerdict Verdict)
{
    /// <summary>Results by subject, corrected over the subjects.</summary>
    public ImmutableArray<CbodResult> Subjects { get; init; } = [];
}

/// <summary>A straight line Δ = α + β x over models.</summary>
/// <param name="Slope">β.</param>
/// <param name="Intercept">α.</param>
/// <param name="RSquared">R².</param>
public readonly record struct CbodTrend(double Slope, double Intercept, double RSquared)
{
    /// <summary>Least squares.</summary>
    /// <param name="x">For example ln of the number of parameters, or the accuracy.</param>
    /// <param name="delta">Δ of each model.</param>
    /// <exception cref="ArgumentException">There are fewer than two models, or all x are equal.</exception>
    public static CbodTrend Of(ReadOnlySpan<double> x, ReadOnlySpan<double> delta)
    {
        if (x.Length != delta.Length || x.Length < 2)
            throw new ArgumentException($"two or more points were expected, not {x.Length} and {delta.Length}", nameof(delta));
        var (mx, my) = (Moments.Of(x).Mean, Moments.Of(delta).Mean);
        double xx = 0, xy = 0, yy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            xx += (x[i] - mx) * (x[i] - mx);
            xy += (x[i] - mx) * (delta[i] - my);
            yy += (delta[i] - my) * (delta[i] - my);
        }
        return xx > 0 ? new CbodTrend(xy / xx, my - xy / xx * mx, yy > 0 ? xy * xy / (xx * yy) : 1) : throw new ArgumentException("all x are equal", nameof(x));
    }
}

/// <summary>
/// The Chameleon Benchmark Overfit Detector (Cohen-Inger et al. 2025): a model that is right on a benchmark's wording and wrong on another
/// wording of the same items, significantly more often than the other way round, has learned the wording. A rewording can lose information;
/// a model that reads well, given as a reference, shows how much (Δ − Δ_reference).
/// </summary>
[Method("c-bod", Paper = 59, Kind = MethodKind.Benchmark)]
public static class Cbod
{
    /// <summary>The fewest items that are judged.</summary>
    public const int FewestItems = 20;

    /// <summary>Judges counted outcomes.</summary>
    /// <param name="outcomes">First: the original wording; second: the other.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="options">How, or null.</param>
    /// <exception cref="ArgumentException">There are no items, or α is outside (0, 1).</exception>
    public static CbodResult Of(PairedOutcomes outcomes, string model = "", CbodOptions? options = null)
    {
        options ??= new CbodOptions();
        if (outcomes.Count == 0)
            throw new ArgumentException("there are no items", nameof(outcomes));
        if (!(options.Alpha > 0 && options.Alpha < 1))
            throw new ArgumentOutOfRangeException(nameof(options), options.Alpha, "α strictly between 0 and 1 was expected");
        double n = outcomes.Count, b = outcomes.OnlyFirst, c = outcomes.OnlySecond;
        var variant = options.Variant ?? (b + c < McNemarTest.ExactBelow ? McNemarVariant.Exact : McNemarVariant.Uncorrected);
        var test = McNemarTest.Of(outcomes, variant);
        var delta = 100 * (b - c) / n;
        var error = 100 * Math.Sqrt(b + c - (b - c) * (b - c) / n) / n;
        var power = Tails.NormalQuantile(1 - options.Alpha / 2) + Tails.NormalQuantile(0.8);
        var oneSided = variant == McNemarVariant.Exact ? Tails.BinomialUpper((int)b, (int)(b + c), 0.5) : b >= c ? test.PValue / 2 : 1 - test.PValue / 2;
        var result = new CbodResult(
            model, outcomes.Count, (outcomes.Both + b) / n, (outcomes.Both + c) / n, outcomes.OnlyFirst, outcomes.OnlySecond,
            new Estimate(delta, Interval.Normal(delta, error, 1 - options.Alpha)), test, b + c == 0 ? 1 : oneSided, test.PValue, 100 * power * Math.Sqrt(b + c) / n, OverfitVerdict.None);
        return result with { Verdict = Verdict(result, options.Alpha) };
    }

    /// <summary>Judges right and wrong answers on the same items, by subject too.</summary>
    /// <param name="original">Whether each item was answered rightly in the original wording.</param>
    /// <param name="rephrased">And in the other.</param>
    /// <param name="subjects">The subject of each item, or empty.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="options">How, or null.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static CbodResult Of(ReadOnlySpan<bool> original, ReadOnlySpan<bool> rephrased, IReadOnlyList<string>? subjects = null, string model = "", CbodOptions? options = null)
    {
        if (subjects is { Count: > 0 } && subjects.Count != original.Length)
            throw new ArgumentException($"{subjects.Count} subjects for {original.Length} items", nameof(subjects));
        var whole = Of(PairedOutcomes.Of(original, rephrased), model, options);
        if (subjects is not { Count: > 0 } || subjects.Distinct(StringComparer.Ordinal).Count() < 2)
            return whole;
        var (a, z) = (original.ToArray(), rephrased.ToArray());
        var parts = Enumerable.Range(0, a.Length).GroupBy(i => subjects[i], StringComparer.Ordinal)
            .Select(g => Of(PairedOutcomes.Of([.. g.Select(i => a[i])], [.. g.Select(i => z[i])]), g.Key, options)).ToArray();
        return whole with { Subjects = Corrected(parts, options) };
    }

    /// <summary>The results with Holm's correction over all of them; verdicts follow the corrected p-values.</summary>
    public static ImmutableArray<CbodResult> Corrected(IReadOnlyList<CbodResult> results, CbodOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        var adjusted = MultipleComparisons.Adjust([.. results.Select(r => r.Test.PValue)]);
        return [.. results.Select((r, i) => r with { AdjustedPValue = adjusted[i] }).Select(r => r with { Verdict = Verdict(r, (options ?? new CbodOptions()).Alpha) })];
    }

    private static OverfitVerdict Verdict(CbodResult result, double alpha) =>
        result.Count < FewestItems ? OverfitVerdict.TooSmall
        : !(result.AdjustedPValue < alpha) ? OverfitVerdict.None
        : result.OnlyOriginal > result.OnlyRephrased ? OverfitVerdict.Overfit : OverfitVerdict.Reverse;
}
