using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What is removed for a <see cref="MissingnessCurve"/>.</summary>
public enum Removal
{
    /// <summary>Measurements, for each model at random.</summary>
    Measurements,
    /// <summary>Whole samples.</summary>
    Samples,
}

/// <summary>A point of a <see cref="MissingnessCurve"/>.</summary>
/// <param name="Fraction">The fraction removed.</param>
/// <param name="Tau">Kendall's τ-b of the remaining results' ranking with the full one, mean over the repeats; NaN where nothing could be ranked.</param>
/// <param name="Least">The least of the repeats.</param>
/// <param name="Failed">How many repeats left nothing to compare.</param>
public readonly record struct MissingnessPoint(double Fraction, double Tau, double Least, int Failed);

/// <summary>How far the ranking of a pool stays the same when measurements are removed: what a cheaper evaluation would have cost.</summary>
public static class MissingnessCurve
{
    /// <summary>The fractions of the paper's figure.</summary>
    public static ImmutableArray<double> DefaultFractions { get; } = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99];

    /// <summary>Computes the curve. Where comparisons no longer identify the strengths, α = 0.01 is used.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="options">The aggregation; its resamples are not used.</param>
    /// <param name="fractions">The fractions to remove, or empty for <see cref="DefaultFractions"/>.</param>
    /// <param name="repeats">The number of repeats.</param>
    /// <param name="removal">What is removed.</param>
    /// <exception cref="ArgumentOutOfRangeException">A fraction is outside [0, 1), or there are no repeats.</exception>
    public static ImmutableArray<MissingnessPoint> Of(SamplePool pool, AggregationOptions? options = null, ImmutableArray<double> fractions = default, int repeats = 3, Removal removal = Removal.Measurements)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repeats);
        options = (options ?? new AggregationOptions()) with { Resamples = 0 };
        fractions = fractions.IsDefaultOrEmpty ? DefaultFractions : fractions;
        foreach (var fraction in fractions)
        {
            if (!(fraction is >= 0 and < 1))
                throw new ArgumentOutOfRangeException(nameof(fractions), fraction, "fractions from 0 to below 1 were expected");
        }
        var full = Score(pool, options);
        return [.. fractions.Select((fraction, i) =>
        {
            var taus = new List<double>();
            for (var r = 0; r < repeats; r++)
            {
                try
                {
                    var scores = Score(Remove(pool, fraction, removal, SeededRandom.At(options.Seed, 4, i, r)), options);
                    var known = Enumerable.Range(0, full.Length).Where(m => !double.IsNaN(full[m]) && !double.IsNaN(scores[m])).ToArray();
                    taus.Add(RankCorrelation.KendallTau([.. known.Select(m => full[m])], [.. known.Select(m => scores[m])]));
                }
                catch (ArgumentException)
                {
                    // Nothing left to compare: counted, not hidden.
                }
            }
            return new MissingnessPoint(fraction, taus.Count > 0 ? taus.Average() : double.NaN, taus.Count > 0 ? taus.Min() : double.NaN, repeats - taus.Count);
        })];
    }

    private static double[] Score(SamplePool pool, AggregationOptions options)
    {
        if (options.Aggregator == Aggregator.PlackettLuce && options.Alpha == 0)
        {
            var wins = GroupedWins.Count(pool, options.Seed).Total();
            options = ComparisonGraph.StrongComponents(wins).Length > 1 ? options with { Alpha = 0.01 } : options;
        }
        return pool.Aggregate(options).ScoresOf(pool.Models);
    }

    private static SamplePool Remove(SamplePool pool, double fraction, Removal removal, SeededRandom random)
    {
        if (removal == Removal.Samples)
            return pool.Select([.. random.Permutation(pool.SampleCount).Take(Math.Max(1, (int)Math.Round((1 - fraction) * pool.SampleCount)))]);
        return pool.Where((_, _) => random.NextDouble() >= fraction);
    }
}
