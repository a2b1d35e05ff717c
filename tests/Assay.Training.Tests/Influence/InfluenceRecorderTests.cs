using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class InfluenceRecorderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-influence").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Gaussian classes; the last example repeats the first.
    private static TensorDataset Mixture(int count, long seed, double noise = 0, bool[]? changed = null, int classes = 4)
    {
        var random = new SeededRandom(seed);
        var means = new SeededRandom(77);
        var centres = Enumerable.Range(0, classes * 8).Select(_ => 1.6 * means.NextGaussian()).ToArray();
        var (x, y) = (new float[count * 8], new long[count]);
        for (var i = 0; i < count; i++)
        {
            var c = random.Next(classes);
            for (var j = 0; j < 8; j++)
                x[i * 8 + j] = (float)(centres[c * 8 + j] + random.NextGaussian());
            y[i] = c;
            if (random.NextDouble() < noise)
            {
                y[i] = (c + 1 + random.Next(classes - 1)) % classes;
                changed![i] = true;
            }
        }
        x.AsSpan(0, 8).CopyTo(x.AsSpan((count - 1) * 8));
        y[^1] = y[0];
        return new TensorDataset(tensor(x, count, 8), tensor(y), classes);
    }

    private static readonly TrainingOptions Training = new() { Epochs = 12, BatchSize = 32, Optimizer = new AdamW(0.005) };

    private static ImmutableDictionary<InfluenceScore, ImmutableArray<double>> Record(TensorDataset data, TrainingOptions options, InfluenceRecorderOptions? what = null, double dropout = 0, params TrainerHook[] others)
    {
        using var model = new Mlp([8, 24, data.Outputs], new SeededRandom(1), dropout: dropout);
        using var recorder = new InfluenceRecorder(what);
        new Trainer(options, [recorder, .. others]).Fit(model, data);
        return recorder.Scores;
    }

    [Fact]
    public void Identical_rows_have_identical_scores_in_evaluation_mode_even_with_dropout()
    {
        using var data = Mixture(120, 1);
        var scores = Record(data, Training, new InfluenceRecorderOptions { Scores = [InfluenceScore.Vog, InfluenceScore.El2n, InfluenceScore.Grand, InfluenceScore.TracIn, InfluenceScore.Confidence] }, dropout: 0.3);
        Assert.All(scores, s => Assert.Equal(s.Value[0], s.Value[^1], 1e-5 * Math.Max(1, Math.Abs(s.Value[0]))));
    }

    [Fact]
    public void Recording_does_not_change_the_training()
    {
        using var data = Mixture(120, 1);
        var weights = new List<float[]>();
        foreach (var isRecorded in (bool[])[true, false])
        {
            using var model = new Mlp([8, 24, 4], new SeededRandom(1), dropout: 0.2);
            using var recorder = new InfluenceRecorder();
            new Trainer(Training, isRecorded ? [recorder] : []).Fit(model, data);
            weights.Add([.. model.parameters().SelectMany(p => p.detach().reshape(-1).data<float>().ToArray())]);
        }
        Assert.Equal(weights[0], weights[1]);
    }

    [Fact]
    public void Streamed_scores_are_those_of_the_outputs_that_training_saw()
    {
        using var data = Mixture(40, 1);
        var spy = new Outputs();
        var scores = Record(data, Training with { Epochs = 4 }, null, 0, spy);
        for (var i = 0; i < 40; i++)
        {
            var label = (int)data.Targets[i].item<long>();
            var margins = spy.Seen[i].Select(z => z[label] - z.Where((_, k) => k != label).Max()).ToArray();
            Assert.Equal(margins.Average(), scores[InfluenceScore.Margin][i], 1e-5);
            Assert.Equal(InfluenceScores.Forgetting([.. margins.Select(m => m > 0)]), scores[InfluenceScore.Forgetting][i]);
            Assert.Equal(spy.Seen[i].Average(z => Math.Log(z.Sum(v => Math.Exp(v))) - z[label]), scores[InfluenceScore.Loss][i], 1e-5);
        }
    }

    [Fact]
    public void The_gradient_is_that_of_the_true_class_s_logit_by_the_input()
    {
        using var data = Mixture(30, 1);
        var spy = new Gradients();
        var scores = Record(data, Training with { Epochs = 6 }, new InfluenceRecorderOptions { Checkpoints = 3, Scores = [InfluenceScore.Vog] }, 0, spy);
        for (var i = 0; i < 30; i++)
            Assert.Equal(InfluenceScores.Vog([spy.Seen[1][i], spy.Seen[3][i], spy.Seen[5][i]]), scores[InfluenceScore.Vog][i], 1e-5);
    }

    [Fact]
    public void A_resumed_run_ends_with_the_same_scores()
    {
        using var data = Mixture(100, 1);
        var whole = Record(data, Training);
        var saved = Training with { Checkpoints = new CheckpointOptions(folder, EverySteps: 3) };
        for (var stopAt = 5; ; stopAt += 11)
        {
            using var source = new CancellationTokenSource();
            using var model = new Mlp([8, 24, 4], new SeededRandom(1));
            using var recorder = new InfluenceRecorder();
            try
            {
                new Trainer(saved, recorder, new CancelAt(stopAt, source)).Fit(model, data, cancellation: source.Token);
            }
            catch (OperationCanceledException)
            {
                continue;
            }
            Assert.All(whole, s => Assert.Equal(s.Value.AsEnumerable(), recorder.Scores[s.Key]));
            return;
        }
    }

    [Fact]
    public void Changed_labels_are_found_and_vog_needs_normalising()
    {
        var changed = new bool[600];
        using var data = Mixture(600, 3, 0.1, changed);
        var table = InfluenceRun.Compute(new MlpSpec([24]), Training, data, new InfluenceOptions { Runs = 2, Scores = [.. new InfluenceOptions().Scores, InfluenceScore.Pvi] });
        var audit = table.NoiseAudit(changed).ToDictionary(a => a.Score, a => a.Auroc);
        Assert.All((InfluenceScore[])[InfluenceScore.El2n, InfluenceScore.Margin, InfluenceScore.TracIn, InfluenceScore.Loss, InfluenceScore.Pvi, InfluenceScore.Confidence], s => Assert.True(audit[s] > 0.9, $"{s}: {audit[s]}"));
        Assert.InRange(audit[InfluenceScore.Random], 0.4, 0.6);
        Assert.True(table.Correlation(InfluenceScore.El2n, InfluenceScore.TracIn) > table.Correlation(InfluenceScore.El2n, InfluenceScore.Vog));
        var hardness = table.Hardness(InfluenceScore.Vog);
        Assert.All(table.Labels.Distinct(), c => Assert.Equal(0, hardness.Where((_, i) => table.Labels[i] == c).Average(), 1e-9));
    }

    [Fact]
    public void A_pruning_curve_shows_that_hard_examples_of_noisy_data_are_the_wrong_ones_to_keep()
    {
        var changed = new bool[500];
        using var data = Mixture(500, 3, 0.25, changed);
        using var test = Mixture(600, 4);
        var table = InfluenceRun.Compute(new MlpSpec([16]), Training, data, new InfluenceOptions { Runs = 1, Scores = [InfluenceScore.El2n] });
        var curve = PruningCurve.Run(new MlpSpec([16]), Training, data, test, table, PruningCurve.Arms(table), new PruningOptions { Fractions = [0.4], Seeds = [1, 2] });
        double Mean(string arm) => curve.Points.Single(p => p.Arm == arm).Mean;
        Assert.Equal(["random", "el2n, hard", "el2n, easy"], curve.Points.Select(p => p.Arm));
        Assert.True(Mean("el2n, easy") > Mean("random"));
        Assert.True(Mean("random") > Mean("el2n, hard") + 0.1);
        Assert.Equal(2, curve.Full.Length);
        Assert.All(curve.Points, p => Assert.InRange(p.ClassShares, 0, 0.01));
        Assert.Equal(0.4, curve.SmallestFraction("el2n, easy", 0.05));
        Assert.True(double.IsNaN(curve.SmallestFraction("el2n, hard")));
    }

    [Fact]
    public void Any_model_with_a_linear_layer_can_be_recorded()
    {
        using var data = Mixture(60, 1);
        using var model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 4));
        using var recorder = new InfluenceRecorder(new InfluenceRecorderOptions { Checkpoints = 2 });
        new Trainer(Training with { Epochs = 2 }, recorder).Fit(model, data);
        Assert.All(recorder.Scores[InfluenceScore.Grand], g => Assert.True(g > 0));
        using var bare = new Bare();
        using var other = new InfluenceRecorder();
        Assert.Contains("cannot be reached", Assert.Throws<ArgumentException>(() => new Trainer(Training, other).Fit(bare, data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Regression_has_residuals_and_no_margins()
    {
        using var data = new TensorDataset(Initialization.Normal(empty(50, 8), 1, new SeededRandom(1)), Initialization.Normal(empty(50), 1, new SeededRandom(2)), 1);
        Assert.Throws<ArgumentException>(() => Record(data, Training));
        var scores = Record(data, Training, new InfluenceRecorderOptions { Scores = [InfluenceScore.El2n, InfluenceScore.Vog, InfluenceScore.Loss] });
        Assert.All(scores[InfluenceScore.El2n], v => Assert.True(v >= 0));
        Assert.Throws<ArgumentException>(() => InfluenceRun.Compute(new MlpSpec([4]), Training, data));
    }

    [Fact]
    public void What_cannot_be_scored_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new InfluenceRecorder(new InfluenceRecorderOptions { Scores = [InfluenceScore.Pvi] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new InfluenceRecorder(new InfluenceRecorderOptions { Checkpoints = 0 }));
        using var one = new TensorDataset(ones(5, 8), zeros(5, dtype: int64), 2);
        Assert.Throws<ArgumentException>(() => InfluenceRun.Compute(new MlpSpec([4]), Training, one));
        using var recorder = new InfluenceRecorder();
        Assert.Throws<InvalidOperationException>(() => recorder.Scores);
    }

    private sealed class Bare : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter weight = new(zeros(4, 8));

        public Bare() : base(nameof(Bare)) => RegisterComponents();

        public override Tensor forward(Tensor input) => input.mm(weight.t());
    }

    private sealed class Outputs : TrainerHook
    {
        public Dictionary<int, List<float[]>> Seen { get; } = [];

        public override bool WantsOutputs => true;

        public override void OnOutputs(TrainerState state, in TrainingBatch batch, Tensor outputs)
        {
            for (var i = 0; i < outputs.shape[0]; i++)
            {
                var row = (int)batch.Rows[i].item<long>();
                Seen.TryAdd(row, []);
                Seen[row].Add(outputs[i].data<float>().ToArray());
            }
        }
    }

    private sealed class Gradients : TrainerHook
    {
        public Dictionary<int, double[][]> Seen { get; } = [];

        public override void OnEpochEnd(TrainerState state)
        {
            using var scope = NewDisposeScope();
            var all = new double[state.Data.Count][];
            for (var i = 0; i < all.Length; i++)
            {
                var x = state.Data.Inputs.narrow(0, i, 1).clone().requires_grad_();
                var z = state.Model.call(x)[0, state.Data.Targets[i].item<long>()];
                all[i] = [.. autograd.grad([z], [x])[0].to(float64).reshape(-1).data<double>().ToArray()];
            }
            Seen[state.Epoch] = all;
        }
    }

    private sealed class CancelAt(int step, CancellationTokenSource source) : TrainerHook
    {
        public override void OnStep(TrainerState state, double loss)
        {
            if (state.Step == step)
                source.Cancel();
        }
    }
}
