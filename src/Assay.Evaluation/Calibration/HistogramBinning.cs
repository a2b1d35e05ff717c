using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The share of right answers in the score's bin (Zadrozny and Elkan 2001). Bins are (lo, hi]; an empty one maps to its middle.
/// </summary>
[Method("histogram-binning", Kind = MethodKind.Calibrator)]
public sealed class HistogramBinning : ScoreMapCalibrator
{
    /// <summary>Creates the calibrator.</summary>
    /// <param name="bins">The number of bins, 1 to 10,000.</param>
    /// <param name="scheme">How scores are binned.</param>
    /// <param name="scope">To which scores the maps are fitted.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of bins is out of range.</exception>
    public HistogramBinning(int bins = 15, BinScheme scheme = BinScheme.EqualMass, CalibrationScope scope = CalibrationScope.OneVersusRest) : base(scope)
    {
        Bins = bins is >= 1 and <= 10_000 ? bins : throw new ArgumentOutOfRangeException(nameof(bins), bins, "1 to 10000 bins were expected");
        Scheme = scheme;
    }

    /// <summary>The number of bins; equal scores are never parted, so that there may be fewer of equal mass.</summary>
    public int Bins { get; }

    /// <summary>How scores are binned.</summary>
    public BinScheme Scheme { get; }

    // The upper edge of each bin, the last 1, then the values.
    private protected override double[] FitMap(double[] probabilities, double[] logOdds, bool[] outcomes)
    {
        var edges = Scheme == BinScheme.EqualWidth ? [.. Enumerable.Range(1, Bins).Select(b => (double)b / Bins)] : Quantiles(probabilities);
        var (right, count) = (new double[edges.Length], new double[edges.Length]);
        for (var i = 0; i < probabilities.Length; i++)
        {
            var bin = BinOf(edges, edges.Length, probabilities[i]);
            count[bin]++;
            right[bin] += outcomes[i] ? 1 : 0;
        }
        return [.. edges, .. edges.Select((e, b) => count[b] > 0 ? right[b] / count[b] : ((b == 0 ? 0 : edges[b - 1]) + e) / 2)];
    }

    private protected override double Value(double[] map, double probability, double logOdds) => map[map.Length / 2 + BinOf(map, map.Length / 2, probability)];

    private protected override bool IsMap(double[] numbers) => ArePoints(numbers);

    private double[] Quantiles(double[] probabilities)
    {
        var sorted = (double[])probabilities.Clone();
        Array.Sort(sorted);
        var edges = new SortedSet<double> { 1 };
        for (var b = 1; b < Bins; b++)
        {
            var i = (int)((long)b * sorted.Length / Bins);
            if (i > 0 && sorted[i - 1] < sorted[i])
                edges.Add(Math.Min(1, (sorted[i - 1] + sorted[i]) / 2));
        }
        return [.. edges];
    }

    private static int BinOf(double[] edges, int count, double x) => Math.Min(count - 1, Array.BinarySearch(edges, 0, count, x) is var at && at >= 0 ? at : ~at);
}
