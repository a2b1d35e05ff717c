using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The mean of the recalls hits_c/actual_c over the classes that occur among the labels.</summary>
[Method("balanced-accuracy", Kind = MethodKind.Metric)]
public sealed class BalancedAccuracy : ConfusionMetric
{
    /// <inheritdoc/>
    public override string Title => "balanced accuracy";

    /// <inheritdoc/>
    public override double Compute(ClassTotals totals)
    {
        var sum = 0.0;
        var classes = 0;
        for (var c = 0; c < totals.ClassCount; c++)
        {
            if (totals.Actual[c] <= 0)
                continue;
            sum += totals.Hits[c] / totals.Actual[c];
            classes++;
        }
        return sum / classes;
    }
}
