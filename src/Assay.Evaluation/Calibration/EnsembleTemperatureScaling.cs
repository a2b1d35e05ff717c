using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What the weights of <see cref="EnsembleTemperatureScaling"/> minimise.</summary>
public enum EnsembleObjective
{
    /// <summary>Σ_c (p_c − 1[c = y])².</summary>
    SquaredError,
    /// <summary>−ln p_y.</summary>
    CrossEntropy,
}

/// <summary>
/// w₁ softmax(z / T) + w₂ softmax(z) + w₃ / k with weights on the simplex (Zhang, Kailkhura and Han 2020). T is that of
/// <see cref="TemperatureScaling"/>; the weights are fitted after it. No predicted class changes.
/// </summary>
[Method("ensemble-temperature-scaling", Kind = MethodKind.Calibrator)]
public sealed class EnsembleTemperatureScaling : Calibrator
{
    private double[] weights = [1, 0, 0];

    /// <summary>Creates the calibrator.</summary>
    /// <param name="objective">What the weights minimise.</param>
    public EnsembleTemperatureScaling(EnsembleObjective objective = EnsembleObjective.SquaredError) => Objective = objective;

    /// <summary>What the weights minimise.</summary>
    public EnsembleObjective Objective { get; }

    /// <summary>The temperature T.</summary>
    public double Temperature { get; private set; } = 1;

    /// <summary>The weights of the scaled, the raw and the uniform probabilities.</summary>
    public ImmutableArray<double> Weights => [.. weights];

    /// <inheritdoc/>
    public override bool KeepsPredictions => true;

    /// <inheritdoc/>
    public override string Summary => string.Create(CultureInfo.InvariantCulture, $"T = {Temperature:0.####}, weights {weights[0]:0.###} scaled, {weights[1]:0.###} raw, {weights[2]:0.###} uniform");

    private protected override ImmutableSortedDictionary<string, double[]> State =>
        ImmutableSortedDictionary<string, double[]>.Empty.Add("temperature", [Temperature]).Add("weights", weights);

    private protected override void Restore(CalibratorParameters parameters)
    {
        Temperature = parameters.Take("temperature", 1)[0];
        weights = parameters.Take("weights", 3);
        if (!(Temperature > 0) || !weights.All(w => w >= 0) || Math.Abs(weights.Sum() - 1) > 1e-9)
            throw parameters.Fault("a positive temperature and three weights that sum to 1 were expected");
    }

    private protected override void FitCore(CalibrationData data)
    {
        Temperature = TemperatureScaling.Best(data);
        // Softmax of free numbers stays on the simplex; the mean of a convex loss has no other minimum there.
        weights = LimitedMemoryBfgs.Minimize([0, 0, 0], (x, gradient) => Loss(data, Temperature, Objective, x, gradient));
        CalibrationData.Softmax(weights);
    }

    private protected override void ApplyRow(CalibrationData data, int row, Span<double> probabilities)
    {
        var raw = new double[probabilities.Length];
        data.Softmax(row, Temperature, probabilities);
        data.Softmax(row, 1, raw);
        for (var c = 0; c < raw.Length; c++)
            probabilities[c] = weights[0] * probabilities[c] + weights[1] * raw[c] + weights[2] / raw.Length;
    }

    internal static double Loss(CalibrationData data, double temperature, EnsembleObjective objective, double[] free, double[] gradient)
    {
        var w = (double[])free.Clone();
        CalibrationData.Softmax(w);
        var byWeight = new double[3];
        var loss = CalibrationData.Mean(data.Count, byWeight, (first, end, g) =>
        {
            var (k, sum) = (data.Classes, 0.0);
            var (scaled, raw) = (new double[k], new double[k]);
            for (var i = first; i < end; i++)
            {
                data.Softmax(i, temperature, scaled);
                data.Softmax(i, 1, raw);
                var y = data.Labels[i];
                if (objective == EnsembleObjective.CrossEntropy)
                {
                    var p = w[0] * scaled[y] + w[1] * raw[y] + w[2] / k;
                    sum -= Math.Log(p);
                    (g[0], g[1], g[2]) = (g[0] - scaled[y] / p, g[1] - raw[y] / p, g[2] - 1.0 / k / p);
                    continue;
                }
                for (var c = 0; c < k; c++)
                {
                    var gap = w[0] * scaled[c] + w[1] * raw[c] + w[2] / k - (c == y ? 1 : 0);
                    sum += gap * gap;
                    (g[0], g[1], g[2]) = (g[0] + 2 * gap * scaled[c], g[1] + 2 * gap * raw[c], g[2] + 2 * gap / k);
                }
            }
            return sum;
        });
        // Through the softmax: w_j (g_j − Σ w g).
        var mean = w[0] * byWeight[0] + w[1] * byWeight[1] + w[2] * byWeight[2];
        for (var j = 0; j < 3; j++)
            gradient[j] = w[j] * (byWeight[j] - mean);
        return loss;
    }
}
