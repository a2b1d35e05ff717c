using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class ComparisonTests
{
    [Fact]
    public void The_stopping_rule_counts_what_does_not_beat_the_best_by_the_margin()
    {
        var rule = new EarlyStoppingRule(patience: 2, minDelta: 1e-4);
        foreach (var (loss, stops) in new[] { (1.0, false), (0.9, false), (0.89995, false), (0.9, true) })
        {
            rule.Update(loss);
            Assert.Equal(stops, rule.ShouldStop);
        }
        var nan = new EarlyStoppingRule(1);
        nan.Update(1);
        nan.Update(double.NaN);
        Assert.True(nan.ShouldStop);
        var rising = new EarlyStoppingRule(1, largerIsBetter: true);
        Assert.True(rising.Update(0.5));
        Assert.True(rising.Update(0.6));
        Assert.False(rising.Update(0.6));
    }

    [Fact]
    public void All_algorithms_run_on_the_same_terms()
    {
        var x = Initialization.Normal(empty(300, 5), 1, new SeededRandom(1));
        TensorDataset Part(int start) => new(x.narrow(0, start, 100).clone(), x.narrow(0, start, 100).narrow(1, 0, 3).argmax(1), 3);
        using var train = Part(0);
        using var validation = Part(100);
        using var test = Part(200);
        var report = FairComparison.Run(
            train, validation, test,
            [new Backprop(new MlpSpec([16]), new TrainingOptions { Epochs = 10, BatchSize = 10 }), new MonoForward(new MonoForwardOptions { Hidden = [16], EpochsPerLayer = 10, BatchSize = 10 })],
            new FairComparisonOptions { Seeds = [0, 1], TuningTrials = 7, Energy = new EnergyOptions { Source = EnergySource.CpuTimeModel } });
        Assert.Equal(4, report.Runs.Length);
        Assert.All(report.Runs, r => Assert.True(r.Accuracy > 0.6, $"{r.Algorithm} {r.Accuracy}"));
        Assert.All(report.Runs, r => Assert.Equal(300, r.Scores.Values.Length));
        Assert.All(report.TunedLearningRates.Values, rate => Assert.InRange(rate, 0.99e-5, 1.01e-2));
        var delta = Assert.Single(report.Deltas);
        Assert.Equal("mono-forward", delta.Algorithm);
        Assert.Equal(100 * (report.Runs[2].Accuracy - report.Runs[0].Accuracy), delta.AccuracyPoints[0], 1e-9);
    }

    [Fact]
    public void The_search_finds_the_top_of_a_hill()
    {
        var search = new ParzenSearch(-10, 10, new SeededRandom(1));
        for (var i = 0; i < 40; i++)
        {
            var x = search.Next();
            search.Tell(x, -(x - 3) * (x - 3));
        }
        Assert.Equal(3, search.Best, 0.5);
    }
}
