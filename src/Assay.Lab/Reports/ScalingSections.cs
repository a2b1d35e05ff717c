using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>The report of a scaling law: its curve with the band of extrapolation, constants and warnings.</summary>
public static class ScalingSections
{
    private const int CurvePoints = 80;

    /// <summary>The sections.</summary>
    /// <param name="law">The law.</param>
    /// <param name="target">Where the extrapolation ends, a value for each variable; 30 times beyond the fitted range where empty.</param>
    public static ImmutableArray<ReportSection> Of(ScalingLaw law, IReadOnlyList<double> target)
    {
        ArgumentNullException.ThrowIfNull(law);
        ArgumentNullException.ThrowIfNull(target);
        var sections = ImmutableArray.CreateBuilder<ReportSection>();
        sections.Add(new TextSection("Warnings", law.Warnings) { IsList = true });
        for (var v = 0; v < law.Variables.Length && !law.Points.IsEmpty; v++)
            sections.Add(Along(law, v, target));
        sections.Add(new TableSection("Constants", ["constant", "#value", "interval"],
            [.. law.Parameters.Select(p => (ImmutableArray<string>)[p.Name, ReportNumbers.Value(p.Estimate), ReportNumbers.Interval(p.Estimate)])]) { Explanation = law.Formula });
        return sections.ToImmutable();
    }

    // The other variables stand at the target, or at the largest fitted point.
    private static CurvesSection Along(ScalingLaw law, int variable, IReadOnlyList<double> target)
    {
        var largest = law.Points.MaxBy(p => p.At.Aggregate(1.0, (a, b) => a * b))!;
        double[] at = target.Count > 0 ? [.. target] : [.. largest.At];
        var (low, high) = (law.Points.Min(p => p.At[variable]), law.Points.Max(p => p.At[variable]));
        var isLoss = law is DownstreamErrorLaw;
        var end = isLoss ? low * 0.8 : target.Count > 0 ? Math.Max(high, target[variable]) : high * 30;
        var (from, to) = (Math.Min(low, end), Math.Max(high, end));
        var x = Enumerable.Range(0, CurvePoints).Select(i => from * Math.Pow(to / from, i / (CurvePoints - 1.0))).ToArray();
        var values = x.Select(v =>
        {
            at[variable] = v;
            return law.Predict(at);
        }).ToArray();
        var hasBand = values.All(e => double.IsFinite(e.Interval.Low));
        var points = law.Points.OrderBy(p => p.At[variable]).ToArray();
        var curve = new ReportCurve("law", [.. x], [.. values.Select(e => e.Value)]) { Band = hasBand ? [.. values.Select(e => (Math.Max(e.Interval.Low, 1e-6), e.Interval.High))] : [] };
        // Points are separated by gaps: no line joins them.
        var measured = new ReportCurve("runs", [.. points.SelectMany(p => (double[])[p.At[variable], p.At[variable]])], [.. points.SelectMany(p => (double[])[p.Value, double.NaN])]) { HasMarkers = true };
        var others = law.Variables.Select((name, i) => (name, i)).Where(o => o.i != variable).Select(o => $"{o.name} = {ReportNumbers.Value(at[o.i])}").ToArray();
        return new CurvesSection($"{law.Response} by {law.Variables[variable]}", law.Variables[variable], law.Response, [curve, measured])
        {
            LogX = !isLoss,
            LogY = law.Response == "loss" || law is LearningCurve,
            Explanation = (hasBand ? "The band holds a new run at 95 %. " : "") + $"Fitted from {ReportNumbers.Value(low)} to {ReportNumbers.Value(high)}; beyond that the curve is extrapolation."
                + (others.Length > 0 ? $" The curve is drawn at {string.Join(", ", others)}; the runs lie at their own values." : ""),
        };
    }
}
