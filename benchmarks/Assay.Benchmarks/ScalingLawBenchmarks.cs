using System.Diagnostics;
using System.Globalization;
using Assay.Evaluation;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>The parametric loss L(N, D) from 4,500 starts, against SciPy's L-BFGS-B from each start.</summary>
internal static class ScalingLawBenchmarks
{
    private const int Runs = 200;

    public static IEnumerable<PeerBenchmark> All =>
    [
        new("scaling-law", $"L(N, D), Huber on logarithms, {HuberLossFit.PublishedStarts.Count} starts, {Runs} runs, against SciPy's L-BFGS-B per start (300 starts timed and scaled)", 0.05, Ours, Peer),
    ];

    private static readonly (double N, double D, double Loss)[] Data = Simulate();

    private static double Ours()
    {
        var watch = Stopwatch.StartNew();
        var fit = new HuberLossFit([.. Data.Select(r => r.N)], [.. Data.Select(r => r.D)], [.. Data.Select(r => r.Loss)]).Minimize(HuberLossFit.PublishedStarts);
        var seconds = watch.Elapsed.TotalSeconds;
        return Math.Abs(fit.Theta[3] - 0.34) < 0.05 && Math.Abs(fit.Theta[4] - 0.28) < 0.05 ? seconds : throw new InvalidOperationException($"the optimum is {string.Join(", ", fit.Theta)}");
    }

    private static double? Peer()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, Data.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.N:r},{r.D:r},{r.Loss:r}")));
            var seconds = PythonPeer.Run("parametric_loss.py", out var json, file, $"{HuberLossFit.PublishedStarts.Count}");
            if (seconds is not null)
            {
                // The same optimum, or the times say nothing.
                var ours = new HuberLossFit([.. Data.Select(r => r.N)], [.. Data.Select(r => r.D)], [.. Data.Select(r => r.Loss)]).Minimize(HuberLossFit.PublishedStarts).Objective;
                var theirs = json.GetProperty("objective").GetDouble();
                if (ours > theirs * (1 + 1e-6))
                    throw new InvalidOperationException($"our optimum {ours} is above the peer's {theirs}");
                if (theirs > ours * 1.001)
                    throw new InvalidOperationException($"the peer's optimum {theirs} is above ours {ours}: it does less work");
            }
            return seconds;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static (double N, double D, double Loss)[] Simulate()
    {
        var random = new SeededRandom(1);
        return [.. Enumerable.Range(0, Runs).Select(_ =>
        {
            var (n, d) = (Math.Pow(10, random.NextDouble(7.5, 10)), Math.Pow(10, random.NextDouble(9, 12)));
            return (n, d, (1.69 + 406.4 * Math.Pow(n, -0.34) + 410.7 * Math.Pow(d, -0.28)) * Math.Exp(0.005 * random.NextGaussian()));
        })];
    }
}
