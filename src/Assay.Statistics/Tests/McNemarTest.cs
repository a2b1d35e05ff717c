namespace Assay.Statistics;

/// <summary>The variants of McNemar's test.</summary>
public enum McNemarVariant
{
    /// <summary>Exact where b + c is below <see cref="McNemarTest.ExactBelow"/>, else with continuity correction.</summary>
    Auto,
    /// <summary>χ² = (b − c)²/(b + c).</summary>
    Uncorrected,
    /// <summary>χ² = (|b − c| − 1)²/(b + c), 0 where |b − c| ≤ 1 (Edwards 1948).</summary>
    Continuity,
    /// <summary>The binomial test of b among b + c at ½.</summary>
    Exact,
    /// <summary>The exact test with half the probability of the observed count: less conservative (Fagerland et al. 2013).</summary>
    MidP,
}

/// <summary>
/// McNemar's test (1947): do two classifiers, judged on the same items, differ in accuracy? Only the items on which exactly one is right
/// count: b where the first is, c where the second is. Equal accuracies mean b ~ Binomial(b + c, ½).
/// </summary>
[Method("mcnemar", Paper = 83, Kind = MethodKind.Inference)]
public static class McNemarTest
{
    /// <summary>The number of disagreements from which <see cref="McNemarVariant.Auto"/> trusts χ²; the article says 25 to 50.</summary>
    public const int ExactBelow = 50;

    /// <summary>Tests right and wrong answers of two classifiers on the same items.</summary>
    /// <param name="first">Whether the first was right on each item.</param>
    /// <param name="second">Whether the second was.</param>
    /// <param name="variant">The variant.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static TestResult Of(ReadOnlySpan<bool> first, ReadOnlySpan<bool> second, McNemarVariant variant = McNemarVariant.Auto) => Of(PairedOutcomes.Of(first, second), variant);

    /// <summary>Tests counted outcomes. Without any disagreement p is 1.</summary>
    public static TestResult Of(PairedOutcomes outcomes, McNemarVariant variant = McNemarVariant.Auto)
    {
        double b = outcomes.OnlyFirst, c = outcomes.OnlySecond, m = b + c;
        ArgumentOutOfRangeException.ThrowIfNegative(b);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        if (variant == McNemarVariant.Auto)
            variant = m < ExactBelow ? McNemarVariant.Exact : McNemarVariant.Continuity;
        var name = $"McNemar ({variant switch { McNemarVariant.Exact => "exact", McNemarVariant.MidP => "mid-p", McNemarVariant.Continuity => "continuity-corrected", _ => "uncorrected" }})";
        if (m == 0)
            return new TestResult(name, 0, 1, []);
        if (variant is McNemarVariant.Exact or McNemarVariant.MidP)
            return new TestResult(name, Math.Min(b, c), BinomialHalf((int)Math.Max(b, c), (int)m, variant == McNemarVariant.MidP), []);
        var distance = variant == McNemarVariant.Continuity ? Math.Max(0, Math.Abs(b - c) - 1) : Math.Abs(b - c);
        var statistic = distance * distance / m;
        return new TestResult(name, statistic, Tails.ChiSquareUpper(statistic, 1), [1],
            m < 25 ? $"only {m} disagreements: the χ² approximation is poor, use the exact variant" : null);
    }

    // 2 P(X ≥ larger), X ~ Binomial(m, ½), at most 1. Mid-p counts the observed count by half: 2 P(X > larger) + P(X = larger).
    private static double BinomialHalf(int larger, int m, bool midP)
    {
        var p = 2 * Tails.BinomialUpper(larger, m, 0.5);
        return Math.Min(1, midP ? p - Tails.BinomialProbability(larger, m, 0.5) : p);
    }
}
