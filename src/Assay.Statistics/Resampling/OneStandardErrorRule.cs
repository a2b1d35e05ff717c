namespace Assay.Statistics;

/// <summary>
/// Of several settings take the simplest whose mean score lies within one standard error, sd/√k over the k folds, of the best mean
/// (Breiman et al. 1984): differences below it are noise, and the simpler setting varies less.
/// </summary>
[Method("one-standard-error", Paper = 83, Kind = MethodKind.Inference)]
public static class OneStandardErrorRule
{
    /// <summary>Chooses a setting.</summary>
    /// <param name="scores">For each setting, the simplest first, its score on each fold; higher is better.</param>
    /// <returns>The index of the chosen setting.</returns>
    /// <exception cref="ArgumentException">There are no settings, or fewer than two folds.</exception>
    public static int Choose(IReadOnlyList<double[]> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.Count == 0 || scores.Any(s => s.Length < 2))
            throw new ArgumentException("at least one setting with scores on at least two folds was expected", nameof(scores));
        var moments = scores.Select(s => Moments.Of(s)).ToArray();
        var best = moments.MaxBy(m => m.Mean);
        return Array.FindIndex(moments, m => m.Mean >= best.Mean - best.StandardError);
    }
}
