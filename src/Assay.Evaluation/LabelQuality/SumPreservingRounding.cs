namespace Assay.Evaluation;

/// <summary>
/// Rounds numbers half to even; then, while their sum is off by d, adds sign(d) to the |d| numbers whose rounding lost most (gained most
/// where d is negative). Of equals the later one goes first upwards and the earlier one downwards.
/// </summary>
internal static class SumPreservingRounding
{
    public static long[,] Rows(double[,] matrix)
    {
        var (rows, columns) = (matrix.GetLength(0), matrix.GetLength(1));
        var result = new long[rows, columns];
        Parallel.For(0, rows, () => (Values: new double[columns], Rounded: new double[columns]), (i, _, buffers) =>
        {
            for (var j = 0; j < columns; j++)
                buffers.Values[j] = matrix[i, j];
            Round(buffers.Values, buffers.Rounded);
            for (var j = 0; j < columns; j++)
                result[i, j] = (long)buffers.Rounded[j];
            return buffers;
        }, static _ => { });
        return result;
    }

    public static void Round(ReadOnlySpan<double> values, Span<double> rounded)
    {
        var (sum, roundedSum) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            rounded[i] = Math.Round(values[i], MidpointRounding.ToEven);
            sum += values[i];
            roundedSum += rounded[i];
        }
        var target = Math.Round(sum, MidpointRounding.ToEven);
        while (roundedSum != target)
        {
            var step = Math.Sign(target - roundedSum);
            var order = Order(values, rounded);
            var changes = (int)Math.Min(Math.Abs(target - roundedSum), values.Length);
            for (var c = 0; c < changes; c++)
                rounded[step > 0 ? order[^(c + 1)] : order[c]] += step;
            roundedSum += step * changes;
        }
    }

    private static int[] Order(ReadOnlySpan<double> values, ReadOnlySpan<double> rounded)
    {
        var lost = new double[values.Length];
        for (var i = 0; i < lost.Length; i++)
            lost[i] = values[i] - rounded[i];
        return [.. Enumerable.Range(0, lost.Length).OrderBy(i => lost[i])]; // stable
    }
}
