using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// max_b |accuracy_b − confidence_b| over the bins that <see cref="ExpectedCalibrationError"/> averages (Naeini et al. 2015), or with
/// <c>weighted</c> max_b (n_b/n) |accuracy_b − confidence_b|, as the code of paper 27 has it. The interval is the delta method's of the bin of
/// the maximum; that it is the maximum is not accounted for, and a bin of few examples makes the plain variant jump.
/// </summary>
[Method("mce", Kind = MethodKind.Metric)]
public sealed class MaximumCalibrationError : Metric
{
    private readonly ExpectedCalibrationError expected;

    /// <summary>Creates the metric.</summary>
    /// <param name="bins">The number of bins, 1 to 10,000.</param>
    /// <param name="scheme">How confidences are binned.</param>
    /// <param name="weighted">Whether a bin counts by its share of the examples.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of bins is out of range.</exception>
    public MaximumCalibrationError(int bins = 15, BinScheme scheme = BinScheme.EqualWidth, bool weighted = false)
    {
        expected = new ExpectedCalibrationError(bins, scheme);
        Weighted = weighted;
        Name = $"mce{(weighted ? "-weighted" : "")}{expected.Name[3..]}";
    }

    /// <summary>The number of bins.</summary>
    public int Bins => expected.Bins;

    /// <summary>How confidences are binned.</summary>
    public BinScheme Scheme => expected.Scheme;

    /// <summary>Whether a bin counts by its share of the examples.</summary>
    public bool Weighted { get; }

    /// <inheritdoc/>
    public override string Title => $"largest {(Weighted ? "weighted " : "")}{expected.Title}";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    /// <inheritdoc/>
    public override object TallyKey => expected.TallyKey;

    /// <inheritdoc/>
    public override Tally CreateTally(int classCount) => expected.CreateTally(classCount);

    /// <inheritdoc/>
    public override Tally CreateBoundedTally(int classCount) => expected.CreateBoundedTally(classCount);

    /// <inheritdoc/>
    public override Estimate Result(Tally tally, double level = 0.95)
    {
        var (best, share, error, total) = (-1.0, 0.0, 0.0, 0L);
        var bins = ((ReliabilityTally)tally).ToBins();
        foreach (var bin in bins)
            total += bin.Count;
        foreach (var bin in bins)
        {
            var weight = Weighted ? (double)bin.Count / total : 1;
            if (Math.Abs(bin.Gap) * weight <= best)
                continue;
            best = Math.Abs(bin.Gap) * weight;
            share = weight;
            error = Math.Sqrt(Math.Max(0, bin.SquaredGaps / bin.Count - bin.Gap * bin.Gap) / bin.Count);
        }
        return new Estimate(best, Interval.Normal(best, share * error, level).Clip(0, 1));
    }
}
