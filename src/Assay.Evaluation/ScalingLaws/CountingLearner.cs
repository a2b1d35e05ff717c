using Assay.Statistics;
using MathNet.Numerics;

namespace Assay.Evaluation;

/// <summary>
/// The learner whose learning curve is known: it estimates the bias of a fair coin by counting m tosses. E|p̂ − ½| = C(m, m/2)/2^(m+1) for even m,
/// about 1/√(2πm): an exponent of −½. A measurement that misses it has a fault. (Hestness et al. 2017.)
/// </summary>
public static class CountingLearner
{
    /// <summary>E|p̂ − ½|.</summary>
    /// <param name="m">The tosses, an even number.</param>
    public static double ExpectedError(int m)
    {
        if (m <= 0 || m % 2 != 0)
            throw new ArgumentOutOfRangeException(nameof(m), m, "a positive even number of tosses was expected");
        return Math.Exp(SpecialFunctions.BinomialLn(m, m / 2) - (m + 1) * Math.Log(2));
    }

    /// <summary>The mean error over simulated learners.</summary>
    /// <param name="m">The tosses of each.</param>
    /// <param name="repetitions">The learners.</param>
    /// <param name="seed">The seed.</param>
    public static double Simulate(int m, int repetitions, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(m);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        var random = new SeededRandom(seed);
        var sum = 0.0;
        for (var r = 0; r < repetitions; r++)
        {
            var heads = 0;
            // 64 tosses a draw.
            for (var left = m; left > 0; left -= 64)
                heads += System.Numerics.BitOperations.PopCount(left >= 64 ? random.NextUInt64() : random.NextUInt64() >> (64 - left));
            sum += Math.Abs((double)heads / m - 0.5);
        }
        return sum / repetitions;
    }
}
