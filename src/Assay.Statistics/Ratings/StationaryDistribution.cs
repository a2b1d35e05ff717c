using System.Numerics.Tensors;

namespace Assay.Statistics;

/// <summary>
/// The stationary distribution of a continuous-time Markov chain by the elimination of Grassmann, Taksar and Heyman (1985): no subtraction
/// occurs, so that even tiny probabilities keep all digits.
/// </summary>
public static class StationaryDistribution
{
    /// <summary>π with πG = 0 and Σπ = 1.</summary>
    /// <param name="rates">The rates G[i, j] ≥ 0 from state i to j, row by row, n × n; the diagonal is ignored. Overwritten.</param>
    /// <param name="count">n.</param>
    /// <exception cref="ArgumentException">The chain is not irreducible, or the length is not n².</exception>
    public static double[] Of(double[] rates, int count)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (rates.Length != count * count)
            throw new ArgumentException($"{count}² rates were expected, not {rates.Length}", nameof(rates));
        for (var k = count - 1; k > 0; k--)
        {
            ReadOnlySpan<double> row = rates.AsSpan(k * count, k);
            var leaving = TensorPrimitives.Sum(row);
            if (!(leaving > 0 && double.IsFinite(leaving)))
                throw new ArgumentException($"state {k} cannot be left towards the states before it: the chain has no single stationary distribution", nameof(rates));
            for (var i = 0; i < k; i++)
            {
                var flow = rates[i * count + k] /= leaving;
                if (flow == 0)
                    continue;
                var target = rates.AsSpan(i * count, k);
                TensorPrimitives.MultiplyAdd(row, flow, target, target);
            }
        }
        var distribution = new double[count];
        distribution[0] = 1;
        for (var k = 1; k < count; k++)
        {
            for (var i = 0; i < k; i++)
                distribution[k] += distribution[i] * rates[i * count + k];
        }
        TensorPrimitives.Divide(distribution, TensorPrimitives.Sum<double>(distribution), distribution);
        return distribution;
    }
}
