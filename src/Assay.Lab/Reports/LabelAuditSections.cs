using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of suspicious labels: estimates, the ranked examples, and after a review what changes for the models.</summary>
public static class LabelAuditSections
{
    private const int MostConfusions = 20, TextLength = 500;

    /// <summary>The estimates and the ranked labels.</summary>
    /// <param name="audit">The audit.</param>
    /// <param name="data">The dataset, where it is known: its images or texts are shown.</param>
    /// <param name="rowOf">The dataset's row of an audited row, or null for the same.</param>
    /// <param name="most">The most labels that are shown.</param>
    public static ImmutableArray<ReportSection> Of(LabelAudit audit, Dataset? data = null, Func<int, int>? rowOf = null, int most = 200)
    {
        ArgumentNullException.ThrowIfNull(audit);
        var issues = audit.Issues;
        var shown = audit.Suspicious.Take(most).ToArray();
        var images = data is null ? null : FeatureImage.Of(data);
        return
        [
            new TextSection("Warnings", issues.Warnings) { IsList = true },
            new TableSection("Estimates", ["what", "#number"],
            [
                ["examples", $"{issues.Mask.Length}"],
                ["labels flagged", $"{issues.Ranked.Length} ({ReportNumbers.Percent(issues.FlaggedShare)})"],
                ["labels estimated to be wrong", ReportNumbers.Percent(issues.Joint.ErrorFraction)],
            ])
            {
                Explanation = "Estimated by confident learning from the labels and the model's out-of-sample probabilities; a person must look at each flagged label before it is changed.",
            },
            new TableSection("Confused classes", ["given", "should be", "#labels", "#share of the class"],
                [.. audit.Confusions.Take(MostConfusions).Select(c => (ImmutableArray<string>)[c.Given, c.True, $"{c.Count}", ReportNumbers.Percent(c.Share)])])
            {
                Explanation = "How many labels of the first class are estimated to belong to the second.",
            },
            data is null ? Table(shown) : new ExamplesSection("Suspicious labels", [.. shown.Select(s => Example(s, data, images, rowOf?.Invoke(s.Row) ?? s.Row))])
            {
                Explanation = $"The most suspicious first{(shown.Length < audit.Suspicious.Length ? $"; {shown.Length} of {audit.Suspicious.Length}" : "")}. Given label → the model's guess, with their probabilities.",
            },
        ];
    }

    /// <summary>What a review changes: the verdicts, the accuracy of each model, and where the ranking of two models flips.</summary>
    /// <param name="set">The corrected test set.</param>
    /// <param name="reviews">The reviews.</param>
    /// <param name="models">Each model's name and predicted classes; the first two are compared.</param>
    public static ImmutableArray<ReportSection> OfReview(CorrectedTestSet set, IReadOnlyCollection<LabelReview> reviews, IReadOnlyList<(string Name, ImmutableArray<int> Predicted)> models)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(models);
        var sections = ImmutableArray.CreateBuilder<ReportSection>();
        sections.Add(new BarsSection("Verdicts", "verdict", [.. reviews.GroupBy(r => r.Verdict).OrderBy(g => g.Key).Select(g => (LabJson.Name(g.Key), (long)g.Count()))])
        {
            Explanation = $"{set.Corrected.Length} labels are corrected, {set.Dropped.Length} examples leave the set, {set.Rows.Length} remain.",
        });
        sections.Add(new TableSection("Accuracy before and after", ["model", "#original labels", "#corrected labels"],
            [.. models.Select(m => (ImmutableArray<string>)[m.Name, ReportNumbers.Percent(set.Accuracy(m.Predicted.AsSpan(), original: true)), ReportNumbers.Percent(set.Accuracy(m.Predicted.AsSpan()))])])
        {
            Caption = "On the same remaining examples.",
        });
        if (models.Count > 1 && !set.Corrected.IsEmpty && set.Corrected.Length < set.Rows.Length)
            sections.Add(Curve(new PrevalenceCurve(set, models[0].Predicted.AsSpan(), models[1].Predicted.AsSpan()), models[0].Name, models[1].Name));
        return sections.ToImmutable();
    }

    private static CurvesSection Curve(PrevalenceCurve curve, string a, string b)
    {
        var points = curve.Points();
        ReportCurve Line(string name, Func<PrevalencePoint, double> value) => new(name, [.. points.Select(p => 100 * p.Prevalence)], [.. points.Select(p => 100 * value(p))]);
        return new CurvesSection("Accuracy by prevalence of wrong labels", "examples with a wrong original label, %", "accuracy, %",
        [
            Line($"{a}, corrected", p => p.CorrectedA), Line($"{b}, corrected", p => p.CorrectedB), Line($"{a}, original", p => p.OriginalA), Line($"{b}, original", p => p.OriginalB),
        ])
        {
            Explanation = curve.FlipOnCorrected is { } flip
                ? $"On corrected labels the ranking of the two models flips at a prevalence of {ReportNumbers.Percent(flip)}; in this set it is {ReportNumbers.Percent(curve.NaturalPrevalence)}."
                : $"On corrected labels the ranking never flips above the natural prevalence of {ReportNumbers.Percent(curve.NaturalPrevalence)}.",
        };
    }

    private static TableSection Table(SuspiciousLabel[] shown) => new("Suspicious labels", ["id", "given", "guessed", "#score", "#P(given)", "#P(guessed)"],
        [.. shown.Select(s => (ImmutableArray<string>)[s.Id, s.Given, s.Guessed, ReportNumbers.Value(s.Score), ReportNumbers.Value(s.GivenProbability), ReportNumbers.Value(s.GuessedProbability)])])
    {
        Caption = "The most suspicious first.",
    };

    private static ReportExample Example(SuspiciousLabel label, Dataset data, FeatureImage? images, int row)
    {
        var text = data.Texts.IsEmpty ? null : data.Texts[row];
        return new ReportExample($"{label.Given} → {label.Guessed}")
        {
            Image = images?.ToPng(row),
            Text = text is { Length: > TextLength } ? $"{text[..TextLength]}…" : text,
            Lines = [string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{label.GivenProbability:0.00} → {label.GuessedProbability:0.00}"), label.Id],
        };
    }
}
