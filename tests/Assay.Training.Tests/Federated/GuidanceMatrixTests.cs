using System.Collections.Immutable;

namespace Assay.Training.Tests;

public sealed class GuidanceMatrixTests
{
    private static readonly float[] Start = [1, 2, 3, 4];
    private static readonly ImmutableArray<VectorSegment> One = [new("w", 0, [4])];
    private static readonly float[][] Scouts = [[1, 2.5f, 3, 5], [1, 2.5f, 4, 4]];

    [Fact]
    public void Weights_that_explorers_move_most_get_the_largest_factor()
    {
        var deviations = GuidanceMatrix.Deviations(Start, Scouts);
        Assert.Equal([0, 0.25, 0.5, 0.5], deviations);
        Assert.Equal([0, 0.5f, 1, 1], GuidanceMatrix.FromDeviations(deviations, One).Values);
        Assert.Equal([0, 0.5f, 1, 1], GuidanceMatrix.FromDeviations(GuidanceMatrix.Deviations(Start, [Scouts[1], Scouts[0]]), One).Values);
        Assert.Equal([0, 0.5f, 1, 1], GuidanceMatrix.FromDeviations([.. deviations.Select(d => 7 * d)], One).Values);
        // Median 0.375, quartiles 0.1875 and 0.5: (0.5 − 0.375)/0.3125; below the median it is cut off.
        Assert.Equal([0, 0, 0.4f, 0.4f], GuidanceMatrix.FromDeviations(deviations, One, GuidanceScaling.Robust).Values);
    }

    [Fact]
    public void Each_tensor_is_scaled_by_itself_and_one_without_differences_is_not_guided()
    {
        ImmutableArray<VectorSegment> layout = [new("a", 0, [3]), new("scale", 3, [1]), new("b", 4, [2])];
        var g = GuidanceMatrix.FromDeviations([1, 2, 3, 9, 10, 30], layout);
        Assert.Equal([0, 0.5f, 1, 1, 0, 1], g.Values);
        Assert.Equal(["scale"], g.Constant);
        Assert.Equal([1, 0.5f, 0, 0, 1, 0], g.Inverse().Values);
        var permuted = g.Permuted(5);
        Assert.Equal(g.Values[..3].Order(), permuted.Values[..3].Order());
        Assert.Equal(1, permuted.Values[3]);
    }

    [Fact]
    public void Explorers_that_diverged_are_left_out()
    {
        Assert.Equal([0, 0.25, 0, 1], GuidanceMatrix.Deviations(Start, [Scouts[0], [float.NaN, 0, 0, 0]]));
        Assert.Throws<ArgumentException>(() => GuidanceMatrix.Deviations(Start, [[float.NaN, 0, 0, 0]]));
        Assert.Throws<ArgumentException>(() => GuidanceMatrix.Deviations(Start, [[1, 2]]));
        Assert.Throws<ArgumentException>(() => GuidanceMatrix.FromDeviations([1, 2], One));
    }

    [Fact]
    public void A_saved_matrix_is_read_back_and_refused_for_another_model()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.safetensors");
        try
        {
            var g = GuidanceMatrix.FromDeviations([0, 1, 2, 4], One);
            g.Save(path);
            Assert.Equal(g.Values.AsEnumerable(), GuidanceMatrix.Load(path, One).Values);
            Assert.Throws<InvalidDataException>(() => GuidanceMatrix.Load(path, [new("w", 0, [2, 2])]));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
