using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How the F1 of the classes becomes one number.</summary>
public enum F1Average
{
    /// <summary>The plain mean over the classes that occur among labels or predictions.</summary>
    Macro,
    /// <summary>F1 of the pooled counts: the accuracy, where each example has one label.</summary>
    Micro,
    /// <summary>The mean weighted by the number of true members.</summary>
    Weighted,
    /// <summary>F1 of class 1 of two.</summary>
    Binary,
}

/// <summary>F1_c = 2·hits_c/(actual_c + predicted_c), the harmonic mean of precision and recall, averaged over classes; 0 where nothing is hit.</summary>
[Method("f1", Kind = MethodKind.Metric)]
public sealed class F1 : ConfusionMetric
{
    private readonly F1Average average;

    /// <summary>Creates the metric.</summary>
    /// <param name="average">How classes are averaged.</param>
    public F1(F1Average average = F1Average.Macro)
    {
        this.average = average;
        Name = $"f1-{average.ToString().ToLowerInvariant()}";
    }

    /// <inheritdoc/>
    public override string Title => $"F1 ({average.ToString().ToLowerInvariant()})";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Binary F1 is asked of more than two classes.</exception>
    public override double Compute(ClassTotals totals)
    {
        if (average == F1Average.Micro)
            return TensorPrimitives.Sum(totals.Hits) / TensorPrimitives.Sum(totals.Actual);
        if (average == F1Average.Binary)
            return totals.ClassCount == 2 ? OfClass(totals, 1) : throw new ArgumentException($"binary F1 is for 2 classes, there are {totals.ClassCount}");
        double sum = 0, weights = 0;
        for (var c = 0; c < totals.ClassCount; c++)
        {
            if (totals.Actual[c] + totals.Predicted[c] <= 0)
                continue;
            var weight = average == F1Average.Weighted ? totals.Actual[c] : 1;
            sum += weight * OfClass(totals, c);
            weights += weight;
        }
        return sum / weights;
    }

    private static double OfClass(ClassTotals totals, int c)
    {
        var members = totals.Actual[c] + totals.Predicted[c];
        return members > 0 ? 2 * totals.Hits[c] / members : 0;
    }
}
