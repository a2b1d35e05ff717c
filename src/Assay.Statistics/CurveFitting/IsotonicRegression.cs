namespace Assay.Statistics;

/// <summary>The monotone sequence nearest to given values in weighted squares, by pooling adjacent violators.</summary>
public static class IsotonicRegression
{
    /// <summary>The nearest non-increasing sequence, as learning curves should be.</summary>
    public static double[] Decreasing(ReadOnlySpan<double> values)
    {
        var negated = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
            negated[i] = -values[i];
        var fitted = Increasing(negated);
        for (var i = 0; i < fitted.Length; i++)
            fitted[i] = -fitted[i];
        return fitted;
    }

    /// <summary>The nearest non-decreasing sequence.</summary>
    public static double[] Increasing(ReadOnlySpan<double> values)
    {
        var (means, counts) = (new double[values.Length], new int[values.Length]);
        var blocks = 0;
        foreach (var value in values)
        {
            (means[blocks], counts[blocks]) = (value, 1);
            blocks++;
            while (blocks > 1 && means[blocks - 2] > means[blocks - 1])
            {
                var total = counts[blocks - 2] + counts[blocks - 1];
                means[blocks - 2] = (means[blocks - 2] * counts[blocks - 2] + means[blocks - 1] * counts[blocks - 1]) / total;
                counts[blocks - 2] = total;
                blocks--;
            }
        }
        var fitted = new double[values.Length];
        for (int b = 0, i = 0; b < blocks; b++)
        {
            for (var c = 0; c < counts[b]; c++)
                fitted[i++] = means[b];
        }
        return fitted;
    }
}
