namespace Assay.Statistics;

/// <summary>
/// The .632 and .632+ estimates of a classifier's error (Efron 1983; Efron and Tibshirani 1997). The error on the training data is too low,
/// that on the examples left out of bootstrap samples too high, as a sample holds only 63.2 % of the examples; both weigh the two.
/// </summary>
[Method("bootstrap-632", Paper = 83, Kind = MethodKind.Resampling)]
public static class Bootstrap632
{
    /// <summary>.368·e_train + .632·e_oob: too low for models that fit their training data by heart.</summary>
    /// <param name="trainError">The error on the training data, in [0, 1].</param>
    /// <param name="outOfBagError">The error on examples left out, in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">An error is outside [0, 1].</exception>
    public static double Error632(double trainError, double outOfBagError)
    {
        Check(trainError, nameof(trainError));
        Check(outOfBagError, nameof(outOfBagError));
        return 0.368 * trainError + 0.632 * outOfBagError;
    }

    /// <summary>
    /// (1 − ω)·e_train + ω·e_oob with ω = .632/(1 − .368R), where the relative overfitting rate R = (e_oob − e_train)/(γ − e_train) lies
    /// between 0 (no overfitting) and 1; e_oob counts at most γ.
    /// </summary>
    /// <param name="trainError">The error on the training data, in [0, 1].</param>
    /// <param name="outOfBagError">The error on examples left out, in [0, 1].</param>
    /// <param name="noInformationRate">γ, the error if predictions and labels were independent.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside [0, 1].</exception>
    public static double Error632Plus(double trainError, double outOfBagError, double noInformationRate)
    {
        Check(trainError, nameof(trainError));
        Check(outOfBagError, nameof(outOfBagError));
        Check(noInformationRate, nameof(noInformationRate));
        var left = Math.Min(outOfBagError, noInformationRate);
        var overfitting = left > trainError && noInformationRate > trainError ? Math.Min(1, (left - trainError) / (noInformationRate - trainError)) : 0;
        var weight = 0.632 / (1 - 0.368 * overfitting);
        return (1 - weight) * trainError + weight * left;
    }

    /// <summary>γ = Σ_k p_k(1 − q_k) with p_k the observed and q_k the predicted share of class k.</summary>
    /// <param name="labels">The classes.</param>
    /// <param name="predicted">The predicted classes.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there are none.</exception>
    public static double NoInformationRate(ReadOnlySpan<int> labels, ReadOnlySpan<int> predicted)
    {
        if (labels.Length != predicted.Length || labels.IsEmpty)
            throw new ArgumentException($"labels and predictions of the same examples were expected, not {labels.Length} and {predicted.Length}", nameof(predicted));
        var observed = new Dictionary<int, double>();
        foreach (var label in labels)
            observed[label] = observed.GetValueOrDefault(label) + 1.0 / labels.Length;
        var agreement = 0.0;
        foreach (var prediction in predicted)
            agreement += observed.GetValueOrDefault(prediction) / labels.Length;
        return 1 - agreement;
    }

    private static void Check(double error, string name)
    {
        if (!(error is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(name, error, "an error rate between 0 and 1 was expected");
    }
}
