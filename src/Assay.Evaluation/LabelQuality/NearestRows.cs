using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The k nearest rows by Euclidean distance, exactly; equal distances go to the lower row. Memory is k numbers for each query.</summary>
public static class NearestRows
{
    /// <summary>Finds the nearest rows of each query.</summary>
    /// <param name="queries">The queries.</param>
    /// <param name="among">The rows to search.</param>
    /// <param name="k">How many; fewer where there are fewer rows.</param>
    /// <param name="isExcluded">Tells by query and row whether a row must not be its own neighbour, or null.</param>
    /// <returns>For each query its neighbours, the nearest first.</returns>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public static (int Row, float Distance)[][] Find(FloatMatrix queries, FloatMatrix among, int k, Func<int, int, bool>? isExcluded = null)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(among);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        if (queries.Columns != among.Columns)
            throw new ArgumentException($"queries of {queries.Columns} numbers and rows of {among.Columns}", nameof(among));
        var found = new (int, float)[queries.Rows][];
        const int block = 4096;
        Parallel.For(0, queries.Rows, query =>
        {
            var nearest = new List<(int Row, float Distance)>(k + 1);
            var x = queries.Row(query);
            for (var start = 0; start < among.Rows; start += block)
            {
                for (var row = start; row < Math.Min(among.Rows, start + block); row++)
                {
                    var distance = TensorPrimitives.Distance(x, among.Row(row));
                    if ((nearest.Count == k && !(distance < nearest[^1].Distance)) || isExcluded?.Invoke(query, row) == true)
                        continue;
                    var at = nearest.Count;
                    while (at > 0 && nearest[at - 1].Distance > distance)
                        at--;
                    nearest.Insert(at, (row, distance));
                    if (nearest.Count > k)
                        nearest.RemoveAt(k);
                }
            }
            found[query] = [.. nearest];
        });
        return found;
    }

    /// <summary>The rows scaled to length 1, so that Euclidean distances order as cosines do: ‖a − b‖² = 2 − 2 cos. Zero rows stay.</summary>
    public static FloatMatrix ToUnit(FloatMatrix rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var unit = rows.Values.ToArray();
        for (var i = 0; i < rows.Rows; i++)
        {
            var row = unit.AsSpan(i * rows.Columns, rows.Columns);
            if (TensorPrimitives.Norm(row) is > 0 and var norm)
                TensorPrimitives.Divide(row, norm, row);
        }
        return new FloatMatrix(unit, rows.Rows, rows.Columns);
    }
}
