namespace Assay.Statistics;

/// <summary>
/// Tests of two algorithms over five repetitions of two-fold cross-validation, d_i^(j) being the difference of their scores in fold j of
/// repetition i and s_i² = Σ_j (d_i^(j) − d̄_i)². Train and test halves never overlap within a repetition, which keeps the level.
/// </summary>
[Method("five-by-two", Paper = 83, Kind = MethodKind.Inference)]
public static class FiveByTwoTest
{
    /// <summary>Dietterich (1998): t = d_1^(1)/√(Σ s_i²/5), 5 degrees of freedom. It leans on the first difference alone.</summary>
    /// <inheritdoc cref="CombinedF"/>
    /// <param name="differences">The ten differences.</param>
    /// <param name="alternative">Which direction counts.</param>
    public static TestResult T(IReadOnlyList<(double First, double Second)> differences, Alternative alternative = Alternative.TwoSided)
    {
        var (_, variances) = Sums(differences);
        var d = differences[0].First;
        if (variances == 0)
            return Degenerate("5x2cv t", d == 0, [5]);
        var t = d / Math.Sqrt(variances / 5);
        return new TestResult("5x2cv t", t, PairedTTest.PValue(t, 5, alternative), [5]);
    }

    /// <summary>Alpaydin (1999): F = Σ_i Σ_j (d_i^(j))²/(2 Σ s_i²), 10 and 5 degrees of freedom. It uses all ten differences and is the article's choice for small data.</summary>
    /// <param name="differences">The ten differences: five repetitions of two folds.</param>
    /// <exception cref="ArgumentException">There are not five repetitions, or a difference is not finite.</exception>
    public static TestResult CombinedF(IReadOnlyList<(double First, double Second)> differences)
    {
        var (squares, variances) = Sums(differences);
        if (variances == 0)
            return Degenerate("combined 5x2cv F", squares == 0, [10, 5]);
        var f = squares / (2 * variances);
        return new TestResult("combined 5x2cv F", f, Tails.FisherUpper(f, 10, 5), [10, 5]);
    }

    private static (double Squares, double Variances) Sums(IReadOnlyList<(double First, double Second)> differences)
    {
        ArgumentNullException.ThrowIfNull(differences);
        if (differences.Count != 5)
            throw new ArgumentException($"five repetitions were expected, not {differences.Count}", nameof(differences));
        double squares = 0, variances = 0;
        foreach (var (first, second) in differences)
        {
            if (!double.IsFinite(first) || !double.IsFinite(second))
                throw new ArgumentException($"finite differences were expected, not {first} and {second}", nameof(differences));
            squares += first * first + second * second;
            variances += (first - second) * (first - second) / 2;
        }
        return (squares, variances);
    }

    private static TestResult Degenerate(string name, bool equal, double[] df) => equal
        ? new TestResult(name, 0, 1, [.. df])
        : new TestResult(name, double.NaN, double.NaN, [.. df], "degenerate: both folds of every repetition agree, the statistic is undefined");
}
