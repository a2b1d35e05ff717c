namespace Assay.Statistics;

/// <summary>How often two classifiers were right on the same items: the 2 × 2 table behind McNemar's test.</summary>
/// <param name="Both">Both right.</param>
/// <param name="OnlyFirst">b: the first right, the second wrong.</param>
/// <param name="OnlySecond">c: the first wrong, the second right.</param>
/// <param name="Neither">Both wrong.</param>
public readonly record struct PairedOutcomes(long Both, long OnlyFirst, long OnlySecond, long Neither)
{
    /// <summary>The number of items.</summary>
    public long Count => Both + OnlyFirst + OnlySecond + Neither;

    /// <summary>b + c.</summary>
    public long Disagreements => OnlyFirst + OnlySecond;

    /// <summary>Accuracy of the first minus that of the second, (b − c)/n.</summary>
    public double Difference => (double)(OnlyFirst - OnlySecond) / Count;

    /// <summary>Counts the outcomes.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or there are no items.</exception>
    public static PairedOutcomes Of(ReadOnlySpan<bool> first, ReadOnlySpan<bool> second)
    {
        if (first.Length != second.Length || first.IsEmpty)
            throw new ArgumentException($"two lists of outcomes of the same items were expected, not of {first.Length} and {second.Length}", nameof(second));
        long both = 0, onlyFirst = 0, onlySecond = 0;
        for (var i = 0; i < first.Length; i++)
        {
            both += first[i] && second[i] ? 1 : 0;
            onlyFirst += first[i] && !second[i] ? 1 : 0;
            onlySecond += !first[i] && second[i] ? 1 : 0;
        }
        return new PairedOutcomes(both, onlyFirst, onlySecond, first.Length - both - onlyFirst - onlySecond);
    }
}
