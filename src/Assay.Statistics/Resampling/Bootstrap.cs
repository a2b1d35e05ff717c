using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Assay.Statistics;

/// <summary>
/// Values of a statistic on bootstrap resamples, for <see cref="BootstrapInterval"/>. All are parallel and depend on the seed alone, not on
/// the number of cores.
/// </summary>
[Method("bootstrap", Paper = 83, Kind = MethodKind.Resampling)]
public static class Bootstrap
{
    /// <summary>Of any statistic of the rows: n rows drawn with replacement for each resample.</summary>
    /// <param name="count">n.</param>
    /// <param name="statistic">The statistic of the drawn rows; called from several threads.</param>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">n or the number of resamples is not positive.</exception>
    public static double[] Of(int count, Func<int[], double> statistic, int resamples = 1000, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var values = new double[resamples];
        Parallel.For(0, resamples, () => new int[count], (r, _, rows) =>
        {
            var random = SeededRandom.At(seed, r);
            for (var i = 0; i < rows.Length; i++)
                rows[i] = random.Next(count);
            values[r] = statistic(rows);
            return rows;
        }, static _ => { });
        return values;
    }

    /// <summary>Of a proportion, such as an accuracy: resampling n outcomes is one binomial draw, whatever n.</summary>
    /// <param name="successes">The number of successes.</param>
    /// <param name="count">n.</param>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double[] Proportion(long successes, long count, int resamples = 1000, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var random = SeededRandom.At(seed);
        var values = new double[resamples];
        for (var r = 0; r < resamples; r++)
            values[r] = (double)random.NextBinomial(count, (double)successes / count) / count;
        return values;
    }

    /// <summary>Of ROC-AUC: one sort, then one pass of weighted counts a resample (<see cref="RankResampler"/>).</summary>
    /// <inheritdoc cref="RankResampler(ReadOnlySpan{float}, ReadOnlySpan{bool})"/>
    /// <param name="scores">The scores, larger for the positive class.</param>
    /// <param name="positive">Whether each example is of the positive class.</param>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">The seed.</param>
    public static double[] RocAuc(ReadOnlySpan<float> scores, ReadOnlySpan<bool> positive, int resamples = 1000, long seed = 0) =>
        new RankResampler(scores, positive).Resample(resamples, seed, averagePrecision: false).Auc;

    /// <summary>
    /// Weighted sums under Poisson resampling: for each resample and each slot, Σ of weight × value over the examples of that slot. A mean is
    /// the quotient of two such sums.
    /// </summary>
    /// <param name="slots">The slot of each example, 0 … slotCount − 1.</param>
    /// <param name="values">The value of each example.</param>
    /// <param name="slotCount">The number of slots.</param>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">The seed; the same seed gives each example the same weights in every call.</param>
    /// <returns>For each resample the sums of all slots, one resample after the other.</returns>
    /// <exception cref="ArgumentException">The lengths differ, or a slot is out of range.</exception>
    public static double[] Sums(int[] slots, double[] values, int slotCount, int resamples = 1000, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(slots);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        if (slots.Length != values.Length)
            throw new ArgumentException($"{slots.Length} slots for {values.Length} values", nameof(values));
        if (slots.AsSpan().ContainsAnyExceptInRange(0, slotCount - 1))
            throw new ArgumentException($"slots between 0 and {slotCount - 1} were expected", nameof(slots));
        var groups = (resamples + PoissonWeights.Lanes - 1) / PoissonWeights.Lanes;
        var all = new double[resamples * slotCount];
        Parallel.For(0, groups, () => new Vector512<double>[2 * slotCount], (g, _, sums) =>
        {
            Array.Clear(sums);
            AddWeighted(new PoissonWeights(seed, g), slots, values, sums);
            for (var lane = 0; lane < PoissonWeights.Lanes && g * PoissonWeights.Lanes + lane < resamples; lane++)
            {
                for (var slot = 0; slot < slotCount; slot++)
                    all[(g * PoissonWeights.Lanes + lane) * slotCount + slot] = sums[2 * slot + lane / 8][lane % 8];
            }
            return sums;
        }, static _ => { });
        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(PoissonWeights weights, int[] slots, double[] values, Vector512<double>[] sums)
    {
        for (var i = 0; i < slots.Length; i++)
        {
            var (w0, w1) = RankResampler.ToDouble(weights.Of((uint)i));
            ref var sum = ref sums[2 * slots[i]];
            sum += w0 * values[i];
            Unsafe.Add(ref sum, 1) += w1 * values[i];
        }
    }
}
