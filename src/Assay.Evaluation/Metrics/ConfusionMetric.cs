using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// A metric of predicted classes: a function of the <see cref="ConfusionMatrix"/>. Its interval is the percentile interval of the
/// nonparametric bootstrap over examples, drawn exactly as multinomial resamples of the matrix. Where no example is wrong, resamples are
/// all alike and say nothing; the lower end is then the value at the largest error of the smallest class that the data do not reject.
/// </summary>
public abstract class ConfusionMetric : Metric
{
    private static readonly object Key = new();

    /// <inheritdoc/>
    public sealed override MetricInput Input => MetricInput.Classes;

    /// <inheritdoc/>
    public sealed override object TallyKey => SharedKey;

    internal static object SharedKey => Key;

    /// <inheritdoc/>
    public sealed override Tally CreateTally(int classCount) => new ConfusionMatrix(classCount);

    /// <summary>The metric of the totals; NaN where it is undefined.</summary>
    public abstract double Compute(ClassTotals totals);

    /// <summary>The metric of a confusion matrix; NaN where it is undefined.</summary>
    public double Compute(ConfusionMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return Compute(matrix.Totals());
    }

    /// <summary>The metric of predicted classes; NaN where it is undefined.</summary>
    public double Compute(ReadOnlySpan<int> labels, ReadOnlySpan<int> predicted, int classCount) => Compute(ConfusionMatrix.Of(labels, predicted, classCount));

    /// <inheritdoc/>
    public override Estimate Result(Tally tally, double level = 0.95)
    {
        var matrix = (ConfusionMatrix)tally;
        var totals = matrix.Totals();
        var value = Compute(totals);
        return new Estimate(value, double.IsNaN(value) ? Interval.Unknown with { Level = level }
            : TensorPrimitives.Sum(totals.Hits) == matrix.Count ? WithoutErrors(totals, value, level)
            : Bootstrapped(matrix, level));
    }

    private Interval Bootstrapped(ConfusionMatrix matrix, double level)
    {
        var all = matrix.ResampledTotals();
        var size = 3 * matrix.ClassCount;
        var values = new double[all.Length / size];
        for (var r = 0; r < values.Length; r++)
            values[r] = Compute(new ClassTotals(all.Slice(r * size, size)));
        return BootstrapInterval.Percentile(values, level);
    }

    private Interval WithoutErrors(ClassTotals totals, double value, double level)
    {
        var smallest = 0;
        var other = 0;
        for (var c = 0; c < totals.ClassCount; c++)
        {
            if (totals.Actual[c] > 0 && (totals.Actual[smallest] == 0 || totals.Actual[c] < totals.Actual[smallest]))
                smallest = c;
            if (totals.Actual[c] > totals.Actual[other])
                other = c;
        }
        if (other == smallest)
            other = smallest == 0 ? 1 : 0;
        // No error among n: an error share e is not rejected while (1 − e)ⁿ ≥ α/2.
        var n = totals.Actual[smallest];
        var errors = n * (1 - Math.Pow((1 - level) / 2, 1 / n));
        var worse = new ClassTotals([.. totals.Hits, .. totals.Actual, .. totals.Predicted]);
        worse.Add(smallest, smallest, -errors);
        worse.Add(smallest, other, errors);
        var low = Compute(worse);
        return new Interval(double.IsNaN(low) ? value : Math.Min(low, value), value, level);
    }
}
