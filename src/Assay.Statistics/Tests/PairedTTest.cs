namespace Assay.Statistics;

/// <summary>
/// Student's paired t tests of two algorithms over repeated splits, d_i being the difference of their scores on split i:
/// t = d̄ √k/s, s² = Σ(d_i − d̄)²/(k − 1), k − 1 degrees of freedom. Splits overlap, so the plain forms reject too often;
/// <see cref="Corrected"/> mends that and is the one to use.
/// </summary>
[Method("paired-t", Paper = 83, Kind = MethodKind.Inference)]
public static class PairedTTest
{
    /// <summary>Over random train/test splits, 30 or more. Dietterich (1998): its type-I error is far above α.</summary>
    /// <inheritdoc cref="Corrected"/>
    public static TestResult Resampled(ReadOnlySpan<double> differences, Alternative alternative = Alternative.TwoSided) =>
        Of("resampled paired t", differences, 1.0 / differences.Length, alternative, "random splits overlap: rejects far too often, use the corrected test");

    /// <summary>Over the folds of one cross-validation. Its type-I error is elevated, as training sets overlap.</summary>
    /// <inheritdoc cref="Corrected"/>
    public static TestResult CrossValidated(ReadOnlySpan<double> differences, Alternative alternative = Alternative.TwoSided) =>
        Of("k-fold cross-validated paired t", differences, 1.0 / differences.Length, alternative, "training sets overlap: rejects too often, use the corrected test");

    /// <summary>Nadeau and Bengio (2003): the variance of the mean is s²(1/k + n_test/n_train) instead of s²/k.</summary>
    /// <param name="differences">The difference of the two scores on each split, two or more.</param>
    /// <param name="testToTrain">n_test/n_train: 1/(k − 1) for k folds.</param>
    /// <param name="alternative">Which direction counts.</param>
    /// <exception cref="ArgumentException">There are fewer than two differences, or one is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The ratio is not positive.</exception>
    public static TestResult Corrected(ReadOnlySpan<double> differences, double testToTrain, Alternative alternative = Alternative.TwoSided)
    {
        if (!(testToTrain > 0))
            throw new ArgumentOutOfRangeException(nameof(testToTrain), testToTrain, "a positive ratio was expected");
        return Of("corrected resampled t", differences, 1.0 / differences.Length + testToTrain, alternative, null);
    }

    private static TestResult Of(string name, ReadOnlySpan<double> d, double varianceFactor, Alternative alternative, string? caution)
    {
        if (d.Length < 2)
            throw new ArgumentException($"at least two differences were expected, not {d.Length}", nameof(d));
        foreach (var value in d)
        {
            if (!double.IsFinite(value))
                throw new ArgumentException($"finite differences were expected, not {value}", nameof(d));
        }
        var moments = Moments.Of(d);
        double df = d.Length - 1;
        // Equal differences can leave a spread of rounding only.
        if (moments.StandardDeviation <= 1e-12 * Math.Abs(moments.Mean))
        {
            return moments.Mean == 0
                ? new TestResult(name, 0, 1, [df], caution)
                : new TestResult(name, double.NaN, double.NaN, [df], "degenerate: all differences are equal, t is undefined");
        }
        var t = moments.Mean / (moments.StandardDeviation * Math.Sqrt(varianceFactor));
        return new TestResult(name, t, PValue(t, df, alternative), [df], caution);
    }

    internal static double PValue(double t, double df, Alternative alternative) => alternative switch
    {
        Alternative.Greater => Tails.StudentUpper(t, df),
        Alternative.Less => Tails.StudentUpper(-t, df),
        _ => Tails.StudentTwoSided(t, df),
    };
}
