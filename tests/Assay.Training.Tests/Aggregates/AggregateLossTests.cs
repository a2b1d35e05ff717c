using Assay.Data;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class AggregateLossTests
{
    [Theory]
    [InlineData(0, .25)]
    [InlineData(.25, .5625)]
    [InlineData(.5, .875)]
    [InlineData(1, 1.5)]
    [InlineData(2, 2.75)]
    public void Of_the_worked_bags(double rho, double expected)
    {
        using var scope = NewDisposeScope();
        var (f, bag, y) = (tensor(new[] { 1.0, 2, 4, 7 }), tensor(new long[] { 0, 0, 1, 1 }), tensor(new[] { 2.0, 5 }));
        Assert.Equal(expected, new AggregateLoss(rho).call(f, bag, y).ToDouble(), 1e-12);
        // (2/n)[(1 − ρ)(f̄ − ȳ) + ρ(f − ȳ)]
        var gradient = new AggregateLoss(rho).LossAndGradient(f, bag, y).Gradient.data<double>().ToArray();
        double[] mean = [1.5, 1.5, 5.5, 5.5], own = [1, 2, 4, 7], target = [2, 2, 5, 5];
        for (var i = 0; i < 4; i++)
            Assert.Equal(.5 * ((1 - rho) * (mean[i] - target[i]) + rho * (own[i] - target[i])), gradient[i], 1e-12);
    }

    [Theory]
    [InlineData(AggregateBase.Squared, 1)]
    [InlineData(AggregateBase.Squared, 3)]
    [InlineData(AggregateBase.CrossEntropy, 1)]
    [InlineData(AggregateBase.CrossEntropy, 3)]
    [InlineData(AggregateBase.Logistic, 1)]
    [InlineData(AggregateBase.Logistic, 3)]
    public void The_instance_loss_is_never_less_and_equal_for_bags_of_one_or_of_one_prediction(AggregateBase kind, int outputs)
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(outputs);
        var f = Initialization.Normal(empty(9, outputs), 1, random).to(ScalarType.Float64);
        var y = tensor(outputs == 1 ? [.2, .9, .5] : new[] { .2, .3, .5, 0, 1, 0, .4, .4, .2 }).view(3, outputs);
        var uneven = tensor(new long[] { 0, 0, 1, 2, 2, 2, 2, 1, 0 });
        var loss = new AggregateLoss(.3, kind);
        var (bag, instance) = loss.Parts(f, uneven, y);
        Assert.True(instance.ToDouble() > bag.ToDouble());
        Assert.Equal(.7 * bag.ToDouble() + .3 * instance.ToDouble(), loss.call(f, uneven, y).ToDouble(), 1e-12);
        var one = arange(3);
        var (alone, each) = loss.Parts(f.narrow(0, 0, 3), one, y);
        Assert.Equal(alone.ToDouble(), each.ToDouble(), 1e-12);
        var (together, same) = loss.Parts(f.narrow(0, 0, 3).index_select(0, uneven), uneven, y);
        Assert.Equal(together.ToDouble(), same.ToDouble(), 1e-12);
        // Neither the order of rows nor the numbers of bags matter.
        var order = tensor(new SeededRandom(1).Permutation(9).Select(i => (long)i).ToArray());
        var renamed = tensor(new long[] { 2, 0, 1 });
        Assert.Equal(loss.call(f, uneven, y).ToDouble(), loss.call(f.index_select(0, order), renamed.index_select(0, uneven.index_select(0, order)), y.index_select(0, tensor(new long[] { 1, 2, 0 }))).ToDouble(), 1e-12);
    }

    [Fact]
    public void A_network_learns_rows_from_averages_and_rho_one_shrinks_it()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(1);
        const int n = 1200, k = 4;
        var x = new float[n * 3];
        var y = new double[n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < 3; j++)
                x[i * 3 + j] = (float)random.NextGaussian();
            y[i] = x[i * 3] - .5 * x[i * 3 + 1] + .1 * random.NextGaussian();
        }
        var bags = BagData.Of(new FloatMatrix(x, n, 3), y, BagAssignment.Random(n, k, 1));
        double Slope(double rho)
        {
            using var trained = new AggregateTraining(new LinearSpec(), k, rho, epochs: 40).Fit(bags, null, new TrainingContext { Seed = 1 });
            return trained.Model.parameters().First().flatten()[0].ToDouble();
        }
        Assert.Equal(1, Slope(0), .08);
        Assert.Equal(.25, Slope(1), .08); // 1/(1 + ρ(k − 1))
        // The closed form of the linear model agrees.
        var linear = new LinearAggregate(bags.Features, bags.Bags.AsSpan(), bags.Means.AsSpan()).Fit(.2);
        using var net = new AggregateTraining(new LinearSpec(), k, .2, epochs: 150, bagsPerBatch: 300, optimizer: new AdamW(3e-2)).Fit(bags, bags, new TrainingContext { Seed = 1 });
        Assert.Equal(linear.Weights[0], net.Model.parameters().First().flatten()[0].ToDouble(), .02);
        Assert.True(net.Trace.Last("validation/loss") < .1);
    }

    [Fact]
    public void In_a_recipe_classes_become_shares_with_and_without_privacy()
    {
        using var scope = NewDisposeScope();
        using var data = TensorDataset.From(Standardizer.Fit(DatasetCatalog.Load("iris").RequireFeatures()).Apply(DatasetCatalog.Load("iris")));
        var catalog = MethodCatalog.Of(typeof(CrossEntropyLoss).Assembly);
        double Accuracy(string expression)
        {
            using var trained = catalog.Create<TrainingAlgorithm>(expression).Fit(data, null, new TrainingContext { Seed = 2 });
            Assert.Equal([150, 3], trained.Scores(data.Inputs).shape);
            return trained.Accuracy(data);
        }
        Assert.True(Accuracy("aggregate-training(mlp(16), bagSize: 3, rho: 0.05, epochs: 60)") > .85);
        Assert.True(Accuracy("aggregate-training(linear, bagSize: 3, rho: 0, epsilon: 0.001, epochs: 10)") < .85); // all noise
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => new AggregateLoss(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AggregateLoss(1.5, AggregateBase.Logistic));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AggregateTraining(new LinearSpec(), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AggregateTraining(new LinearSpec(), epsilon: 0));
        var loss = new AggregateLoss();
        var f = zeros(3);
        Assert.Throws<ArgumentException>(() => loss.call(f, tensor(new long[] { 0, 1 }), zeros(2)));
        Assert.Throws<ArgumentException>(() => loss.call(f, tensor(new long[] { 0, 1, 2 }), zeros(2)));
        Assert.Throws<ArgumentException>(() => loss.call(f, tensor(new long[] { 0, 2, 2 }), zeros(3))); // bag 1 is empty
        Assert.Throws<ArgumentException>(() => loss.call(f, tensor(new long[] { 0, 1, 1 }), zeros(2, 3)));
    }
}
