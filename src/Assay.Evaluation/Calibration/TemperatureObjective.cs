using System.Numerics.Tensors;

namespace Assay.Evaluation;

/// <summary>What a temperature for each example is to minimise.</summary>
public enum TemperatureObjective
{
    /// <summary>(q − r)²: q the probability of the predicted class, r whether it is right (paper 27).</summary>
    CorrectnessAware,
    /// <summary>−ln p_y.</summary>
    CrossEntropy,
    /// <summary>Σ_c (p_c − 1[c = y])².</summary>
    SquaredError,
}

/// <summary>
/// The losses of softmax(z / T) as functions of T, with their derivatives. For a wrong example the correctness-aware loss q² falls with rising
/// T always, where cross-entropy may fall with sharpening: when the true class is a close second.
/// </summary>
public static class TemperatureLoss
{
    /// <summary>The loss of one example and its derivative by T.</summary>
    /// <param name="objective">The loss.</param>
    /// <param name="logits">z, one of each class.</param>
    /// <param name="label">The true class y.</param>
    /// <param name="temperature">T, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The label is no class, or T is not positive.</exception>
    public static (double Value, double Slope) Of(TemperatureObjective objective, ReadOnlySpan<double> logits, int label, double temperature)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, logits.Length);
        if (!(temperature > 0))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a positive temperature was expected");
        var predicted = TensorPrimitives.IndexOfMax(logits);
        return Of(objective, logits, label, predicted, temperature, new double[logits.Length]);
    }

    /// <summary>
    /// The weights of the correctness-aware loss in a batch with a share a of right answers: 1 − a for right, a for wrong ones, so that both
    /// groups weigh the same; 1 for all where the batch is all right or all wrong.
    /// </summary>
    public static (double Right, double Wrong) Weights(int right, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(right, count);
        return right == 0 || right == count ? (1, 1) : (1 - (double)right / count, (double)right / count);
    }

    // With s = 1/T, z̄ = Σ p z: dp_c/ds = p_c (z_c − z̄), ds/dT = −s².
    internal static (double Value, double Slope) Of(TemperatureObjective objective, ReadOnlySpan<double> z, int label, int predicted, double temperature, Span<double> p)
    {
        var s = 1 / temperature;
        z.CopyTo(p);
        var total = CalibrationData.Softmax(p, s);
        var mean = TensorPrimitives.Dot(p, z);
        double value, slope = 0;
        switch (objective)
        {
            case TemperatureObjective.CrossEntropy:
                (value, slope) = (total - s * z[label], mean - z[label]);
                break;
            case TemperatureObjective.SquaredError:
                value = 0;
                for (var c = 0; c < p.Length; c++)
                {
                    var gap = p[c] - (c == label ? 1 : 0);
                    value += gap * gap;
                    slope += 2 * gap * p[c] * (z[c] - mean);
                }
                break;
            default:
                var miss = p[predicted] - (predicted == label ? 1 : 0);
                (value, slope) = (miss * miss, 2 * miss * p[predicted] * (z[predicted] - mean));
                break;
        }
        return (value, -s * s * slope);
    }
}
