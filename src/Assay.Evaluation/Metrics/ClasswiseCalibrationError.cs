using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// (1/k) Σ_c Σ_b (n_cb/n) |share of class c − mean p_c| over equal-width bins of each class's probability: the static or class-wise
/// calibration error (Nixon et al. 2019). The interval takes the classes' errors as fully dependent, so that it is rather too wide.
/// </summary>
[Method("classwise-ece", Kind = MethodKind.Metric)]
public sealed class ClasswiseCalibrationError : Metric
{
    /// <summary>Creates the metric.</summary>
    /// <param name="bins">The number of bins, 1 to 10,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of bins is out of range.</exception>
    public ClasswiseCalibrationError(int bins = 15)
    {
        Bins = bins is >= 1 and <= 10_000 ? bins : throw new ArgumentOutOfRangeException(nameof(bins), bins, "1 to 10000 bins were expected");
        Name = bins == 15 ? "classwise-ece" : $"classwise-ece-{bins}";
    }

    /// <summary>The number of bins.</summary>
    public int Bins { get; }

    /// <inheritdoc/>
    public override string Title => $"class-wise calibration error ({Bins} bins)";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Probabilities;

    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    /// <inheritdoc/>
    public override object TallyKey => (typeof(ClasswiseCalibrationError), Bins);

    /// <inheritdoc/>
    public override Tally CreateTally(int classCount) => new ClassBins(classCount, Bins);

    /// <inheritdoc/>
    public override Estimate Result(Tally tally, double level = 0.95)
    {
        var classes = ((ClassBins)tally).Classes;
        var (error, standardError) = (0.0, 0.0);
        foreach (var bins in classes)
        {
            var (gap, squares, count) = (0.0, 0.0, 0L);
            foreach (var bin in bins.ToBins())
            {
                gap += Math.Abs(bin.Gap) * bin.Count;
                squares += bin.SquaredGaps;
                count += bin.Count;
            }
            gap /= count;
            error += gap / classes.Length;
            standardError += Math.Sqrt(Math.Max(0, squares / count - gap * gap) / count) / classes.Length;
        }
        return new Estimate(error, Interval.Normal(error, standardError, level).Clip(0, 1));
    }

    private sealed class ClassBins(int classes, int bins) : Tally
    {
        public EqualWidthBins[] Classes { get; } = [.. Enumerable.Range(0, classes).Select(_ => new EqualWidthBins(bins))];

        public override void Add(in PredictionBlock block)
        {
            for (var i = 0; i < block.Labels.Length; i++)
            {
                for (var c = 0; c < Classes.Length; c++)
                    Classes[c].Add(block.Scores[i * Classes.Length + c], block.Labels[i] == c);
            }
        }

        public override void Merge(Tally other)
        {
            var others = Same<ClassBins>(other).Classes;
            for (var c = 0; c < Classes.Length; c++)
                Classes[c].Merge(others[c]);
        }
    }
}
