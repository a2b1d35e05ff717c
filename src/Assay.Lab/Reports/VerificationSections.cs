using System.Collections.Immutable;
using System.Globalization;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of a verification.</summary>
public static class VerificationSections
{
    /// <summary>Rates, figures, distributions of scores, warnings.</summary>
    /// <param name="report">The verification.</param>
    public static ImmutableArray<ReportSection> Of(VerificationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var h = report.Histogram;
        return
        [
            new TableSection("True accepts at fixed false accepts", ["#FAR", "#TAR", "interval", "#threshold", "#FAR there"],
                [.. report.Points.Select(p => (ImmutableArray<string>)(p.IsMeasurable
                    ? [Rate(p.Target), ReportNumbers.Value(p.TrueAcceptRate), ReportNumbers.Interval(p.TrueAcceptRate), ReportNumbers.Value(p.Threshold), Rate(p.FalseAcceptRate)]
                    : [Rate(p.Target), "not measurable", "", "", ""]))])
            {
                Caption = "A pair is accepted when its score reaches the threshold.",
            },
            new TableSection("Figures", ["figure", "#value", "interval"], [.. Figures(report).Select(f => (ImmutableArray<string>)[f.Name, f.Value, f.Interval])]),
            new HistogramsSection("Scores", [new ReportHistogram("one identity", h.Low, h.High, h.Positives), new ReportHistogram("two identities", h.Low, h.High, h.Negatives)]),
            new TextSection("Warnings", report.Warnings) { IsList = true },
        ];
    }

    /// <summary>The figures beside the rates, in words.</summary>
    public static IEnumerable<(string Name, string Value, string Interval)> Figures(VerificationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        yield return ("equal error rate", ReportNumbers.Value(report.EqualErrorRate), ReportNumbers.Interval(report.EqualErrorRate));
        yield return ($"best accuracy (threshold {ReportNumbers.Value(report.AccuracyThreshold)})", ReportNumbers.Value(report.Accuracy), "");
        if (report.RankOne is { } rankOne)
            yield return ("rank-1 identification", ReportNumbers.Value(rankOne), ReportNumbers.Interval(rankOne));
        yield return ("mean score, one identity", ReportNumbers.Value(report.MeanPositive), "");
        yield return ("mean score, two identities", ReportNumbers.Value(report.MeanNegative), "");
        yield return ("lowest of one − highest of two identities", ReportNumbers.Value(report.Overlap), "");
    }

    /// <summary>A false-accept rate: "0.001" or "1e-6".</summary>
    public static string Rate(double rate) => rate is > 0 and < 1e-3 ? rate.ToString("0.##e0", CultureInfo.InvariantCulture) : rate.ToString("0.####", CultureInfo.InvariantCulture);
}
