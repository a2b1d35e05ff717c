using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>Deals examples, or whole groups of them, to parts of given sizes.</summary>
internal static class Partition
{
    /// <summary>The examples of each distinct key, keys in ascending order.</summary>
    public static int[][] Members(int count, ReadOnlySpan<int> keys)
    {
        CheckLength(count, keys, nameof(keys));
        var members = new SortedDictionary<int, List<int>>();
        for (var i = 0; i < count; i++)
        {
            if (!members.TryGetValue(keys[i], out var list))
                members.Add(keys[i], list = []);
            list.Add(i);
        }
        return [.. members.Values.Select(m => m.ToArray())];
    }

    /// <summary>The part 0 … k − 1 of each example; sizes and class counts differ by at most 1.</summary>
    public static int[] Folds(int count, int folds, ReadOnlySpan<int> strata, ReadOnlySpan<int> groups, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        if (folds > count)
            throw new ArgumentOutOfRangeException(nameof(folds), folds, $"at most as many folds as the {count} examples were expected");
        if (!groups.IsEmpty)
            return DealGroups(count, [.. Enumerable.Repeat(1.0 / folds, folds)], strata, groups, random);
        var assignment = new int[count];
        // Going on with the next fold after each class keeps the sizes even too.
        var next = 0;
        var start = random.Permutation(folds);
        foreach (var members in strata.IsEmpty ? [[.. Enumerable.Range(0, count)]] : Members(count, strata))
        {
            if (!strata.IsEmpty && members.Length < folds)
                throw new ArgumentException($"class {strata[members[0]]} has {members.Length} examples, too few for {folds} stratified folds", nameof(strata));
            random.Shuffle(members.AsSpan());
            foreach (var i in members)
                assignment[i] = start[next++ % folds];
        }
        return assignment;
    }

    /// <summary>The examples of each part, ascending. Every part gets at least one.</summary>
    public static ImmutableArray<int>[] Shares(int count, double[] shares, ReadOnlySpan<int> strata, ReadOnlySpan<int> groups, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, shares.Length);
        int[] assignment;
        if (!groups.IsEmpty)
            assignment = DealGroups(count, shares, strata, groups, random);
        else
        {
            assignment = new int[count];
            var sizes = Apportion(count, shares);
            // The class counts are rounded so that they add up to the sizes of the parts: what one class got too much, the next gets less.
            var given = new double[shares.Length];
            var seen = 0;
            foreach (var members in strata.IsEmpty ? [[.. Enumerable.Range(0, count)]] : Members(count, strata))
            {
                seen += members.Length;
                random.Shuffle(members.AsSpan());
                var quotas = Apportion(members.Length, [.. sizes.Select((s, p) => Math.Max(0, (double)s * seen / count - given[p]))]);
                var next = 0;
                for (var part = 0; part < quotas.Length; part++)
                {
                    given[part] += quotas[part];
                    for (var q = 0; q < quotas[part]; q++)
                        assignment[members[next++]] = part;
                }
            }
        }
        var parts = new ImmutableArray<int>[shares.Length];
        for (var part = 0; part < parts.Length; part++)
        {
            parts[part] = [.. Enumerable.Range(0, count).Where(i => assignment[i] == part)];
            if (parts[part].IsEmpty)
                throw new ArgumentException($"part {part + 1} of {parts.Length} would be empty: there are {count} examples{(groups.IsEmpty ? "" : $" in {Members(count, groups).Length} groups")}", nameof(count));
        }
        return parts;
    }

    // Whole numbers in proportion to the weights that add up to the total (largest remainders), each at least 1 where the total allows.
    private static int[] Apportion(int total, double[] weights)
    {
        var sum = weights.Sum();
        var exact = weights.Select(w => sum > 0 ? total * w / sum : (double)total / weights.Length).ToArray();
        var whole = exact.Select(e => (int)Math.Floor(e + 1e-9)).ToArray();
        foreach (var p in Enumerable.Range(0, weights.Length).OrderByDescending(p => exact[p] - whole[p]).Take(total - whole.Sum()))
            whole[p]++;
        return whole;
    }

    // Largest groups first, each to the part that is furthest below its share: of the group's classes where there are strata, of all else.
    private static int[] DealGroups(int count, double[] shares, ReadOnlySpan<int> strata, ReadOnlySpan<int> groups, SeededRandom random)
    {
        var members = Members(count, groups);
        if (members.Length < shares.Length)
            throw new ArgumentException($"there are {members.Length} groups, too few for {shares.Length} parts", nameof(groups));
        random.Shuffle(members.AsSpan());
        var order = members.OrderByDescending(m => m.Length).ToArray();
        var classOf = new int[count];
        var classes = strata.IsEmpty ? [[.. Enumerable.Range(0, count)]] : Members(count, strata);
        for (var c = 0; c < classes.Length; c++)
        {
            foreach (var i in classes[c])
                classOf[i] = c;
        }
        var missing = shares.Select(s => classes.Select(c => s * c.Length).ToArray()).ToArray();
        var empty = shares.Length;
        var size = new int[shares.Length];
        var assignment = new int[count];
        for (var g = 0; g < order.Length; g++)
        {
            // The last groups fill parts that would otherwise stay empty.
            var mustFill = order.Length - g <= empty;
            var best = Enumerable.Range(0, shares.Length)
                .Where(p => !mustFill || size[p] == 0)
                .MaxBy(p => order[g].Sum(i => missing[p][classOf[i]] / classes[classOf[i]].Length) + 1e-9 * missing[p].Sum());
            if (size[best] == 0)
                empty--;
            size[best] += order[g].Length;
            foreach (var i in order[g])
            {
                assignment[i] = best;
                missing[best][classOf[i]]--;
            }
        }
        return assignment;
    }

    private static void CheckLength(int count, ReadOnlySpan<int> keys, string name)
    {
        if (keys.Length != count)
            throw new ArgumentException($"{count} entries were expected, not {keys.Length}", name);
    }
}
