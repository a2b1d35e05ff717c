using System.Collections.Immutable;
using System.Globalization;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of a comparison of heads.</summary>
public static class HeadSections
{
    /// <summary>Curves, points, speeds, conditions, warnings.</summary>
    /// <param name="result">The comparison.</param>
    public static ImmutableArray<ReportSection> Of(HeadComparison result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var p = result.Points;
        ReportCurve Curve(string name, Func<HeadPoint, Statistics.Estimate> of) => new(name, [.. p.Select(x => (double)x.M)], [.. p.Select(x => of(x).Value)])
        {
            HasMarkers = true,
            Band = p.All(x => double.IsFinite(of(x).Interval.Low)) ? [.. p.Select(x => (of(x).Interval.Low, of(x).Interval.High))] : [],
        };
        var c = result.Conditions;
        return
        [
            new CurvesSection("Error over labelled rows", "rows", "test error", [Curve("naive Bayes", x => x.NaiveBayes), Curve("logistic regression", x => x.Logistic)]) { LogX = true },
            new TableSection("Points", ["#rows", "#naive Bayes", "#logistic", "difference", "#log-loss, naive Bayes", "#log-loss, logistic"],
                [.. p.Select(x => (ImmutableArray<string>)[$"{x.M}", ReportNumbers.Value(x.NaiveBayes.Value), ReportNumbers.Value(x.Logistic.Value), ReportNumbers.ValueAndInterval(x.Difference), ReportNumbers.Value(x.NaiveBayesLoss), ReportNumbers.Value(x.LogisticLoss)])]),
            new TableSection("How fast they learn", ["head", "#floor", "#rows to it"],
                [.. result.Speeds.Select(s => (ImmutableArray<string>)[Name(s.Head), $"{ReportNumbers.Value(s.Floor)}{(s.IsFitted ? "" : " (least measured)")}", s.RowsToFloor is { } m ? Rows(m) : "beyond the grid"])])
            {
                Explanation = $"Logistic regression is the better head from {CrossingText(result)} on.",
            },
            new TableSection("What the theory asks of features", ["quantity", "#value", "good for naive Bayes"],
            [
                ["divergence of class means, per feature", ReportNumbers.Value(c.DivergencePerFeature), "not near 0"],
                ["divergence of the nearest two classes, all features", ReportNumbers.Value(c.LeastDivergence), "large"],
                ["squared variation of margins within classes", ReportNumbers.Value(c.MarginVariation), "small"],
                ["mean |correlation| of features within classes", ReportNumbers.Value(c.Dependence), "small"],
            ]),
            new HistogramsSection("Deviations of features within classes", [ReportHistogram.Of("s", [.. c.Deviations.Where(double.IsFinite).Select(s => (float)s)])]),
            new TextSection("Warnings", result.Warnings) { IsList = true },
        ];
    }

    /// <summary>The advice in a sentence or two.</summary>
    public static string Verdict(HeadComparison result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var flip = result.RowsToFlip is { } rows ? $" {Rows(Math.Abs(rows))} rows {(rows > 0 ? "more" : "fewer")} would flip that." : "";
        return $"With {result.At} labelled rows take {Name(result.Advice)}: expected error {ReportNumbers.Value(result.ExpectedError)}{(result.IsClear ? "" : "; the difference is within chance")}.{flip}";
    }

    /// <summary>A head's name.</summary>
    public static string Name(LinearHead head) => head == LinearHead.NaiveBayes ? "naive Bayes" : "logistic regression";

    /// <summary>m* with its interval.</summary>
    public static string CrossingText(HeadComparison result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var c = result.Crossing;
        return $"{Rows(c.Value)} rows [{Rows(c.Interval.Low)}, {Rows(c.Interval.High)}]";
    }

    private static string Rows(double m) => double.IsPositiveInfinity(m) ? "∞" : m.ToString("#,0", CultureInfo.InvariantCulture);
}
