using System.Collections.Immutable;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// softmax(W z + b) that minimises −mean ln p_y (Guo et al. 2017), fitted from W = I, b = 0, optionally plus
/// λ mean_{c≠j} W_cj² + μ mean_c b_c² (off-diagonal and intercept regularisation, Kull et al. 2019): without it k² numbers overfit where
/// there are many classes. Predicted classes may change.
/// </summary>
[Method("matrix-scaling", Kind = MethodKind.Calibrator)]
public sealed class MatrixScaling : Calibrator
{
    private double[] parameters = []; // W row by row, then b.

    /// <summary>Creates the calibrator.</summary>
    /// <param name="offDiagonalPenalty">λ, 0 or more.</param>
    /// <param name="shiftPenalty">μ, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A penalty is negative or not finite.</exception>
    public MatrixScaling(double offDiagonalPenalty = 0, double shiftPenalty = 0)
    {
        OffDiagonalPenalty = double.IsFinite(offDiagonalPenalty) && offDiagonalPenalty >= 0 ? offDiagonalPenalty : throw new ArgumentOutOfRangeException(nameof(offDiagonalPenalty), offDiagonalPenalty, "0 or more was expected");
        ShiftPenalty = double.IsFinite(shiftPenalty) && shiftPenalty >= 0 ? shiftPenalty : throw new ArgumentOutOfRangeException(nameof(shiftPenalty), shiftPenalty, "0 or more was expected");
    }

    /// <summary>λ.</summary>
    public double OffDiagonalPenalty { get; }

    /// <summary>μ.</summary>
    public double ShiftPenalty { get; }

    /// <inheritdoc/>
    public override bool KeepsPredictions => false;

    /// <inheritdoc/>
    public override string Summary => $"a matrix of {ClassCount} × {ClassCount} and a shift for each class";

    private protected override ImmutableSortedDictionary<string, double[]> State => ImmutableSortedDictionary<string, double[]>.Empty.Add("matrixAndShifts", parameters);

    private protected override void Restore(CalibratorParameters saved) => parameters = saved.Take("matrixAndShifts", ClassCount * (ClassCount + 1));

    private protected override void FitCore(CalibrationData data)
    {
        var start = new double[data.Classes * (data.Classes + 1)];
        for (var c = 0; c < data.Classes; c++)
            start[c * data.Classes + c] = 1;
        parameters = LimitedMemoryBfgs.Minimize(start, (x, gradient) => Loss(data, x, gradient), 500);
    }

    private protected override void ApplyRow(CalibrationData data, int row, Span<double> probabilities)
    {
        var z = new double[probabilities.Length];
        data.Logits(row, z);
        Map(parameters, z, probabilities);
        CalibrationData.Softmax(probabilities);
    }

    internal double Loss(CalibrationData data, double[] x, double[] gradient)
    {
        var k = data.Classes;
        var loss = CalibrationData.Mean(data.Count, gradient, (first, end, g) =>
        {
            var (z, p, sum) = (new double[k], new double[k], 0.0);
            for (var i = first; i < end; i++)
            {
                data.Logits(i, z);
                Map(x, z, p);
                var y = data.Labels[i];
                var own = p[y];
                sum += CalibrationData.Softmax(p) - own;
                p[y]--;
                for (var c = 0; c < k; c++)
                {
                    var row = g.AsSpan(c * k, k);
                    TensorPrimitives.MultiplyAdd<double>(z, p[c], row, row);
                    g[k * k + c] += p[c];
                }
            }
            return sum;
        });
        var (off, shift) = (OffDiagonalPenalty / (k * (k - 1)), ShiftPenalty / k);
        for (var j = 0; j < x.Length; j++)
        {
            var penalty = j >= k * k ? shift : j / k == j % k ? 0 : off;
            loss += penalty * x[j] * x[j];
            gradient[j] += 2 * penalty * x[j];
        }
        return loss;
    }

    private static void Map(double[] x, ReadOnlySpan<double> z, Span<double> result)
    {
        var k = z.Length;
        for (var c = 0; c < k; c++)
            result[c] = TensorPrimitives.Dot(x.AsSpan(c * k, k), z) + x[k * k + c];
    }
}
