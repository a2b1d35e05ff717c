using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², the share of the target's variance that is predicted; undefined for a constant target. The interval is
/// the normal one with the delta method's standard error: example i moves R² by (q d_i² − r_i²)/(n s²) with residual r, deviation
/// d = y − ȳ, s² = Σd²/n and q = 1 − R².
/// </summary>
[Method("r2", Kind = MethodKind.Metric)]
public sealed class RSquared : Metric
{
    /// <inheritdoc/>
    public override string Title => "R²";

    /// <inheritdoc/>
    public override MetricInput Input => MetricInput.Values;

    /// <inheritdoc/>
    public override object TallyKey => typeof(RSquared);

    /// <inheritdoc/>
    public override Tally CreateTally(int classCount) => new Sums();

    /// <inheritdoc/>
    public override Estimate Result(Tally tally, double level = 0.95)
    {
        var s = ((Sums)tally).Centred();
        if (!(s.D2 > 0))
            return Estimate.Undefined;
        var q = s.R2 / s.D2;
        var variance = Math.Max(0, s.R4 - 2 * q * s.R2D2 + q * q * s.D4) / (s.D2 * s.D2);
        return new Estimate(1 - q, Interval.Normal(1 - q, s.Count < 2 ? double.NaN : Math.Sqrt(variance), level) is var i && i.High > 1 ? i with { High = 1 } : i);
    }

    // Power sums of the residuals r and of the deviations d of the targets from a pivot near their mean; a pivot far away would cost digits.
    private sealed class Sums : Tally
    {
        private double pivot = double.NaN, d1, d3, r2d;

        public long Count { get; private set; }
        public double R2 { get; private set; }
        public double R4 { get; private set; }
        public double D2 { get; private set; }
        public double D4 { get; private set; }
        public double R2D2 { get; private set; }

        public override void Add(in PredictionBlock block)
        {
            if (Count == 0 && block.Count > 0)
                pivot = block.Targets[0];
            double s1 = 0, s2 = 0, s3 = 0, s4 = 0, t2 = 0, t4 = 0, t2d = 0, t2d2 = 0;
            for (var i = 0; i < block.Count; i++)
            {
                var d = block.Targets[i] - pivot;
                var r = (double)block.Targets[i] - block.Scores[i];
                double dd = d * d, rr = r * r;
                s1 += d;
                s2 += dd;
                s3 += dd * d;
                s4 += dd * dd;
                t2 += rr;
                t4 += rr * rr;
                t2d += rr * d;
                t2d2 += rr * dd;
            }
            (d1, D2, d3, D4) = (d1 + s1, D2 + s2, d3 + s3, D4 + s4);
            (R2, R4, r2d, R2D2) = (R2 + t2, R4 + t4, r2d + t2d, R2D2 + t2d2);
            Count += block.Count;
        }

        public override void Merge(Tally other)
        {
            var sums = Same<Sums>(other);
            if (sums.Count == 0)
                return;
            if (Count == 0)
                pivot = sums.pivot;
            var o = sums.Around(pivot);
            (d1, D2, d3, D4) = (d1 + o.d1, D2 + o.D2, d3 + o.d3, D4 + o.D4);
            (R2, R4, r2d, R2D2) = (R2 + o.R2, R4 + o.R4, r2d + o.r2d, R2D2 + o.R2D2);
            Count += o.Count;
        }

        public Sums Centred() => Around(pivot + d1 / Count);

        // The same sums with deviations from another pivot: (d − s)^p expanded.
        private Sums Around(double newPivot)
        {
            var s = newPivot - pivot;
            return new Sums
            {
                pivot = newPivot,
                Count = Count,
                d1 = d1 - Count * s,
                D2 = D2 - 2 * s * d1 + Count * s * s,
                d3 = d3 - 3 * s * D2 + 3 * s * s * d1 - Count * s * s * s,
                D4 = D4 - 4 * s * d3 + 6 * s * s * D2 - 4 * s * s * s * d1 + Count * s * s * s * s,
                R2 = R2,
                R4 = R4,
                r2d = r2d - s * R2,
                R2D2 = R2D2 - 2 * s * r2d + s * s * R2,
            };
        }
    }
}
