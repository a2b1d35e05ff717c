using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The ROC of pairs sorted once; each reading is one pass, for the sample itself or with weights of identities.</summary>
internal sealed class VerificationCurve
{
    private readonly VerificationPairs pairs;
    private readonly ImmutableArray<double> targets;
    private readonly int[] order; // of ascending scores

    public VerificationCurve(VerificationPairs pairs, ImmutableArray<double> targets)
    {
        (this.pairs, this.targets, order) = (pairs, targets, RadixSort.Order(pairs.Scores));
    }

    public double Overlap
    {
        get
        {
            var (least, most) = (double.PositiveInfinity, double.NegativeInfinity);
            for (var i = 0; i < pairs.Count; i++)
            {
                if (pairs.Same[i])
                    least = Math.Min(least, pairs.Scores[i]);
                else
                    most = Math.Max(most, pairs.Scores[i]);
            }
            return least - most;
        }
    }

    public double Mean(bool same)
    {
        var (sum, count) = (0.0, 0L);
        for (var i = 0; i < pairs.Count; i++)
        {
            if (pairs.Same[i] == same)
                (sum, count) = (sum + pairs.Scores[i], count + 1);
        }
        return sum / count;
    }

    public ScoreHistogram Histogram(int bins)
    {
        double low = pairs.Scores[order[0]], high = pairs.Scores[order[^1]];
        var (positives, negatives) = (new long[bins], new long[bins]);
        for (var i = 0; i < pairs.Count; i++)
        {
            var bin = high > low ? Math.Min(bins - 1, (int)((pairs.Scores[i] - low) / (high - low) * bins)) : 0;
            (pairs.Same[i] ? positives : negatives)[bin]++;
        }
        return new ScoreHistogram(low, high, [.. positives], [.. negatives]);
    }

    /// <summary>Reads the curve from the highest threshold down; weights count identities, null counts every pair once.</summary>
    public Reading Read(int[]? weights)
    {
        var (allPositives, allNegatives) = (0.0, 0.0);
        for (var i = 0; i < pairs.Count; i++)
        {
            if (pairs.Same[i])
                allPositives += Weight(i, weights);
            else
                allNegatives += Weight(i, weights);
        }
        var reading = new Reading(targets.Length) { IsDefined = allPositives > 0 && allNegatives > 0 };
        if (!reading.IsDefined)
            return reading;
        var gap = new double[targets.Length];
        Array.Fill(gap, double.PositiveInfinity);
        var (accepted, wrong, eerGap) = (0.0, 0.0, double.PositiveInfinity);
        for (var at = order.Length - 1; at >= 0;)
        {
            var threshold = pairs.Scores[order[at]];
            for (; at >= 0 && pairs.Scores[order[at]] == threshold; at--)
            {
                if (pairs.Same[order[at]])
                    accepted += Weight(order[at], weights);
                else
                    wrong += Weight(order[at], weights);
            }
            var (tar, far) = (accepted / allPositives, wrong / allNegatives);
            for (var t = 0; t < gap.Length; t++)
            {
                // TAR only rises on the way down, so the last of equally near points has the largest.
                if (Math.Abs(far - targets[t]) is var d && d <= gap[t])
                    (gap[t], reading.Points[t]) = (d, (far, tar, threshold));
            }
            if (Math.Abs(far - (1 - tar)) is var e && e < eerGap)
                (eerGap, reading.Eer) = (e, (far + 1 - tar) / 2);
            var right = (accepted + allNegatives - wrong) / (allPositives + allNegatives);
            if (right > reading.Accuracy)
                (reading.Accuracy, reading.AccuracyThreshold) = (right, threshold);
        }
        return reading;
    }

    // A pair of one identity was drawn as often as that identity, a pair of two as often as both together.
    private double Weight(int pair, int[]? weights) => weights is null ? 1
        : pairs.Same[pair] ? weights[pairs.FirstIdentity(pair)] : (double)weights[pairs.FirstIdentity(pair)] * weights[pairs.SecondIdentity(pair)];

    /// <summary>What one pass found.</summary>
    internal sealed class Reading(int targets)
    {
        public bool IsDefined { get; init; }

        public (double Far, double Tar, double Threshold)[] Points { get; } = new (double, double, double)[targets];

        public double Eer { get; set; } = double.NaN;

        public double Accuracy { get; set; }

        public double AccuracyThreshold { get; set; } = double.NaN;
    }
}
