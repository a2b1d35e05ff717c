using Assay.Statistics;

namespace Assay.Data.Tests;

public sealed class CorruptionTests
{
    private static readonly int[] Labels = [.. Enumerable.Range(0, 3000).Select(i => i % 3)];

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(1.0)]
    public void Uniform_noise_changes_exactly_its_share_and_reaches_all_other_classes_alike(double rate)
    {
        var noisy = LabelNoise.Uniform(Labels, 3, rate, 1);
        Assert.Equal(rate, noisy.Rate, 1e-12);
        Assert.All(noisy.Flips, f => Assert.True(f.From != f.To && Labels[f.Row] == f.From && noisy.Labels[f.Row] == f.To));
        Assert.Equal(noisy.Flips.Select(f => f.Row), Enumerable.Range(0, 3000).Where(i => noisy.Labels[i] != Labels[i]));
        foreach (var pair in noisy.Flips.CountBy(f => (f.From, f.To)))
            Assert.InRange(pair.Value, noisy.Flips.Length / 6.0 * 0.6, noisy.Flips.Length / 6.0 * 1.4);
    }

    [Fact]
    public void Pair_noise_changes_the_share_of_each_class_to_its_partner()
    {
        var noisy = LabelNoise.Pair(Labels, 3, 0.2, 1);
        Assert.Equal(200, noisy.Flips.Count(f => f is { From: 0, To: 1 }));
        Assert.Equal(200, noisy.Flips.Count(f => f is { From: 2, To: 0 }));
        Assert.Equal(600, noisy.Flips.Length);
        Assert.All(LabelNoise.Pair(Labels, 3, 0.5, 1, [1, 0, 2]).Flips, f => Assert.Equal(1 - f.From, f.To));
    }

    [Fact]
    public void Matrix_noise_follows_its_matrix()
    {
        double[,] matrix = { { 0.7, 0.2, 0.1 }, { 0, 1, 0 }, { 0.25, 0.25, 0.5 } };
        var noisy = LabelNoise.ByMatrix(Labels, matrix, 1);
        for (var from = 0; from < 3; from++)
        {
            for (var to = 0; to < 3; to++)
            {
                var share = Enumerable.Range(0, 3000).Count(i => Labels[i] == from && noisy.Labels[i] == to) / 1000.0;
                Assert.Equal(matrix[from, to], share, 0.05); // three standard errors of a share of 1000
            }
        }
        Assert.Throws<ArgumentException>(() => LabelNoise.ByMatrix(Labels, new[,] { { 0.5, 0.4 }, { 0.0, 1 } }, 1));
        Assert.Throws<ArgumentException>(() => LabelNoise.Uniform([0, 5], 3, 0.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LabelNoise.Uniform([0, 1], 3, 1.5, 1));
    }

    [Fact]
    public void Noise_on_features_is_in_proportion_to_their_spread()
    {
        var random = new SeededRandom(1);
        var features = new FloatMatrix([.. Enumerable.Range(0, 8000).Select(i => i % 2 == 0 ? (float)(100 * random.NextGaussian()) : 7f)], 4000, 2);
        var noisy = FeatureNoise.Gaussian(features, 0.5, 2);
        var changes = Enumerable.Range(0, 4000).Select(i => (double)noisy[i, 0] - features[i, 0]).ToArray();
        Assert.Equal(50, Math.Sqrt(changes.Average(c => c * c)), 3.0);
        Assert.All(Enumerable.Range(0, 4000), i => Assert.Equal(7, noisy[i, 1]));
        Assert.Equal(0.25, FeatureNoise.Missing(features, 0.25, 3).Values.ToArray().Count(float.IsNaN) / 8000.0, 0.02);
    }

    public static TheoryData<string> Names => ["gaussian-noise-corruption", "gaussian-blur-corruption", "brightness-corruption", "contrast-corruption", "rotation-corruption", "translation-corruption", "cutout-corruption"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Corruptions_grow_with_severity_stay_in_range_and_repeat(string name)
    {
        var corruption = MethodCatalog.Of(typeof(ImageCorruption).Assembly).Create<ImageCorruption>(name);
        var data = DatasetCatalog.Load("digits").Select(Enumerable.Range(0, 200).ToArray());
        Assert.Same(data, corruption.Apply(data, 0));
        double Distance(Dataset other) => data.RequireFeatures().Values.ToArray().Zip(other.RequireFeatures().Values.ToArray(), (a, b) => Math.Abs((double)a - b)).Average();
        var distances = Enumerable.Range(1, 5).Select(s => Distance(corruption.Apply(data, s, seed: 1))).ToArray();
        Assert.InRange(distances[0], 1e-3, 0.3);
        for (var s = 1; s < 5; s++)
            Assert.True(distances[s] >= distances[s - 1] * 0.999, $"severity {s + 1} changes {distances[s]}, severity {s} {distances[s - 1]}");
        Assert.True(distances[4] > distances[0] * 1.3);
        var once = corruption.Apply(data, 3, seed: 5);
        Assert.DoesNotContain(once.RequireFeatures().Values.ToArray(), v => v is < 0 or > 1);
        Assert.Equal(once.RequireFeatures().Values.ToArray(), corruption.Apply(data, 3, seed: 5).RequireFeatures().Values.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => corruption.Apply(data, 6));
        Assert.Throws<ArgumentException>(() => corruption.Apply(DatasetCatalog.Load("iris"), 1));
    }

    [Fact]
    public void Blur_keeps_a_plain_image_and_translation_moves_whole_pixels()
    {
        Dataset Image(params float[] pixels) => new() { Name = "i", Ids = ["0"], Features = new FloatMatrix(pixels, 1, 64), FeatureShape = [1, 8, 8] };
        var plain = Image([.. Enumerable.Repeat(0.5f, 64)]);
        Assert.All(new GaussianBlurCorruption().Apply(plain, 5).RequireFeatures().Values.ToArray(), v => Assert.Equal(0.5f, v, 1e-5f));
        var dot = new float[64];
        dot[27] = 1;
        var moved = new TranslationCorruption().Apply(Image(dot), 3, seed: 2).RequireFeatures().Values.ToArray();
        Assert.Equal(1, moved.Sum(), 1e-6);
        Assert.Equal(1, moved.Max(), 1e-6);
        Assert.Equal(0, moved[27]);
    }

    [Fact]
    public void Rotation_by_45_degrees_turns_a_row_into_a_diagonal()
    {
        var image = new float[81];
        for (var x = 0; x < 9; x++)
            image[4 * 9 + x] = 1;
        var data = new Dataset { Name = "i", Ids = ["0"], Features = new FloatMatrix(image, 1, 81), FeatureShape = [1, 9, 9] };
        var turned = new RotationCorruption().Apply(data, 5, seed: 1).RequireFeatures().Values.ToArray();
        var down = Enumerable.Range(2, 5).Average(i => turned[i * 9 + i]);
        var up = Enumerable.Range(2, 5).Average(i => turned[i * 9 + 8 - i]);
        Assert.True(Math.Max(down, up) > 0.9 && Math.Min(down, up) < 0.5, $"{down} {up}");
        Assert.Equal(1, turned[40], 1e-6);
    }

    [Fact]
    public void Two_moons_without_noise_are_those_of_scikit_learn()
    {
        var data = new TwoMoons(10, noise: 0).Generate(1);
        // sklearn.datasets.make_moons(10, shuffle=False): outer (1, 0) … (−1, 0), inner (0, .5) … (2, .5).
        Assert.Equal([1, 0], data.RequireFeatures().Row(0).ToArray());
        Assert.Equal([0, 0.5f], data.RequireFeatures().Row(1).ToArray());
        Assert.Equal([0.70710678f, 0.70710678f], data.RequireFeatures().Row(2).ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([0.29289322f, -0.20710678f], data.RequireFeatures().Row(3).ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Two_blobs_have_the_Bayes_error_of_their_law()
    {
        // The best rule, the nearer centre, errs with probability Φ(−1) = 15.87 %.
        var data = new GaussianBlobs(20_000, classes: 2, dimensions: 3, separation: 1).Generate(4);
        var features = data.RequireFeatures();
        var centre = Enumerable.Range(0, 3).Select(d => Enumerable.Range(0, data.Count).Average(i => (data.Labels[i] == 0 ? 1 : -1) * (double)features[i, d])).ToArray();
        var errors = Enumerable.Range(0, data.Count).Count(i => Enumerable.Range(0, 3).Sum(d => centre[d] * features[i, d]) > 0 != (data.Labels[i] == 0));
        Assert.Equal(0.1587, errors / 20_000.0, 0.008); // three standard errors
        Assert.Equal(1, Math.Sqrt(centre.Sum(c => c * c)), 0.03);
    }

    [Fact]
    public void Checkerboard_labels_follow_the_cells()
    {
        var data = new Checkerboard(500, cells: 3).Generate(1).Validate();
        Assert.All(Enumerable.Range(0, 500), i => Assert.Equal(((int)data.RequireFeatures()[i, 0] + (int)data.RequireFeatures()[i, 1]) % 2, data.Labels[i]));
    }
}
