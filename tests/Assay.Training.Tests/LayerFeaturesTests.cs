using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class LayerFeaturesTests
{
    [Fact]
    public void The_last_layer_works_on_the_features_that_are_given()
    {
        using var scope = NewDisposeScope();
        using var mlp = new Mlp([5, 7, 3], new SeededRandom(1));
        var x = Initialization.Normal(empty(10, 5), 1, new SeededRandom(2));
        var features = LayerFeatures.Extract(mlp, x, block: 4);
        Assert.Equal((10, 7), (features.Rows, features.Columns));
        var logits = tensor(features.Values.ToArray(), [10, 7]).mm(mlp.Weights[1].t()).add(mlp.Biases[1]);
        Assert.True(logits.sub(mlp.call(x)).abs().max().item<float>() < 1e-5);
        using var cnn = new CnnSpec([4, 6]).Build([1, 8, 8], 3, new SeededRandom(3));
        Assert.Equal(6, LayerFeatures.Extract(cnn, zeros(2, 1, 8, 8)).Columns);
    }

    [Fact]
    public void A_named_layer_of_any_model_is_hooked_and_the_model_left_as_it_was()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("first", nn.Linear(4, 6)), ("act", nn.ReLU()), ("last", nn.Linear(6, 2)));
        model.train();
        var x = randn(5, 4);
        var features = LayerFeatures.Extract(model, x, "act");
        Assert.Equal((5, 6), (features.Rows, features.Columns));
        Assert.True(features.Values.ToArray().All(v => v >= 0));
        Assert.True(model.training);
        Assert.Contains("first", Assert.Throws<ArgumentException>(() => LayerFeatures.Extract(model, x)).Message, StringComparison.Ordinal);
        Assert.Contains("'nose'", Assert.Throws<ArgumentException>(() => LayerFeatures.Extract(model, x, "nose")).Message, StringComparison.Ordinal);
    }
}
