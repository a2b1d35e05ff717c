using Assay.Data;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>Fashion-MNIST as the studies of training use it: some of its images to train, some of the official test images to judge.</summary>
internal static class FashionParts
{
    /// <summary>Parts scaled by one mean and deviation of the training part.</summary>
    /// <param name="train">The number of images to train.</param>
    /// <param name="test">The number of images to judge.</param>
    /// <param name="seed">Decides which images.</param>
    /// <param name="side">The side of the images; smaller ones are means of pixels.</param>
    public static (Dataset Train, Dataset Test) Load(int train, int test, long seed = 0, int side = 28)
    {
        var source = new FashionMnist();
        var (all, official) = (source.Load(test: false), source.Load(test: true));
        var parts = (Train: all.Select(SeededRandom.At(seed, 1).Permutation(all.Count).AsSpan(0, train)), Test: official.Select(SeededRandom.At(seed, 2).Permutation(official.Count).AsSpan(0, test)));
        if (side < 28)
            parts = (Pooled(parts.Train, side), Pooled(parts.Test, side));
        var scaling = FeatureScaling.Fit(parts.Train);
        return (scaling.Apply(parts.Train), scaling.Apply(parts.Test));
    }

    /// <summary>The same parts as tensors.</summary>
    public static (TensorDataset Train, TensorDataset Test) Tensors(int train, int test, long seed = 0, int side = 28)
    {
        var parts = Load(train, test, seed, side);
        return (TensorDataset.From(parts.Train), TensorDataset.From(parts.Test));
    }

    // Means of equal blocks of pixels.
    private static Dataset Pooled(Dataset data, int side)
    {
        var block = 28 / side;
        if (block * side != 28)
            throw new ArgumentOutOfRangeException(nameof(side), side, "a divisor of 28 was expected");
        var source = data.RequireFeatures();
        var pooled = new float[data.Count * side * side];
        for (var i = 0; i < data.Count; i++)
        {
            var row = source.Row(i);
            for (var p = 0; p < 28 * 28; p++)
                pooled[i * side * side + p / 28 / block * side + p % 28 / block] += row[p] / (block * block);
        }
        return new Dataset
        {
            Name = data.Name,
            Ids = data.Ids,
            Features = new FloatMatrix(pooled, data.Count, side * side),
            FeatureShape = [1, side, side],
            Labels = data.Labels,
            ClassNames = data.ClassNames,
        };
    }
}
