using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The scores that the Plackett–Luce ranking is compared with.</summary>
internal static class BaselineScores
{
    /// <summary>The mean of a model's scores, whatever their scales; NaN for a model without any.</summary>
    public static double[] Mean(SamplePool pool)
    {
        var (sums, counts) = (new double[pool.Models.Length], new int[pool.Models.Length]);
        for (var s = 0; s < pool.SampleCount; s++)
        {
            var models = pool.ModelsOf(s);
            var scores = pool.ScoresOf(s);
            for (var i = 0; i < models.Length; i++)
            {
                sums[models[i]] += scores[i];
                counts[models[i]]++;
            }
        }
        return [.. sums.Zip(counts, (sum, count) => count > 0 ? sum / count : double.NaN)];
    }

    /// <summary>
    /// A model's mean in each dataset, scaled to 0 for the weakest model there and 1 for the strongest, averaged over the datasets in which
    /// it was measured. A dataset where all means are equal tells nothing and is left out.
    /// </summary>
    public static double[] NormalizedMean(SamplePool pool)
    {
        var n = pool.Models.Length;
        var (sums, counts) = (new double[n], new int[n]);
        foreach (var dataset in Enumerable.Range(0, pool.SampleCount).GroupBy(s => pool.MetadataOf(s, "dataset"), StringComparer.Ordinal))
        {
            var means = Mean(pool.Select([.. dataset]));
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
    public static double[] Elo(SamplePool pool, long seed)
    {
        var random = SeededRandom.At(seed, 3);
        var elo = new EloRating(pool.Models.Length);
        var pairs = new List<(int A, int B, double Result)>();
        foreach (var s in random.Permutation(pool.SampleCount))
        {
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
