using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class MonoForwardTests
{
    private static readonly CrossEntropyLoss Loss = new();

    private static TensorDataset Data(int count = 120, int width = 6, int classes = 3)
    {
        var x = Initialization.Normal(empty(count, width), 1, new SeededRandom(11));
        var teacher = Initialization.Normal(empty(width, classes), 1, new SeededRandom(12));
        return new TensorDataset(x, x.mm(teacher).argmax(1), classes);
    }

    private static MonoForwardOptions Options(MonoForwardSchedule schedule = MonoForwardSchedule.SequentialCached) => new()
    {
        Hidden = [8, 7], Schedule = schedule, EpochsPerLayer = 3, BatchSize = 32, Patience = 0, LearningRate = 1e-2,
    };

    private static void Set(Tensor parameter, params float[] values)
    {
        using var _ = no_grad();
        parameter.copy_(tensor(values, parameter.shape));
    }

    private static MonoForwardNetwork Example()
    {
        var network = new MonoForwardNetwork([2, 2], 3, new SeededRandom(1), new MonoForwardOptions { Hidden = [2] });
        Set(network.Weights[0], 0.5f, 0.25f, -0.3f, 0.4f);
        Set(network.Projections[1], 1, 0, 0, 1, 0.5f, -0.5f);
        return network;
    }

    [Fact]
    public void The_worked_example_gives_the_figures_computed_by_hand()
    {
        using var scope = NewDisposeScope();
        using var network = Example();
        using var layer = new MonoForwardNetwork.Layer(network, 1, trainHidden: true);
        using var flat = new FlatParameters(layer);
        var x = tensor(new float[] { 1, 2 }, 1, 2);
        var y = tensor(new long[] { 1 });
        var loss = 0.0;
        var goodness = layer.Backward(x, g =>
        {
            (loss, var gradient) = Loss.LossAndGradient(g, y);
            return gradient;
        }, accumulate: false);
        AssertClose([1, 0.5f, 0.25f], goodness);
        AssertClose([0.481024f, 0.291756f, 0.227220f], goodness.softmax(1));
        Assert.Equal(1.231838, loss, 1e-6);
        AssertClose([0.481024f, 0.240512f, -0.708244f, -0.354122f, 0.227220f, 0.113610f], network.Projections[1].grad!);
        AssertClose([0.594634f, 1.189268f, -0.821854f, -1.643708f], network.Weights[0].grad!);
        AssertClose([0.594634f, -0.821854f], network.Biases[0].grad!);
    }

    [Theory]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Tanh)]
    public void Closed_form_equals_autograd_and_finite_differences(Activation activation)
    {
        using var scope = NewDisposeScope();
        using var network = new MonoForwardNetwork([5, 6], 3, new SeededRandom(3), new MonoForwardOptions { Hidden = [6], Activation = activation });
        using var layer = new MonoForwardNetwork.Layer(network, 1, trainHidden: true);
        using var flat = new FlatParameters(layer);
        var x = Initialization.Normal(empty(7, 5), 1, new SeededRandom(4));
        var y = tensor(new long[] { 0, 1, 2, 0, 1, 2, 1 });
        Loss.call(layer.call(x), y).backward();
        var automatic = flat.Gradients.clone();
        layer.Backward(x, g => Loss.LossAndGradient(g, y).Gradient, accumulate: false);
        Assert.True(flat.Gradients.sub(automatic).abs().max().item<float>() < 1e-6);

        // One coordinate of W by central differences.
        using var _ = no_grad();
        var before = network.Weights[0][2, 1].item<float>();
        var losses = new List<double>();
        foreach (var shift in (float[])[1e-2f, -1e-2f])
        {
            network.Weights[0][2, 1] = tensor(before + shift);
            losses.Add(Loss.call(layer.call(x), y).item<float>());
        }
        Assert.Equal((losses[0] - losses[1]) / 2e-2, network.Weights[0].grad![2, 1].item<float>(), 2e-4);
    }

    [Fact]
    public void A_stage_changes_only_its_own_layer()
    {
        using var data = Data();
        var snapshots = new List<(string Name, float[][] W, float[][] M)>();
        using var network = new MonoForwardNetwork([6, 8, 7], 3, new SeededRandom(1), Options());
        for (var i = 0; i <= 2; i++)
        {
            var (w, m) = (network.Weights.Select(Values).ToArray(), network.Projections.Select(Values).ToArray());
            using var stage = new MonoForwardNetwork.Layer(network, i, trainHidden: true);
            using var below = network.CacheBelow(data, i);
            new Trainer(new TrainingOptions { Epochs = 2, BatchSize = 32 }).Fit(stage, below);
            for (var j = 0; j < 2; j++)
                Assert.Equal(i == j + 1, !w[j].SequenceEqual(Values(network.Weights[j])));
            for (var j = 0; j <= 2; j++)
                Assert.Equal(i == j, !m[j].SequenceEqual(Values(network.Projections[j])));
        }
    }

    [Fact]
    public void Without_hidden_layers_it_is_softmax_regression()
    {
        using var data = Data();
        using var model = new MonoForward(Options() with { Hidden = [] }).Fit(data, null, new TrainingContext { Seed = 3 });
        using var network = new Mlp([6, 3], SeededRandom.At(3, 0), outputBias: false);
        new Trainer(new TrainingOptions { Epochs = 3, BatchSize = 32, Optimizer = new Adam(1e-2), Seed = 3 }).Fit(network, data);
        Assert.Equal(Values(network.Weights[0]), Values(((MonoForwardNetwork)model.Model).Projections[0]));
    }

    [Fact]
    public void One_layer_is_backpropagation_of_a_net_whose_head_has_no_bias()
    {
        using var data = Data();
        using var trained = new MonoForward(Options() with { Hidden = [8], TrainInputProjection = false }).Fit(data, null, new TrainingContext { Seed = 3 });
        var network = (MonoForwardNetwork)trained.Model;
        using var fresh = new MonoForwardNetwork([6, 8], 3, SeededRandom.At(3, 0), Options());
        using var net = new Mlp([6, 8, 3], new SeededRandom(1), outputBias: false);
        Set(net.Weights[0], Values(fresh.Weights[0]));
        Set(net.Weights[1], Values(fresh.Projections[1]));
        new Trainer(new TrainingOptions { Epochs = 3, BatchSize = 32, Optimizer = new Adam(1e-2), Seed = 3, AllowClosedForm = false }).Fit(net, data);
        AssertClose(Values(net.Weights[0]), network.Weights[0], 1e-4f);
        AssertClose(Values(net.Weights[1]), network.Projections[1], 1e-4f);
    }

    [Fact]
    public void With_one_layer_the_sum_predicts_as_the_last()
    {
        using var data = Data();
        var options = Options() with { Hidden = [8] };
        using var last = new MonoForward(options).Fit(data, null, new TrainingContext());
        using var sum = new MonoForward(options with { Predict = MonoForwardPrediction.Sum }).Fit(data, null, new TrainingContext());
        AssertClose(Values(last.Scores(data.Inputs)), sum.Scores(data.Inputs));
    }

    [Fact]
    public void Cached_and_sequential_give_the_same_weights()
    {
        using var data = Data();
        using var cached = new MonoForward(Options()).Fit(data, null, new TrainingContext());
        using var sequential = new MonoForward(Options(MonoForwardSchedule.Sequential)).Fit(data, null, new TrainingContext());
        foreach (var (a, b) in cached.Model.parameters().Zip(sequential.Model.parameters()))
            AssertClose(Values(a), b, 1e-5f);
    }

    [Fact]
    public void Simultaneous_training_keeps_gradients_inside_layers_and_learns()
    {
        using var scope = NewDisposeScope();
        using var network = new MonoForwardNetwork([6, 8, 7], 3, new SeededRandom(1), Options());
        using var all = new MonoForwardNetwork.AllLayers(network);
        using var flat = new FlatParameters(all);
        var loss = new LayerwiseCrossEntropy(3);
        using var data = Data();
        loss.call(all.call(data.Inputs), data.Targets).backward();
        var automatic = flat.Gradients.clone();
        all.Backward(data.Inputs, g => loss.LossAndGradient(g, data.Targets).Gradient, accumulate: false);
        Assert.True(flat.Gradients.sub(automatic).abs().max().item<float>() < 1e-6);

        using var trained = new MonoForward(Options(MonoForwardSchedule.Simultaneous) with { EpochsPerLayer = 30 }).Fit(data, null, new TrainingContext());
        Assert.True(trained.Accuracy(data) > 0.9);
    }

    [Fact]
    public void Flops_of_two_layers_of_a_thousand_are_those_of_the_paper()
    {
        using var network = new MonoForwardNetwork([784, 1000, 1000], 10, new SeededRandom(1), new MonoForwardOptions());
        Assert.Equal(3_588_000, 2 * network.ForwardMacs);
        using var mlp = new Mlp([784, 1000, 1000, 10], new SeededRandom(1));
        Assert.Equal(3_588_000, 2 * ForwardMacs.Of(mlp, [784]));
    }

    [Fact]
    public void A_killed_run_goes_on_and_ends_in_the_same_weights()
    {
        var folder = Directory.CreateTempSubdirectory("assay-mono").FullName;
        using var data = Data();
        var algorithm = new MonoForward(Options());
        using var whole = algorithm.Fit(data, null, new TrainingContext { Seed = 5 });
        using var source = new CancellationTokenSource();
        var points = 0;
        Assert.Throws<OperationCanceledException>(() => algorithm.Fit(data, null, new TrainingContext
        {
            Seed = 5, CheckpointFolder = folder, Cancellation = source.Token,
            Record = _ =>
            {
                if (++points == 20)
                    source.Cancel();
            },
        }));
        using var resumed = algorithm.Fit(data, null, new TrainingContext { Seed = 5, CheckpointFolder = folder });
        foreach (var (a, b) in whole.Model.parameters().Zip(resumed.Model.parameters()))
            Assert.Equal(Values(a), Values(b));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Bad_data_is_refused_and_a_broken_layer_is_named()
    {
        using var oneClass = new TensorDataset(ones(4, 2), zeros(4, dtype: int64), 1);
        Assert.Throws<ArgumentException>(() => new MonoForward(Options()).Fit(oneClass, null, new TrainingContext()));
        using var numbers = new TensorDataset(ones(4, 2), ones(4), 1);
        Assert.Throws<ArgumentException>(() => new MonoForward(Options()).Fit(numbers, null, new TrainingContext()));
        using var broken = new TensorDataset(full([4, 2], float.NaN), tensor(new long[] { 0, 1, 0, 1 }), 2);
        var error = Assert.Throws<NonFiniteLossException>(() => new MonoForward(Options()).Fit(broken, null, new TrainingContext()));
        Assert.Equal("layer0", error.Where);
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonoForward(Options() with { LearningRate = -1 }));
        // A batch of one and constant features are legal.
        using var constant = new TensorDataset(ones(5, 2), tensor(new long[] { 0, 1, 0, 1, 1 }), 2);
        var warnings = new List<string>();
        using var trained = new MonoForward(Options() with { BatchSize = 1, Patience = 3 }).Fit(constant, null, new TrainingContext { Warn = warnings.Add });
        Assert.Contains(warnings, w => w.Contains("early stopping", StringComparison.Ordinal));
    }

    private static float[] Values(Tensor tensor) => tensor.detach().reshape(-1).data<float>().ToArray();

    private static void AssertClose(float[] expected, Tensor actual, float tolerance = 2e-6f)
    {
        var values = Values(actual);
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(expected[i], values[i], tolerance);
    }
}
