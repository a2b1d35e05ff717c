using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Scores of a regression.</summary>
/// <param name="MeanAbsolute">MAE.</param>
/// <param name="MedianAbsolute">The median of |ŷ − y|.</param>
/// <param name="RootMeanSquared">RMSE.</param>
/// <param name="MeanPercentage">MAPE over items with y ≠ 0; NaN without one.</param>
/// <param name="Largest">max |ŷ − y|.</param>
/// <param name="Slope">The slope of ŷ on y.</param>
/// <param name="Correlation">Pearson's r of ŷ and y.</param>
/// <param name="RSquared">R².</param>
/// <param name="RelativeError">MAE/MAD with MAD = mean |y − ȳ|.</param>
public readonly record struct RegressionScores(
    double MeanAbsolute, double MedianAbsolute, double RootMeanSquared, double MeanPercentage, double Largest, double Slope, double Correlation, double RSquared, double RelativeError)
{
    /// <summary>Scores predictions.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static RegressionScores Of(ReadOnlySpan<double> targets, ReadOnlySpan<double> predicted)
    {
        if (targets.Length != predicted.Length || targets.IsEmpty)
            throw new ArgumentException($"{predicted.Length} predictions for {targets.Length} targets", nameof(predicted));
        var (y, p) = (targets.ToArray(), predicted.ToArray());
        double[] errors = [.. y.Zip(p, (a, b) => Math.Abs(b - a))], relative = [.. y.Zip(p).Where(x => x.First != 0).Select(x => Math.Abs((x.Second - x.First) / x.First))];
        var mean = y.Average();
        var spread = y.Sum(v => (v - mean) * (v - mean));
        var sorted = errors.Order().ToArray();
        return new RegressionScores(
            errors.Average(), (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, Math.Sqrt(errors.Average(e => e * e)), relative.Length == 0 ? double.NaN : relative.Average(), sorted[^1],
            spread > 0 ? y.Zip(p).Sum(x => (x.First - mean) * x.Second) / spread : double.NaN, Statistics.Correlation.Pearson(y, p), spread > 0 ? 1 - errors.Sum(e => e * e) / spread : double.NaN,
            spread > 0 ? errors.Average() / y.Average(v => Math.Abs(v - mean)) : double.NaN);
    }
}

/// <summary>Is an uncertainty worth its name? Checks of any model's predictions with a standard deviation.</summary>
[Method("uncertainty-checks", Paper = 71, Kind = MethodKind.Diagnostic)]
public static class Uncertainty
{
    private const double Floor = 1e-12;

    /// <summary>The mean error of what remains after dropping the 0, 1, … most uncertain items.</summary>
    /// <param name="errors">|ŷ − y|.</param>
    /// <param name="key">What items are dropped by, the largest first: σ, a distance, or the error itself (the oracle).</param>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static double[] ConfidenceCurve(ReadOnlySpan<double> errors, ReadOnlySpan<double> key)
    {
        if (errors.Length != key.Length || errors.IsEmpty)
            throw new ArgumentException($"{key.Length} keys for {errors.Length} errors", nameof(key));
        var (e, k) = (errors.ToArray(), key.ToArray());
        var order = Enumerable.Range(0, e.Length).OrderByDescending(i => k[i]).ToArray();
        var curve = new double[e.Length];
        var sum = 0.0;
        for (var kept = 1; kept <= e.Length; kept++)
        {
            sum += e[order[e.Length - kept]];
            curve[e.Length - kept] = sum / kept;
        }
        return curve;
    }

    /// <summary>The curve's mean over its first value (the mean error): 1 is no better than chance.</summary>
    public static double RelativeArea(ReadOnlySpan<double> curve) => curve[0] == 0 ? double.NaN : Moments.Of(curve).Mean / curve[0];

    /// <summary>For each item the least central confidence at which its interval holds the target: 2Φ(|z|) − 1. A σ of 0 counts as 10⁻¹².</summary>
    public static double[] CentralConfidences(ReadOnlySpan<double> errors, ReadOnlySpan<double> sigma)
    {
        if (errors.Length != sigma.Length || errors.IsEmpty)
            throw new ArgumentException($"{sigma.Length} deviations for {errors.Length} errors", nameof(sigma));
        var result = new double[errors.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = 1 - Tails.NormalTwoSided(errors[i] / Math.Max(sigma[i], Floor));
        return result;
    }

    /// <summary>∫|observed − expected| over 200 expected central shares (trapezoids), and whether observed shares lie below: over-confidence.</summary>
    /// <param name="errors">|ŷ − y|.</param>
    /// <param name="sigma">The predicted standard deviations.</param>
    public static (double Area, bool IsOverConfident) Miscalibration(ReadOnlySpan<double> errors, ReadOnlySpan<double> sigma)
    {
        var confidences = CentralConfidences(errors, sigma).Order().ToArray();
        const int points = 200;
        double[] gaps = [.. Enumerable.Range(0, points).Select(i => (double)i / (points - 1)).Select(q => confidences.Count(c => c <= q) / (double)confidences.Length - q)];
        return (Enumerable.Range(1, points - 1).Sum(i => (Math.Abs(gaps[i - 1]) + Math.Abs(gaps[i])) / 2 / (points - 1)), gaps.Average() < 0);
    }

    /// <summary>The mean distance of each row to its k nearest training rows.</summary>
    /// <param name="rows">The rows, standardised.</param>
    /// <param name="training">The training rows, standardised.</param>
    /// <param name="k">5 in the paper's code.</param>
    /// <param name="cosine">Whether distances are 1 − cos; else Euclidean.</param>
    /// <param name="excludesSelf">Whether a training row's distance to itself is left out: rows are then the training rows.</param>
    public static double[] Distance(FloatMatrix rows, FloatMatrix training, int k = 5, bool cosine = true, bool excludesSelf = false)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(training);
        var found = NearestRows.Find(cosine ? NearestRows.ToUnit(rows) : rows, cosine ? NearestRows.ToUnit(training) : training, k, excludesSelf ? (q, r) => q == r : null);
        return [.. found.Select(f => f.Length == 0 ? double.NaN : f.Average(n => cosine ? n.Distance * n.Distance / 2.0 : n.Distance))];
    }
}
