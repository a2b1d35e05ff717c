using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Assay.Statistics;

/// <summary>
/// Bootstrap of ROC-AUC and average precision: the scores are sorted once, and each resample is one pass of weighted counts over that order,
/// 16 resamples at a time. Time is linear in the number of examples; memory is 4 bytes an example.
/// </summary>
public sealed class RankResampler
{
    private const uint Positive = 1, EndOfTie = 2;

    // In descending order of score: example << 2 | last of its equals | positive.
    private readonly uint[] items;

    /// <summary>Sorts the scores.</summary>
    /// <param name="scores">The scores, larger for the positive class.</param>
    /// <param name="positive">Whether each example is of the positive class.</param>
    /// <exception cref="ArgumentException">The lengths differ, there are none or more than 2³⁰, or a score is NaN.</exception>
    public RankResampler(ReadOnlySpan<float> scores, ReadOnlySpan<bool> positive)
    {
        if (scores.Length != positive.Length || scores.Length is 0 or > 1 << 30)
            throw new ArgumentException($"scores and outcomes of the same 1 to 2³⁰ examples were expected, not {scores.Length} and {positive.Length}", nameof(positive));
        if (scores.IndexOf(float.NaN) >= 0)
            throw new ArgumentException($"score {scores.IndexOf(float.NaN)} is NaN", nameof(scores));
        var order = RadixSort.Order(scores);
        items = new uint[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            var example = order[^(i + 1)];
            var isLast = i == order.Length - 1 || scores[order[^(i + 2)]] != scores[example];
            items[i] = ((uint)example << 2) | (isLast ? EndOfTie : 0) | (positive[example] ? Positive : 0);
        }
    }

    /// <summary>The number of examples.</summary>
    public int Count => items.Length;

    /// <summary>
    /// The metrics on Poisson bootstrap resamples. Resamplers of the same examples see the same resamples under the same seed, so that the
    /// difference of two models' values is a paired one. NaN where a resample lacks a class.
    /// </summary>
    /// <param name="resamples">The number of resamples.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="averagePrecision">Whether to compute average precision too; otherwise it is empty.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of resamples is not positive.</exception>
    public (double[] Auc, double[] AveragePrecision) Resample(int resamples, long seed = 0, bool averagePrecision = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var groups = (resamples + PoissonWeights.Lanes - 1) / PoissonWeights.Lanes;
        var auc = new double[groups * PoissonWeights.Lanes];
        var precision = new double[averagePrecision ? auc.Length : 0];
        Parallel.For(0, groups, g =>
        {
            var range = new Range(g * PoissonWeights.Lanes, (g + 1) * PoissonWeights.Lanes);
            Pass(new PoissonWeights(seed, g), auc.AsSpan(range), averagePrecision ? precision.AsSpan(range) : default);
        });
        return (auc[..resamples], averagePrecision ? precision[..resamples] : []);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pass(PoissonWeights weights, Span<double> auc, Span<double> precision)
    {
        var withPrecision = !precision.IsEmpty;
        Vector512<uint> positives = default, ties = default;      // Within the current group of equal scores.
        Vector512<uint> above = default;                          // Negatives above that group.
        Vector512<double> wins0 = default, wins1 = default;       // 2 Σ pairs in which the negative stands above the positive.
        Vector512<double> hits0 = default, hits1 = default;       // Positives so far.
        Vector512<double> sum0 = default, sum1 = default;         // Σ positives × precision.
        var some = false;
        foreach (var item in items)
        {
            var w = weights.Of(item >> 2);
            if ((item & Positive) != 0)
            {
                positives += w;
                some = true;
            }
            else
                ties += w;
            if ((item & EndOfTie) == 0)
                continue;
            var reached = above + ties;
            if (some)
            {
                var (p0, p1) = ToDouble(positives);
                var (n0, n1) = ToDouble(above + reached);
                wins0 += p0 * n0;
                wins1 += p1 * n1;
                hits0 += p0;
                hits1 += p1;
                if (withPrecision)
                {
                    var (r0, r1) = ToDouble(reached);
                    // Where nothing is reached yet, p is 0 too: 0/1 in place of 0/0.
                    sum0 += p0 * hits0 / Vector512.Max(hits0 + r0, Vector512<double>.One);
                    sum1 += p1 * hits1 / Vector512.Max(hits1 + r1, Vector512<double>.One);
                }
                positives = default;
                some = false;
            }
            above = reached;
            ties = default;
        }
        var (a0, a1) = ToDouble(above);
        (Vector512<double>.One - wins0 / (2 * hits0 * a0)).CopyTo(auc);
        (Vector512<double>.One - wins1 / (2 * hits1 * a1)).CopyTo(auc[8..]);
        if (withPrecision)
        {
            (sum0 / hits0).CopyTo(precision);
            (sum1 / hits1).CopyTo(precision[8..]);
        }
    }

    // Weights stay below 2³¹: a conversion from signed integers is one instruction on more machines.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector512<double>, Vector512<double>) ToDouble(Vector512<uint> w)
    {
        var (low, high) = Vector512.Widen(w.AsInt32());
        return (Vector512.ConvertToDouble(low), Vector512.ConvertToDouble(high));
    }
}
