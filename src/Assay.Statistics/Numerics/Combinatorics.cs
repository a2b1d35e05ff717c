namespace Assay.Statistics;

/// <summary>Subsets of 0 … n − 1 in lexicographic order.</summary>
internal static class Combinatorics
{
    /// <summary>Turns an ascending subset into the next one; false after the last.</summary>
    public static bool Next(Span<int> chosen, int n)
    {
        var i = chosen.Length - 1;
        while (i >= 0 && chosen[i] == n - chosen.Length + i)
            i--;
        if (i < 0)
            return false;
        chosen[i]++;
        for (var j = i + 1; j < chosen.Length; j++)
            chosen[j] = chosen[j - 1] + 1;
        return true;
    }

    /// <summary>n over k, or some number above the limit.</summary>
    public static double Count(int n, int k, double limit)
    {
        var few = Math.Min(k, n - k);
        var count = 1.0;
        for (var i = 1; i <= few && count <= limit; i++)
            count = count * (n - few + i) / i;
        return count;
    }
}
