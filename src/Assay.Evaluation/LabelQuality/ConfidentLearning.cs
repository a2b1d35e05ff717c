using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Which labels are flagged as suspicious.</summary>
public enum LabelFilter
{
    /// <summary>For each given class k and other class j, the R[j,k] examples with the largest P[i,j] − P[i,k]: the paper's choice.</summary>
    PruneByNoiseRate,
    /// <summary>For each given class k, the n_k − R[k,k] examples with the smallest P[i,k].</summary>
    PruneByClass,
    /// <summary>What both prune rules flag.</summary>
    Both,
    /// <summary>The examples that are counted off the diagonal of the confident joint.</summary>
    ConfidentLearning,
    /// <summary>The examples whose most probable class is not the given one: a baseline.</summary>
    PredictedNeqGiven,
    /// <summary>As many as <see cref="ConfidentLearning"/> flags, those of the lowest P[i,y].</summary>
    LowSelfConfidence,
    /// <summary>As many as <see cref="ConfidentLearning"/> flags, those of the lowest margin.</summary>
    LowNormalizedMargin,
    /// <summary>Prune by noise rate with the calibrated confusion matrix of the most probable classes for the joint: a baseline.</summary>
    ArgmaxConfusion,
}

/// <summary>What a search for label errors found.</summary>
public sealed record LabelIssues
{
    /// <summary>The flagged rows, the most suspicious first; equal scores in the order of rows.</summary>
    public required ImmutableArray<int> Ranked { get; init; }

    /// <summary>Whether each row is flagged.</summary>
    public required ImmutableArray<bool> Mask { get; init; }

    /// <summary>The score of each row's label in [0, 1]; low is suspicious.</summary>
    public required ImmutableArray<float> Scores { get; init; }

    /// <summary>The most probable class of each row.</summary>
    public required ImmutableArray<int> Predicted { get; init; }

    /// <summary>The confident joint with thresholds, calibration and noise rates.</summary>
    public required ConfidentJoint Joint { get; init; }

    /// <summary>What makes the result doubtful: rows that do not sum to 1, probabilities that look in-sample, classes without examples.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>The share of labels that is flagged.</summary>
    public double FlaggedShare => (double)Ranked.Length / Mask.Length;
}

/// <summary>
/// Confident learning (Northcutt, Jiang and Chuang 2021; used on test sets by Northcutt, Athalye and Mueller, arXiv 2103.14749): finds wrong
/// labels from labels and out-of-sample class probabilities of any model. Counts follow cleanlab 2; where it cuts at a value, so that ties
/// may flag more or fewer, exactly the estimated number is flagged here and ties go to the lower row. Deterministic; one pass over the
/// probabilities on all cores, without allocation per row.
/// </summary>
[Method("label-errors", Paper = 54, Kind = MethodKind.DataQuality)]
public static class ConfidentLearning
{
    private const double SumTolerance = 1e-2, SuspiciousAccuracy = 0.9995;

    /// <summary>Finds suspicious labels.</summary>
    /// <param name="labels">The given class of each row, 0 … K − 1, possibly wrong.</param>
    /// <param name="probabilities">n × K out-of-sample probabilities, for example from <see cref="OutOfFold"/>.</param>
    /// <param name="filter">Which labels are flagged.</param>
    /// <param name="rank">What the flagged are ranked by.</param>
    /// <param name="fraction">f: the share of the estimated errors that the prune rules take, 0 to 1.</param>
    /// <param name="minExamplesPerClass">m: the prune rules leave each class at least so many examples.</param>
    /// <exception cref="ArgumentException">
    /// Lengths do not fit, a label is out of range, only one class is given, or a probability is negative, above 1 or NaN; the message names the row.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">f or m is out of range.</exception>
    public static LabelIssues Find(
        ReadOnlySpan<int> labels, FloatMatrix probabilities, LabelFilter filter = LabelFilter.PruneByNoiseRate, LabelScoring rank = LabelScoring.NormalizedMargin,
        double fraction = 1, int minExamplesPerClass = 1)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        if (!(fraction is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "a share from 0 to 1 was expected");
        ArgumentOutOfRangeException.ThrowIfNegative(minExamplesPerClass);
        var given = labels.ToArray();
        var scan = RowScan.Of(given, probabilities);
        var joint = ConfidentJoint.Count(scan, probabilities.Columns);
        var mask = LabelFilters.Apply(filter, scan, joint, probabilities, fraction, minExamplesPerClass);
        var scores = LabelScore.Of(rank, scan, probabilities);
        return new LabelIssues
        {
            Ranked = LabelScore.Order(mask, scores),
            Mask = ImmutableArray.Create(mask),
            Scores = ImmutableArray.Create(scores),
            Predicted = ImmutableArray.Create(scan.Predicted),
            Joint = joint,
            Warnings = Warnings(scan, joint),
        };
    }

    private static ImmutableArray<string> Warnings(RowScan scan, ConfidentJoint joint)
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (scan.RowsOffSum > 0)
            warnings.Add($"{scan.RowsOffSum} rows of probabilities do not sum to 1 ± {SumTolerance}, the first is row {scan.FirstOffSum}");
        var right = 0;
        for (var i = 0; i < scan.Count; i++)
            right += scan.Predicted[i] == scan.Labels[i] ? 1 : 0;
        if (right >= SuspiciousAccuracy * scan.Count && scan.Count >= 100)
            warnings.Add($"the probabilities agree with {right} of {scan.Count} labels: are they out-of-sample? A model that was trained on these labels hides their errors");
        var empty = joint.ClassCounts.Count(c => c == 0);
        if (empty > 0)
            warnings.Add($"{empty} of {joint.ClassCounts.Length} classes have no example");
        return warnings.ToImmutable();
    }

    /// <summary>How far a row may be from a sum of 1 before a warning.</summary>
    internal static double Tolerance => SumTolerance;
}
