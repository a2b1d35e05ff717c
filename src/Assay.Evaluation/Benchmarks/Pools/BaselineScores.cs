using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The scores that the Plackett–Luce ranking is compared with.</summary>
internal static class BaselineScores
{
    /// <summary>The mean of a model's scores, whatever their scales; NaN for a model without any.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="times">How often each sample counts, or empty for once.</param>
    public static double[] Mean(SamplePool pool, ReadOnlySpan<int> times = default) => Mean(pool, Enumerable.Range(0, pool.SampleCount), times);

    private static double[] Mean(SamplePool pool, IEnumerable<int> samples, ReadOnlySpan<int> times)
    {
        var (sums, counts) = (new double[pool.Models.Length], new long[pool.Models.Length]);
        foreach (var s in samples)
        {
            var models = pool.ModelsOf(s);
            var scores = pool.ScoresOf(s);
            var weight = times.IsEmpty ? 1 : times[s];
            for (var i = 0; i < models.Length; i++)
            {
                sums[models[i]] += weight * scores[i];
                counts[models[i]] += weight;
            }
        }
        return [.. sums.Zip(counts, (sum, count) => count > 0 ? sum / count : double.NaN)];
    }

    /// <summary>The samples of each dataset.</summary>
    public static int[][] Datasets(SamplePool pool) => [.. Enumerable.Range(0, pool.SampleCount).GroupBy(s => pool.MetadataOf(s, "dataset"), StringComparer.Ordinal).Select(g => g.ToArray())];

    /// <summary>
    /// A model's mean in each dataset, scaled to 0 for the weakest model there and 1 for the strongest, averaged over the datasets in which
    /// it was measured. A dataset where all means are equal tells nothing and is left out.
    /// </summary>
    /// <param name="pool">The pool.</param>
    /// <param name="datasets">The samples of each dataset.</param>
    /// <param name="times">How often each sample counts, or empty for once.</param>
    public static double[] NormalizedMean(SamplePool pool, int[][] datasets, ReadOnlySpan<int> times = default)
    {
        var n = pool.Models.Length;
        var (sums, counts) = (new double[n], new int[n]);
        foreach (var dataset in datasets)
        {
            var means = Mean(pool, dataset, times);
            var known = means.Where(double.IsFinite).ToArray();
            if (known.Length == 0 || known.Max() == known.Min())
                continue;
            for (var m = 0; m < n; m++)
            {
                if (double.IsNaN(means[m]))
                    continue;
                sums[m] += (means[m] - known.Min()) / (known.Max() - known.Min());
                counts[m]++;
            }
        }
        return [.. sums.Zip(counts, (sum, count) => count > 0 ? sum / count : double.NaN)];
    }

    /// <summary>Elo's ratings after all comparisons, samples and pairs in random order.</summary>
    public static double[] Elo(SamplePool pool, long seed) => Elo(pool, SeededRandom.At(seed, 3), [.. Enumerable.Range(0, pool.SampleCount)]);

    /// <summary>Elo's ratings of some samples, in an order of their own.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="random">Draws the order.</param>
    /// <param name="samples">The samples, each as often as it counts.</param>
    public static double[] Elo(SamplePool pool, SeededRandom random, int[] samples)
    {
        var elo = new EloRating(pool.Models.Length);
        var pairs = new List<(int A, int B, double Result)>();
        foreach (var at in random.Permutation(samples.Length))
        {
            var s = samples[at];
            pairs.Clear();
            var models = pool.ModelsOf(s);
            var scores = pool.ScoresOf(s);
            for (var a = 1; a < models.Length; a++)
            {
                for (var b = 0; b < a; b++)
                    pairs.Add((models[a], models[b], scores[a] > scores[b] ? 1 : scores[a] < scores[b] ? 0 : 0.5));
            }
            foreach (var pair in pool.PairsOf(s))
                pairs.Add((pair.First, pair.Second, pair.Outcome switch { PairOutcome.First => 1, PairOutcome.Second => 0, _ => 0.5 }));
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pairs));
            foreach (var (a, b, result) in pairs)
                elo.Add(a, b, result);
        }
        return elo.Ratings.ToArray();
    }
}
