using System.Diagnostics;
using Assay.Evaluation;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>One ranking of 100 models from results of which 95 % are missing: from measurements in memory to scores and ranks with intervals.</summary>
internal static class PoolBenchmarks
{
    private const int Models = 100;
    private const double Missing = 0.95;

    public static IEnumerable<PeerBenchmark> All => [Row("aggregate-100k", 100_000, null), Row("aggregate-300k", 300_000, 1), Row("aggregate-1m", 1_000_000, 1)];

    // The resamples cost the same at every size, and the peer has none: at the smallest size the ratio says nothing of the counting.
    private static PeerBenchmark Row(string name, int samples, double? bar) => new(
        name, $"{Models} models × {samples} samples, {100 * Missing} % missing: scores, ranks and 200 resamples, against NumPy and SciPy without intervals", bar, () => Ours(samples),
        () => PythonPeer.Run("aggregate.py", $"{Models}", $"{samples}", "0.95"));

    private static double Ours(int samples)
    {
        var random = new SeededRandom(1);
        var count = (int)(Models * (long)samples * (1 - Missing));
        var (model, sample, score) = (new int[count], new int[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            (model[i], sample[i]) = (random.Next(Models), random.Next(samples));
            score[i] = (double)model[i] / Models + random.NextGaussian();
            if (sample[i] % 2 == 0)
                score[i] = score[i] > 0.5 ? 1 : 0;
        }
        var watch = Stopwatch.StartNew();
        var pool = SamplePool.Of([.. Enumerable.Range(0, Models).Select(m => $"model {m:00}")], samples, model, sample, score);
        var ranking = pool.Aggregate();
        var seconds = watch.Elapsed.TotalSeconds;
        return ranking.Models[0].Model.StartsWith("model 9", StringComparison.Ordinal) && ranking.Models[^1].Model.StartsWith("model 0", StringComparison.Ordinal)
            ? seconds
            : throw new InvalidOperationException($"{ranking.Models[0].Model} is first and {ranking.Models[^1].Model} last");
    }
}
