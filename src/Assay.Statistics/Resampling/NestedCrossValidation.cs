using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>
/// Nested cross-validation: an inner loop on the training part of each outer split picks the setting, so that the outer test parts, which
/// no choice has seen, judge the whole procedure of tuning and training.
/// </summary>
[Method("nested-cv", Paper = 83, Kind = MethodKind.Resampling)]
public static class NestedCrossValidation
{
    /// <summary>
    /// A contestant that tunes itself: it cross-validates all settings on the rows that it is given to train on, picks the best (or the simplest
    /// within one standard error), and trains that one on all of them. Run it in a <see cref="Contest"/> over outer splits.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="settings">The settings, the simplest first.</param>
    /// <param name="labels">The class of each example.</param>
    /// <param name="innerFolds">The number of inner folds.</param>
    /// <param name="oneStandardError">Whether to prefer the simplest setting within one standard error.</param>
    /// <param name="groups">The group of each example, or empty: inner folds keep groups whole too.</param>
    /// <param name="chosen">Told the index of the chosen setting after each search; called from several threads.</param>
    /// <exception cref="ArgumentException">There are no settings.</exception>
    public static Contestant Tuned(
        string name, IReadOnlyList<Contestant> settings, ImmutableArray<int> labels, int innerFolds = 2, bool oneStandardError = false, ImmutableArray<int> groups = default, Action<int>? chosen = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(innerFolds, 2);
        if (settings.Count == 0)
            throw new ArgumentException("at least one setting was expected", nameof(settings));
        return new Contestant(name, (train, test, seed) =>
        {
            var best = settings.Count == 1 ? 0 : Search(settings, labels, train, innerFolds, oneStandardError, groups, seed);
            chosen?.Invoke(best);
            return settings[best].FitPredict(train, test, seed);
        });
    }

    /// <summary>Cross-validates settings on some rows and returns the index of the one to use.</summary>
    /// <inheritdoc cref="Tuned"/>
    /// <param name="settings">The settings, the simplest first.</param>
    /// <param name="labels">The class of each example.</param>
    /// <param name="rows">The rows to search on.</param>
    /// <param name="folds">The number of folds.</param>
    /// <param name="oneStandardError">Whether to prefer the simplest setting within one standard error.</param>
    /// <param name="groups">The group of each example, or empty.</param>
    /// <param name="seed">The seed.</param>
    public static int Search(
        IReadOnlyList<Contestant> settings, ImmutableArray<int> labels, ImmutableArray<int> rows, int folds, bool oneStandardError = false, ImmutableArray<int> groups = default, long seed = 0)
    {
        int[] keys = groups.IsDefaultOrEmpty ? [] : [.. rows.Select(i => groups[i])];
        int[] strata = [.. rows.Select(i => labels[i])];
        // A class with fewer members than folds cannot be in each of them.
        var stratify = strata.GroupBy(c => c).All(c => c.Count() >= folds);
        var inner = Splitters.KFold(rows.Length, folds, seed, stratify ? strata : [], keys)
            .Select(s => new Split([.. s.Train.Select(i => rows[i])], [.. s.Test.Select(i => rows[i])]));
        var contest = Contest.Run(settings, labels, inner, seed);
        var scores = Enumerable.Range(0, settings.Count).Select(contest.Accuracies).ToArray();
        return oneStandardError ? OneStandardErrorRule.Choose(scores) : Enumerable.Range(0, scores.Length).MaxBy(i => scores[i].Average());
    }
}
