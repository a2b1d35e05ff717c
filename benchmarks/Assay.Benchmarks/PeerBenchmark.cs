namespace Assay.Benchmarks;

/// <summary>One comparison with a peer: the same work done by us and by an established library, on the same machine, in turn.</summary>
/// <param name="Name">A short name for <c>--only</c>.</param>
/// <param name="Work">What is timed.</param>
/// <param name="Bar">The greatest ratio of our time to the peer's that passes, or null where the ratio is only reported.</param>
/// <param name="Ours">Does our work once and returns the seconds it took, preparation left out.</param>
/// <param name="Peer">The same for the peer; null when the peer is not installed.</param>
internal sealed record PeerBenchmark(string Name, string Work, double? Bar, Func<double> Ours, Func<double?> Peer);

/// <summary>The figures of one comparison: medians of the runs, and the ratio ours / peer pair by pair.</summary>
internal sealed record PeerResult(string Name, string Work, double Ours, double? Peer, double? Ratio, double? LeastRatio, double? GreatestRatio, double? Bar)
{
    public string Verdict => Ratio is not { } ratio ? "skipped: peer not installed" : Bar is not { } bar ? "reported" : ratio <= bar ? "passed" : "missed";

    /// <summary>Runs both sides in turn after one warm-up of each.</summary>
    public static PeerResult Measure(PeerBenchmark benchmark, int pairs)
    {
        benchmark.Ours();
        var there = benchmark.Peer() is not null;
        var (ours, peer, ratios) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < pairs; i++)
        {
            ours.Add(benchmark.Ours());
            if (there && benchmark.Peer() is { } seconds)
            {
                peer.Add(seconds);
                ratios.Add(ours[^1] / seconds);
            }
        }
        return ratios.Count == 0
            ? new PeerResult(benchmark.Name, benchmark.Work, Median(ours), null, null, null, null, benchmark.Bar)
            : new PeerResult(benchmark.Name, benchmark.Work, Median(ours), Median(peer), Median(ratios), ratios.Min(), ratios.Max(), benchmark.Bar);
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
