using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How a temperature network is trained.</summary>
public enum TemperatureOptimizer
{
    /// <summary>Adam on batches, as the paper does.</summary>
    Adam,
    /// <summary>L-BFGS on all examples: no learning rate, no order of examples.</summary>
    LimitedMemoryBfgs,
}

/// <summary>What a temperature network minimises, and how it is trained.</summary>
internal sealed record TemperatureTraining(TemperatureObjective Objective, bool IsWeighted, TemperatureOptimizer Optimizer, int Steps, int BatchSize, double LearningRate, long Seed);

/// <summary>T(v) = clamp(w₂ · relu(W₁ v + b₁) + b₂, lowest, highest), with closed-form gradients. Parameters: W₁ row by row, b₁, w₂, b₂.</summary>
internal sealed class TemperatureNetwork(int inputs, int hidden, double lowest, double highest, double[] parameters)
{
    public double[] Parameters { get; } = parameters;

    public static int Size(int inputs, int hidden) => hidden * (inputs + 2) + 1;

    /// <summary>A network with uniform weights ±1/√fan-in around T = 1: further from 1, many would start beyond the clamp, where nothing moves them.</summary>
    public static TemperatureNetwork Create(int inputs, int hidden, double lowest, double highest, long seed)
    {
        var random = SeededRandom.At(seed, 27);
        var parameters = new double[Size(inputs, hidden)];
        for (var j = 0; j < parameters.Length - 1; j++)
        {
            var bound = 1 / Math.Sqrt(j < hidden * (inputs + 1) ? inputs : hidden);
            parameters[j] = random.NextDouble(-bound, bound);
        }
        parameters[^1] = Math.Clamp(1, lowest, highest);
        return new TemperatureNetwork(inputs, hidden, lowest, highest, parameters);
    }

    public double Of(ReadOnlySpan<double> v) => Math.Clamp(Raw(Parameters, v, new double[hidden]), lowest, highest);

    /// <summary>Whether no hidden unit is ever active, so that T is the same for all.</summary>
    public bool IsDead(double[][] features)
    {
        var active = new double[hidden];
        return Array.TrueForAll(features, v =>
        {
            Raw(Parameters, v, active);
            return Array.TrueForAll(active, a => a == 0);
        });
    }

    public void Train(CalibrationData data, double[][] features, TemperatureTraining training)
    {
        if (training.Optimizer == TemperatureOptimizer.LimitedMemoryBfgs)
        {
            var all = Enumerable.Range(0, data.Count).ToArray();
            LimitedMemoryBfgs.Minimize(Parameters, (x, gradient) => Loss(data, features, training, all, x, gradient), training.Steps).CopyTo(Parameters, 0);
            return;
        }
        var size = Math.Min(training.BatchSize, data.Count);
        var (order, at, epoch) = (Array.Empty<int>(), data.Count, 0);
        var (gradient, first, second) = (new double[Parameters.Length], new double[Parameters.Length], new double[Parameters.Length]);
        for (var step = 1; step <= training.Steps; step++)
        {
            if (at + size > data.Count)
                (order, at) = (SeededRandom.At(training.Seed, 28, epoch++).Permutation(data.Count), 0);
            Loss(data, features, training, order.AsSpan(at, size), Parameters, gradient);
            at += size;
            var (c1, c2) = (1 - Math.Pow(0.9, step), 1 - Math.Pow(0.999, step));
            for (var j = 0; j < gradient.Length; j++)
            {
                first[j] = 0.9 * first[j] + 0.1 * gradient[j];
                second[j] = 0.999 * second[j] + 0.001 * gradient[j] * gradient[j];
                Parameters[j] -= training.LearningRate * (first[j] / c1) / (Math.Sqrt(second[j] / c2) + 1e-8);
            }
        }
    }

    /// <summary>Σ w_i ℓ_i / Σ w_i over the given rows, and its gradient by the parameters.</summary>
    public double Loss(CalibrationData data, double[][] features, TemperatureTraining training, ReadOnlySpan<int> rows, double[] x, double[] gradient)
    {
        var right = 0;
        foreach (var i in rows)
            right += data.IsRight(i) ? 1 : 0;
        var weights = training.IsWeighted && training.Objective == TemperatureObjective.CorrectnessAware ? TemperatureLoss.Weights(right, rows.Length) : (1, 1);
        var total = weights.Right * right + weights.Wrong * (rows.Length - right);
        var (z, p, active, sum) = (new double[data.Classes], new double[data.Classes], new double[hidden], 0.0);
        Array.Clear(gradient);
        var (w2, b1) = (hidden * (inputs + 1), hidden * inputs);
        foreach (var i in rows)
        {
            var v = features[i];
            var raw = Raw(x, v, active);
            data.Logits(i, z);
            var loss = TemperatureLoss.Of(training.Objective, z, data.Labels[i], data.Predicted[i], Math.Clamp(raw, lowest, highest), p);
            var weight = (data.IsRight(i) ? weights.Right : weights.Wrong) / total;
            sum += weight * loss.Value;
            if (raw < lowest || raw > highest)
                continue;
            var slope = weight * loss.Slope;
            gradient[^1] += slope;
            for (var h = 0; h < hidden; h++)
            {
                if (active[h] == 0)
                    continue;
                gradient[w2 + h] += slope * active[h];
                var back = slope * x[w2 + h];
                gradient[b1 + h] += back;
                var own = gradient.AsSpan(h * inputs, inputs);
                TensorPrimitives.MultiplyAdd(v, back, own, own);
            }
        }
        return sum;
    }

    private double Raw(double[] x, ReadOnlySpan<double> v, double[] active)
    {
        for (var h = 0; h < hidden; h++)
            active[h] = Math.Max(0, TensorPrimitives.Dot(x.AsSpan(h * inputs, inputs), v) + x[hidden * inputs + h]);
        return TensorPrimitives.Dot<double>(x.AsSpan(hidden * (inputs + 1), hidden), active) + x[^1];
    }
}
