using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How the models of an ensemble are weighted.</summary>
public enum EnsembleWeighting
{
    /// <summary>In proportion to their agreement with the labels.</summary>
    Accuracy,
    /// <summary>All alike.</summary>
    Uniform,
    /// <summary>exp(−T · log-loss), with the T of 10⁻⁴, 10⁻³ … 10², 200 whose weighted mean of probabilities has the least log-loss.</summary>
    LogLoss,
}

/// <summary>Scores labels by several models: the weighted mean of their scores.</summary>
public static class EnsembleLabelScore
{
    private static readonly double[] Temperatures = [1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 2e2];

    /// <summary>Scores labels.</summary>
    /// <param name="labels">The given classes.</param>
    /// <param name="models">The out-of-sample probabilities of each model, n × K.</param>
    /// <param name="weighting">How the models are weighted.</param>
    /// <param name="scoring">The score of each model.</param>
    /// <exception cref="ArgumentException">There is no model, or labels and probabilities do not fit.</exception>
    public static float[] Of(
        ReadOnlySpan<int> labels, IReadOnlyList<FloatMatrix> models, EnsembleWeighting weighting = EnsembleWeighting.Accuracy, LabelScoring scoring = LabelScoring.NormalizedMargin) =>
        Of(labels, models, Weights(labels, models, weighting).AsSpan(), scoring);

    /// <summary>Scores labels with weights of one's own.</summary>
    /// <param name="labels">The given classes.</param>
    /// <param name="models">The out-of-sample probabilities of each model, n × K.</param>
    /// <param name="weights">A weight of 0 or more for each model; they are normalised.</param>
    /// <param name="scoring">The score of each model.</param>
    /// <exception cref="ArgumentException">The weights do not fit the models or sum to 0.</exception>
    public static float[] Of(ReadOnlySpan<int> labels, IReadOnlyList<FloatMatrix> models, ReadOnlySpan<double> weights, LabelScoring scoring = LabelScoring.NormalizedMargin)
    {
        ArgumentNullException.ThrowIfNull(models);
        var total = 0.0;
        foreach (var weight in weights)
            total += weight >= 0 ? weight : double.NaN;
        if (weights.Length != models.Count || !(total > 0))
            throw new ArgumentException($"one weight of 0 or more for each of {models.Count} models was expected, and not all 0", nameof(weights));
        var mean = new double[labels.Length];
        for (var m = 0; m < models.Count; m++)
        {
            var scores = LabelScore.Of(labels, models[m], scoring);
            for (var i = 0; i < mean.Length; i++)
                mean[i] += weights[m] / total * scores[i];
        }
        return Array.ConvertAll(mean, s => (float)s);
    }

    /// <summary>The weights of the models; they sum to 1.</summary>
    /// <exception cref="ArgumentException">There is no model, or labels and probabilities do not fit.</exception>
    public static ImmutableArray<double> Weights(ReadOnlySpan<int> labels, IReadOnlyList<FloatMatrix> models, EnsembleWeighting weighting)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (models.Count == 0)
            throw new ArgumentException("there is no model", nameof(models));
        var given = labels.ToArray();
        var scans = models.Select(m => RowScan.Of(given, m)).ToArray();
        if (models.Any(m => m.Columns != models[0].Columns))
            throw new ArgumentException("the models have different numbers of classes", nameof(models));
        return weighting switch
        {
            EnsembleWeighting.Uniform => Normalized(models.Select(_ => 1.0)),
            EnsembleWeighting.Accuracy => Normalized(scans.Select(Accuracy)),
            EnsembleWeighting.LogLoss => BestByLogLoss(scans),
            _ => throw new ArgumentOutOfRangeException(nameof(weighting), weighting, "a weighting was expected"),
        };
    }

    private static ImmutableArray<double> BestByLogLoss(RowScan[] scans)
    {
        var losses = scans.Select(s => s.Own.Average(Loss)).ToArray();
        var candidates = Temperatures.Select(t => Normalized(losses.Select(l => Math.Exp(-t * (l - losses.Min())))));
        // The mean's log-loss needs only the probabilities of the given classes.
        return candidates.MinBy(w => Enumerable.Range(0, scans[0].Count).Average(i => Loss(scans.Zip(w, (s, v) => v * s.Own[i]).Sum())));
    }

    private static double Accuracy(RowScan scan)
    {
        var right = 0;
        for (var i = 0; i < scan.Count; i++)
            right += scan.Predicted[i] == scan.Labels[i] ? 1 : 0;
        return (double)right / scan.Count;
    }

    private static double Loss(float p) => Loss((double)p);

    private static double Loss(double p) => -Math.Log(Math.Clamp(p, 1e-15, 1));

    private static ImmutableArray<double> Normalized(IEnumerable<double> weights)
    {
        var all = weights.ToArray();
        var sum = all.Sum();
        return [.. all.Select(w => sum > 0 ? w / sum : 1.0 / all.Length)];
    }
}
