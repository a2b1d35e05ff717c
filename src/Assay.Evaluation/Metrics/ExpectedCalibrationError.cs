using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How confidences are binned.</summary>
public enum BinScheme
{
    /// <summary>Bins ((b−1)/B, b/B] of equal width.</summary>
    EqualWidth,
    /// <summary>Bins of equal numbers of examples; equal confidences stay together.</summary>
    EqualMass,
}

/// <summary>
/// Σ_b (n_b/n) |accuracy_b − confidence_b| over bins of the top class's probability (Naeini et al. 2015; Guo et al. 2017). The interval is
/// the delta method's: given the sign of each bin's gap, the error is the mean of ±(1[right] − confidence). Where a bin's gap is within its
/// noise the estimate itself lies above the truth, so near perfect calibration the interval is an upper bound rather than a centre.
/// </summary>
[Method("ece", Kind = MethodKind.Metric)]
public sealed class ExpectedCalibrationError : Metric
{
    /// <summary>Creates the metric.</summary>
    /// <param name="bins">The number of bins B, 1 to 10,000.</param>
    /// <param name="scheme">How confidences are binned.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of bins is out of range.</exception>
    public ExpectedCalibrationError(int bins = 15, BinScheme scheme = BinScheme.EqualWidth)
    {
        if (bins is < 1 or > 10_000)
            throw new ArgumentOutOfRangeException(nameof(bins), bins, "1 to 10000 bins were expected");
        Bins = bins;
        Scheme = scheme;
        Name = (scheme == BinScheme.EqualWidth ? "ece" : "ece-equal-mass") + (bins == 15 ? "" : $"-{bins}");
    }

    /// <summary>The number of bins.</summary>
    public int Bins { get; }

    /// <summary>How confidences are binned.</summary>
    public BinScheme Scheme { get; }

    /// <inheritdoc/>
    public override string Title => $"calibration error ({(Scheme == BinScheme.EqualWidth ? "equal width" : "equal mass")}, {Bins} bins)";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    /// <inheritdoc/>
    public override object TallyKey => (typeof(ExpectedCalibrationError), Bins, Scheme);

    /// <inheritdoc/>
    public override Tally CreateTally(int classCount) => Scheme == BinScheme.EqualWidth ? new EqualWidthBins(Bins) : new EqualMassBins(Bins);

    /// <inheritdoc/>
    public override Tally CreateBoundedTally(int classCount) => Scheme == BinScheme.EqualWidth ? new EqualWidthBins(Bins) : new EqualMassBuckets(Bins);

    /// <inheritdoc/>
    public override Estimate Result(Tally tally, double level = 0.95) => Of(((ReliabilityTally)tally).ToBins(), level);

    /// <summary>The error of confidences and outcomes.</summary>
    /// <param name="confidences">The probability of the predicted class of each example.</param>
    /// <param name="correct">Whether that class was the true one.</param>
    /// <param name="level">The confidence level.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there are none.</exception>
    public Estimate Compute(ReadOnlySpan<float> confidences, ReadOnlySpan<bool> correct, double level = 0.95)
    {
        if (confidences.IsEmpty || confidences.Length != correct.Length)
            throw new ArgumentException($"{confidences.Length} confidences, {correct.Length} outcomes", nameof(correct));
        var tally = (ReliabilityTally)CreateTally(2);
        for (var i = 0; i < correct.Length; i++)
            tally.Add(confidences[i], correct[i]);
        return Of(tally.ToBins(), level);
    }

    private static Estimate Of(ReadOnlySpan<ReliabilityBin> bins, double level)
    {
        double gap = 0, squares = 0;
        long count = 0;
        foreach (var bin in bins)
        {
            count += bin.Count;
            gap += Math.Abs(bin.Gap) * bin.Count;
            squares += bin.SquaredGaps;
        }
        var error = gap / count;
        var standardError = Math.Sqrt(Math.Max(0, squares / count - error * error) / count);
        return new Estimate(error, Interval.Normal(error, standardError, level).Clip(0, 1));
    }
}
