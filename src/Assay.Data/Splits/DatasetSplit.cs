using Assay.Statistics;

namespace Assay.Data;

/// <summary>A dataset divided into parts. Rows keep their ids and their order.</summary>
/// <param name="Train">What a model learns from.</param>
/// <param name="Validation">What settings are chosen with, or null.</param>
/// <param name="Test">What a model is judged with, once.</param>
public sealed record DatasetSplit(Dataset Train, Dataset? Validation, Dataset Test)
{
    /// <summary>Divides a dataset at random (<see cref="Splitters.Holdout"/>). Where the dataset has groups, no group is torn apart.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="test">The share for testing, strictly between 0 and 1.</param>
    /// <param name="validation">The share for validation, from 0 (none); with <paramref name="test"/> less than 1.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stratify">Whether each part keeps the shares of the classes, where there are classes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A share is out of range.</exception>
    /// <exception cref="ArgumentException">A part would be empty.</exception>
    public static DatasetSplit Of(Dataset dataset, double test = 0.2, double validation = 0.2, long seed = 0, bool stratify = true)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var strata = stratify && dataset.HasLabels ? dataset.Labels.AsSpan() : default;
        var groups = dataset.Groups is { } g ? g.Codes.AsSpan() : default;
        if (validation == 0)
        {
            var two = Splitters.Holdout(dataset.Count, test, seed, strata, groups);
            return new DatasetSplit(dataset.Select(two.Train.AsSpan()), null, dataset.Select(two.Test.AsSpan()));
        }
        var three = Splitters.ThreeWayHoldout(dataset.Count, validation, test, seed, strata, groups);
        return new DatasetSplit(dataset.Select(three.Train.AsSpan()), dataset.Select(three.Validation.AsSpan()), dataset.Select(three.Test.AsSpan()));
    }

    /// <summary>Standardises the features of all parts by the mean and deviation of the training part alone.</summary>
    /// <param name="perFeature">One mean and deviation for each feature; else one for all, as for pixels.</param>
    /// <exception cref="InvalidOperationException">The dataset has no features.</exception>
    public (DatasetSplit Split, Standardizer Standardizer) Standardize(bool perFeature = true)
    {
        var standardizer = Standardizer.Fit(Train.RequireFeatures(), perFeature);
        return (new DatasetSplit(standardizer.Apply(Train), Validation is null ? null : standardizer.Apply(Validation), standardizer.Apply(Test)), standardizer);
    }
}
