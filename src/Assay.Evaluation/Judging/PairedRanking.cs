using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Differences of ranking metrics between models on the same examples.</summary>
internal sealed class PairedRanking
{
    // Above this number of weighted counts (some seconds) the influence of each example takes the place of resampling; with that much data the two agree.
    private const double MostCounts = 1e10;

    private readonly int resamples;
    private readonly long seed;
    private readonly (double[] Auc, double[] AveragePrecision)[]? resampled;
    private readonly Influence[]? influences;

    /// <summary>Resamples matched models of probabilities, or takes influences where resampling would take too long.</summary>
    /// <param name="matched">The models.</param>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">Their seed.</param>
    /// <param name="influence">The influences that a model's own metrics came from: its examples are ranked once.</param>
    public PairedRanking(IReadOnlyList<Predictions> matched, int resamples, long seed, Func<int, Influence> influence)
    {
        this.resamples = resamples;
        this.seed = seed;
        var first = matched[0];
        var ranked = first.ClassCount == 2 ? 1 : first.ClassCount;
        if ((double)first.Count * ranked * matched.Count * resamples <= MostCounts)
            resampled = [.. matched.Select(m => Resampled(m.ToProbabilities()))];
        else
            influences = [.. Enumerable.Range(0, matched.Count).Select(influence)];
    }

    /// <summary>How the intervals are found.</summary>
    public string Method => resampled is not null ? $"paired bootstrap, {resamples} resamples" : "influence of each example (DeLong; infinitesimal jackknife)";

    /// <summary>The interval of the difference, second minus first.</summary>
    public Interval Difference(RankMetric metric, int first, int second, double value, double level)
    {
        if (resampled is not null)
        {
            var a = metric.Choose(resampled[first]);
            var b = metric.Choose(resampled[second]);
            double[] differences = [.. b.Zip(a, static (x, y) => x - y)];
            return differences.All(double.IsNaN) ? Interval.Unknown with { Level = level } : BootstrapInterval.Percentile(differences, level);
        }
        var variance = 0.0;
        for (var i = 0; i < influences![first].Rows.Length; i++)
        {
            var d = metric.InfluenceOf(influences[second].Rows[i]) - metric.InfluenceOf(influences[first].Rows[i]);
            variance += d * d;
        }
        return Interval.Normal(value, Math.Sqrt(variance), level);
    }

    // The mean over the classes that the labels allow; a class that a resample misses makes that resample undefined.
    private (double[] Auc, double[] AveragePrecision) Resampled(Predictions model)
    {
        var n = model.Count;
        var auc = new double[resamples];
        var precision = new double[resamples];
        var scores = new float[n];
        var positive = new bool[n];
        int both = 0, present = 0;
        for (var c = model.ClassCount == 2 ? 1 : 0; c < model.ClassCount; c++)
        {
            var members = 0;
            for (var i = 0; i < n; i++)
            {
                scores[i] = model.Scores[i, c];
                positive[i] = model.Labels[i] == c;
                members += positive[i] ? 1 : 0;
            }
            if (members == 0)
                continue;
            var (a, p) = new RankResampler(scores, positive).Resample(resamples, seed);
            for (var r = 0; r < resamples; r++)
            {
                auc[r] += members < n ? a[r] : 0;
                precision[r] += p[r];
            }
            both += members < n ? 1 : 0;
            present++;
        }
        return (Array.ConvertAll(auc, a => both == 0 ? double.NaN : a / both), Array.ConvertAll(precision, p => p / present));
    }
}
