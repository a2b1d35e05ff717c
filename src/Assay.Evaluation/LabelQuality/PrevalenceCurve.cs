using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>The accuracies of two models at one prevalence of wrong labels.</summary>
/// <param name="Prevalence">The share of examples whose given label is wrong.</param>
/// <param name="OriginalA">The accuracy of a on the given labels.</param>
/// <param name="OriginalB">The accuracy of b on the given labels.</param>
/// <param name="CorrectedA">The accuracy of a on the corrected labels.</param>
/// <param name="CorrectedB">The accuracy of b on the corrected labels.</param>
public readonly record struct PrevalencePoint(double Prevalence, double OriginalA, double OriginalB, double CorrectedA, double CorrectedB);

/// <summary>
/// Which of two models is better as wrong labels become more frequent. The paper raises the prevalence p(x) = N_c/(N − x) by dropping x
/// correctly labelled examples at random; the expected accuracy of that is exact without drawing: p · (accuracy on the N_c corrected rows)
/// + (1 − p) · (accuracy on the clean rows).
/// </summary>
public sealed class PrevalenceCurve
{
    private readonly (double Clean, double Original, double Corrected) a, b;

    /// <summary>Measures both models.</summary>
    /// <param name="set">The corrected test set.</param>
    /// <param name="modelA">The predicted class of every row by a.</param>
    /// <param name="modelB">The predicted class of every row by b.</param>
    /// <exception cref="ArgumentException">The predictions do not fit the set, no label was corrected, or no row is clean.</exception>
    public PrevalenceCurve(CorrectedTestSet set, ReadOnlySpan<int> modelA, ReadOnlySpan<int> modelB)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (modelA.Length != set.Labels.Length || modelB.Length != set.Labels.Length)
            throw new ArgumentException($"{modelA.Length} and {modelB.Length} predictions for {set.Labels.Length} rows");
        if (set.Corrected.IsEmpty || set.Corrected.Length == set.Rows.Length)
            throw new ArgumentException($"{set.Corrected.Length} of {set.Rows.Length} labels were corrected: some corrected and some clean ones are needed");
        NaturalPrevalence = set.Prevalence;
        a = Measure(set, modelA);
        b = Measure(set, modelB);
    }

    /// <summary>The prevalence in the reviewed set, N_c/N; the curve begins there.</summary>
    public double NaturalPrevalence { get; }

    /// <summary>
    /// The prevalence where the models are equal on corrected labels, or null where one of them is ahead from the natural prevalence to 1.
    /// </summary>
    public double? FlipOnCorrected => Crossing(a.Clean - b.Clean, a.Corrected - b.Corrected);

    /// <summary>The prevalence where the models are equal on the given labels, or null.</summary>
    public double? FlipOnOriginal => Crossing(a.Clean - b.Clean, a.Original - b.Original);

    /// <summary>The accuracies at a prevalence.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The prevalence is no share.</exception>
    public PrevalencePoint At(double prevalence)
    {
        if (!(prevalence is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(prevalence), prevalence, "a share from 0 to 1 was expected");
        double Mix(double clean, double noisy) => (1 - prevalence) * clean + prevalence * noisy;
        return new(prevalence, Mix(a.Clean, a.Original), Mix(b.Clean, b.Original), Mix(a.Clean, a.Corrected), Mix(b.Clean, b.Corrected));
    }

    /// <summary>Points at even distances from the natural prevalence to a greatest one.</summary>
    public ImmutableArray<PrevalencePoint> Points(int count = 21, double greatest = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        return [.. Enumerable.Range(0, count).Select(i => At(NaturalPrevalence + (greatest - NaturalPrevalence) * i / (count - 1)))];
    }

    private double? Crossing(double clean, double noisy)
    {
        // (1 − p)·clean + p·noisy = 0
        if (clean == noisy)
            return null;
        var p = clean / (clean - noisy);
        return p > NaturalPrevalence && p < 1 ? p : null;
    }

    private static (double, double, double) Measure(CorrectedTestSet set, ReadOnlySpan<int> predicted)
    {
        var wrong = set.Corrected.ToHashSet();
        int clean = 0, original = 0, corrected = 0;
        foreach (var row in set.Rows)
        {
            if (wrong.Contains(row))
            {
                original += predicted[row] == set.Original[row] ? 1 : 0;
                corrected += predicted[row] == set.Labels[row] ? 1 : 0;
            }
            else
            {
                clean += predicted[row] == set.Labels[row] ? 1 : 0;
            }
        }
        return ((double)clean / (set.Rows.Length - wrong.Count), (double)original / wrong.Count, (double)corrected / wrong.Count);
    }
}
