using System.Diagnostics;
using System.Collections.Immutable;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Benchmarks;

/// <summary>A training that records scores of its examples, against the same training that does not.</summary>
internal static class InfluenceBenchmarks
{
    public static IEnumerable<PeerBenchmark> All =>
    [
        new("influence-recording", "40 epochs of an MLP 784-256-256-10 on 6,000 images with all influence scores from 10 looks, against the same training without", 1.15,
            () => Fit(new InfluenceRecorderOptions()), () => Fit(null)),
        new("influence-streamed", "the same with the scores that come from training's own outputs: margin, loss, forgetting", 1.05,
            () => Fit(new InfluenceRecorderOptions { Scores = [InfluenceScore.Margin, InfluenceScore.Loss, InfluenceScore.Forgetting] }), () => Fit(null)),
    ];

    private static double Fit(InfluenceRecorderOptions? options)
    {
        using var scope = NewDisposeScope();
        using var data = new TensorDataset(Initialization.Normal(empty(6000, 784), 1, new SeededRandom(2)), arange(6000).remainder(10).to(int64), 10);
        using var model = new Mlp([784, 256, 256, 10], new SeededRandom(1));
        using var recorder = options is null ? null : new InfluenceRecorder(options);
        ImmutableArray<TrainerHook> hooks = recorder is null ? [] : [recorder];
        var watch = Stopwatch.StartNew();
        new Trainer(new TrainingOptions { Epochs = 40, BatchSize = 128 }, hooks.AsSpan()).Fit(model, data);
        return watch.Elapsed.TotalSeconds;
    }
}
