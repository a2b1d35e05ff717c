namespace Assay.Statistics;

/// <summary>How far two scorings of the same things agree in their order.</summary>
[Method("rank-correlation", Kind = MethodKind.Inference)]
public static class RankCorrelation
{
    /// <summary>
    /// Kendall's τ-b: (C − D)/√((P − T_x)(P − T_y)) over the P pairs, with C concordant, D discordant, and T_x, T_y tied in one scoring; NaN
    /// where a scoring is constant. Costs O(n²).
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ, there are fewer than two things, or a score is NaN.</exception>
    public static double KendallTau(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        Check(first, second);
        long agreement = 0, untiedFirst = 0, untiedSecond = 0;
        for (var i = 0; i < first.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                int a = first[i].CompareTo(first[j]), b = second[i].CompareTo(second[j]);
                agreement += a * b;
                untiedFirst += a * a;
                untiedSecond += b * b;
            }
        }
        return agreement / Math.Sqrt((double)untiedFirst * untiedSecond);
    }

    /// <summary>Spearman's ρ: Pearson's correlation of the ranks, equal values sharing the mean of theirs; NaN where a scoring is constant.</summary>
    /// <inheritdoc cref="KendallTau"/>
    public static double Spearman(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        Check(first, second);
        return Correlation.Spearman(first, second);
    }

    /// <summary>The share of the k best of one scoring that are among the k best of the other; of equals, the earlier is the better.</summary>
    /// <param name="first">One scoring, larger is better.</param>
    /// <param name="second">The other.</param>
    /// <param name="k">How many; at most all.</param>
    /// <exception cref="ArgumentException">The lengths differ, there are fewer than two things, or a score is NaN.</exception>
    public static double TopOverlap(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int k = 10)
    {
        Check(first, second);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        k = Math.Min(k, first.Length);
        return (double)Top(first, k).Intersect(Top(second, k)).Count() / k;
    }

    private static IEnumerable<int> Top(ReadOnlySpan<double> scores, int k)
    {
        var values = scores.ToArray();
        return Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(k);
    }

    private static void Check(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length || first.Length < 2)
            throw new ArgumentException($"two scorings of the same two or more things were expected, not of {first.Length} and {second.Length}", nameof(second));
        for (var i = 0; i < first.Length; i++)
        {
            if (double.IsNaN(first[i]) || double.IsNaN(second[i]))
                throw new ArgumentException($"item {i}: scores {first[i]} and {second[i]}, numbers were expected", nameof(first));
        }
    }
}
