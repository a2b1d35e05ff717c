using System.Collections.Immutable;

namespace Assay.Statistics.Tests;

public sealed class Bootstrap632Tests
{
    // The brief's figures.
    [Fact]
    public void A_model_that_fits_by_heart()
    {
        Assert.Equal(.1896, Bootstrap632.Error632(0, .30), 1e-12);
        Assert.Equal(.243326, Bootstrap632.Error632Plus(0, .30, .5), 1e-6);
    }

    [Fact]
    public void A_model_with_some_training_error()
    {
        Assert.Equal(.1448, Bootstrap632.Error632(.05, .2), 1e-12);
        Assert.Equal(.158762, Bootstrap632.Error632Plus(.05, .2, .48), 1e-6);
    }

    [Fact]
    public void The_no_information_rate_of_two_classes()
    {
        int[] labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        int[] predicted = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1];
        Assert.Equal(.46, Bootstrap632.NoInformationRate(labels, predicted), 1e-12);
    }

    [Fact]
    public void Without_overfitting_plus_is_plain_and_at_full_overfitting_it_is_the_out_of_bag_error()
    {
        Assert.Equal(Bootstrap632.Error632(.2, .15), Bootstrap632.Error632Plus(.2, .15, .5), 1e-12);
        Assert.Equal(Bootstrap632.Error632(.3, .3), Bootstrap632.Error632Plus(.3, .4, .3), 1e-12);
        Assert.Equal(.5, Bootstrap632.Error632Plus(0, .7, .5), 1e-12);
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap632.Error632(-.1, .2));
    }

    // The article's example of the need for .632+: 1-NN on labels without information. Resubstitution 0, .632 about .316, .632+ about .5.
    [Fact]
    public void Nearest_neighbours_on_random_labels()
    {
        const int N = 200;
        double plain = 0, plus = 0;
        const int Worlds = 12;
        for (var world = 0; world < Worlds; world++)
        {
            var random = new SeededRandom(world);
            var features = new FloatMatrix([.. Enumerable.Range(0, N * 3).Select(_ => (float)random.NextGaussian())], N, 3);
            ImmutableArray<int> labels = [.. Enumerable.Range(0, N).Select(_ => random.Next(2))];
            var contestant = new NearestNeighbors(1).AsContestant("1-nn", features, labels, 2);
            ImmutableArray<int> all = [.. Enumerable.Range(0, N)];
            var predicted = contestant.FitPredict(all, all, 0);
            Assert.Equal(labels, predicted);
            var outOfBag = 1 - Contest.Run([contestant], labels, Splitters.Bootstrap(N, 25)).Accuracies(0).Average();
            plain += Bootstrap632.Error632(0, outOfBag) / Worlds;
            plus += Bootstrap632.Error632Plus(0, outOfBag, Bootstrap632.NoInformationRate(labels.AsSpan(), predicted)) / Worlds;
        }
        // The standard error over 12 worlds is about .035/√12 = .01.
        Assert.Equal(.316, plain, .02);
        // The cap at γ takes the upper half of that spread away, so that the mean lies a little below .5.
        Assert.Equal(.5, plus, .05);
    }
}
