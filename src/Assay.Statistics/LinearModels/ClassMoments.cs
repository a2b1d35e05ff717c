namespace Assay.Statistics;

/// <summary>
/// Count, mean and variance of every feature in every class, of data that arrive in parts: with counts c and c′, the merged mean is
/// (cμ + c′μ′)/(c + c′) and the merged variance (cv + c′v′ + cc′/(c + c′)·(μ − μ′)²)/(c + c′). Any division into parts gives the same.
/// </summary>
public sealed class ClassMoments
{
    private readonly long[] counts;
    private readonly double[,] means, squares; // squares: Σ (x − mean)²

    /// <summary>Starts empty.</summary>
    /// <param name="classCount">The number of classes.</param>
    /// <param name="features">The number of features.</param>
    public ClassMoments(int classCount, int features)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        (counts, means, squares) = (new long[classCount], new double[classCount, features], new double[classCount, features]);
    }

    /// <summary>The number of classes.</summary>
    public int ClassCount => counts.Length;

    /// <summary>The number of features.</summary>
    public int Features => means.GetLength(1);

    /// <summary>The number of rows.</summary>
    public long Total => counts.Sum();

    /// <summary>The number of rows of a class.</summary>
    public long Count(int c) => counts[c];

    /// <summary>The mean of a feature in a class; 0 for a class without rows.</summary>
    public double Mean(int c, int feature) => means[c, feature];

    /// <summary>The variance, divisor n, of a feature in a class.</summary>
    public double Variance(int c, int feature) => counts[c] == 0 ? 0 : squares[c, feature] / counts[c];

    /// <summary>The pooled variance Σ_c π_c Var_c of a feature.</summary>
    public double Pooled(int feature)
    {
        var sum = 0.0;
        for (var c = 0; c < counts.Length; c++)
            sum += squares[c, feature];
        return sum / Math.Max(1, Total);
    }

    /// <summary>Adds rows.</summary>
    /// <param name="features">One row for each example.</param>
    /// <param name="labels">The class of each row.</param>
    /// <exception cref="ArgumentException">Lengths or widths do not fit, a label is out of range, or a feature is not finite.</exception>
    public void Add(FloatMatrix features, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Columns != Features || labels.Length != features.Rows)
            throw new ArgumentException($"{labels.Length} labels and rows of {Features} features were expected, not {features.Rows} rows of {features.Columns}", nameof(features));
        if (labels.ContainsAnyExceptInRange(0, ClassCount - 1))
            throw new ArgumentException($"labels between 0 and {ClassCount - 1} were expected", nameof(labels));
        // Welford: one pass, no cancellation.
        for (var i = 0; i < labels.Length; i++)
        {
            var (c, n) = (labels[i], ++counts[labels[i]]);
            var x = features.Row(i);
            for (var j = 0; j < x.Length; j++)
            {
                var off = x[j] - means[c, j];
                if (!double.IsFinite(off))
                    throw new ArgumentException($"feature {j} of row {i} is {x[j]}", nameof(features));
                means[c, j] += off / n;
                squares[c, j] += off * (x[j] - means[c, j]);
            }
        }
    }

    /// <summary>Adds what another has seen.</summary>
    public void Merge(ClassMoments other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.ClassCount != ClassCount || other.Features != Features)
            throw new ArgumentException($"moments of {ClassCount} classes and {Features} features were expected", nameof(other));
        for (var c = 0; c < ClassCount; c++)
        {
            if (other.counts[c] == 0)
                continue;
            var (a, b) = ((double)counts[c], (double)other.counts[c]);
            for (var j = 0; j < Features; j++)
            {
                var off = other.means[c, j] - means[c, j];
                means[c, j] += off * b / (a + b);
                squares[c, j] += other.squares[c, j] + off * off * a * b / (a + b);
            }
            counts[c] += other.counts[c];
        }
    }
}
