using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// max_t |Σ_{c_i ≤ t} (c_i − r_i)| / n: the Kolmogorov–Smirnov calibration error (Gupta et al. 2021), which needs no bins. Equal confidences
/// come together, so that the order of examples does not matter. The code of paper 27 sorts by the outcome instead of the confidence by a swap
/// of arguments; this is the definition. The interval is the delta method's at the t of the maximum, an upper bound near perfect calibration.
/// </summary>
[Method("ks-calibration", Kind = MethodKind.Metric)]
public sealed class KolmogorovSmirnovCalibrationError : ConfidenceMetric
{
    /// <inheritdoc/>
    public override string Title => "calibration error (Kolmogorov-Smirnov)";

    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    private protected override Estimate OfSorted(float[] confidences, bool[] correct, double level)
    {
        var n = confidences.Length;
        var (sum, squares, best, squaresAtBest) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < n; i++)
        {
            var gap = confidences[i] - (correct[i] ? 1.0 : 0);
            sum += gap;
            squares += gap * gap;
            if ((i + 1 == n || confidences[i + 1] > confidences[i]) && Math.Abs(sum) > best)
                (best, squaresAtBest) = (Math.Abs(sum), squares);
        }
        return Of(best, squaresAtBest, n, level);
    }

    private protected override Estimate OfBuckets(BinSums[] buckets, double level)
    {
        var (n, sum, squares, best, squaresAtBest) = (0L, 0.0, 0.0, 0.0, 0.0);
        foreach (var bucket in buckets)
        {
            n += bucket.Count;
            sum += bucket.Confidence - bucket.Correct;
            squares += bucket.SquaredGaps;
            if (Math.Abs(sum) > best)
                (best, squaresAtBest) = (Math.Abs(sum), squares);
        }
        return Of(best, squaresAtBest, n, level);
    }

    private static Estimate Of(double best, double squaresAtBest, long n, double level)
    {
        var error = best / n;
        return new Estimate(error, Interval.Normal(error, Math.Sqrt(Math.Max(0, squaresAtBest / n - error * error) / n), level).Clip(0, 1));
    }
}
