using System.Collections.Immutable;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// z = (x − mean) / deviation, fitted on training data only. A feature that is constant there (deviation below 10⁻⁶ of its magnitude, or 0)
/// is only centred. Missing values (NaN) do not count and stay missing. Immutable.
/// </summary>
public sealed class Standardizer
{
    private Standardizer(ImmutableArray<float> mean, ImmutableArray<float> deviation, bool perFeature)
    {
        Mean = mean;
        Deviation = deviation;
        IsPerFeature = perFeature;
    }

    /// <summary>The mean of each feature; all the same where one is used for all.</summary>
    public ImmutableArray<float> Mean { get; }

    /// <summary>The deviation of each feature (divisor n, as scikit-learn has it); 1 for a constant one.</summary>
    public ImmutableArray<float> Deviation { get; }

    /// <summary>Whether each feature has its own mean and deviation.</summary>
    public bool IsPerFeature { get; }

    /// <summary>Finds means and deviations.</summary>
    /// <param name="features">The training data.</param>
    /// <param name="perFeature">One mean and deviation for each feature; else one for all, as for pixels.</param>
    /// <exception cref="ArgumentException">There are no rows, or a value is infinite.</exception>
    public static Standardizer Fit(FloatMatrix features, bool perFeature = true)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Rows == 0)
            throw new ArgumentException("there are no rows to standardise by", nameof(features));
        var columns = features.Columns;
        var origin = features.Row(0).ToArray().Select(v => float.IsFinite(v) ? (double)v : 0).ToArray();
        var count = new double[columns];
        var sum = new double[columns];
        var squares = new double[columns];
        for (var i = 0; i < features.Rows; i++)
        {
            var row = features.Row(i);
            for (var j = 0; j < columns; j++)
            {
                if (float.IsInfinity(row[j]))
                    throw new ArgumentException($"feature {j} of row {i} is infinite", nameof(features));
                if (float.IsNaN(row[j]))
                    continue;
                // Deviations from the first value keep the sums small, so that one pass is exact enough.
                var x = row[j] - origin[j];
                count[j]++;
                sum[j] += x;
                squares[j] += x * x;
            }
        }
        var mean = new double[columns];
        var variance = new double[columns];
        for (var j = 0; j < columns; j++)
        {
            mean[j] = count[j] == 0 ? 0 : origin[j] + sum[j] / count[j];
            variance[j] = count[j] == 0 ? 0 : Math.Max(0, squares[j] / count[j] - sum[j] / count[j] * (sum[j] / count[j]));
        }
        if (!perFeature)
        {
            var total = count.Sum();
            var all = Enumerable.Range(0, columns).Sum(j => count[j] * mean[j]) / Math.Max(1, total);
            var spread = Enumerable.Range(0, columns).Sum(j => count[j] * (variance[j] + (mean[j] - all) * (mean[j] - all))) / Math.Max(1, total);
            Array.Fill(mean, all);
            Array.Fill(variance, spread);
        }
        var deviation = mean.Zip(variance, (m, v) => Math.Sqrt(v) is var s && s > 1e-6 * Math.Abs(m) ? (float)s : 1f);
        return new Standardizer([.. mean.Select(m => (float)m)], [.. deviation], perFeature);
    }

    /// <summary>Standardises features.</summary>
    /// <exception cref="ArgumentException">There is another number of features than was fitted.</exception>
    public FloatMatrix Apply(FloatMatrix features) => Map(features, (row, target) =>
    {
        TensorPrimitives.Subtract(row, Mean.AsSpan(), target);
        TensorPrimitives.Divide(target, Deviation.AsSpan(), target);
    });

    /// <summary>Undoes <see cref="Apply(FloatMatrix)"/>.</summary>
    /// <exception cref="ArgumentException">There is another number of features than was fitted.</exception>
    public FloatMatrix Invert(FloatMatrix features) => Map(features, (row, target) => TensorPrimitives.MultiplyAdd(row, Deviation.AsSpan(), Mean.AsSpan(), target));

    /// <summary>Standardises the features of a dataset.</summary>
    /// <exception cref="ArgumentException">There is another number of features than was fitted.</exception>
    public Dataset Apply(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return dataset.WithFeatures(Apply(dataset.RequireFeatures()));
    }

    private delegate void RowMap(ReadOnlySpan<float> row, Span<float> target);

    private FloatMatrix Map(FloatMatrix features, RowMap map)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Columns != Mean.Length)
            throw new ArgumentException($"{Mean.Length} features were expected, not {features.Columns}", nameof(features));
        var mapped = GC.AllocateUninitializedArray<float>(features.Values.Length);
        for (var i = 0; i < features.Rows; i++)
            map(features.Row(i), mapped.AsSpan(i * features.Columns, features.Columns));
        return new FloatMatrix(mapped, features.Rows, features.Columns);
    }
}
