using System.Diagnostics;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>Bootstrap intervals of accuracy and ROC-AUC against scikit-learn's metrics in a loop over resamples.</summary>
internal static class BootstrapBenchmarks
{
    private const int Count = 100_000, Resamples = 1000;

    public static IEnumerable<PeerBenchmark> All =>
    [
        new("bootstrap", $"{Resamples} resamples of accuracy and ROC-AUC of {Count} examples, against scikit-learn (50 resamples timed and scaled)", 0.05, Ours,
            () => PythonPeer.Run("bootstrap.py", $"{Count}", $"{Resamples}")),
    ];

    private static double Ours()
    {
        var random = new SeededRandom(1);
        var positive = new bool[Count];
        var scores = new float[Count];
        for (var i = 0; i < Count; i++)
        {
            positive[i] = random.Next(2) == 1;
            scores[i] = (float)random.NextGaussian() + (positive[i] ? 1 : 0);
        }
        var watch = Stopwatch.StartNew();
        // The accuracy by weighted sums, as in a comparison, rather than as one binomial draw: the general way is what the peer does too.
        var correct = new double[Count];
        for (var i = 0; i < Count; i++)
            correct[i] = scores[i] > 0.5f == positive[i] ? 1 : 0;
        var sums = Bootstrap.Sums(Count, [new SumColumn(1, null, correct), new SumColumn(1, null, null)], Resamples);
        var accuracy = BootstrapInterval.Percentile([.. sums[0].Zip(sums[1], static (s, n) => s / n)]);
        var auc = BootstrapInterval.Percentile(Bootstrap.RocAuc(scores, positive, Resamples));
        var seconds = watch.Elapsed.TotalSeconds;
        // Φ(1/2) and Φ(1/√2), give or take six standard errors.
        return IsNear(accuracy, 0.6915) && IsNear(auc, 0.7602) ? seconds : throw new InvalidOperationException($"the intervals are {accuracy} and {auc}");
    }

    private static bool IsNear(Interval interval, double truth) => interval.Low > truth - 0.01 && interval.High < truth + 0.01 && interval.Width > 0.004;
}
