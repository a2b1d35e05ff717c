using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>A label that is flagged.</summary>
/// <param name="Row">The row.</param>
/// <param name="Id">The example's id.</param>
/// <param name="Given">The given class.</param>
/// <param name="Guessed">The most probable other class.</param>
/// <param name="Score">The score of the given label; low is suspicious.</param>
/// <param name="GivenProbability">The probability of the given class.</param>
/// <param name="GuessedProbability">The probability of the guessed class.</param>
public sealed record SuspiciousLabel(int Row, string Id, string Given, string Guessed, double Score, double GivenProbability, double GuessedProbability);

/// <summary>How many labels of one class are estimated to belong to another.</summary>
/// <param name="Given">The given class.</param>
/// <param name="True">The class they belong to.</param>
/// <param name="Count">The estimated number, J[given, true].</param>
/// <param name="Share">Its share of the rows that are given that class.</param>
public sealed record LabelConfusion(string Given, string True, long Count, double Share);

/// <summary>The suspicious labels of a set of predictions: <see cref="ConfidentLearning"/> with names for people.</summary>
public sealed class LabelAudit
{
    private LabelAudit(Predictions predictions, LabelIssues issues)
    {
        Predictions = predictions;
        Issues = issues;
        Suspicious = [.. issues.Ranked.Select(Describe)];
        Confusions = [.. FindConfusions()];
    }

    /// <summary>The predictions, with probabilities for scores.</summary>
    public Predictions Predictions { get; }

    /// <summary>The result of confident learning.</summary>
    public LabelIssues Issues { get; }

    /// <summary>The flagged labels, the most suspicious first.</summary>
    public ImmutableArray<SuspiciousLabel> Suspicious { get; }

    /// <summary>The estimated confusions of labels, the most frequent first.</summary>
    public ImmutableArray<LabelConfusion> Confusions { get; }

    /// <summary>Audits predictions.</summary>
    /// <param name="predictions">Out-of-sample predictions with labels and probabilities or logits.</param>
    /// <param name="filter">Which labels are flagged.</param>
    /// <param name="rank">What they are ranked by.</param>
    /// <param name="fraction">The share of the estimated errors that the prune rules take.</param>
    /// <exception cref="ArgumentException">The predictions have no labels or no probabilities, or are not valid.</exception>
    public static LabelAudit Of(
        Predictions predictions, LabelFilter filter = LabelFilter.PruneByNoiseRate, LabelScoring rank = LabelScoring.NormalizedMargin, double fraction = 1)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        if (predictions.Kind is ScoreKind.Values or ScoreKind.Classes)
            throw new ArgumentException($"{predictions.Model}: class probabilities are needed to find label errors, the predictions hold only {(predictions.IsRegression ? "values" : "classes")}");
        predictions.RequireTruth();
        var probable = predictions.ToProbabilities();
        return new LabelAudit(probable, ConfidentLearning.Find(probable.Labels.AsSpan(), probable.Scores, filter, rank, fraction));
    }

    private SuspiciousLabel Describe(int row)
    {
        var p = Predictions.Scores.Row(row);
        var given = Predictions.Labels[row];
        var guessed = given == 0 ? 1 : 0;
        for (var c = 0; c < p.Length; c++)
        {
            if (c != given && p[c] > p[guessed])
                guessed = c;
        }
        return new SuspiciousLabel(row, Predictions.Id(row), Predictions.ClassName(given), Predictions.ClassName(guessed), Issues.Scores[row], p[given], p[guessed]);
    }

    private IEnumerable<LabelConfusion> FindConfusions()
    {
        var (joint, counts) = (Issues.Joint.Calibrated, Issues.Joint.ClassCounts);
        var found = new List<LabelConfusion>();
        for (var g = 0; g < counts.Length; g++)
        {
            for (var t = 0; t < counts.Length; t++)
            {
                if (g != t && joint[g, t] > 0)
                    found.Add(new LabelConfusion(Predictions.ClassName(g), Predictions.ClassName(t), joint[g, t], (double)joint[g, t] / counts[g]));
            }
        }
        return found.OrderByDescending(c => c.Count);
    }
}
