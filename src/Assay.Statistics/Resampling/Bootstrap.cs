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
    /// Weighted sums under Poisson resampling: for each resample and each slot of a column, Σ of weight × value over the examples of that
    /// slot. A mean is the quotient of two such sums; a confusion matrix is a column of ones.
    /// </summary>
    /// <param name="count">The number of examples.</param>
    /// <param name="columns">What to sum. All columns see the same resamples.</param>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">The seed; the same seed gives each example the same weights in every call, and in <see cref="RankResampler"/>.</param>
    /// <returns>For each column, the sums of its slots, one resample after the other.</returns>
    /// <exception cref="ArgumentException">A column is for another number of examples, or a slot is out of range.</exception>
    public static double[][] Sums(int count, IReadOnlyList<SumColumn> columns, int resamples = 1000, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        foreach (var column in columns)
            column.Check(count);
        var offsets = new int[columns.Count];
        for (var c = 1; c < offsets.Length; c++)
            offsets[c] = offsets[c - 1] + columns[c - 1].SlotCount;
        var all = columns.Select(c => new double[resamples * c.SlotCount]).ToArray();
        var slots = columns.Sum(c => c.SlotCount);
        Parallel.For(0, (resamples + PoissonWeights.Lanes - 1) / PoissonWeights.Lanes, () => new Vector512<double>[2 * slots], (g, _, sums) =>
        {
            Array.Clear(sums);
            AddWeighted(new PoissonWeights(seed, g), count, [.. columns], offsets, sums);
            for (var lane = 0; lane < PoissonWeights.Lanes && g * PoissonWeights.Lanes + lane < resamples; lane++)
            {
                for (var c = 0; c < all.Length; c++)
                {
                    var target = all[c].AsSpan((g * PoissonWeights.Lanes + lane) * columns[c].SlotCount, columns[c].SlotCount);
                    for (var slot = 0; slot < target.Length; slot++)
                        target[slot] = sums[2 * (offsets[c] + slot) + lane / 8][lane % 8];
                }
            }
            return sums;
        }, static _ => { });
        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(PoissonWeights weights, int count, SumColumn[] columns, int[] offsets, Vector512<double>[] sums)
    {
        for (var i = 0; i < count; i++)
        {
            var (w0, w1) = RankResampler.ToDouble(weights.Of((uint)i));
            for (var c = 0; c < columns.Length; c++)
            {
                ref var sum = ref sums[2 * (offsets[c] + (columns[c].Slots is { } slots ? slots[i] : 0))];
                if (columns[c].Values is { } values)
                {
                    sum += w0 * values[i];
                    Unsafe.Add(ref sum, 1) += w1 * values[i];
                }
                else
                {
                    sum += w0;
                    Unsafe.Add(ref sum, 1) += w1;
                }
            }
        }
    }
}

/// <summary>What <see cref="Bootstrap.Sums"/> adds up: a value for each example, in the slot that the example belongs to.</summary>
/// <param name="SlotCount">The number of slots.</param>
/// <param name="Slots">The slot of each example, or null where there is one slot.</param>
/// <param name="Values">The value of each example, or null for ones.</param>
public sealed record SumColumn(int SlotCount, int[]? Slots, double[]? Values)
{
    internal void Check(int count)
    {
        if (SlotCount < 1 || (Slots is null && SlotCount != 1))
            throw new ArgumentException($"a column without slots has one, not {SlotCount}");
        if ((Slots?.Length ?? count) != count || (Values?.Length ?? count) != count)
            throw new ArgumentException($"a column of {Slots?.Length ?? Values!.Length} examples among columns of {count}");
        if (Slots is not null && Slots.AsSpan().ContainsAnyExceptInRange(0, SlotCount - 1))
            throw new ArgumentException($"slots between 0 and {SlotCount - 1} were expected");
    }
}
