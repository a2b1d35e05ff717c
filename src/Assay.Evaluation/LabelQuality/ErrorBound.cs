using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How many labels of a set are wrong, from reviewed flags.</summary>
/// <param name="LowerBound">Σ_b n_b q_b / N: unflagged items are counted as right. With a bootstrap interval over the reviewed items.</param>
/// <param name="Total">The lower bound plus the share of wrong labels that a review of unflagged items adds; undefined without one.</param>
public sealed record ErrorBound(Estimate LowerBound, Estimate Total)
{
    /// <summary>Estimates the rate.</summary>
    /// <param name="bins">The flags by confidence with their reviews.</param>
    /// <param name="count">N, the number of items.</param>
    /// <param name="unflaggedReviewed">How many unflagged items were drawn at random and reviewed.</param>
    /// <param name="unflaggedWrong">How many of their labels were wrong.</param>
    /// <param name="resamples">The bootstrap resamples.</param>
    /// <param name="level">The confidence level.</param>
    /// <param name="seed">The seed of the bootstrap.</param>
    /// <exception cref="ArgumentException">Counts do not fit, or flags exist and none was reviewed.</exception>
    public static ErrorBound Of(
        IReadOnlyList<FlagBin> bins, int count, int unflaggedReviewed = 0, int unflaggedWrong = 0, int resamples = 1000, double level = 0.95, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(bins);
        var flags = bins.Sum(b => b.Flags);
        if (count <= 0 || flags > count || unflaggedWrong > unflaggedReviewed || unflaggedReviewed > count - flags)
            throw new ArgumentException($"{flags} flags and {unflaggedReviewed} reviewed others do not fit {count} items", nameof(count));
        if (bins.FirstOrDefault(b => b.Reviewed == 0 && b.Flags > 0) is { Flags: > 0 } unseen)
            throw new ArgumentException($"no flag with a confidence from {unseen.Low} to {unseen.High} was reviewed", nameof(bins));
        return Of([.. bins.Select(b => ((double)b.Flags, b.Precision, b.Reviewed))], count, flags, unflaggedReviewed, unflaggedWrong, resamples, level, seed);
    }

    /// <summary>Σ n q / N of bins given by their counts and precisions.</summary>
    /// <param name="bins">The flags and the precision of each bin.</param>
    /// <param name="count">N.</param>
    public static double Point(IEnumerable<(int Flags, double Precision)> bins, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return bins.Sum(b => b.Flags * b.Precision) / count;
    }

    private static ErrorBound Of((double Flags, double Precision, int Reviewed)[] bins, int count, int flags, int reviewed, int wrong, int resamples, double level, long seed)
    {
        var random = new SeededRandom(seed);
        var (lows, totals) = (new double[resamples], new double[resamples]);
        var missedShare = reviewed == 0 ? double.NaN : (double)wrong / reviewed;
        var others = (double)(count - flags) / count;
        for (var r = 0; r < resamples; r++)
        {
            lows[r] = bins.Sum(b => b.Flags * Resampled(b.Precision, b.Reviewed)) / count;
            totals[r] = reviewed == 0 ? double.NaN : lows[r] + others * Resampled(missedShare, reviewed);
        }
        var low = bins.Sum(b => b.Flags * b.Precision) / count;
        return new ErrorBound(
            new Estimate(low, bins.Length == 0 ? new Interval(0, 0, level) : BootstrapInterval.Percentile(lows, level)),
            reviewed == 0 ? Estimate.Undefined : new Estimate(low + others * missedShare, BootstrapInterval.Percentile(totals, level)));

        double Resampled(double share, int n)
        {
            var hits = 0;
            for (var i = 0; i < n; i++)
                hits += random.NextDouble() < share ? 1 : 0;
            return (double)hits / n;
        }
    }
}

/// <summary>Closed forms of label noise and judges.</summary>
public static class LabelErrorArithmetic
{
    /// <summary>The accuracy that is measured under symmetric noise: a(1 − e) + (1 − a)e.</summary>
    /// <param name="accuracy">a, the true accuracy.</param>
    /// <param name="noise">e, the share of flipped binary labels.</param>
    public static double MeasuredAccuracy(double accuracy, double noise) => accuracy * (1 - noise) + (1 - accuracy) * noise;

    /// <summary>The share of items that a judge contradicts: e·r + (1 − e)(1 − r).</summary>
    /// <param name="noise">e.</param>
    /// <param name="judgeAccuracy">r, independent of the noise.</param>
    public static double FlagRate(double noise, double judgeAccuracy) => noise * judgeAccuracy + (1 - noise) * (1 - judgeAccuracy);

    /// <summary>The share of flags whose label is wrong: e·r/(e·r + (1 − e)(1 − r)).</summary>
    /// <inheritdoc cref="FlagRate"/>
    public static double FlagPrecision(double noise, double judgeAccuracy) => noise * judgeAccuracy / FlagRate(noise, judgeAccuracy);

    /// <summary>The accuracy of the majority of an odd number of independent judges.</summary>
    /// <param name="judges">The number of judges, odd.</param>
    /// <param name="accuracy">The accuracy of each.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is even or not positive.</exception>
    public static double Majority(int judges, double accuracy) => judges > 0 && judges % 2 == 1
        ? Tails.BinomialUpper(judges / 2 + 1, judges, accuracy)
        : throw new ArgumentOutOfRangeException(nameof(judges), judges, "an odd number of judges was expected");
}

/// <summary>How far annotators agree.</summary>
public static class AnnotatorAgreement
{
    /// <summary>The share of items on which two annotators agree.</summary>
    public static double Percent(ReadOnlySpan<int> first, ReadOnlySpan<int> second) => Table(first, second).Agreement;

    /// <summary>Cohen's κ = (p_o − p_e)/(1 − p_e); NaN where both always name the same class.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static double CohenKappa(ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        var (agreement, expected) = Table(first, second);
        return expected >= 1 ? double.NaN : (agreement - expected) / (1 - expected);
    }

    /// <summary>Fleiss' κ = (P̄ − P_e)/(1 − P_e) of items rated by equally many raters; NaN where only one class occurs.</summary>
    /// <param name="counts">For each item the number of raters that chose each class.</param>
    /// <exception cref="ArgumentException">Items have different numbers of raters, fewer than two, or there are none.</exception>
    public static double FleissKappa(IReadOnlyList<IReadOnlyList<int>> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var raters = counts.Count == 0 ? 0 : counts[0].Sum();
        if (raters < 2 || counts.Any(c => c.Sum() != raters || c.Count != counts[0].Count))
            throw new ArgumentException("items with equally many raters, at least two, were expected", nameof(counts));
        var agreement = counts.Average(c => (c.Sum(n => (double)n * n) - raters) / (raters * (raters - 1.0)));
        var expected = Enumerable.Range(0, counts[0].Count).Sum(k => Math.Pow(counts.Sum(c => c[k]) / (double)(raters * counts.Count), 2));
        return expected >= 1 ? double.NaN : (agreement - expected) / (1 - expected);
    }

    private static (double Agreement, double Expected) Table(ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        if (first.Length != second.Length || first.IsEmpty)
            throw new ArgumentException($"labels of the same items were expected, not {first.Length} and {second.Length}", nameof(second));
        var (a, b, same) = (new Dictionary<int, double>(), new Dictionary<int, double>(), 0);
        for (var i = 0; i < first.Length; i++)
        {
            same += first[i] == second[i] ? 1 : 0;
            a[first[i]] = a.GetValueOrDefault(first[i]) + 1.0 / first.Length;
            b[second[i]] = b.GetValueOrDefault(second[i]) + 1.0 / first.Length;
        }
        return ((double)same / first.Length, a.Sum(p => p.Value * b.GetValueOrDefault(p.Key)));
    }
}
