using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What a search for errors among several labels an example found.</summary>
/// <param name="Mask">Whether any class of a row is flagged.</param>
/// <param name="Ranked">The flagged rows by their least score.</param>
/// <param name="Classes">
/// The result for each class against the rest: label 1 means that the class is given. Null where all rows or none have the class.
/// </param>
public sealed record MultiLabelIssues(ImmutableArray<bool> Mask, ImmutableArray<int> Ranked, ImmutableArray<LabelIssues?> Classes);

/// <summary>Confident learning for examples that carry any number of classes: each class against the rest, [1 − p, p], and the union of what is flagged.</summary>
public static class MultiLabelErrors
{
    /// <summary>Finds rows with a class too many or too few.</summary>
    /// <param name="labels">The classes of each row, in any order.</param>
    /// <param name="probabilities">n × K out-of-sample probabilities; each is that of one class, rows need not sum to 1.</param>
    /// <param name="filter">Which labels are flagged.</param>
    /// <param name="rank">What the flagged are ranked by.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, a class is out of range, or no class divides the rows.</exception>
    public static MultiLabelIssues Find(
        IReadOnlyList<ImmutableArray<int>> labels, FloatMatrix probabilities, LabelFilter filter = LabelFilter.PruneByNoiseRate, LabelScoring rank = LabelScoring.SelfConfidence)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(probabilities);
        var (n, k) = (probabilities.Rows, probabilities.Columns);
        if (labels.Count != n)
            throw new ArgumentException($"{labels.Count} rows of labels for {n} rows of probabilities", nameof(labels));
        var has = new int[k][];
        for (var c = 0; c < k; c++)
            has[c] = new int[n];
        for (var i = 0; i < n; i++)
        {
            foreach (var c in labels[i])
            {
                if ((uint)c >= (uint)k)
                    throw new ArgumentException($"label {c} of row {i} is out of range, there are {k} classes", nameof(labels));
                has[c][i] = 1;
            }
        }
        var mask = new bool[n];
        var least = new float[n];
        Array.Fill(least, 1);
        var classes = new LabelIssues?[k];
        for (var c = 0; c < k; c++)
        {
            if (!has[c].AsSpan().ContainsAnyExcept(has[c][0]))
                continue;
            var pairs = new float[2 * n];
            for (var i = 0; i < n; i++)
                (pairs[2 * i], pairs[2 * i + 1]) = (1 - probabilities[i, c], probabilities[i, c]);
            var found = ConfidentLearning.Find(has[c], new FloatMatrix(pairs, n, 2), filter, rank);
            classes[c] = found;
            for (var i = 0; i < n; i++)
            {
                mask[i] |= found.Mask[i];
                least[i] = Math.Min(least[i], found.Scores[i]);
            }
        }
        return classes.All(c => c is null)
            ? throw new ArgumentException("every class is given to all rows or to none: there is nothing to compare", nameof(labels))
            : new MultiLabelIssues([.. mask], LabelScore.Order(mask, least), [.. classes]);
    }
}
