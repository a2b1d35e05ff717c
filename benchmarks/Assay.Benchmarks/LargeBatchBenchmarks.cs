using System.Diagnostics;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Benchmarks;

/// <summary>Forward and backward of Ghost Batch Normalisation against libtorch's plain batch normalisation of the same batch.</summary>
internal static class LargeBatchBenchmarks
{
    public static IEnumerable<PeerBenchmark> All =>
    [
        Layer("ghost-batch-norm-1d", "2,048 × 512 features", [2048, 512]),
        Layer("ghost-batch-norm-2d", "512 × 32 × 14 × 14 images", [512, 32, 14, 14]),
        new("ghost-batch-norm-net", "training steps of an MLP 784-512-512-10 with batch normalisation, batch 2,048, ghosts of 128, against the same net's plain steps", 1.3,
            () => Net(ghost: true), () => Net(ghost: false)),
        new("ghost-batch-norm-cnn", "training steps of cnn(16, 32) on 28 × 28 images, batch 1,024, ghosts of 128, against the same net's plain steps", 1.3,
            () => Cnn(ghost: true), () => Cnn(ghost: false)),
    ];

    private static PeerBenchmark Layer(string name, string what, long[] shape) => new(
        name, $"forward and backward of {what} on one thread, ghosts of 128, against plain batch normalisation", 1.3, () => Pass(shape, 128), () => Pass(shape, null));

    private static double Pass(long[] shape, int? ghostSize)
    {
        using var scope = NewDisposeScope();
        // One thread for both: a pass takes a millisecond, and the wait for a second core on a busy machine is longer than that.
        var threads = get_num_threads();
        set_num_threads(1);
        var x = randn(shape, requires_grad: true);
        var upstream = randn(shape);
        nn.Module<Tensor, Tensor> norm = (shape.Length, ghostSize) switch
        {
            (2, { } b) => new GhostBatchNorm1d(shape[1], b),
            (2, null) => nn.BatchNorm1d(shape[1]),
            (_, { } b) => new GhostBatchNorm2d(shape[1], b),
            _ => nn.BatchNorm2d(shape[1]),
        };
        const int Calls = 100;
        // The fastest of many: on a busy machine most passes of a millisecond are interrupted, on either side.
        var fastest = double.MaxValue;
        for (var i = 0; i < Calls; i++)
        {
            var watch = Stopwatch.StartNew();
            Once();
            fastest = Math.Min(fastest, watch.Elapsed.TotalSeconds);
        }
        set_num_threads(threads);
        return fastest;

        void Once()
        {
            using var inner = NewDisposeScope();
            // Inside a net the layer's input is no leaf, whose gradient autograd would copy.
            norm.call(x.view(shape)).backward([upstream]);
            x.grad = null;
        }
    }

    private static double Net(bool ghost) => Fit(new NormalizedMlp([784, 512, 512, 10], new SeededRandom(1)), ghost, [4096, 784], 2048);

    private static double Cnn(bool ghost) => Fit(new CnnSpec([16, 32]).Build([1, 28, 28], 10, new SeededRandom(1)), ghost, [2048, 1, 28, 28], 1024);

    private static double Fit(nn.Module<Tensor, Tensor> model, bool ghost, long[] shape, int batch)
    {
        using var scope = NewDisposeScope();
        using var surgery = ghost ? GhostBatchNormSurgery.Attach(model, 128) : null;
        using var data = new TensorDataset(randn(shape), arange(shape[0]).remainder(10).to(int64), 10);
        new Trainer(new TrainingOptions { Epochs = 1, BatchSize = batch, Optimizer = new Sgd() }).Fit(model, data);
        var watch = Stopwatch.StartNew();
        new Trainer(new TrainingOptions { Epochs = 4, BatchSize = batch, Optimizer = new Sgd() }).Fit(model, data);
        return watch.Elapsed.TotalSeconds;
    }
}
