using System.Numerics;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What confident learning needs of each row of probabilities, from two passes over them in parallel blocks.</summary>
internal sealed class RowScan
{
    private const int BlockValues = 1 << 16;
    private const double Epsilon = 1e-6, NeverReached = 2;

    private RowScan(int[] labels, int classCount)
    {
        Labels = labels;
        ClassCounts = new int[classCount];
        Thresholds = new double[classCount];
        Own = new float[labels.Length];
        Other = new float[labels.Length];
        Predicted = new int[labels.Length];
        Guess = new int[labels.Length];
    }

    public int Count => Labels.Length;

    public int[] Labels { get; }

    /// <summary>n_k.</summary>
    public int[] ClassCounts { get; }

    /// <summary>t_k = max(mean of P[i,k] over y_i = k, 2·10⁻⁶); 2 for a class without examples, which no probability reaches.</summary>
    public double[] Thresholds { get; }

    /// <summary>P[i, y_i].</summary>
    public float[] Own { get; }

    /// <summary>The largest P[i, k] over k ≠ y_i.</summary>
    public float[] Other { get; }

    /// <summary>The most probable class, the first of equals.</summary>
    public int[] Predicted { get; }

    /// <summary>
    /// The class that a row is confidently counted for, or −1: with B_i = {k : P[i,k] ≥ t_k − 10⁻⁶} its only member, or the most probable
    /// of all classes where there are several.
    /// </summary>
    public int[] Guess { get; }

    public int RowsOffSum { get; private set; }

    public int FirstOffSum { get; private set; } = -1;

    /// <summary>Whether the most probable class is the given one, when that is given 10⁻⁶ more.</summary>
    public bool AgreesWithModel(int row)
    {
        // Equality is decided as by a first maximum: an earlier rival wins it.
        var raised = Own[row] + Epsilon;
        return raised > Other[row] || (raised == Other[row] && Predicted[row] >= Labels[row]);
    }

    public static RowScan Of(int[] labels, FloatMatrix probabilities)
    {
        var (n, k) = (probabilities.Rows, probabilities.Columns);
        if (labels.Length != n)
            throw new ArgumentException($"{labels.Length} labels for {n} rows of probabilities");
        if (n == 0)
            throw new ArgumentException("there are no examples");
        if (k < 2)
            throw new ArgumentException($"{k} columns of probabilities, at least 2 classes were expected");
        var scan = new RowScan(labels, k);
        var sums = new double[k];
        for (var i = 0; i < n; i++)
        {
            var y = labels[i];
            if ((uint)y >= (uint)k)
                throw new ArgumentException($"label {y} of row {i} is out of range, there are {k} classes");
            scan.ClassCounts[y]++;
            sums[y] += probabilities.Values[i * k + y];
        }
        if (scan.ClassCounts.Count(c => c > 0) < 2)
            throw new ArgumentException($"all {n} labels are of one class: there is nothing to compare them with");
        for (var c = 0; c < k; c++)
            scan.Thresholds[c] = Math.Max(scan.ClassCounts[c] == 0 ? NeverReached : sums[c] / scan.ClassCounts[c], 2 * Epsilon);
        scan.ScanRows(probabilities);
        return scan;
    }

    private void ScanRows(FloatMatrix probabilities)
    {
        var k = probabilities.Columns;
        var bounds = Array.ConvertAll(Thresholds, t => CeilingToFloat(t - Epsilon));
        var rowsPerBlock = Math.Max(1, BlockValues / k);
        var blocks = (Count + rowsPerBlock - 1) / rowsPerBlock;
        var offSum = new int[blocks];
        var firstOff = new int[blocks];
        var faults = new int[blocks];
        Parallel.For(0, blocks, block =>
        {
            var (start, end) = (block * rowsPerBlock, Math.Min(Count, (block + 1) * rowsPerBlock));
            (faults[block], firstOff[block]) = (-1, -1);
            for (var i = start; i < end; i++)
            {
                var row = probabilities.Row(i);
                var sum = TensorPrimitives.Sum(row);
                ScanRow(row, i, bounds);
                // A NaN makes the sum NaN; a negative or too large value shows at the extremes.
                if (!(sum >= 0) || TensorPrimitives.Min(row) < 0 || Math.Max(Own[i], Other[i]) > 1 + ConfidentLearning.Tolerance)
                {
                    faults[block] = i;
                    return;
                }
                if (Math.Abs(sum - 1) > ConfidentLearning.Tolerance)
                {
                    if (offSum[block]++ == 0)
                        firstOff[block] = i;
                }
            }
        });
        if (faults.FirstOrDefault(f => f >= 0, -1) is >= 0 and var fault)
            throw Fault(probabilities.Row(fault), fault);
        RowsOffSum = offSum.Sum();
        FirstOffSum = firstOff.FirstOrDefault(f => f >= 0, -1);
    }

    private void ScanRow(ReadOnlySpan<float> row, int i, float[] bounds)
    {
        var y = Labels[i];
        Own[i] = row[y];
        var best = 0;
        var confident = -1;
        var several = false;
        if (row.Length < 2 * Vector<float>.Count)
        {
            var other = float.NegativeInfinity;
            for (var c = 0; c < row.Length; c++)
            {
                var p = row[c];
                if (p > row[best])
                    best = c;
                if (c != y && p > other)
                    other = p;
                if (p < bounds[c])
                    continue;
                several = confident >= 0;
                confident = c;
            }
            Other[i] = other;
        }
        else
        {
            best = TensorPrimitives.IndexOfMax(row);
            Other[i] = best != y ? row[best] : MaxWithout(row, y);
            confident = FirstReached(row, bounds, 0);
            several = confident >= 0 && FirstReached(row, bounds, confident + 1) >= 0;
        }
        Predicted[i] = best;
        Guess[i] = several ? best : confident;
    }

    private static float MaxWithout(ReadOnlySpan<float> row, int y)
    {
        var before = y > 0 ? TensorPrimitives.Max(row[..y]) : float.NegativeInfinity;
        return y + 1 < row.Length ? Math.Max(before, TensorPrimitives.Max(row[(y + 1)..])) : before;
    }

    private static int FirstReached(ReadOnlySpan<float> row, float[] bounds, int from)
    {
        var c = from;
        for (; c <= row.Length - Vector<float>.Count; c += Vector<float>.Count)
        {
            if (Vector.GreaterThanOrEqualAny(new Vector<float>(row[c..]), new Vector<float>(bounds, c)))
                break;
        }
        for (; c < row.Length; c++)
        {
            if (row[c] >= bounds[c])
                return c;
        }
        return -1;
    }

    // p ≥ bound for a float p and a double bound, as a comparison of floats.
    private static float CeilingToFloat(double bound)
    {
        var rounded = (float)bound;
        return rounded < bound ? MathF.BitIncrement(rounded) : rounded;
    }

    private static ArgumentException Fault(ReadOnlySpan<float> row, int index)
    {
        for (var c = 0; c < row.Length; c++)
        {
            if (!(row[c] >= 0 && row[c] <= 1 + ConfidentLearning.Tolerance))
                return new ArgumentException($"the probability of class {c} in row {index} is {row[c]}, a number from 0 to 1 was expected");
        }
        return new ArgumentException($"row {index} holds no probabilities");
    }
}
