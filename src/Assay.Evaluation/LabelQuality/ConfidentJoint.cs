using System.Collections.Immutable;
using MathNet.Numerics.LinearAlgebra;

namespace Assay.Evaluation;

/// <summary>How the prior of the true classes is estimated from the noise rates.</summary>
public enum PriorEstimate
{
    /// <summary>p(true=k) = P(true=k|given=k) / P(given=k|true=k) · p(given=k).</summary>
    Count,
    /// <summary>The solution p of noise · p = p(given).</summary>
    Equation,
    /// <summary>The column sums of C over its sum.</summary>
    Marginal,
    /// <summary>P(true|given) · p(given).</summary>
    MarginalOfGiven,
}

/// <summary>
/// The confident joint and what follows from it. Matrices are K × K; in counts and joints the row is the given and the column the guessed
/// true class.
/// </summary>
public sealed class ConfidentJoint
{
    private const double Tiny = 1e-100, SmallestPrior = 1e-6, LargestRate = 0.9999;
    private readonly long[,] counts;
    private readonly long[,] calibrated;

    internal ConfidentJoint(long[,] counts, int[] classCounts, double[] thresholds)
    {
        this.counts = counts;
        ClassCounts = [.. classCounts];
        Thresholds = [.. thresholds];
        calibrated = Calibrate(counts, classCounts);
    }

    /// <summary>The number of classes.</summary>
    public int ClassCount => ClassCounts.Length;

    /// <summary>n_k: how often each class is given.</summary>
    public ImmutableArray<int> ClassCounts { get; }

    /// <summary>t_k: the mean probability of class k over the rows that are given it; 2 for a class without rows.</summary>
    public ImmutableArray<double> Thresholds { get; }

    /// <summary>C[given, true]: how many rows are confidently counted; at least 1 on the diagonal.</summary>
    public long[,] Counts => (long[,])counts.Clone();

    /// <summary>J[given, true]: C scaled to the class counts and rounded so that row k sums to n_k.</summary>
    public long[,] Calibrated => (long[,])calibrated.Clone();

    /// <summary>Q = J/ΣJ: the joint distribution of given and true classes.</summary>
    public double[,] Distribution
    {
        get
        {
            var total = Math.Max(1, Sum(calibrated));
            return Map((i, j) => (double)calibrated[i, j] / total);
        }
    }

    /// <summary>The estimated share of wrong labels: 1 − trace(Q).</summary>
    public double ErrorFraction => 1 - (double)Trace(calibrated) / Math.Max(1, Sum(calibrated));

    /// <summary>P(given | true), columns sum to 1: C over its column sums; rates off the diagonal at most 0.9999.</summary>
    public double[,] NoiseMatrix
    {
        get
        {
            var sums = Sums(byRow: false);
            return Clip(Map((i, j) => counts[i, j] / sums[j]));
        }
    }

    /// <summary>P(true | given), [true, given], columns sum to 1: Cᵀ over the row sums of C.</summary>
    public double[,] InverseNoiseMatrix
    {
        get
        {
            var sums = Sums(byRow: true);
            return Clip(Map((i, j) => counts[j, i] / sums[j]));
        }
    }

    /// <summary>The prior of the true classes, clipped to [10⁻⁶, 1] and normalised.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The estimate is unknown.</exception>
    public double[] Prior(PriorEstimate estimate = PriorEstimate.Count)
    {
        var n = (double)ClassCounts.Sum();
        var given = ClassCounts.Select(c => c / n).ToArray();
        var (noise, inverse) = (NoiseMatrix, InverseNoiseMatrix);
        var classes = Enumerable.Range(0, ClassCount);
        double[] prior = estimate switch
        {
            PriorEstimate.Count => [.. classes.Select(k => inverse[k, k] / Math.Max(noise[k, k], Tiny) * given[k])],
            PriorEstimate.Equation => Matrix<double>.Build.DenseOfArray(noise).Solve(Vector<double>.Build.Dense(given)).ToArray(),
            PriorEstimate.Marginal => [.. Sums(byRow: false).Select(s => s / Sum(counts))],
            PriorEstimate.MarginalOfGiven => [.. classes.Select(t => classes.Sum(g => inverse[t, g] * given[g]))],
            _ => throw new ArgumentOutOfRangeException(nameof(estimate), estimate, "an estimate of the prior was expected"),
        };
        var clipped = Array.ConvertAll(prior, p => double.IsFinite(p) ? Math.Clamp(p, SmallestPrior, 1) : SmallestPrior);
        var total = clipped.Sum();
        return Array.ConvertAll(clipped, p => p / total);
    }

    internal static ConfidentJoint Count(RowScan scan, int classCount)
    {
        var counts = new long[classCount, classCount];
        for (var i = 0; i < scan.Count; i++)
        {
            if (scan.Guess[i] >= 0)
                counts[scan.Labels[i], scan.Guess[i]]++;
        }
        for (var k = 0; k < classCount; k++)
            counts[k, k] = Math.Max(1, counts[k, k]);
        return new ConfidentJoint(counts, scan.ClassCounts, scan.Thresholds);
    }

    internal static ConfidentJoint OfPredictedClasses(RowScan scan, int classCount)
    {
        var counts = new long[classCount, classCount];
        for (var i = 0; i < scan.Count; i++)
            counts[scan.Labels[i], scan.Predicted[i]]++;
        return new ConfidentJoint(counts, scan.ClassCounts, scan.Thresholds);
    }

    /// <summary>
    /// R[true, given]: how many rows of each given class belong to each true one. Jᵀ, with the diagonal raised to at least m and the rest
    /// of the column lowered for it, errors scaled by f, all rounded so that rows keep their sums.
    /// </summary>
    internal long[,] PruneCounts(double fraction, int minExamplesPerClass)
    {
        var k = ClassCount;
        var cells = new double[k, k];
        for (var given = 0; given < k; given++)
        {
            var diagonal = (double)Math.Max(calibrated[given, given], minExamplesPerClass);
            var nonZero = 0;
            for (var t = 0; t < k; t++)
                nonZero += calibrated[given, t] != 0 ? 1 : 0;
            var share = (diagonal - calibrated[given, given]) / Math.Max(nonZero - 1, 1);
            var removed = 0.0;
            for (var t = 0; t < k; t++)
            {
                if (t == given)
                    continue;
                var count = Math.Max(0, calibrated[given, t] - share);
                cells[t, given] = Math.Truncate(count * fraction);
                removed += count - count * fraction;
            }
            cells[given, given] = Math.Truncate(diagonal + removed);
        }
        return SumPreservingRounding.Rows(cells);
    }

    private static long[,] Calibrate(long[,] counts, int[] classCounts)
    {
        var k = classCounts.Length;
        var scaled = new double[k, k];
        var total = 0.0;
        for (var i = 0; i < k; i++)
        {
            var sum = 0L;
            for (var j = 0; j < k; j++)
                sum += counts[i, j];
            for (var j = 0; j < k; j++)
                total += scaled[i, j] = counts[i, j] / Math.Max(sum, Tiny) * classCounts[i];
        }
        var factor = classCounts.Sum() / Math.Max(total, Tiny);
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j < k; j++)
                scaled[i, j] *= factor;
        }
        return SumPreservingRounding.Rows(scaled);
    }

    private double[,] Map(Func<int, int, double> cell)
    {
        var result = new double[ClassCount, ClassCount];
        for (var i = 0; i < ClassCount; i++)
        {
            for (var j = 0; j < ClassCount; j++)
                result[i, j] = cell(i, j);
        }
        return result;
    }

    // Sums of C; an empty row or column gives a number that only divides zeros.
    private double[] Sums(bool byRow)
    {
        var sums = new double[ClassCount];
        for (var i = 0; i < ClassCount; i++)
        {
            for (var j = 0; j < ClassCount; j++)
                sums[byRow ? i : j] += counts[i, j];
        }
        return Array.ConvertAll(sums, s => Math.Max(s, Tiny));
    }

    private double[,] Clip(double[,] rates)
    {
        for (var column = 0; column < ClassCount; column++)
        {
            var sum = 0.0;
            for (var row = 0; row < ClassCount; row++)
                sum += rates[row, column] = row == column ? rates[row, column] : Math.Clamp(rates[row, column], 0, LargestRate);
            for (var row = 0; row < ClassCount && sum > 0; row++)
                rates[row, column] /= sum;
        }
        return rates;
    }

    internal static long Trace(long[,] matrix) => Enumerable.Range(0, matrix.GetLength(0)).Sum(i => matrix[i, i]);

    internal static long Sum(long[,] matrix)
    {
        var sum = 0L;
        foreach (var value in matrix)
            sum += value;
        return sum;
    }
}
