using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How results on a pool become one score for each model.</summary>
public enum Aggregator
{
    /// <summary>Maximum likelihood of the Plackett–Luce model of all within-sample comparisons, by I-LSR: θ.</summary>
    PlackettLuce,
    /// <summary>The mean of all scores of a model: right only where every model saw the same samples on one scale.</summary>
    MeanScore,
    /// <summary>The mean over datasets of the model's mean there, scaled to 0 … 1 over the models.</summary>
    NormalizedMean,
    /// <summary>Elo's sequential ratings, the comparisons in random order.</summary>
    Elo,
    /// <summary>The arena's logistic rating.</summary>
    ArenaMle,
    /// <summary>The share of comparisons that were won, ties half.</summary>
    WinRate,
}

/// <summary>How a pool is aggregated.</summary>
public sealed record AggregationOptions
{
    /// <summary>How scores are found.</summary>
    public Aggregator Aggregator { get; init; } = Aggregator.PlackettLuce;

    /// <summary>α: virtual wins between all models, for comparisons that do not identify all strengths (0.01 to 0.05). 0 by default.</summary>
    public double Alpha { get; init; }

    /// <summary>The number of bootstrap resamples of the samples; 0 for no intervals.</summary>
    public int Resamples { get; init; } = 200;

    /// <summary>The confidence level.</summary>
    public double Level { get; init; } = 0.95;

    /// <summary>The seed of the bootstrap and of Elo's order.</summary>
    public long Seed { get; init; }

    internal void Validate()
    {
        if (!(Alpha >= 0 && double.IsFinite(Alpha)))
            throw new ArgumentOutOfRangeException(nameof(Alpha), Alpha, "α must be 0 or more");
        ArgumentOutOfRangeException.ThrowIfNegative(Resamples);
        if (!(Level > 0 && Level < 1))
            throw new ArgumentOutOfRangeException(nameof(Level), Level, "a confidence level strictly between 0 and 1 was expected");
    }
}

/// <summary>A model's place.</summary>
/// <param name="Rank">1 for the best; equal scores share the mean of their ranks.</param>
/// <param name="Model">Its name.</param>
/// <param name="Score">Its score, in the aggregator's unit, with the interval; NaN where it has no result.</param>
/// <param name="RankLow">The best rank that the interval allows; NaN without a bootstrap.</param>
/// <param name="RankHigh">The worst.</param>
/// <param name="Measurements">How many samples it was measured on.</param>
/// <param name="Wins">How many comparisons it won outright.</param>
/// <param name="Ties">How many were ties.</param>
/// <param name="Losses">How many it lost.</param>
public sealed record RankedModel(double Rank, string Model, Estimate Score, double RankLow, double RankHigh, int Measurements, double Wins, double Ties, double Losses);

/// <summary>The ranking of the models on a pool.</summary>
/// <param name="Aggregator">How scores were found.</param>
/// <param name="Alpha">α.</param>
/// <param name="Models">The models, best first; those without any result last.</param>
/// <param name="SampleCount">The number of samples with at least one result.</param>
/// <param name="MeasurementCount">The number of scores.</param>
/// <param name="ComparisonCount">The number of comparisons of two models on one sample.</param>
/// <param name="Density">The share of cells that hold a score.</param>
/// <param name="Components">The strongly connected groups of models, the unbeaten ones first; more than one means that θ is not identified at α = 0.</param>
/// <param name="Separability">The share of neighbouring ranks whose intervals do not overlap; NaN without intervals.</param>
/// <param name="Warnings">What speaks against trusting the ranking.</param>
public sealed record PoolRanking(
    Aggregator Aggregator, double Alpha, ImmutableArray<RankedModel> Models, int SampleCount, int MeasurementCount, double ComparisonCount, double Density,
    ImmutableArray<ImmutableArray<string>> Components, double Separability, ImmutableArray<string> Warnings)
{
    /// <summary>The scores in the order of the pool's models, for rank correlations.</summary>
    public double[] ScoresOf(IEnumerable<string> models)
    {
        var byName = Models.ToDictionary(m => m.Model, m => m.Score.Value, StringComparer.Ordinal);
        return [.. models.Select(m => byName[m])];
    }
}
