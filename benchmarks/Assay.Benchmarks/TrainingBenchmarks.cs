using System.Diagnostics;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Benchmarks;

/// <summary>Whole training steps with Adam, batch selection and reading the loss included.</summary>
internal static class TrainingBenchmarks
{
    public static IEnumerable<PeerBenchmark> All =>
    [
        Mlp("mlp-small", [64, 32, 10], 64, 3000, 0.6),
        Mlp("mlp-medium", [784, 256, 256, 10], 128, 300, 0.7),
        Mlp("mlp-large", [784, 2000, 2000, 10], 64, 40, 0.55),
        new("mono-forward-closed", "Mono-Forward layer 784-1000, batch 128: closed-form step against autograd's", null,
            () => MonoForwardLayer(closedForm: true), () => MonoForwardLayer(closedForm: false)),
        new("mono-forward-bp", "Mono-Forward layers 784-1000-1000, one update of each, against one backpropagation step of the same net", null,
            MonoForwardBothLayers, () => Steps([784, 1000, 1000, 10], 128, 60)),
    ];

    private static PeerBenchmark Mlp(string name, int[] sizes, int batch, int steps, double bar) => new(
        name, $"{steps} Adam steps of an MLP {string.Join('-', sizes)}, batch {batch}, against PyTorch", bar,
        () => Steps(sizes, batch, steps),
        () => PythonPeer.Run("mlp_step.py", string.Join('-', sizes), $"{batch}", $"{steps}"));

    private static double Steps(int[] sizes, int batch, int steps)
    {
        using var data = Data(sizes[0], sizes[^1], batch * 20);
        using var model = new Mlp(sizes, new SeededRandom(1));
        return Fit(model, data, batch, steps, closedForm: true);
    }

    private static double MonoForwardLayer(bool closedForm)
    {
        using var data = Data(784, 10, 128 * 20);
        using var layer = new Mlp([784, 1000, 10], new SeededRandom(1), outputBias: false);
        return Fit(layer, data, 128, 100, closedForm);
    }

    private static double MonoForwardBothLayers()
    {
        using var below = Data(784, 10, 128 * 20);
        using var above = Data(1000, 10, 128 * 20);
        using var first = new Mlp([784, 1000, 10], new SeededRandom(1), outputBias: false);
        using var second = new Mlp([1000, 1000, 10], new SeededRandom(1), outputBias: false);
        return Fit(first, below, 128, 60, closedForm: true) + Fit(second, above, 128, 60, closedForm: true);
    }

    // The trainer itself is timed; its warm-up (the first fifth of the steps) is not.
    private static double Fit(Mlp model, TensorDataset data, int batch, int steps, bool closedForm)
    {
        var timer = new StepTimer(steps / 5);
        var stepsPerEpoch = data.Count / batch;
        var options = new TrainingOptions
        {
            Epochs = (steps + steps / 5 + stepsPerEpoch - 1) / stepsPerEpoch, BatchSize = batch, Optimizer = new Adam(), AllowClosedForm = closedForm,
        };
        new Trainer(options, timer).Fit(model, data);
        return timer.SecondsPerStep * steps;
    }

    private static TensorDataset Data(int width, int classes, int count)
    {
        var x = Initialization.Normal(empty(count, width), 1, new SeededRandom(2));
        return new TensorDataset(x, arange(count).remainder(classes).to(int64), classes);
    }

    private sealed class StepTimer(int warmUp) : TrainerHook
    {
        private readonly Stopwatch watch = new();
        private long counted;

        public double SecondsPerStep => watch.Elapsed.TotalSeconds / counted;

        public override void OnStep(TrainerState state, double loss)
        {
            if (state.Step == warmUp)
                watch.Start();
            else if (state.Step > warmUp)
                counted++;
        }

        public override void OnEnd(TrainerState state) => watch.Stop();
    }
}
