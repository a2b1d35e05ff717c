using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Training;

/// <summary>How well a score finds examples whose label was changed.</summary>
/// <param name="Score">The score.</param>
/// <param name="Auroc">The probability that a changed example is harder than an unchanged one.</param>
public readonly record struct NoiseDetection(InfluenceScore Score, double Auroc);

/// <summary>Scores of every training example, averaged over runs.</summary>
/// <param name="Scores">One array for each score, in the order of the examples.</param>
/// <param name="Labels">The classes, or empty for regression.</param>
/// <param name="Runs">Over how many runs they are averaged.</param>
public sealed record ScoreTable(ImmutableSortedDictionary<InfluenceScore, ImmutableArray<double>> Scores, ImmutableArray<int> Labels, int Runs)
{
    /// <summary>The number of examples.</summary>
    public int Count => Scores.Values.First().Length;

    /// <summary>The averages of several runs' scores. A never learnt example of any run keeps its large forgetting number in the average.</summary>
    /// <exception cref="ArgumentException">There is no run, or they differ in scores or examples.</exception>
    public static ScoreTable Average(IReadOnlyList<ImmutableDictionary<InfluenceScore, ImmutableArray<double>>> runs, ImmutableArray<int> labels)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count == 0)
            throw new ArgumentException("at least one run was expected", nameof(runs));
        var count = runs[0].Values.First().Length;
        if (runs.Any(r => r.Count != runs[0].Count || r.Any(s => s.Value.Length != count || !runs[0].ContainsKey(s.Key))))
            throw new ArgumentException("all runs must have the same scores of the same examples", nameof(runs));
        return new ScoreTable(
            runs[0].Keys.ToImmutableSortedDictionary(s => s, s => (ImmutableArray<double>)[.. Enumerable.Range(0, count).Select(i => runs.Average(r => r[s][i]))]), labels, runs.Count);
    }

    /// <summary>
    /// How hard each example is by a score: high is hard, VoG normalised in its class (its default for selection; not for regression).
    /// </summary>
    /// <exception cref="ArgumentException">The score is not in the table.</exception>
    public double[] Hardness(InfluenceScore score)
    {
        if (!Scores.TryGetValue(score, out var values))
            throw new ArgumentException($"the table has no {score}, it has {string.Join(", ", Scores.Keys)}", nameof(score));
        double[] hardness = [.. values.Select(v => InfluenceScores.Hardness(score, v))];
        return score == InfluenceScore.Vog && !Labels.IsEmpty ? InfluenceScores.NormalizeByClass(hardness, Labels.AsSpan()) : hardness;
    }

    /// <summary>
    /// Hardness with mean 0 and deviation 1 in each class (over all examples for regression), so that a temperature means the same for every
    /// score: what <see cref="SelectionPolicy.Weighted"/> wants.
    /// </summary>
    public double[] NormalizedHardness(InfluenceScore score) => InfluenceScores.NormalizeByClass(Hardness(score), Labels.IsEmpty ? new int[Count] : Labels.AsSpan());

    /// <summary>Spearman's rank correlation between two scores' hardness.</summary>
    public double Correlation(InfluenceScore a, InfluenceScore b) => RankCorrelation.Spearman(Hardness(a), Hardness(b));

    /// <summary>How well each score finds changed labels (ties count half).</summary>
    /// <param name="changed">Which examples' labels were changed.</param>
    /// <exception cref="ArgumentException">There is not one answer for each example, or all are the same.</exception>
    public ImmutableArray<NoiseDetection> NoiseAudit(ReadOnlySpan<bool> changed)
    {
        if (changed.Length != Count)
            throw new ArgumentException($"{changed.Length} answers for {Count} examples", nameof(changed));
        var positives = changed.Count(true);
        if (positives == 0 || positives == changed.Length)
            throw new ArgumentException("changed and unchanged labels were expected", nameof(changed));
        var found = ImmutableArray.CreateBuilder<NoiseDetection>();
        foreach (var score in Scores.Keys)
        {
            var ranks = Ranking.Of(Hardness(score));
            var sum = 0.0;
            for (var i = 0; i < ranks.Length; i++)
                sum += changed[i] ? ranks[i] : 0;
            found.Add(new NoiseDetection(score, (sum - positives * (positives + 1) / 2.0) / ((double)positives * (changed.Length - positives))));
        }
        return found.ToImmutable();
    }
}
