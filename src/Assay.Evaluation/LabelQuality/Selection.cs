namespace Assay.Evaluation;

/// <summary>Finds the smallest of many keys in linear time (Hoare's quickselect, median of three); equal keys in the order of their items.</summary>
internal static class Selection
{
    /// <summary>Reorders keys and items so that the <paramref name="count"/> smallest stand first, in any order.</summary>
    public static void Smallest(Span<float> keys, Span<int> items, int count)
    {
        var (low, high) = (0, keys.Length - 1);
        if (count <= 0 || count >= keys.Length)
            return;
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (Less(keys, items, middle, low))
                Swap(keys, items, middle, low);
            if (Less(keys, items, high, low))
                Swap(keys, items, high, low);
            if (Less(keys, items, high, middle))
                Swap(keys, items, high, middle);
            var (pivot, pivotItem) = (keys[middle], items[middle]);
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (keys[i] < pivot || (keys[i] == pivot && items[i] < pivotItem))
                    i++;
                while (keys[j] > pivot || (keys[j] == pivot && items[j] > pivotItem))
                    j--;
                if (i <= j)
                    Swap(keys, items, i++, j--);
            }
            if (count - 1 <= j)
                high = j;
            else if (count - 1 >= i)
                low = i;
            else
                return;
        }
    }

    private static bool Less(Span<float> keys, Span<int> items, int a, int b) => keys[a] < keys[b] || (keys[a] == keys[b] && items[a] < items[b]);

    private static void Swap(Span<float> keys, Span<int> items, int a, int b)
    {
        (keys[a], keys[b]) = (keys[b], keys[a]);
        (items[a], items[b]) = (items[b], items[a]);
    }
}
