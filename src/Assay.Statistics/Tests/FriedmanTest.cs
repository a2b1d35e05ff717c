using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>
/// Friedman's test (1937) of k algorithms over N data sets by their ranks: χ² = 12N/(k(k+1)) (Σ R_j² − k(k+1)²/4) with the mean ranks R_j,
/// k − 1 degrees of freedom; ties get mean ranks and χ² is divided by 1 − Σ(t³ − t)/(N k (k² − 1)). Followed by Iman and Davenport's F and Nemenyi's
/// comparison of all pairs (Demšar 2006).
/// </summary>
[Method("friedman", Paper = 83, Kind = MethodKind.Inference)]
public static class FriedmanTest
{
    /// <summary>Ranks scores and tests them.</summary>
    /// <param name="scores">For each data set, the score of each algorithm.</param>
    /// <param name="higherIsBetter">Whether rank 1 goes to the highest score.</param>
    /// <exception cref="ArgumentException">There are fewer than two data sets or algorithms, lengths differ, or a score is NaN.</exception>
    public static FriedmanResult Of(IReadOnlyList<double[]> scores, bool higherIsBetter = true)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var n = scores.Count;
        var k = n == 0 ? 0 : scores[0].Length;
        if (n < 2 || k < 2 || scores.Any(s => s.Length != k))
            throw new ArgumentException("scores of at least two algorithms on at least two data sets were expected, the same algorithms on each", nameof(scores));
        if (scores.Any(s => s.Any(double.IsNaN)))
            throw new ArgumentException("a score is NaN", nameof(scores));
        var means = new double[k];
        var ties = 0.0;
        foreach (var row in scores)
        {
            var ranks = Ranking.Of(row, descending: higherIsBetter);
            for (var j = 0; j < k; j++)
                means[j] += ranks[j] / n;
            ties += row.GroupBy(s => s).Sum(g => Math.Pow(g.Count(), 3) - g.Count());
        }
        var correction = 1 - ties / (n * (double)k * (k * k - 1));
        var chi = correction <= 0 ? 0 : Math.Max(0, 12.0 * n / (k * (k + 1.0)) * (means.Sum(r => r * r) - k * (k + 1.0) * (k + 1) / 4) / correction);
        var rest = n * (k - 1.0) - chi;
        var f = chi == 0 ? 0 : rest <= 1e-12 ? double.PositiveInfinity : (n - 1) * chi / rest;
        return new FriedmanResult(
            [.. means],
            new TestResult("Friedman", chi, Tails.ChiSquareUpper(chi, k - 1), [k - 1]),
            new TestResult("Iman-Davenport F", f, Tails.FisherUpper(f, k - 1, (k - 1.0) * (n - 1)), [k - 1, (k - 1.0) * (n - 1)]),
            n);
    }
}

/// <summary>Mean ranks and what they say.</summary>
/// <param name="MeanRanks">The mean rank of each algorithm, 1 best.</param>
/// <param name="ChiSquare">Friedman's χ².</param>
/// <param name="F">Iman and Davenport's less conservative F = (N − 1)χ²/(N(k − 1) − χ²).</param>
/// <param name="DataSets">N.</param>
public sealed record FriedmanResult(ImmutableArray<double> MeanRanks, TestResult ChiSquare, TestResult F, int DataSets)
{
    /// <summary>Nemenyi's critical difference q_α √(k(k + 1)/6N): mean ranks that differ by more differ significantly.</summary>
    public double CriticalDifference(double alpha = 0.05)
    {
        var k = MeanRanks.Length;
        return Tails.StudentizedRangeQuantile(1 - alpha, k) / Math.Sqrt(2) * Math.Sqrt(k * (k + 1.0) / (6.0 * DataSets));
    }

    /// <summary>Nemenyi's p-value of two algorithms, already corrected for all pairs.</summary>
    public double PairPValue(int first, int second)
    {
        var k = MeanRanks.Length;
        var q = Math.Abs(MeanRanks[first] - MeanRanks[second]) / Math.Sqrt(k * (k + 1.0) / (6.0 * DataSets)) * Math.Sqrt(2);
        return Tails.StudentizedRangeUpper(q, k);
    }
}
