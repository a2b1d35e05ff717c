using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// softmax(z / T) with one T &gt; 0 that minimises −mean ln p_y (Guo et al. 2017). No predicted class changes. T &gt; 1 lowers confidence. The fit
/// is over ln T from T = 1.5.
/// </summary>
[Method("temperature-scaling", Kind = MethodKind.Calibrator)]
public sealed class TemperatureScaling : Calibrator
{
    // ln T beyond this: the log-loss of a perfectly right (or wrong) model has no minimum.
    private const double MostLog = 10;

    /// <summary>The temperature T.</summary>
    public double Temperature { get; private set; } = 1;

    /// <inheritdoc/>
    public override bool KeepsPredictions => true;

    /// <inheritdoc/>
    public override string Summary => string.Create(CultureInfo.InvariantCulture, $"T = {Temperature:0.####}");

    private protected override ImmutableSortedDictionary<string, double[]> State => ImmutableSortedDictionary<string, double[]>.Empty.Add("temperature", [Temperature]);

    private protected override void Restore(CalibratorParameters parameters)
    {
        Temperature = parameters.Take("temperature", 1)[0];
        if (!(Temperature > 0))
            throw parameters.Fault($"temperature {Temperature}, a positive one was expected");
    }

    private protected override void FitCore(CalibrationData data) => Temperature = Best(data);

    private protected override void ApplyRow(CalibrationData data, int row, Span<double> probabilities) => data.Softmax(row, Temperature, probabilities);

    internal static double Best(CalibrationData data) =>
        Math.Exp(Math.Clamp(LimitedMemoryBfgs.Minimize([Math.Log(1.5)], (x, gradient) => LogLoss(data, x, gradient), 50)[0], -MostLog, MostLog));

    // −mean ln softmax(s z)_y with s = exp(−ln T); d/d ln T = s (z_y − Σ p z).
    internal static double LogLoss(CalibrationData data, double[] logTemperature, double[] gradient) => CalibrationData.Mean(data.Count, gradient, (first, end, g) =>
    {
        var scale = Math.Exp(-Math.Clamp(logTemperature[0], -MostLog, MostLog));
        var (z, p, loss) = (new double[data.Classes], new double[data.Classes], 0.0);
        for (var i = first; i < end; i++)
        {
            data.Logits(i, z);
            z.CopyTo(p, 0);
            loss += CalibrationData.Softmax(p, scale) - scale * z[data.Labels[i]];
            g[0] += scale * (z[data.Labels[i]] - System.Numerics.Tensors.TensorPrimitives.Dot<double>(p, z));
        }
        return loss;
    });
}
