namespace Assay.Statistics;

/// <summary>
/// The z test of two proportions: z = (a₁ − a₂)/√(2ā(1 − ā)/n) pooled, or with √((a₁(1 − a₁) + a₂(1 − a₂))/n) unpooled. It takes the two
/// accuracies for independent, which on one test set they are not: prefer <see cref="McNemarTest"/>.
/// </summary>
[Method("proportion-difference", Paper = 83, Kind = MethodKind.Inference)]
public static class ProportionDifferenceTest
{
    /// <summary>Tests two proportions of samples of the same size.</summary>
    /// <param name="first">a₁ in [0, 1].</param>
    /// <param name="second">a₂ in [0, 1].</param>
    /// <param name="count">n, the size of each sample.</param>
    /// <param name="pooled">Whether the variance is that of equal proportions.</param>
    /// <param name="alternative">Which direction counts.</param>
    /// <exception cref="ArgumentOutOfRangeException">A proportion is outside [0, 1], or n is not positive.</exception>
    public static TestResult Of(double first, double second, int count, bool pooled = true, Alternative alternative = Alternative.TwoSided)
    {
        if (!(first is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(first), first, "a proportion was expected");
        if (!(second is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(second), second, "a proportion was expected");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var mean = (first + second) / 2;
        var variance = pooled ? 2 * mean * (1 - mean) / count : (first * (1 - first) + second * (1 - second)) / count;
        var z = first == second ? 0 : (first - second) / Math.Sqrt(variance);
        var p = alternative switch
        {
            Alternative.Greater => Tails.NormalUpper(z),
            Alternative.Less => Tails.NormalLower(z),
            _ => Tails.NormalTwoSided(z),
        };
        return new TestResult($"difference of proportions ({(pooled ? "pooled" : "unpooled")})", z, p, [],
            "takes the samples for independent; on one test set McNemar's test is the right one");
    }

    /// <summary>Tests two proportions of independent samples of different sizes, pooled: z = (a₁ − a₂)/√(ā(1 − ā)(1/n₁ + 1/n₂)).</summary>
    /// <param name="firstSuccesses">The successes of the first sample.</param>
    /// <param name="firstCount">n₁.</param>
    /// <param name="secondSuccesses">The successes of the second sample.</param>
    /// <param name="secondCount">n₂.</param>
    /// <exception cref="ArgumentOutOfRangeException">A sample is empty, or has more successes than members.</exception>
    public static TestResult Of(double firstSuccesses, double firstCount, double secondSuccesses, double secondCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(firstCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(secondCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstSuccesses, firstCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secondSuccesses, secondCount);
        var mean = (firstSuccesses + secondSuccesses) / (firstCount + secondCount);
        var difference = firstSuccesses / firstCount - secondSuccesses / secondCount;
        var z = difference == 0 ? 0 : difference / Math.Sqrt(mean * (1 - mean) * (1 / firstCount + 1 / secondCount));
        return new TestResult("difference of proportions (pooled)", z, Tails.NormalTwoSided(z), []);
    }
}
