using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class TrainerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-trainer").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Three gaussian blobs in the plane: easy, but not separable without error.
    private static TensorDataset Blobs(int count, long seed)
    {
        var random = new SeededRandom(seed);
        var (x, y) = (new float[count * 2], new long[count]);
        for (var i = 0; i < count; i++)
        {
            var c = random.Next(3);
            y[i] = c;
            x[2 * i] = (float)(2 * Math.Cos(c * 2.1) + random.NextGaussian());
            x[2 * i + 1] = (float)(2 * Math.Sin(c * 2.1) + random.NextGaussian());
        }
        return new TensorDataset(tensor(x, count, 2), tensor(y), 3);
    }

    private static Mlp Model(double dropout = 0) => new([2, 16, 3], new SeededRandom(1), dropout: dropout);

    private static float[] Weights(nn.Module<Tensor, Tensor> model) => [.. model.parameters().SelectMany(p => p.detach().reshape(-1).data<float>().ToArray())];

    [Fact]
    public void It_learns_and_records()
    {
        using var train = Blobs(600, 1);
        using var validation = Blobs(300, 2);
        using var model = Model();
        var result = new Trainer(new TrainingOptions { Epochs = 15, BatchSize = 32, Optimizer = new AdamW(0.01) }).Fit(model, train, validation);
        Assert.True(result.Trace.Last("validation/accuracy") > 0.85);
        Assert.True(result.Trace.Last("train/loss") < result.Trace.Curve("train/loss").First().Value);
        Assert.Equal(15 * 19, result.Steps);
        Assert.False(result.StoppedEarly);
    }

    [Fact]
    public void Closed_form_and_autograd_train_to_the_same_weights()
    {
        using var train = Blobs(200, 1);
        var weights = new List<float[]>();
        foreach (var closed in (bool[])[true, false])
        {
            using var model = Model();
            new Trainer(new TrainingOptions { Epochs = 3, BatchSize = 32, AllowClosedForm = closed, Optimizer = new Sgd(0.05) }).Fit(model, train);
            weights.Add(Weights(model));
        }
        Assert.All(weights[0].Zip(weights[1]), p => Assert.Equal(p.First, p.Second, 1e-4f));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Accumulation_gives_the_update_of_the_whole_batch(bool closed)
    {
        using var train = Blobs(100, 1);
        var weights = new List<float[]>();
        foreach (var parts in (int[])[1, 3])
        {
            using var model = Model();
            new Trainer(new TrainingOptions { Epochs = 2, BatchSize = 50, AccumulationSteps = parts, AllowClosedForm = closed, Optimizer = new Sgd(0.05) }).Fit(model, train);
            weights.Add(Weights(model));
        }
        Assert.All(weights[0].Zip(weights[1]), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void A_cancelled_run_resumes_to_the_same_weights_bit_for_bit()
    {
        using var train = Blobs(300, 1);
        using var validation = Blobs(100, 2);
        var options = new TrainingOptions
        {
            Epochs = 6, BatchSize = 32, Optimizer = new AdamW(0.01), Schedule = new CosineSchedule(0.1), EarlyStopping = new EarlyStopping(2), ClipNorm = 0.5, Seed = 9,
        };
        using var undisturbed = Model(dropout: 0.2);
        var whole = new Trainer(options).Fit(undisturbed, train, validation);

        var saved = options with { Checkpoints = new CheckpointOptions(folder, EverySteps: 4) };
        var resumed = default(Mlp);
        var result = default(TrainingResult);
        for (var stopAt = 3; result is null; stopAt += 7)
        {
            using var source = new CancellationTokenSource();
            resumed?.Dispose();
            resumed = Model(dropout: 0.2);
            try
            {
                result = new Trainer(saved, new CancelAt(stopAt, source)).Fit(resumed, train, validation, source.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }
        Assert.Equal(Weights(undisturbed), Weights(resumed!));
        Assert.Equal(whole.Trace.Points.AsEnumerable(), result.Trace.Points);
        Assert.True(result.ResumedFrom > 0);
        resumed!.Dispose();
    }

    [Fact]
    public void A_damaged_checkpoint_is_passed_over_for_the_one_before()
    {
        using var train = Blobs(128, 1);
        var options = new TrainingOptions { Epochs = 4, BatchSize = 32, Checkpoints = new CheckpointOptions(folder, Keep: 3) };
        using var first = Model();
        new Trainer(options).Fit(first, train);
        var newest = Directory.GetFiles(folder).Order(StringComparer.Ordinal).Last();
        var bytes = File.ReadAllBytes(newest);
        bytes[^5] ^= 1;
        File.WriteAllBytes(newest, bytes);
        using var second = Model();
        var result = new Trainer(options).Fit(second, train);
        Assert.Equal(12, result.ResumedFrom);
        Assert.Equal(Weights(first), Weights(second));
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused()
    {
        using var train = Blobs(128, 1);
        var options = new TrainingOptions { Epochs = 2, BatchSize = 32, Checkpoints = new CheckpointOptions(folder) };
        using var model = Model();
        new Trainer(options).Fit(model, train);
        var error = Assert.Throws<InvalidDataException>(() => new Trainer(options with { Seed = 1 }).Fit(model, train));
        Assert.Contains("another run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Early_stopping_restores_the_best_weights()
    {
        using var train = Blobs(60, 1);
        using var validation = Blobs(200, 2);
        using var model = Model();
        var result = new Trainer(new TrainingOptions { Epochs = 500, BatchSize = 60, Optimizer = new Adam(0.1), EarlyStopping = new EarlyStopping(5) }).Fit(model, train, validation);
        Assert.True(result.StoppedEarly);
        var best = result.Trace.Curve("validation/loss").Min(p => p.Value);
        using var scope = NewDisposeScope();
        Assert.Equal(best, new CrossEntropyLoss().call(model.call(validation.Inputs), validation.Targets).item<float>(), 1e-5);
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_with_the_step_and_the_last_checkpoint()
    {
        var inputs = ones(64, 2);
        inputs[40, 0] = float.NaN;
        using var train = new TensorDataset(inputs, zeros(64, dtype: int64), 2);
        using var model = new Mlp([2, 2], new SeededRandom(1));
        var options = new TrainingOptions { Epochs = 1, BatchSize = 4, Checkpoints = new CheckpointOptions(folder, EverySteps: 1, Keep: 1) };
        var error = Assert.Throws<NonFiniteLossException>(() => new Trainer(options).Fit(model, train));
        Assert.Contains("batch", error.Cause, StringComparison.Ordinal);
        Assert.All(Weights(model), w => Assert.True(float.IsFinite(w)));
        Assert.Equal(error.Step > 0, error.Checkpoint is not null);
    }

    [Fact]
    public void Bf16_trains_to_about_the_loss_of_single_precision()
    {
        using var train = Blobs(600, 1);
        var losses = new List<double>();
        foreach (var precision in (Precision[])[Precision.Fp32, Precision.Bf16])
        {
            using var model = Model();
            losses.Add(new Trainer(new TrainingOptions { Epochs = 8, BatchSize = 32, Optimizer = new AdamW(0.01), Precision = precision }).Fit(model, train).Trace.Last("train/loss"));
            Assert.All(model.parameters(), p => Assert.Equal(ScalarType.Float32, p.dtype));
        }
        Assert.Equal(losses[0], losses[1], 0.05);
    }

    [Fact]
    public void A_cnn_trains_in_both_precisions()
    {
        using var train = new TensorDataset(Initialization.Normal(empty(64, 1, 8, 8), 1, new SeededRandom(2)), arange(64).remainder(2).to(int64), 2);
        foreach (var precision in (Precision[])[Precision.Fp32, Precision.Bf16])
        {
            using var model = new CnnSpec([8, 16]).Build([1, 8, 8], 2, new SeededRandom(1));
            var result = new Trainer(new TrainingOptions { Epochs = 30, BatchSize = 16, Optimizer = new AdamW(0.01), Precision = precision }).Fit(model, train);
            Assert.True(result.Trace.Last("train/loss") < 0.3, $"{precision}: {result.Trace.Last("train/loss")}");
        }
        Assert.Throws<ArgumentException>(() => new CnnSpec([8]).Build([64], 2, new SeededRandom(1)));
    }

    [Fact]
    public void Parallel_trials_reproduce_bit_for_bit()
    {
        using var train = Blobs(200, 1);
        float[] Trial(int seed)
        {
            using var model = new Mlp([2, 16, 3], new SeededRandom(seed), dropout: 0.1);
            new Trainer(new TrainingOptions { Epochs = 3, BatchSize = 32, Seed = seed }).Fit(model, train);
            return Weights(model);
        }
        var parallel = ParallelTrials.Run([.. Enumerable.Range(0, 6)], (seed, _) => Trial(seed), workers: 2);
        var serial = ParallelTrials.Run([.. Enumerable.Range(0, 6)], (seed, _) => Trial(seed), workers: 1);
        Assert.Equal(serial, parallel);
    }

    [Fact]
    public void Labels_beyond_the_outputs_are_refused() =>
        Assert.Throws<ArgumentException>(() => new TensorDataset(ones(2, 1), tensor(new long[] { 0, 3 }), 3));

    private sealed class CancelAt(int step, CancellationTokenSource source) : TrainerHook
    {
        public override void OnStep(TrainerState state, double loss)
        {
            if (state.Step == step)
                source.Cancel();
        }
    }
}
