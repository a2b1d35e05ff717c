using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Feature selection by relevance and redundancy (De Breuck et al. 2021, arXiv 2102.02263): the first pick has the largest normalised
/// mutual information with the target; then the feature with the largest min_s NMI(f, y)/(NMI(f, s)^p + c) over the picks s so far,
/// p = max(0.1, 4.5 − 0.4 n^0.4), c = min(10⁵, 10⁻⁶ n³). Mutual information is taken from a histogram of 8 bins of equal counts; the paper's
/// nearest-neighbour estimator is not built.
/// </summary>
[Method("relevance-redundancy", Paper = 71, Kind = MethodKind.DataQuality)]
public static class RelevanceRedundancy
{
    private const int Bins = 8;

    /// <summary>Ranks features, the best first. Constant ones, and those that tell too little of themselves, are left out.</summary>
    /// <param name="features">n × d.</param>
    /// <param name="target">The target; classes are given as numbers of few values.</param>
    /// <param name="most">The most features, or null for all.</param>
    /// <param name="leastInformation">The least self-information in nats.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static ImmutableArray<int> Rank(FloatMatrix features, ReadOnlySpan<double> target, int? most = null, double leastInformation = 0.2)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (target.Length != features.Rows || target.IsEmpty)
            throw new ArgumentException($"{target.Length} targets for {features.Rows} rows", nameof(target));
        var codes = Enumerable.Range(0, features.Columns).Select(j => Codes([.. Enumerable.Range(0, features.Rows).Select(i => (double)features[i, j])])).ToArray();
        var y = Codes(target.ToArray());
        int[] kept = [.. Enumerable.Range(0, codes.Length).Where(j => Information(codes[j], codes[j]) >= leastInformation)];
        double[] relevance = [.. kept.Select(j => Normalized(codes[j], y))];
        var known = new Dictionary<(int, int), double>();
        return [.. Order(relevance, (a, b) =>
        {
            if (!known.TryGetValue((a, b), out var value))
                known[(a, b)] = value = Normalized(codes[kept[a]], codes[kept[b]]);
            return value;
        }, most).Select(i => kept[i])];
    }

    /// <summary>NMI of a feature and the target, from 0 to 1.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Relevance(ReadOnlySpan<double> feature, ReadOnlySpan<double> target) => feature.Length == target.Length && !feature.IsEmpty
        ? Normalized(Codes(feature.ToArray()), Codes(target.ToArray()))
        : throw new ArgumentException($"{target.Length} targets for {feature.Length} values", nameof(target));

    /// <summary>The ranking from given informations.</summary>
    /// <param name="relevance">NMI of each feature with the target.</param>
    /// <param name="redundancy">NMI of two features.</param>
    /// <param name="most">The most features, or null for all.</param>
    public static ImmutableArray<int> Order(IReadOnlyList<double> relevance, Func<int, int, double> redundancy, int? most = null)
    {
        ArgumentNullException.ThrowIfNull(relevance);
        ArgumentNullException.ThrowIfNull(redundancy);
        var picks = new List<int>();
        var left = Enumerable.Range(0, relevance.Count).ToList();
        while (left.Count > 0 && picks.Count < (most ?? int.MaxValue))
        {
            var next = picks.Count == 0 ? left.MaxBy(f => relevance[f]) : left.MaxBy(f => picks.Min(s => Score(relevance[f], redundancy(f, s), picks.Count)));
            picks.Add(next);
            left.Remove(next);
        }
        return [.. picks];
    }

    /// <summary>relevance/(redundancy^p + c) with n picks so far.</summary>
    public static double Score(double relevance, double redundancy, int n) =>
        relevance / (Math.Pow(redundancy, Math.Max(0.1, 4.5 - 0.4 * Math.Pow(n, 0.4))) + Math.Min(1e5, 1e-6 * Math.Pow(n, 3)));

    /// <summary>MI(a, b)/((MI(a, a) + MI(b, b))/2); 0 where both are constant.</summary>
    internal static double Normalized(int[] a, int[] b) => Information(a, a) + Information(b, b) is > 0 and var own ? 2 * Information(a, b) / own : 0;

    internal static double Information(int[] a, int[] b)
    {
        var (width, height) = (a.Max() + 1, b.Max() + 1);
        var (joint, first, second) = (new double[width, height], new double[width], new double[height]);
        for (var i = 0; i < a.Length; i++)
        {
            joint[a[i], b[i]] += 1.0 / a.Length;
            first[a[i]] += 1.0 / a.Length;
            second[b[i]] += 1.0 / a.Length;
        }
        var information = 0.0;
        for (var i = 0; i < width; i++)
        {
            for (var j = 0; j < height; j++)
                information += joint[i, j] > 0 ? joint[i, j] * Math.Log(joint[i, j] / (first[i] * second[j])) : 0;
        }
        return Math.Max(0, information);
    }

    // Few values are classes; others go into bins of equal counts, equal values together.
    internal static int[] Codes(double[] values)
    {
        var distinct = values.Distinct().Order().ToArray();
        if (distinct.Length <= Bins)
            return Array.ConvertAll(values, v => Array.BinarySearch(distinct, v));
        var ranks = Ranking.Of(values);
        return Array.ConvertAll(ranks, r => Math.Min(Bins - 1, (int)((r - 0.5) * Bins / values.Length)));
    }
}
