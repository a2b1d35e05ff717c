using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>The predicted risk of one bag size.</summary>
/// <param name="BagSize">k.</param>
/// <param name="Bags">How many bags there are.</param>
/// <param name="BestRho">The ρ of least risk.</param>
/// <param name="Risk">E‖θ − θ₀‖² there.</param>
/// <param name="BagOnly">The risk of the bag loss alone, ρ = 0.</param>
/// <param name="InstanceOnly">The risk of the instance loss alone, ρ = 1.</param>
/// <param name="Curve">The risk over ρ.</param>
public sealed record AggregatePlanLine(int BagSize, int Bags, double BestRho, double Risk, double BagOnly, double InstanceOnly, ImmutableArray<RiskPoint> Curve);

/// <summary>Which bags and which ρ to take, before anything is released.</summary>
/// <param name="Setting">The setting; its bag size does not count.</param>
/// <param name="Lines">One line a bag size.</param>
/// <param name="Best">The bag size of least risk.</param>
public sealed record AggregatePlan(AggregateSetting Setting, ImmutableArray<AggregatePlanLine> Lines, int Best)
{
    /// <summary>Predicts.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="bagSizes">The bag sizes; those beyond the rows are left out.</param>
    public static AggregatePlan Of(AggregateSetting setting, IReadOnlyList<int> bagSizes)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(bagSizes);
        var lines = bagSizes.Where(k => k <= setting.Rows).Distinct().Order().Select(k =>
        {
            var curve = AggregateRisk.Curve(setting with { BagSize = k }, AggregateRisk.FineGrid);
            var best = curve.MinBy(p => p.Risk);
            return new AggregatePlanLine(k, setting.Rows / k, best.Rho, best.Risk, curve[0].Risk, curve[^1].Risk, curve);
        }).ToImmutableArray();
        return lines.IsEmpty
            ? throw new ArgumentException($"no bag size from 1 to {setting.Rows} was given")
            : new AggregatePlan(setting, lines, lines.MinBy(l => l.Risk)!.BagSize);
    }

    /// <summary>The plan as a report.</summary>
    public Report Report(DateTimeOffset when)
    {
        var best = Lines.First(l => l.BagSize == Best);
        return new Report("Averages of bags", $"Bags of {Best} with ρ = {best.BestRho:0.###} lose least: the predicted error of the weights is {ReportNumbers.Value(best.Risk)}.", when,
        [
            new TableSection("Bag sizes", ["#rows of a bag", "#bags", "#best ρ", "#risk", "#bag loss alone", "#instance loss alone"],
                [.. Lines.Select(l => (ImmutableArray<string>)[$"{l.BagSize}", $"{l.Bags}", ReportNumbers.Value(l.BestRho), ReportNumbers.Value(l.Risk), ReportNumbers.Value(l.BagOnly), ReportNumbers.Value(l.InstanceOnly)])])
            {
                Caption = "Risk is E‖θ − θ₀‖² of a linear model with standard normal features in random bags.",
            },
            new CurvesSection("Risk over ρ", "ρ", "risk", [.. Lines.Where(l => l.BagSize > 1).Take(6).Select(l => new ReportCurve($"bags of {l.BagSize}", [.. l.Curve.Select(p => p.Rho)], [.. l.Curve.Select(p => p.Risk)]) { HasMarkers = true })]) { LogY = true },
        ])
        {
            Subtitle = $"{Setting.Rows:n0} rows, {Setting.Features} features, noise {Setting.Noise:0.###}, signal {Setting.Signal:0.###}{(double.IsFinite(Setting.Epsilon) ? $", ε = {Setting.Epsilon:0.###}" : "")}",
        };
    }
}
