using System.Runtime.CompilerServices;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// A metric that is the mean of one loss per example, or an increasing function of that mean. The interval is Student's for the mean:
/// exact in the limit for any loss of finite variance, and free.
/// </summary>
public abstract class LossMetric : Metric
{
    /// <inheritdoc/>
    public sealed override bool HigherIsBetter => false;

    /// <inheritdoc/>
    public sealed override object TallyKey => GetType();

    /// <inheritdoc/>
    public sealed override Tally CreateTally(int classCount) => new LossTally(this);

    /// <summary>The loss of each example of a block.</summary>
    /// <param name="block">The predictions.</param>
    /// <param name="losses">Receives one loss for each row.</param>
    public abstract void Losses(in PredictionBlock block, Span<double> losses);

    /// <summary>The metric as a function of the mean loss; the mean itself unless overridden.</summary>
    public virtual double OfMean(double mean) => mean;

    /// <inheritdoc/>
    public sealed override Estimate Result(Tally tally, double level = 0.95)
    {
        var mean = MeanInterval.Of(((LossTally)tally).Moments, level);
        // No loss of ours is negative.
        return new Estimate(OfMean(mean.Value), (mean.Interval with { Low = Math.Max(0, mean.Interval.Low) }).Map(OfMean));
    }

    private sealed class LossTally(LossMetric metric) : Tally
    {
        public Moments Moments { get; private set; } = Moments.Empty;

        [SkipLocalsInit]
        public override void Add(in PredictionBlock block)
        {
            const int Room = 512;
            Span<double> losses = stackalloc double[Room];
            for (var start = 0; start < block.Count; start += Room)
            {
                var part = block.Slice(start, Math.Min(Room, block.Count - start));
                var values = losses[..part.Count];
                metric.Losses(part, values);
                Moments = Moments.Merge(Moments.Of(values));
            }
        }

        public override void Merge(Tally other) => Moments = Moments.Merge(Same<LossTally>(other).Moments);
    }
}
