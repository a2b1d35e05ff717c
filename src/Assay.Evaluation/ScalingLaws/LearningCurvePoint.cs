using System.Collections.Immutable;
using Assay.Statistics;
using MathNet.Numerics.Statistics;

namespace Assay.Evaluation;

/// <summary>A measured training.</summary>
/// <param name="M">The number of training examples or tokens.</param>
/// <param name="Size">The model's size in parameters; NaN where it is not known.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Error">Its least validation error or loss.</param>
public sealed record LearningTrial(double M, double Size, int Seed, double Error);

/// <summary>A point of a learning curve: the best error at an amount of data.</summary>
/// <param name="M">The number of training examples or tokens.</param>
/// <param name="Error">ε(m), the least over sizes of the median over seeds.</param>
public sealed record LearningCurvePoint(double M, double Error)
{
    /// <summary>s(m), the size of that model; NaN where sizes are not known.</summary>
    public double Size { get; init; } = double.NaN;

    /// <summary>The standard error of ε(m) over seeds; NaN where there is one seed.</summary>
    public double StandardError { get; init; } = double.NaN;

    /// <summary>Whether the largest size that was tried is the best: then s(m) is a lower bound and ε(m) an upper one.</summary>
    public bool IsLadderTooShort { get; init; }

    /// <summary>The envelope of single trainings: for each amount of data the best size by the median over seeds.</summary>
    public static ImmutableArray<LearningCurvePoint> Envelope(IEnumerable<LearningTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(trials);
        return [.. trials.GroupBy(t => t.M).OrderBy(g => g.Key).Select(Best)];
    }

    private static LearningCurvePoint Best(IGrouping<double, LearningTrial> shard)
    {
        var sizes = shard.GroupBy(t => t.Size).Select(g => (Size: g.Key, Errors: g.Select(t => t.Error).Order().ToArray())).ToArray();
        var best = sizes.OrderBy(s => SortedArrayStatistics.Median(s.Errors)).ThenBy(s => s.Size).First();
        var spread = Moments.Of(best.Errors);
        return new LearningCurvePoint(shard.Key, SortedArrayStatistics.Median(best.Errors))
        {
            Size = best.Size,
            // The median's standard error is about 1.2533 times the mean's.
            StandardError = best.Errors.Length > 1 ? spread.StandardError * (best.Errors.Length > 2 ? 1.2533 : 1) : double.NaN,
            IsLadderTooShort = sizes.Length > 1 && best.Size == sizes.Max(s => s.Size),
        };
    }
}
