using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How verification is judged.</summary>
public sealed record VerificationOptions
{
    /// <summary>The false-accept rates to report.</summary>
    public ImmutableArray<double> FalseAcceptRates { get; init; } = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

    /// <summary>How many pairs are made of embeddings at most; beyond, pairs are drawn at random (positives and negatives apart).</summary>
    public int MaxPairs { get; init; } = 4_000_000;

    /// <summary>Bootstrap resamples of identities for the intervals; 0 gives Wilson intervals, which take pairs for independent.</summary>
    public int Resamples { get; init; } = 200;

    /// <summary>The confidence level.</summary>
    public double Level { get; init; } = 0.95;

    /// <summary>Decides the pairs drawn and the resamples.</summary>
    public long Seed { get; init; }

    internal void Check()
    {
        if (FalseAcceptRates.IsDefaultOrEmpty || FalseAcceptRates.Any(f => f is not (>= 0 and <= 1)))
            throw new ArgumentException($"false-accept rates from 0 to 1 were expected, not {(FalseAcceptRates.IsDefaultOrEmpty ? "none" : string.Join(", ", FalseAcceptRates))}");
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPairs, 2, nameof(MaxPairs));
        ArgumentOutOfRangeException.ThrowIfNegative(Resamples);
    }
}

/// <summary>The operating point next to a false-accept rate.</summary>
/// <param name="Target">The rate that was asked for.</param>
/// <param name="IsMeasurable">Whether the target is 0 or at least one in the number of negative pairs; nothing is interpolated below.</param>
/// <param name="FalseAcceptRate">The share of negative pairs accepted at the threshold.</param>
/// <param name="Threshold">The score from which on a pair is accepted.</param>
/// <param name="TrueAcceptRate">The share of positive pairs accepted, with its interval.</param>
public sealed record OperatingPoint(double Target, bool IsMeasurable, double FalseAcceptRate, double Threshold, Estimate TrueAcceptRate);

/// <summary>How well scores tell pairs of one identity from pairs of two.</summary>
/// <param name="Positives">The number of pairs of one identity.</param>
/// <param name="Negatives">The number of pairs of two.</param>
/// <param name="Points">The true-accept rates at the false-accept rates asked for.</param>
/// <param name="EqualErrorRate">(FAR + FRR)/2 where the two are nearest.</param>
/// <param name="Accuracy">The largest share of pairs that one threshold puts on their side.</param>
/// <param name="AccuracyThreshold">That threshold: the largest of equal ones.</param>
/// <param name="Overlap">min positive − max negative score: above 0 the space is well discriminative, every positive above every negative.</param>
/// <param name="MeanPositive">The mean score of positive pairs.</param>
/// <param name="MeanNegative">The mean score of negative pairs.</param>
/// <param name="RankOne">The share of examples whose nearest other example has their identity; null where only pairs were given.</param>
/// <param name="Histogram">How scores are distributed.</param>
/// <param name="Warnings">What to know of the figures.</param>
public sealed record VerificationReport(
    long Positives, long Negatives, ImmutableArray<OperatingPoint> Points, Estimate EqualErrorRate, double Accuracy, double AccuracyThreshold, double Overlap, double MeanPositive,
    double MeanNegative, Estimate? RankOne, ScoreHistogram Histogram, ImmutableArray<string> Warnings);

/// <summary>The scores of both sorts of pairs in common bins of equal width.</summary>
/// <param name="Low">The lower edge of the first bin.</param>
/// <param name="High">The upper edge of the last.</param>
/// <param name="Positives">Counts of pairs of one identity.</param>
/// <param name="Negatives">Counts of pairs of two.</param>
public sealed record ScoreHistogram(double Low, double High, ImmutableArray<long> Positives, ImmutableArray<long> Negatives);
