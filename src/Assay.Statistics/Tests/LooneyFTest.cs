namespace Assay.Statistics;

/// <summary>
/// Looney's F (1988) for L ≥ 2 classifiers on N common items: with accuracies a_j, their mean ā and L_i models right on item i,
/// SSA = N Σ a_j² − N L ā², SSB = (1/L) Σ L_i² − L N ā², SST = L N ā(1 − ā), SSAB = SST − SSA − SSB and
/// F = [SSA/(L − 1)]/[SSAB/((L − 1)(N − 1))]. Less conservative than Cochran's Q on few items.
/// </summary>
[Method("looney-f", Paper = 83, Kind = MethodKind.Inference)]
public static class LooneyFTest
{
    /// <summary>Tests right and wrong answers.</summary>
    /// <inheritdoc cref="CochranQTest.Of(IReadOnlyList{bool[]})"/>
    public static TestResult Of(IReadOnlyList<bool[]> correct)
    {
        var table = CorrectnessTable.Of(correct);
        double models = table.ByModel.Length, items = table.Items;
        if (items < 2)
            throw new ArgumentException("at least two items were expected", nameof(correct));
        var mean = table.Total / (models * items);
        var between = table.ByModel.Sum(g => (double)g * g) / items - items * models * mean * mean;
        var byItem = table.SquaredByItem / models - models * items * mean * mean;
        var rest = models * items * mean * (1 - mean) - between - byItem;
        double df1 = models - 1, df2 = df1 * (items - 1);
        if (between <= 1e-12)
            return new TestResult("Looney F", 0, 1, [df1, df2]);
        var f = rest <= 1e-12 ? double.PositiveInfinity : between / df1 / (rest / df2);
        return new TestResult("Looney F", f, Tails.FisherUpper(f, df1, df2), [df1, df2]);
    }
}
