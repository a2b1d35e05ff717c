using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class LargeBatchTests
{
    [Fact]
    public void The_learning_rate_grows_with_the_root_and_the_epochs_with_the_ratio()
    {
        var regime = TrainingRegime.Step(200, 0.1, [81, 122, 164]);
        Assert.Equal(0.565685, LargeBatchPlan.From(regime, 128, 4096).Regime.Phases[0].LearningRate, 1e-6);
        Assert.Equal(3.2, LargeBatchPlan.From(regime, 128, 4096, LearningRateScaling.Linear).Regime.Phases[0].LearningRate, 1e-12);
        var adapted = LargeBatchPlan.From(regime, 128, 2048).Regime;
        Assert.Equal([0, 1296, 1952, 2624], adapted.Phases.Select(p => p.FromEpoch));
        Assert.Equal(3200, adapted.Epochs);
        Assert.Equal(200, LargeBatchPlan.From(regime, 128, 2048, adaptRegime: false).Regime.Epochs);
        Assert.Equal(["SB", "LB", "LB+LR", "LB+LR+GBN", "LB+LR+GBN+RA"], LargeBatchPlan.Ladder(regime, 128, 4096).Select(p => p.Name));
        Assert.Equal(5, LargeBatchPlan.From(regime, 128, 2048).ToOptions().ClipNorm);
    }

    [Fact]
    public void The_schedule_drops_at_its_epochs()
    {
        var schedule = TrainingRegime.Step(4, 0.1, [2, 3]).ToSchedule();
        // 10 steps an epoch.
        Assert.Equal([1, 1, 0.1, 0.1, 0.01, 0.01], new long[] { 0, 19, 20, 29, 30, 39 }.Select(s => Math.Round(schedule.Factor(s, 40), 12)));
    }

    [Fact]
    public void Wrong_plans_are_refused()
    {
        var regime = TrainingRegime.Step(4, 0.1, [2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => LargeBatchPlan.From(regime, 128, 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => LargeBatchPlan.From(regime, 0, 64));
        Assert.Throws<ArgumentException>(() => TrainingRegime.Step(4, 0.1, [3, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TrainingRegime.Step(4, 0, []));
        using var data = new TensorDataset(ones(3, 2), zeros(3, dtype: int64), 2);
        using var model = new Mlp([2, 2], new SeededRandom(1));
        Assert.Throws<ArgumentException>(() => new Trainer(new TrainingOptions { BatchSize = 4, DropLast = true }).Fit(model, data));
    }

    [Fact]
    public void Dropping_the_last_batch_leaves_whole_batches()
    {
        using var data = new TensorDataset(ones(10, 2), arange(10).remainder(2).to(int64), 2);
        using var model = new Mlp([2, 2], new SeededRandom(1));
        var sizes = new BatchSizes();
        var result = new Trainer(new TrainingOptions { BatchSize = 4, Epochs = 3, DropLast = true }, sizes).Fit(model, data);
        Assert.Equal(6, result.Steps);
        Assert.All(sizes.Seen, s => Assert.Equal(4, s));
    }

    [Fact]
    public void The_probe_tells_logarithmic_from_ordinary_diffusion()
    {
        var steps = Enumerable.Range(1, 40).Select(i => (long)Math.Pow(1.3, i)).Distinct().ToArray();
        var log = DiffusionFit.Of(steps, [.. steps.Select(t => 2 + 3 * Math.Log(t))]);
        Assert.Equal(3, log.Slope, 1e-9);
        Assert.Equal(2, log.Intercept, 1e-9);
        Assert.Equal(1, log.LogR2, 1e-12);
        Assert.True(log.IsLogarithmic);
        var root = DiffusionFit.Of(steps, [.. steps.Select(t => Math.Sqrt(t))]);
        Assert.Equal(1, root.RootR2, 1e-12);
        Assert.False(root.IsLogarithmic);
        Assert.Throws<ArgumentException>(() => DiffusionFit.Of([1, 2, 3], [1, 2, 3]));
    }

    [Fact]
    public void The_probe_records_the_distance_of_the_weights_at_log_spaced_steps()
    {
        using var data = new TensorDataset(Initialization.Normal(empty(40, 3), 1, new SeededRandom(1)), arange(40).remainder(2).to(int64), 2);
        using var model = new Mlp([3, 4, 2], new SeededRandom(1));
        var before = Flat(model);
        using var probe = new DiffusionProbe(perDoubling: 1);
        var result = new Trainer(new TrainingOptions { BatchSize = 10, Epochs = 16 }, probe).Fit(model, data);
        Assert.Equal([1, 2, 4, 8, 16, 32, 64], probe.Points.Select(p => p.Step));
        Assert.Equal(Math.Sqrt(before.Zip(Flat(model)).Sum(p => Math.Pow(p.First - p.Second, 2))), probe.Points[^1].Distance, 1e-5);
        Assert.Equal(7, result.Trace.Curve(DiffusionProbe.Curve).Count());
        static float[] Flat(nn.Module m) => [.. m.parameters().SelectMany(p => p.detach().reshape(-1).data<float>().ToArray())];
    }

    // One update of a linear model on squared error: the covariance of η√k·g(b·k) is that of η·g(b).
    [Fact]
    public void Root_scaling_keeps_the_covariance_of_an_update()
    {
        const int Small = 4, Ratio = 8, Trials = 40_000;
        var random = new SeededRandom(3);
        double Variance(int batch, double rate)
        {
            var moments = (Sum: 0.0, Squares: 0.0);
            for (var t = 0; t < Trials; t++)
            {
                var gradient = 0.0;
                for (var i = 0; i < batch; i++)
                {
                    var x = random.NextGaussian();
                    gradient += (0.5 * x - (x + random.NextGaussian())) * x / batch; // w = .5, y = x + noise
                }
                var step = rate * gradient;
                moments = (moments.Sum + step, moments.Squares + step * step);
            }
            return moments.Squares / Trials - Math.Pow(moments.Sum / Trials, 2);
        }
        Assert.Equal(1, Variance(Small * Ratio, 0.1 * Math.Sqrt(Ratio)) / Variance(Small, 0.1), 0.05);
    }

    [Fact]
    public void Multiplicative_noise_keeps_the_mean_and_has_the_small_batch_s_covariance()
    {
        using var scope = NewDisposeScope();
        // Scores so that the mean-squared loss of ghost g has gradient ∝ its residual: 4 ghosts of 2.
        var residuals = new SeededRandom(5);
        var loss = new GhostNoiseLoss(new MeanSquaredErrorLoss(), ghostSize: 2);
        var (noisy, small) = (new List<double>(), new List<double>());
        for (var t = 0; t < 4000; t++)
        {
            using var inner = NewDisposeScope();
            var y = tensor(Enumerable.Range(0, 8).Select(_ => (float)residuals.NextGaussian()).ToArray());
            var w = zeros(1, requires_grad: true);
            loss.Reseed(t);
            loss.call(ones(8, 1).mul(w), y).backward();
            noisy.Add(w.grad!.item<float>());
            small.Add(-2 * (y[0].item<float>() + y[1].item<float>()) / 2);
        }
        static double Variance(List<double> v) => v.Sum(x => (x - v.Average()) * (x - v.Average())) / v.Count;
        Assert.Equal(0, noisy.Average(), 0.08);
        Assert.Equal(1, Variance(noisy) / Variance(small), 0.1);
        var still = loss.call(ones(8, 1), zeros(8));
        Assert.Equal(1, still.item<float>(), 1e-6);
    }

    [Fact]
    public void The_ladder_is_trained_from_the_same_weights_and_ghosts_of_the_whole_batch_change_nothing()
    {
        using var train = new TensorDataset(Initialization.Normal(empty(64, 4), 1, new SeededRandom(1)), arange(64).remainder(2).to(int64), 2);
        var model = new NormalizedMlpSpec([8]);
        var regime = TrainingRegime.Step(2, 0.05, [1]);
        var plain = LargeBatchPlan.From(regime, 8, 32, adaptRegime: false, ghost: false);
        var rungs = new[] { plain, plain with { GhostSize = 32 }, plain with { GhostSize = 8 }, LargeBatchPlan.From(regime, 8, 32) }
            .Select(p => LargeBatchLadder.Run(p, model, train, train, seed: 3)).ToArray();
        Assert.All(rungs[0].Weights.Zip(rungs[1].Weights), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.Contains(rungs[0].Weights.Zip(rungs[2].Weights), p => Math.Abs(p.First - p.Second) > 1e-3);
        Assert.Equal([4, 4, 4, 16], rungs.Select(r => r.Updates));
        Assert.Equal(0.5, (rungs[0] with { Accuracy = 0.85 }).Recovered(rungs[0] with { Accuracy = 0.9 }, rungs[0] with { Accuracy = 0.8 }), 1e-9);
    }

    [Fact]
    public void The_trainer_is_named_by_a_recipe_and_says_when_there_is_nothing_to_normalise()
    {
        var catalog = MethodCatalog.Of(typeof(LargeBatchTrainer).Assembly);
        var algorithm = catalog.Create<TrainingAlgorithm>("large-batch(model: mlp(4), batch: 32, smallBatch: 8, epochs: 2, drops: [1])");
        using var train = new TensorDataset(Initialization.Normal(empty(64, 4), 1, new SeededRandom(1)), arange(64).remainder(2).to(int64), 2);
        var warnings = new List<string>();
        using var trained = algorithm.Fit(train, null, new TrainingContext { Warn = warnings.Add });
        Assert.Contains(warnings, w => w.Contains("no batch normalisation", StringComparison.Ordinal));
        Assert.Equal(16, trained.Trace.Points[^1].Step);
        Assert.NotEmpty(trained.Trace.Curve(DiffusionProbe.Curve));
        Assert.IsType<GhostBatchNormSpec>(catalog.Create<ModelSpec>("ghost-batch-norm(cnn(8, 16), ghostSize: 16)"));
    }

    private sealed class BatchSizes : TrainerHook
    {
        public List<long> Seen { get; } = [];

        public override void OnBatch(TrainerState state, ref TrainingBatch batch) => Seen.Add(batch.Inputs.shape[0]);
    }
}
