using Assay.Statistics;

namespace Assay.Data;

/// <summary>Puts rows into bags: each row into one, bags numbered from 0.</summary>
public static class BagAssignment
{
    /// <summary>Random bags of equal size; the theory of learning from bags assumes these.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="bagSize">k, 1 or more. What is left over makes a smaller bag, or joins the last one where it would be a bag of one row.</param>
    /// <param name="seed">Decides the order.</param>
    /// <returns>The bag of each row.</returns>
    public static int[] Random(int rows, int bagSize, long seed) => Chunks(SeededRandom.At(seed, 470).Permutation(rows), bagSize);

    /// <summary>Bags of neighbours in the order of some value: rows of a bag are alike, which the theory does not assume.</summary>
    /// <param name="values">What rows are sorted by.</param>
    /// <param name="bagSize">k.</param>
    public static int[] Sorted(ReadOnlySpan<float> values, int bagSize) => Chunks(RadixSort.Order(values), bagSize);

    private static int[] Chunks(int[] order, int bagSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bagSize);
        if (order.Length < bagSize)
            throw new ArgumentException($"{order.Length} rows do not fill one bag of {bagSize}");
        var bags = new int[order.Length];
        for (var i = 0; i < order.Length; i++)
            bags[order[i]] = i / bagSize;
        // A bag of one row would show its response.
        if (bagSize > 1 && order.Length % bagSize == 1)
            bags[order[^1]] = order.Length / bagSize - 1;
        return bags;
    }
}
