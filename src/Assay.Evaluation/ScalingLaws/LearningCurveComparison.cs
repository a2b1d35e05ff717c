using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Two methods on the same data: does the better one shift the learning curve or bend it? The slopes are compared, and with a slope in common
/// (fitted to both curves at once) the ratio of the α is worth a factor (α_A/α_B)^(1/|β|) of data. (Hestness et al. 2017.)
/// </summary>
/// <param name="SlopeDifference">β_A − β_B with its interval; one that holds 0 says that the better method shifts the curve only.</param>
/// <param name="CommonSlope">β fitted to both.</param>
/// <param name="ScaleRatio">α_A/α_B at the common slope, with its interval.</param>
/// <param name="DataWorth">The factor of data that method B is worth over A.</param>
public sealed record LearningCurveComparison(Estimate SlopeDifference, double CommonSlope, Estimate ScaleRatio, Estimate DataWorth)
{
    /// <summary>Compares two fitted curves.</summary>
    public static LearningCurveComparison Of(LearningCurve a, LearningCurve b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var difference = a.Beta - b.Beta;
        var slopes = Estimate.Undefined with { Value = difference };
        var (freedomA, freedomB) = (a.Fit.DegreesOfFreedom, b.Fit.DegreesOfFreedom);
        if (freedomA > 0 && freedomB > 0)
        {
            // Welch's degrees of freedom.
            var (va, vb) = (a.Fit.Covariance[4], b.Fit.Covariance[4]);
            var freedom = Math.Max(1, (int)Math.Floor((va + vb) * (va + vb) / Math.Max(1e-300, va * va / freedomA + vb * vb / freedomB)));
            var margin = CurveFit.Quantile(Math.Min(freedom, freedomA + freedomB)) * Math.Sqrt(va + vb);
            slopes = new Estimate(difference, new Interval(difference - margin, difference + margin));
        }
        if (a.Points.IsEmpty || b.Points.IsEmpty)
        {
            var beta = (a.Beta + b.Beta) / 2;
            return new(slopes, beta, new Estimate(a.Alpha / b.Alpha, Interval.Unknown), new Estimate(Math.Pow(a.Alpha / b.Alpha, -1 / beta), Interval.Unknown));
        }
        double[][] x = [.. a.Points.Select(p => new[] { p.At[0], 0.0 }), .. b.Points.Select(p => new[] { p.At[0], 1.0 })];
        double[] y = [.. a.Points.Concat(b.Points).Select(p => p.Value)];
        var (floorA, floorB) = (a.Gamma, b.Gamma);
        // θ = (ln α_B, ln α_A/α_B, −β): the floors stay as each curve has them.
        var fit = CurveFit.Of(
            (at, theta, gradient) =>
            {
                var isA = at[1] == 0;
                var logM = Math.Log(at[0]);
                var term = Math.Exp(theta[0] + (isA ? theta[1] : 0) - theta[2] * logM);
                gradient[0] = term;
                gradient[1] = isA ? term : 0;
                gradient[2] = -term * logM;
                return term + (isA ? floorA : floorB);
            },
            x, y, [[Math.Log(b.Alpha), Math.Log(a.Alpha / b.Alpha), -(a.Beta + b.Beta) / 2], [Math.Log(b.Alpha), 0, -b.Beta]], new CurveFitOptions { LogResiduals = true });
        var common = LawFit.Of(fit, true);
        return new(slopes, -fit.Parameters[2], common.Derived(t => Math.Exp(t[1])), common.Derived(t => Math.Exp(t[1] / t[2])));
    }
}
