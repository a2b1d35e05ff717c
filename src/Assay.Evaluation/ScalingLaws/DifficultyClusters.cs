using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Clusters of bounded radius by repeated mean shift with a flat kernel: from every point that is still free the mean of its neighbourhood of
/// radius R is followed until it rests; the resting place with most members becomes a cluster (ties go to the lexicographically first centre) and
/// its members leave; this goes on until fewer than K members are found. What is left is outliers. Every cluster's radius is at most R, which
/// keeps the spread of difficulty inside it small. (The improved MeanShift of arXiv 2502.17262; the exact rule is ours.)
/// </summary>
[Method("difficulty-clusters", Paper = 35, Kind = MethodKind.Diagnostic)]
public static class DifficultyClusters
{
    private const int MostSeeds = 1500;

    /// <summary>Finds the clusters.</summary>
    /// <param name="features">A row for each question: its pass rate with each model.</param>
    /// <param name="radius">R.</param>
    /// <param name="minimumSize">K.</param>
    /// <param name="seed">Draws the starting points where there are more than 1,500.</param>
    public static ImmutableArray<DifficultyCluster> Find(IReadOnlyList<double[]> features, double radius, int minimumSize = 10, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (!(radius > 0))
            throw new ArgumentOutOfRangeException(nameof(radius), radius, "a positive radius was expected");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(minimumSize);
        var free = Enumerable.Range(0, features.Count).ToList();
        var clusters = ImmutableArray.CreateBuilder<DifficultyCluster>();
        var random = new SeededRandom(seed);
        while (free.Count >= minimumSize)
        {
            // Equal rows share their way, and the order of rows must not matter.
            var starts = free.GroupBy(i => features[i], RowComparer.Instance).Select(g => g.Key).Order(RowComparer.Instance).ToArray();
            if (starts.Length > MostSeeds)
            {
                random.Shuffle(starts.AsSpan());
                starts = starts[..MostSeeds];
            }
            double[]? best = null;
            var most = 0;
            var visited = new HashSet<double[]>(RowComparer.Instance);
            foreach (var start in starts)
            {
                var mode = Climb(start, features, free, radius, visited);
                if (mode is null)
                    continue;
                var count = free.Count(i => Squared(features[i], mode) <= radius * radius * (1 + 1e-12));
                if (count > most || (count == most && best is not null && RowComparer.Instance.Compare(mode, best) < 0))
                    (best, most) = (mode, count);
            }
            if (best is null || most < minimumSize)
                break;
            var members = free.Where(i => Squared(features[i], best) <= radius * radius * (1 + 1e-12)).ToImmutableArray();
            clusters.Add(new DifficultyCluster([.. best], members));
            free.RemoveAll(members.Contains);
        }
        return clusters.ToImmutable();
    }

    // A flat kernel's way is decided by its place: one that meets a place already passed ends where that one ended.
    private static double[]? Climb(double[] start, IReadOnlyList<double[]> features, List<int> free, double radius, HashSet<double[]> visited)
    {
        var x = (double[])start.Clone();
        for (var i = 0; i < 300; i++)
        {
            if (!visited.Add(x))
                return null;
            var mean = new double[x.Length];
            var count = 0;
            foreach (var row in free)
            {
                if (Squared(features[row], x) > radius * radius * (1 + 1e-12))
                    continue;
                count++;
                for (var k = 0; k < mean.Length; k++)
                    mean[k] += features[row][k];
            }
            if (count == 0)
                return x;
            for (var k = 0; k < mean.Length; k++)
                mean[k] /= count;
            if (Squared(mean, x) < 1e-18)
                return mean;
            x = mean;
        }
        return x;
    }

    private static double Squared(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }

    private sealed class RowComparer : IEqualityComparer<double[]>, IComparer<double[]>
    {
        public static RowComparer Instance { get; } = new();

        public bool Equals(double[]? x, double[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(double[] row)
        {
            var hash = new HashCode();
            foreach (var value in row)
                hash.Add(value);
            return hash.ToHashCode();
        }

        public int Compare(double[]? x, double[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}

/// <summary>Questions of like difficulty.</summary>
/// <param name="Centre">The mean pass rate with each model.</param>
/// <param name="Members">The questions, by row.</param>
public sealed record DifficultyCluster(ImmutableArray<double> Centre, ImmutableArray<int> Members);
