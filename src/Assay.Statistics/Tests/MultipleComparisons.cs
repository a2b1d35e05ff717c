namespace Assay.Statistics;

/// <summary>How p-values of several tests are corrected, so that the chance of any false alarm stays below α.</summary>
public enum Correction
{
    /// <summary>Step-down: the i-th smallest times m + 1 − i, made monotone (Holm 1979). Never weaker than Bonferroni's.</summary>
    Holm,
    /// <summary>m·p.</summary>
    Bonferroni,
    /// <summary>1 − (1 − p)^m, for independent tests.</summary>
    Sidak,
    /// <summary>None.</summary>
    None,
}

/// <summary>Correction of p-values for the number of tests.</summary>
[Method("multiple-comparisons", Paper = 83, Kind = MethodKind.Inference)]
public static class MultipleComparisons
{
    /// <summary>The corrected p-values, in the order given; at most 1. NaN stays NaN and counts as a test.</summary>
    /// <param name="pValues">The p-values.</param>
    /// <param name="correction">The method.</param>
    /// <exception cref="ArgumentException">A value is outside [0, 1].</exception>
    public static double[] Adjust(ReadOnlySpan<double> pValues, Correction correction = Correction.Holm)
    {
        foreach (var p in pValues)
        {
            if (p is < 0 or > 1)
                throw new ArgumentException($"a p-value between 0 and 1 was expected, not {p}", nameof(pValues));
        }
        var m = pValues.Length;
        var adjusted = pValues.ToArray();
        if (correction == Correction.Holm)
        {
            var order = Enumerable.Range(0, m).Where(i => !double.IsNaN(adjusted[i])).OrderBy(i => adjusted[i]).ToArray();
            var floor = 0.0;
            for (var step = 0; step < order.Length; step++)
                adjusted[order[step]] = floor = Math.Max(floor, Math.Min(1, (m - step) * adjusted[order[step]]));
            return adjusted;
        }
        for (var i = 0; i < m; i++)
        {
            adjusted[i] = correction switch
            {
                Correction.Bonferroni => double.IsNaN(adjusted[i]) ? double.NaN : Math.Min(1, m * adjusted[i]),
                Correction.Sidak => -double.ExpM1(m * double.LogP1(-adjusted[i])),
                _ => adjusted[i],
            };
        }
        return adjusted;
    }

    /// <summary>The chance of at least one false alarm among m independent tests at level α: 1 − (1 − α)^m.</summary>
    public static double FamilyWiseError(int tests, double alpha = 0.05)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tests);
        return 1 - Math.Pow(1 - alpha, tests);
    }
}
