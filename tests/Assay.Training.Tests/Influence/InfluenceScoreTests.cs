using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class InfluenceScoreTests
{
    [Fact]
    public void Vog_is_the_mean_deviation_of_the_gradient_over_checkpoints()
    {
        Assert.Equal(1.5236034, InfluenceScores.Vog([[1, 0], [3, 0], [5, 3]]), 1e-6);
        Assert.Equal(1.6329932, InfluenceScores.Vog([[1], [3], [5]]), 1e-6);
        Assert.Equal(1.4142136, InfluenceScores.Vog([[0], [0], [3]]), 1e-6);
        Assert.Equal(0, InfluenceScores.Vog([[2, 7], [2, 7], [2, 7]]));
        Assert.Equal(0, InfluenceScores.Vog([[2, 7]]));
        Assert.Equal(4 * 1.5236034, InfluenceScores.Vog([[4, 0], [12, 0], [20, 12]]), 1e-6);
    }

    [Fact]
    public void The_streamed_variance_is_that_of_two_passes()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(1);
        const int Checkpoints = 7, Count = 5, Width = 11;
        using var variance = new GradientVariance(Count, Width);
        var kept = new List<float[]>();
        for (var t = 0; t < Checkpoints; t++)
        {
            // A large mean with a small spread: Σx² − (Σx)²/n would lose it.
            var g = Initialization.Normal(empty(Count, Width), 0.01, random).add_(100);
            kept.Add(g.data<float>().ToArray());
            variance.Begin();
            variance.Add(0, g.narrow(0, 0, 3));
            variance.Add(3, g.narrow(0, 3, 2));
        }
        var scores = variance.Scores();
        for (var i = 0; i < Count; i++)
            Assert.Equal(InfluenceScores.Vog([.. kept.Select(k => k[(i * Width)..((i + 1) * Width)].Select(v => (double)v).ToArray())]), scores[i], 1e-5);
    }

    [Fact]
    public void El2n_is_the_distance_to_the_label()
    {
        Assert.Equal(0.3741657, InfluenceScores.El2n([0.7, 0.2, 0.1], 0), 1e-6);
        Assert.Equal(0.2828427, InfluenceScores.El2n([0.8, 0.2], 0), 1e-6);
        Assert.Equal(Math.Sqrt(2), InfluenceScores.El2n([0, 1, 0], 0), 1e-12);
    }

    [Theory]
    [InlineData("010110", 2)]
    [InlineData("000", 4)] // never learnt: one more than the looks
    [InlineData("111", 0)]
    [InlineData("011", 0)]
    public void Forgetting_counts_what_was_right_and_became_wrong(string looks, int expected) =>
        Assert.Equal(expected, InfluenceScores.Forgetting([.. looks.Select(c => c == '1')]));

    [Fact]
    public void Pvi_is_the_information_of_the_input_in_bits()
    {
        Assert.Equal(1.4329594, InfluenceScores.Pvi(0.9, 1.0 / 3), 1e-6);
        Assert.Equal(-1.7369656, InfluenceScores.Pvi(0.1, 1.0 / 3), 1e-6);
        Assert.Equal(0, InfluenceScores.Pvi(0.4, 0.4));
        Assert.True(double.IsFinite(InfluenceScores.Pvi(0, 0.5)));
    }

    [Fact]
    public void Normalised_scores_have_mean_0_and_deviation_1_in_each_class()
    {
        double[] values = [1, 2, 3, 10, 30, 5, 5];
        int[] labels = [0, 0, 0, 1, 1, 2, 2];
        var normal = InfluenceScores.NormalizeByClass(values, labels);
        Assert.Equal(0, normal[..3].Sum(), 1e-12);
        Assert.Equal(3, normal[..3].Sum(v => v * v), 1e-9);
        Assert.Equal([-1, 1, 0, 0], normal[3..]);
        Assert.Equal([0], InfluenceScores.NormalizeByClass([4], [0]));
    }

    [Fact]
    public void The_last_layer_s_gradient_norm_needs_no_backward_pass()
    {
        using var scope = NewDisposeScope();
        var x = Initialization.Normal(empty(6, 4), 1, new SeededRandom(1));
        var y = arange(6).remainder(3).to(int64);
        using var model = new Mlp([4, 5, 3], new SeededRandom(2));
        using var data = new TensorDataset(x.clone(), y.clone(), 3);
        // One epoch with a step that changes nothing visible: the look afterwards is at these weights.
        using var recorder = new InfluenceRecorder(new InfluenceRecorderOptions { Scores = [InfluenceScore.Grand, InfluenceScore.TracIn, InfluenceScore.El2n], Checkpoints = 1 });
        new Trainer(new TrainingOptions { Epochs = 1, BatchSize = 6, Optimizer = new Sgd(0.01, momentum: 0) }, recorder).Fit(model, data);
        for (var i = 0; i < 6; i++)
        {
            var loss = nn.functional.cross_entropy(model.call(x.narrow(0, i, 1)), y.narrow(0, i, 1));
            var gradients = autograd.grad([loss], [model.Weights[1], model.Biases[1]]);
            var norm = Math.Sqrt(gradients.Sum(g => g.square().sum().item<float>()));
            Assert.Equal(norm, recorder.Scores[InfluenceScore.Grand][i], 1e-5);
            Assert.Equal(0.01 * norm * norm, recorder.Scores[InfluenceScore.TracIn][i], 1e-6);
        }
    }

    [Fact]
    public void With_equal_features_tracin_ranks_like_el2n()
    {
        // A linear model on rows of equal length: ‖h‖ is constant.
        var x = Initialization.Normal(empty(40, 6), 1, new SeededRandom(1));
        x.div_(x.norm(1, keepdim: true));
        using var data = new TensorDataset(x, arange(40).remainder(4).to(int64), 4);
        using var recorder = new InfluenceRecorder(new InfluenceRecorderOptions { Scores = [InfluenceScore.El2n, InfluenceScore.TracIn], Checkpoints = 1 });
        using var model = new LinearSpec().Build([6], 4, new SeededRandom(1));
        new Trainer(new TrainingOptions { Epochs = 3, BatchSize = 8 }, recorder).Fit(model, data);
        Assert.Equal(1, RankCorrelation.Spearman(recorder.Scores[InfluenceScore.El2n].AsSpan(), recorder.Scores[InfluenceScore.TracIn].AsSpan()), 1e-9);
    }
}
