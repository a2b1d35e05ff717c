using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The rules that turn counts into flagged rows.</summary>
internal static class LabelFilters
{
    public static bool[] Apply(LabelFilter filter, RowScan scan, ConfidentJoint joint, FloatMatrix probabilities, double fraction, int minimum)
    {
        switch (filter)
        {
            case LabelFilter.PruneByClass:
                return Reduce(ByClass(scan, joint.PruneCounts(fraction, minimum), minimum), scan);
            case LabelFilter.PruneByNoiseRate:
                return Reduce(ByNoiseRate(scan, joint.PruneCounts(fraction, minimum), probabilities, minimum), scan);
            case LabelFilter.Both:
                var counts = joint.PruneCounts(fraction, minimum);
                var (byClass, byRate) = (ByClass(scan, counts, minimum), ByNoiseRate(scan, counts, probabilities, minimum));
                for (var i = 0; i < byClass.Length; i++)
                    byClass[i] &= byRate[i];
                return Reduce(byClass, scan);
            case LabelFilter.ConfidentLearning:
                return OffDiagonal(scan);
            case LabelFilter.PredictedNeqGiven:
                var differs = new bool[scan.Count];
                for (var i = 0; i < differs.Length; i++)
                    differs[i] = scan.Predicted[i] != scan.Labels[i];
                return Reduce(differs, scan);
            case LabelFilter.LowSelfConfidence:
                return Lowest(scan.Own, OffDiagonal(scan).Count(f => f));
            case LabelFilter.LowNormalizedMargin:
                return Lowest(LabelScore.Of(LabelScoring.NormalizedMargin, scan, probabilities), OffDiagonal(scan).Count(f => f));
            case LabelFilter.ArgmaxConfusion:
                var confusion = ConfidentJoint.OfPredictedClasses(scan, probabilities.Columns);
                return Reduce(ByNoiseRate(scan, confusion.PruneCounts(fraction, minimum), probabilities, minimum), scan);
            default:
                throw new ArgumentOutOfRangeException(nameof(filter), filter, "a filter was expected");
        }
    }

    /// <summary>The rows counted off the diagonal of C, less those whose most probable class is the given one.</summary>
    public static bool[] OffDiagonal(RowScan scan)
    {
        var mask = new bool[scan.Count];
        for (var i = 0; i < mask.Length; i++)
            mask[i] = scan.Guess[i] >= 0 && scan.Guess[i] != scan.Labels[i];
        return Reduce(mask, scan);
    }

    private static bool[] Reduce(bool[] mask, RowScan scan)
    {
        for (var i = 0; i < mask.Length; i++)
        {
            if (mask[i] && scan.AgreesWithModel(i))
                mask[i] = false;
        }
        return mask;
    }

    private static bool[] ByClass(RowScan scan, long[,] counts, int minimum)
    {
        var mask = new bool[scan.Count];
        ForEachClass(scan, minimum, (k, rows) =>
        {
            var keys = new float[rows.Length];
            var flagged = (int)Math.Clamp(rows.Length - counts[k, k], 0, rows.Length);
            for (var i = 0; i < keys.Length; i++)
                keys[i] = scan.Own[rows[i]];
            Selection.Smallest(keys, rows, flagged);
            foreach (var row in rows[..flagged])
                mask[row] = true;
        });
        return mask;
    }

    private static bool[] ByNoiseRate(RowScan scan, long[,] counts, FloatMatrix probabilities, int minimum)
    {
        var mask = new bool[scan.Count];
        ForEachClass(scan, minimum, (k, members) =>
        {
            var keys = new float[members.Length];
            var rows = new int[members.Length];
            for (var j = 0; j < scan.ClassCounts.Length; j++)
            {
                var flagged = (int)Math.Min(counts[j, k], rows.Length);
                if (j == k || flagged <= 0)
                    continue;
                members.CopyTo(rows);
                for (var i = 0; i < rows.Length; i++)
                    keys[i] = scan.Own[rows[i]] - probabilities.Values[rows[i] * scan.ClassCounts.Length + j]; // −(P[i,j] − P[i,k])
                Selection.Smallest(keys, rows, flagged);
                foreach (var row in rows.AsSpan(0, flagged))
                    mask[row] = true;
            }
        });
        return mask;
    }

    private delegate void ClassRule(int given, Span<int> rows);

    // Classes write to rows of their own, so they run side by side.
    private static void ForEachClass(RowScan scan, int minimum, ClassRule rule)
    {
        var starts = new int[scan.ClassCounts.Length + 1];
        for (var k = 0; k < scan.ClassCounts.Length; k++)
            starts[k + 1] = starts[k] + scan.ClassCounts[k];
        var rows = new int[scan.Count];
        var next = starts.ToArray();
        for (var i = 0; i < scan.Count; i++)
            rows[next[scan.Labels[i]]++] = i;
        Parallel.For(0, scan.ClassCounts.Length, k =>
        {
            if (scan.ClassCounts[k] > minimum)
                rule(k, rows.AsSpan(starts[k], scan.ClassCounts[k]));
        });
    }

    private static bool[] Lowest(float[] scores, int count)
    {
        var mask = new bool[scores.Length];
        var rows = Enumerable.Range(0, scores.Length).ToArray();
        Selection.Smallest(scores.AsSpan().ToArray(), rows, count);
        foreach (var row in rows.AsSpan(0, count))
            mask[row] = true;
        return mask;
    }
}
