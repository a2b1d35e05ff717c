using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What is done with confident flags of a training set.</summary>
public enum JudgeRepairMode
{
    /// <summary>They leave the set.</summary>
    Filter,
    /// <summary>They take the judges' label.</summary>
    Flip,
}

/// <summary>A model's scores on the given and on corrected labels.</summary>
/// <param name="Model">The model.</param>
/// <param name="Original">Accuracy, F1 of class 1 and ROC-AUC on the given labels.</param>
/// <param name="Gold">The same on corrected labels.</param>
/// <param name="OriginalRank">Its rank by accuracy on the given labels, 1 the best; equal ones share the mean.</param>
/// <param name="GoldRank">Its rank on corrected labels.</param>
public sealed record RescoredModel(string Model, BinaryScores Original, BinaryScores Gold, double OriginalRank, double GoldRank);

/// <summary>Scores of a binary model.</summary>
/// <param name="Accuracy">The share of right classes at the threshold ½.</param>
/// <param name="F1">F1 of class 1; NaN where class 1 neither occurs nor is predicted.</param>
/// <param name="RocAuc">The area under the ROC curve; NaN for one class.</param>
public readonly record struct BinaryScores(double Accuracy, double F1, double RocAuc);

/// <summary>Repairs data with the findings of a <see cref="JudgeAudit"/>.</summary>
public static class JudgeRepair
{
    /// <summary>Repairs a training set: flags with a confidence of at least τ are dropped or flipped. p = ½ is never confident.</summary>
    /// <param name="audit">The audit.</param>
    /// <param name="mode">What is done.</param>
    /// <param name="threshold">τ; ½ takes every flag but those at exactly ½.</param>
    /// <returns>The rows that remain and the labels of all rows.</returns>
    /// <exception cref="ArgumentOutOfRangeException">τ is outside [½, 1].</exception>
    public static (ImmutableArray<int> Rows, ImmutableArray<int> Labels) Training(JudgeAudit audit, JudgeRepairMode mode, double threshold = 0.5)
    {
        ArgumentNullException.ThrowIfNull(audit);
        if (!(threshold is >= 0.5 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "a confidence between 0.5 and 1 was expected");
        bool Changes(JudgedItem item) => item.IsFlagged && item.Confidence >= threshold - JudgeAudit.Rounding && item.Probability != 0.5;
        return (
            [.. audit.Items.Where(i => mode == JudgeRepairMode.Flip || !Changes(i)).Select(i => i.Row)],
            [.. audit.Items.Select(i => mode == JudgeRepairMode.Flip && Changes(i) ? i.Guess : i.Label)]);
    }

    /// <summary>The baseline: as many random items dropped or flipped as a repair changes.</summary>
    /// <param name="labels">The labels, 0 or 1.</param>
    /// <param name="count">How many items.</param>
    /// <param name="mode">What is done.</param>
    /// <param name="seed">The seed of the choice.</param>
    public static (ImmutableArray<int> Rows, ImmutableArray<int> Labels) Random(ReadOnlySpan<int> labels, int count, JudgeRepairMode mode, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, labels.Length);
        var given = labels.ToArray();
        var chosen = new SeededRandom(seed).Permutation(given.Length).Take(count).ToHashSet();
        return (
            [.. Enumerable.Range(0, given.Length).Where(i => mode == JudgeRepairMode.Flip || !chosen.Contains(i))],
            [.. given.Select((l, i) => mode == JudgeRepairMode.Flip && chosen.Contains(i) ? 1 - l : l)]);
    }

    /// <summary>Scores models again on corrected labels.</summary>
    /// <param name="labels">The given labels, 0 or 1.</param>
    /// <param name="gold">The corrected labels.</param>
    /// <param name="models">Each model's name and probabilities of label 1.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static ImmutableArray<RescoredModel> Rescore(ReadOnlySpan<int> labels, ReadOnlySpan<int> gold, IReadOnlyList<(string Name, ImmutableArray<double> Scores)> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        var (before, after) = (new BinaryScores[models.Count], new BinaryScores[models.Count]);
        for (var m = 0; m < models.Count; m++)
        {
            before[m] = Score(labels, models[m].Scores.AsSpan());
            after[m] = Score(gold, models[m].Scores.AsSpan());
        }
        var (rankBefore, rankAfter) = (Ranking.Of([.. before.Select(s => s.Accuracy)], descending: true), Ranking.Of([.. after.Select(s => s.Accuracy)], descending: true));
        return [.. models.Select((m, i) => new RescoredModel(m.Name, before[i], after[i], rankBefore[i], rankAfter[i]))];
    }

    /// <summary>Accuracy, F1 and ROC-AUC of probabilities of label 1.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static BinaryScores Score(ReadOnlySpan<int> labels, ReadOnlySpan<double> scores)
    {
        if (labels.Length != scores.Length || labels.IsEmpty)
            throw new ArgumentException($"{scores.Length} scores for {labels.Length} labels", nameof(scores));
        int right = 0, hits = 0, guessed = 0, positive = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var guess = scores[i] >= 0.5 ? 1 : 0;
            right += guess == labels[i] ? 1 : 0;
            hits += guess == 1 && labels[i] == 1 ? 1 : 0;
            guessed += guess;
            positive += labels[i];
        }
        var ranks = Ranking.Of(scores);
        var sum = 0.0;
        for (var i = 0; i < labels.Length; i++)
            sum += labels[i] == 1 ? ranks[i] : 0;
        var negative = labels.Length - positive;
        return new BinaryScores(
            (double)right / labels.Length, guessed + positive == 0 ? double.NaN : 2.0 * hits / (guessed + positive),
            positive == 0 || negative == 0 ? double.NaN : (sum - positive * (positive + 1.0) / 2) / ((double)positive * negative));
    }
}
