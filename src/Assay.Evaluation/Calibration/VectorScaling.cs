using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// softmax(a ∘ z + b) with one scale and one shift a class that minimise −mean ln p_y (Guo et al. 2017), fitted from a = 1, b = 0. Predicted
/// classes may change.
/// </summary>
[Method("vector-scaling", Kind = MethodKind.Calibrator)]
public sealed class VectorScaling : Calibrator
{
    private double[] parameters = [];

    /// <summary>The scale a of each class.</summary>
    public ImmutableArray<double> Scales => [.. parameters[..(parameters.Length / 2)]];

    /// <summary>The shift b of each class.</summary>
    public ImmutableArray<double> Shifts => [.. parameters[(parameters.Length / 2)..]];

    /// <inheritdoc/>
    public override bool KeepsPredictions => false;

    /// <inheritdoc/>
    public override string Summary => $"a scale and a shift for each of {ClassCount} classes";

    private protected override ImmutableSortedDictionary<string, double[]> State => ImmutableSortedDictionary<string, double[]>.Empty.Add("scalesAndShifts", parameters);

    private protected override void Restore(CalibratorParameters saved) => parameters = saved.Take("scalesAndShifts", 2 * ClassCount);

    private protected override void FitCore(CalibrationData data)
    {
        var start = new double[2 * data.Classes];
        Array.Fill(start, 1, 0, data.Classes);
        parameters = LimitedMemoryBfgs.Minimize(start, (x, gradient) => LogLoss(data, x, gradient), 500);
    }

    private protected override void ApplyRow(CalibrationData data, int row, Span<double> probabilities)
    {
        data.Logits(row, probabilities);
        for (var c = 0; c < probabilities.Length; c++)
            probabilities[c] = parameters[c] * probabilities[c] + parameters[probabilities.Length + c];
        CalibrationData.Softmax(probabilities);
    }

    // δ_c = p_c − 1[c = y]: ∂/∂a_c = δ_c z_c, ∂/∂b_c = δ_c.
    internal static double LogLoss(CalibrationData data, double[] x, double[] gradient) => CalibrationData.Mean(data.Count, gradient, (first, end, g) =>
    {
        var (k, loss) = (data.Classes, 0.0);
        var (z, p) = (new double[k], new double[k]);
        for (var i = first; i < end; i++)
        {
            data.Logits(i, z);
            for (var c = 0; c < k; c++)
                p[c] = x[c] * z[c] + x[k + c];
            var y = data.Labels[i];
            var own = p[y];
            loss += CalibrationData.Softmax(p) - own;
            p[y]--;
            for (var c = 0; c < k; c++)
            {
                g[c] += p[c] * z[c];
                g[k + c] += p[c];
            }
        }
        return loss;
    });
}
