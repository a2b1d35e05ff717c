using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>
/// Standardisation learned on the training part alone: (x − mean) / deviation for each feature, for each channel of images, and for
/// real-valued targets. A constant feature is only shifted.
/// </summary>
/// <param name="Means">One mean for each feature column.</param>
/// <param name="Deviations">One deviation for each feature column.</param>
/// <param name="TargetMean">The targets' mean; 0 for classes.</param>
/// <param name="TargetDeviation">The targets' deviation; 1 for classes.</param>
public sealed record FeatureScaling(ImmutableArray<float> Means, ImmutableArray<float> Deviations, float TargetMean, float TargetDeviation)
{
    /// <summary>Learns the scaling.</summary>
    /// <param name="train">The training part, with features.</param>
    public static FeatureScaling Fit(Dataset train)
    {
        ArgumentNullException.ThrowIfNull(train);
        var features = train.RequireFeatures();
        // Pixels share a scale: one by one, those at the rim would be blown up.
        var channel = train.FeatureShape.Length == 3 ? train.FeatureShape[1] * train.FeatureShape[2] : 1;
        var means = new float[features.Columns];
        var deviations = new float[features.Columns];
        for (var start = 0; start < features.Columns; start += channel)
        {
            var (mean, deviation) = Of(Enumerable.Range(0, features.Rows).SelectMany(r => Enumerable.Range(start, channel).Select(c => (double)features[r, c])));
            Array.Fill(means, mean, start, channel);
            Array.Fill(deviations, deviation, start, channel);
        }
        var (targetMean, targetDeviation) = train.HasTargets && !train.HasLabels ? Of(train.Targets.Select(t => (double)t)) : (0f, 1f);
        return new FeatureScaling([.. means], [.. deviations], targetMean, targetDeviation);
    }

    /// <summary>The same examples, scaled.</summary>
    public Dataset Apply(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var features = dataset.RequireFeatures();
        if (features.Columns != Means.Length)
            throw new ArgumentException($"{features.Columns} features, the scaling is of {Means.Length}", nameof(dataset));
        var scaled = new float[features.Values.Length];
        for (var i = 0; i < scaled.Length; i++)
            scaled[i] = (features.Values[i] - Means[i % features.Columns]) / Deviations[i % features.Columns];
        var result = dataset.WithFeatures(new FloatMatrix(scaled, features.Rows, features.Columns));
        return TargetDeviation == 1 && TargetMean == 0 ? result : WithScaledTargets(result);
    }

    /// <summary>A predicted target in the data's own unit.</summary>
    public float Unscale(float prediction) => prediction * TargetDeviation + TargetMean;

    private Dataset WithScaledTargets(Dataset data) => new()
    {
        Name = data.Name,
        Ids = data.Ids,
        Features = data.Features,
        FeatureNames = data.FeatureNames,
        FeatureShape = data.FeatureShape,
        Targets = [.. data.Targets.Select(t => (t - TargetMean) / TargetDeviation)],
        Texts = data.Texts,
        Domains = data.Domains,
        Groups = data.Groups,
    };

    private static (float Mean, float Deviation) Of(IEnumerable<double> values)
    {
        // Welford's update: no second pass, and no loss of digits for large means.
        var (n, mean, squares) = (0L, 0.0, 0.0);
        foreach (var value in values)
        {
            var delta = value - mean;
            mean += delta / ++n;
            squares += delta * (value - mean);
        }
        var deviation = Math.Sqrt(squares / Math.Max(1, n));
        return ((float)mean, deviation > 1e-12 * Math.Max(1, Math.Abs(mean)) ? (float)deviation : 1);
    }
}
