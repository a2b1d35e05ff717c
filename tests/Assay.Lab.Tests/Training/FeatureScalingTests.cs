using Assay.Data;
using Assay.Statistics;

namespace Assay.Lab.Tests;

public sealed class FeatureScalingTests
{
    private static Dataset Table(float[] values, int columns, params int[] shape) => new()
    {
        Name = "t",
        Ids = [.. Enumerable.Range(0, values.Length / columns).Select(i => $"{i}")],
        Features = new FloatMatrix(values, values.Length / columns, columns),
        FeatureShape = [.. shape],
    };

    [Fact]
    public void Features_of_the_training_part_get_mean_0_and_deviation_1()
    {
        var random = new SeededRandom(1);
        var data = Table([.. Enumerable.Range(0, 300).Select(i => (float)(1e4 * (i % 3) + random.NextGaussian() * (1 + i % 3)))], 3, 3);
        var scaled = FeatureScaling.Fit(data).Apply(data).RequireFeatures();
        for (var c = 0; c < 3; c++)
        {
            double[] column = [.. Enumerable.Range(0, 100).Select(r => (double)scaled[r, c])];
            Assert.Equal(0, column.Average(), 1e-3);
            Assert.Equal(1, Math.Sqrt(column.Average(v => v * v)), 1e-3);
        }
    }

    [Fact]
    public void A_constant_feature_is_only_shifted()
    {
        var data = Table([5, 1, 5, 3], 2, 2);
        Assert.Equal([0, -1, 0, 1], FeatureScaling.Fit(data).Apply(data).RequireFeatures().Values.ToArray());
    }

    [Fact]
    public void Pixels_of_a_channel_share_a_scale()
    {
        var data = Table([0, 2, 10, 10, 4, 6, 10, 10], 4, 2, 1, 2);
        var scaling = FeatureScaling.Fit(data);
        Assert.Equal(scaling.Means[0], scaling.Means[1]);
        Assert.Equal(3, scaling.Means[0]); // the mean of 0, 2, 4, 6
        Assert.Equal(Math.Sqrt(5), scaling.Deviations[0], 1e-6);
        Assert.Equal((10f, 1f), (scaling.Means[2], scaling.Deviations[3]));
    }

    [Fact]
    public void Targets_are_scaled_and_come_back()
    {
        var data = new Dataset { Name = "t", Ids = ["a", "b"], Features = new FloatMatrix([1, 2], 2, 1), FeatureShape = [1], Targets = [100, 200] };
        var scaling = FeatureScaling.Fit(data);
        var scaled = scaling.Apply(data);
        Assert.Equal([-1, 1], scaled.Targets);
        Assert.Equal([100, 200], scaled.Targets.Select(scaling.Unscale));
    }

    [Fact]
    public void Other_data_are_scaled_as_the_training_part_was()
    {
        var scaling = FeatureScaling.Fit(Table([0, 2], 1, 1));
        Assert.Equal([9f], scaling.Apply(Table([10], 1, 1)).RequireFeatures().Values.ToArray());
        Assert.Throws<ArgumentException>(() => scaling.Apply(Table([1, 2], 2, 2)));
    }
}
