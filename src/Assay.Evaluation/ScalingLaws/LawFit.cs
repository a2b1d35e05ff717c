using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The numbers of a fit: θ, its covariance, the noise of an observation, and refits where they were made.</summary>
/// <param name="Theta">θ as it was fitted (logarithms of scales).</param>
/// <param name="Covariance">Its covariance, row by row; NaN where it is not identified.</param>
/// <param name="Noise">The standard deviation of an observation around the curve.</param>
/// <param name="DegreesOfFreedom">Observations less parameters.</param>
/// <param name="IsLog">Whether residuals, and so the noise, are of logarithms.</param>
public sealed record LawFit(ImmutableArray<double> Theta, ImmutableArray<double> Covariance, double Noise, int DegreesOfFreedom, bool IsLog)
{
    /// <summary>θ of each refit of resampled data, one after the other; empty where intervals come from the delta method.</summary>
    public ImmutableArray<ImmutableArray<double>> Refits { get; init; } = [];

    /// <summary>The residual sum of squares.</summary>
    public double SquaredError { get; init; } = double.NaN;

    /// <summary>A law given by its constants, with nothing known of their uncertainty.</summary>
    public static LawFit Exact(params ReadOnlySpan<double> theta) => new([.. theta], [.. new double[theta.Length * theta.Length]], 0, 0, false);

    /// <summary>What a regression found.</summary>
    /// <param name="fit">The regression.</param>
    /// <param name="isLog">Whether its residuals are of logarithms.</param>
    /// <param name="resamples">Residual resamples for intervals; 0 for the delta method.</param>
    /// <param name="seed">The seed of the resamples.</param>
    public static LawFit Of(CurveFit fit, bool isLog, int resamples = 0, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(fit);
        return new([.. fit.Parameters], [.. fit.Covariance.Cast<double>()], fit.Noise, fit.DegreesOfFreedom, isLog)
        {
            SquaredError = fit.ResidualSumOfSquares,
            Refits = resamples > 0 && fit.DegreesOfFreedom > 0 ? [.. fit.ResidualBootstrap(resamples, seed).Select(r => (ImmutableArray<double>)[.. r])] : [],
        };
    }

    internal Estimate Parameter(int index, bool isLogarithm)
    {
        double Natural(double value) => isLogarithm ? Math.Exp(value) : value;
        var value = Natural(Theta[index]);
        if (!Refits.IsEmpty)
            return new Estimate(value, BootstrapInterval.Percentile([.. Refits.Select(r => Natural(r[index]))]));
        var deviation = Math.Sqrt(Covariance[index * Theta.Length + index]);
        if (DegreesOfFreedom <= 0 || !double.IsFinite(deviation) || deviation == 0)
            return new Estimate(value, Interval.Unknown);
        var margin = CurveFit.Quantile(DegreesOfFreedom) * deviation;
        return new Estimate(value, new Interval(Natural(Theta[index] - margin), Natural(Theta[index] + margin)));
    }

    /// <summary>A positive quantity derived from θ, with its interval on the logarithm: by refits, or by the delta method with central differences.</summary>
    internal Estimate Derived(Func<double[], double> quantity, double level = 0.95)
    {
        var theta = Theta.ToArray();
        var value = quantity(theta);
        if (!Refits.IsEmpty)
            return new Estimate(value, BootstrapInterval.Percentile([.. Refits.Select(r => quantity([.. r]))], level));
        if (DegreesOfFreedom <= 0)
            return new Estimate(value, Interval.Unknown);
        var gradient = new double[theta.Length];
        for (var i = 0; i < theta.Length; i++)
        {
            var (centre, step) = (theta[i], 1e-5 * Math.Max(1e-3, Math.Abs(theta[i])));
            theta[i] = centre + step;
            var up = Math.Log(quantity(theta));
            theta[i] = centre - step;
            gradient[i] = (up - Math.Log(quantity(theta))) / (2 * step);
            theta[i] = centre;
        }
        var variance = 0.0;
        for (var i = 0; i < theta.Length; i++)
        {
            for (var j = 0; j < theta.Length; j++)
                variance += gradient[i] * gradient[j] * Covariance[i * theta.Length + j];
        }
        var margin = CurveFit.Quantile(DegreesOfFreedom, level) * Math.Sqrt(Math.Max(0, variance));
        return new Estimate(value, double.IsFinite(margin) ? new Interval(value * Math.Exp(-margin), value * Math.Exp(margin), level) : Interval.Unknown);
    }

    internal Estimate Predict(ParametricFunction function, ReadOnlySpan<double> at, bool ofCurve, double level)
    {
        var k = Theta.Length;
        var gradient = new double[k];
        if (Refits.IsEmpty)
        {
            var covariance = new double[k, k];
            for (var i = 0; i < k * k; i++)
                covariance[i / k, i % k] = Covariance[i];
            return CurveFit.DeltaInterval(function, at, Theta.AsSpan(), covariance, ofCurve ? 0 : Noise, DegreesOfFreedom, IsLog, level);
        }
        var random = new SeededRandom(Refits.Length);
        var values = new double[Refits.Length];
        for (var r = 0; r < values.Length; r++)
        {
            values[r] = function(at, Refits[r].AsSpan(), gradient);
            if (!ofCurve)
                values[r] = IsLog ? values[r] * Math.Exp(Noise * random.NextGaussian()) : values[r] + Noise * random.NextGaussian();
        }
        return new Estimate(function(at, Theta.AsSpan(), gradient), BootstrapInterval.Percentile(values, level));
    }
}
