using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How a model's loss grows with the distortion.</summary>
/// <param name="Model">The model.</param>
/// <param name="Distortions">μ, rising from 0.</param>
/// <param name="Deltas">Δ in points at each μ, with its interval; NaN where no item has both answers.</param>
/// <param name="Trend">The straight line of Δ over μ, the origin included.</param>
public sealed record DoseResponse(string Model, ImmutableArray<double> Distortions, ImmutableArray<Estimate> Deltas, CbodTrend Trend)
{
    /// <summary>The curve of a model.</summary>
    /// <param name="results">Answers whose wordings have distortions.</param>
    /// <param name="model">The model's index.</param>
    /// <exception cref="ArgumentException">The wordings have no distortions.</exception>
    public static DoseResponse Of(WordingResults results, int model)
    {
        ArgumentNullException.ThrowIfNull(results);
        if (results.Distortions.Length != results.ParaphraseCount + 1)
            throw new ArgumentException("a distortion for each wording was expected", nameof(results));
        var deltas = ImmutableArray.CreateBuilder<Estimate>();
        deltas.Add(new Estimate(0, new Interval(0, 0)));
        for (var wording = 1; wording <= results.ParaphraseCount; wording++)
        {
            var (original, other, _) = results.Pairs(model, wording);
            deltas.Add(original.Length == 0 ? Estimate.Undefined : Cbod.Of(PairedOutcomes.Of(original, other)).Delta);
        }
        var known = Enumerable.Range(0, deltas.Count).Where(i => deltas[i].IsDefined).ToArray();
        var trend = known.Length < 2 ? new CbodTrend(double.NaN, double.NaN, double.NaN) : CbodTrend.Of([.. known.Select(i => results.Distortions[i])], [.. known.Select(i => deltas[i].Value)]);
        return new DoseResponse(results.Models[model], results.Distortions, deltas.ToImmutable(), trend);
    }
}
