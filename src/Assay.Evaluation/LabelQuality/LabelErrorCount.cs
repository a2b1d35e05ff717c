using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How the number of wrong labels is estimated.</summary>
public enum ErrorCountEstimate
{
    /// <summary>How many rows <see cref="LabelFilter.ConfidentLearning"/> flags.</summary>
    OffDiagonal,
    /// <summary>n · (1 − trace(Q)), rounded.</summary>
    OffDiagonalCalibrated,
}

/// <summary>Estimates how many labels are wrong.</summary>
public static class LabelErrorCount
{
    /// <summary>Estimates the number.</summary>
    /// <param name="labels">The given classes.</param>
    /// <param name="probabilities">n × K out-of-sample probabilities.</param>
    /// <param name="estimate">The estimator.</param>
    /// <exception cref="ArgumentException">Labels and probabilities do not fit.</exception>
    public static int Of(ReadOnlySpan<int> labels, FloatMatrix probabilities, ErrorCountEstimate estimate = ErrorCountEstimate.OffDiagonal)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        var scan = RowScan.Of(labels.ToArray(), probabilities);
        return estimate switch
        {
            ErrorCountEstimate.OffDiagonal => LabelFilters.OffDiagonal(scan).Count(f => f),
            ErrorCountEstimate.OffDiagonalCalibrated => Rounded(scan.Count * ConfidentJoint.Count(scan, probabilities.Columns).ErrorFraction),
            _ => throw new ArgumentOutOfRangeException(nameof(estimate), estimate, "an estimator was expected"),
        };
    }

    /// <summary>Estimates the number from a confident joint of one's own: C [given, true] is calibrated to the labels first.</summary>
    /// <param name="labels">The given classes.</param>
    /// <param name="counts">C, K × K, not negative.</param>
    /// <exception cref="ArgumentException">The matrix is not square, holds negative counts, or a label is out of range.</exception>
    public static int Of(ReadOnlySpan<int> labels, long[,] counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var k = counts.GetLength(0);
        if (counts.GetLength(1) != k)
            throw new ArgumentException($"a square matrix was expected, not {k}×{counts.GetLength(1)}", nameof(counts));
        foreach (var count in counts)
        {
            if (count < 0)
                throw new ArgumentException($"counts of 0 or more were expected, not {count}", nameof(counts));
        }
        var classCounts = new int[k];
        for (var i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)k)
                throw new ArgumentException($"label {labels[i]} of row {i} is out of range, there are {k} classes", nameof(labels));
            classCounts[labels[i]]++;
        }
        return Rounded(labels.Length * new ConfidentJoint((long[,])counts.Clone(), classCounts, new double[k]).ErrorFraction);
    }

    private static int Rounded(double value) => (int)Math.Round(value, MidpointRounding.ToEven);
}
