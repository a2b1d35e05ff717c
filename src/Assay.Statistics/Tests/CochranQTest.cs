namespace Assay.Statistics;

/// <summary>
/// Cochran's Q (1950): do M ≥ 2 classifiers, judged on the same items, share one accuracy?
/// Q = (M − 1)(M Σ G_j² − T²)/(M T − Σ M_i²) is χ² with M − 1 degrees of freedom; G_j counts the right answers of model j, M_i the models
/// that are right on item i, T all right answers. For M = 2 it is McNemar's uncorrected χ².
/// </summary>
[Method("cochran-q", Paper = 83, Kind = MethodKind.Inference)]
public static class CochranQTest
{
    /// <summary>Tests right and wrong answers.</summary>
    /// <param name="correct">For each model, whether it was right on each item.</param>
    /// <exception cref="ArgumentException">There are fewer than two models or no items, or the lengths differ.</exception>
    public static TestResult Of(IReadOnlyList<bool[]> correct) => Of(CorrectnessTable.Of(correct));

    internal static TestResult Of(CorrectnessTable table)
    {
        double models = table.ByModel.Length, total = table.Total;
        var numerator = (models - 1) * (models * table.ByModel.Sum(g => (double)g * g) - total * total);
        var denominator = models * total - table.SquaredByItem;
        // Where no item divides the models, nothing speaks against equality.
        var q = denominator == 0 ? 0 : numerator / denominator;
        return new TestResult("Cochran Q", q, denominator == 0 ? 1 : Tails.ChiSquareUpper(q, models - 1), [models - 1]);
    }
}

/// <summary>The sums of a models × items table of right answers that Cochran's and Looney's tests need.</summary>
internal readonly record struct CorrectnessTable(long[] ByModel, long Items, long Total, double SquaredByItem)
{
    public static CorrectnessTable Of(IReadOnlyList<bool[]> correct)
    {
        ArgumentNullException.ThrowIfNull(correct);
        if (correct.Count < 2)
            throw new ArgumentException($"at least two models were expected, not {correct.Count}", nameof(correct));
        var items = correct[0].Length;
        if (items == 0 || correct.Any(c => c.Length != items))
            throw new ArgumentException($"outcomes of the same items were expected, not of {string.Join(", ", correct.Select(c => c.Length))}", nameof(correct));
        var squares = 0.0;
        var byModel = new long[correct.Count];
        for (var i = 0; i < items; i++)
        {
            var right = 0;
            for (var j = 0; j < byModel.Length; j++)
            {
                if (!correct[j][i])
                    continue;
                right++;
                byModel[j]++;
            }
            squares += (double)right * right;
        }
        return new CorrectnessTable(byModel, items, byModel.Sum(), squares);
    }
}
