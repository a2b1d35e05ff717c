using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>
/// A test set after review, by the paper's rule: labels that can be corrected are, other wrong ones leave the set, everything else stays.
/// </summary>
public sealed class CorrectedTestSet
{
    private CorrectedTestSet(ImmutableArray<int> original, ImmutableArray<int> labels, ImmutableArray<int> rows, ImmutableArray<int> corrected, ImmutableArray<int> dropped) =>
        (Original, Labels, Rows, Corrected, Dropped) = (original, labels, rows, corrected, dropped);

    /// <summary>The labels as they were given, for all rows.</summary>
    public ImmutableArray<int> Original { get; }

    /// <summary>The labels for all rows, corrected where they can be; those of dropped rows are meaningless.</summary>
    public ImmutableArray<int> Labels { get; }

    /// <summary>The rows that stay.</summary>
    public ImmutableArray<int> Rows { get; }

    /// <summary>The rows with a corrected label.</summary>
    public ImmutableArray<int> Corrected { get; }

    /// <summary>The rows that leave the set: multi-label, neither, non-agreement.</summary>
    public ImmutableArray<int> Dropped { get; }

    /// <summary>The share of the rows that stay whose label was wrong: the natural noise prevalence N_c/N.</summary>
    public double Prevalence => Rows.IsEmpty ? 0 : (double)Corrected.Length / Rows.Length;

    /// <summary>Builds the set.</summary>
    /// <param name="labels">The given class of each row.</param>
    /// <param name="verdicts">For each reviewed row, the verdict and the guessed class, which is used where the verdict is correctable.</param>
    /// <exception cref="ArgumentException">A row is out of range, or a correctable one has no other class.</exception>
    public static CorrectedTestSet Build(ReadOnlySpan<int> labels, IReadOnlyDictionary<int, (LabelVerdict Verdict, int Guessed)> verdicts)
    {
        ArgumentNullException.ThrowIfNull(verdicts);
        var corrected = labels.ToArray();
        var (fixedRows, dropped) = (new List<int>(), new List<int>());
        foreach (var (row, (verdict, guessed)) in verdicts.OrderBy(v => v.Key))
        {
            if ((uint)row >= (uint)corrected.Length)
                throw new ArgumentException($"row {row} was reviewed, but there are {corrected.Length}", nameof(verdicts));
            switch (verdict)
            {
                case LabelVerdict.Given:
                    break;
                case LabelVerdict.Correctable:
                    if (guessed < 0 || guessed == corrected[row])
                        throw new ArgumentException($"row {row}: class {guessed} corrects nothing", nameof(verdicts));
                    corrected[row] = guessed;
                    fixedRows.Add(row);
                    break;
                default:
                    dropped.Add(row);
                    break;
            }
        }
        var leaving = dropped.ToHashSet();
        return new CorrectedTestSet(
            [.. labels], [.. corrected], [.. Enumerable.Range(0, corrected.Length).Where(i => !leaving.Contains(i))], [.. fixedRows], [.. dropped]);
    }

    /// <summary>The share of the rows that stay whose predicted class is the label.</summary>
    /// <param name="predicted">The predicted class of every row, dropped ones included.</param>
    /// <param name="original">Whether the labels are those given before the review.</param>
    /// <exception cref="ArgumentException">There is not one prediction for each row, or no row stays.</exception>
    public double Accuracy(ReadOnlySpan<int> predicted, bool original = false)
    {
        if (predicted.Length != Labels.Length || Rows.IsEmpty)
            throw new ArgumentException($"{predicted.Length} predictions for {Labels.Length} rows", nameof(predicted));
        var (labels, right) = (original ? Original : Labels, 0);
        foreach (var row in Rows)
            right += predicted[row] == labels[row] ? 1 : 0;
        return (double)right / Rows.Length;
    }
}
