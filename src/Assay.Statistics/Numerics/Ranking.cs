namespace Assay.Statistics;

/// <summary>Ranks of numbers.</summary>
public static class Ranking
{
    /// <summary>The rank of each value from 1 up; equal values share the mean of their ranks.</summary>
    /// <param name="values">The values, none NaN.</param>
    /// <param name="descending">Whether rank 1 goes to the largest.</param>
    public static double[] Of(ReadOnlySpan<double> values, bool descending = false)
    {
        var order = new int[values.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        var keys = values.ToArray();
        Array.Sort(keys, order);
        var ranks = new double[values.Length];
        for (var start = 0; start < order.Length;)
        {
            var end = start + 1;
            while (end < order.Length && keys[end] == keys[start])
                end++;
            var rank = (start + 1 + end) / 2.0;
            for (var i = start; i < end; i++)
                ranks[order[i]] = descending ? order.Length + 1 - rank : rank;
            start = end;
        }
        return ranks;
    }
}
