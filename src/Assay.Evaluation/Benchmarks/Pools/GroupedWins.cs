using System.Numerics;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The comparisons of a pool, counted once in groups of samples, so that a bootstrap resample of the samples is a weighted sum of group
/// counts. Samples are dealt to the groups at random; groups of independent samples are independent, so resampling them is as right as
/// resampling samples, and costs the same however many samples there are.
/// </summary>
internal sealed class GroupedWins
{
    private const int MostGroups = 512, FewestGroups = 32;
    private const long MostCells = 64_000_000;

    private readonly int models;
    private readonly int[][] wins; // for each group n × n: how often at least as good
    private readonly double[] ties;

    private GroupedWins(int models, int[][] wins, double[] ties) => (this.models, this.wins, this.ties) = (models, wins, ties);

    public int GroupCount => wins.Length;

    public static GroupedWins Count(SamplePool pool, long seed)
    {
        var n = pool.Models.Length;
        var groups = (int)Math.Min(pool.SampleCount, Math.Clamp(MostCells / ((long)n * n), FewestGroups, MostGroups));
        var order = groups == pool.SampleCount ? [.. Enumerable.Range(0, pool.SampleCount)] : SeededRandom.At(seed, 1).Permutation(pool.SampleCount);
        var wins = new int[groups][];
        var ties = new double[n * n];
        Parallel.For(0, groups, () => new int[n * n], (g, _, localTies) =>
        {
            wins[g] = new int[n * n];
            var members = new List<int>(pool.SampleCount / groups + 1);
            for (var i = g; i < order.Length; i += groups)
                members.Add(order[i]);
            members.Sort(); // memory is walked forward
            Add(pool, members, wins[g], localTies);
            return localTies;
        }, localTies =>
        {
            lock (ties)
            {
                for (var i = 0; i < ties.Length; i++)
                    ties[i] += localTies[i];
            }
        });
        return new GroupedWins(n, wins, ties);
    }

    /// <summary>All comparisons.</summary>
    public WinMatrix Total()
    {
        var total = new double[models * models];
        foreach (var group in wins)
        {
            for (var i = 0; i < total.Length; i++)
                total[i] += group[i];
        }
        return WinMatrix.Of(models, total, ties);
    }

    /// <summary>The comparisons of a resample. Which were ties is known of the whole only, so it tells none.</summary>
    public WinMatrix Resample(SeededRandom random)
    {
        var weights = new int[wins.Length];
        for (var g = 0; g < weights.Length; g++)
            weights[random.Next(weights.Length)]++;
        var total = new int[models * models];
        for (var g = 0; g < weights.Length; g++)
        {
            if (weights[g] > 0)
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(wins[g], weights[g], total, total);
        }
        return WinMatrix.Of(models, Array.ConvertAll(total, static w => (double)w), new double[models * models]);
    }

    // Pair by pair costs Σk²; where many models share 0/1 samples, bit sets of 64 samples cost n² each instead.
    private static void Add(SamplePool pool, List<int> samples, int[] wins, int[] ties)
    {
        var n = pool.Models.Length;
        var binary = samples.Where(s => IsBinary(pool.ScoresOf(s))).ToList();
        var pairCost = binary.Sum(s => (long)pool.ModelsOf(s).Length * pool.ModelsOf(s).Length);
        if ((long)n * n * (2 + binary.Count / 64) < pairCost)
            AddBinary(pool, binary, wins, ties);
        else
            binary.Clear();
        var done = binary.ToHashSet();
        foreach (var s in samples)
        {
            if (!done.Contains(s))
                AddScores(pool.ModelsOf(s), pool.ScoresOf(s), n, wins, ties);
            foreach (var pair in pool.PairsOf(s))
            {
                wins[pair.First * n + pair.Second] += pair.Outcome != PairOutcome.Second ? 1 : 0;
                wins[pair.Second * n + pair.First] += pair.Outcome != PairOutcome.First ? 1 : 0;
                ties[pair.First * n + pair.Second] += pair.Outcome == PairOutcome.Tie ? 1 : 0;
                ties[pair.Second * n + pair.First] += pair.Outcome == PairOutcome.Tie ? 1 : 0;
            }
        }
    }

    private static bool IsBinary(ReadOnlySpan<double> scores) => scores.IndexOfAnyExcept(0, 1) < 0;

    private static void AddScores(ReadOnlySpan<int> models, ReadOnlySpan<double> scores, int n, int[] wins, int[] ties)
    {
        for (var a = 1; a < models.Length; a++)
        {
            var (score, row) = (scores[a], models[a] * n);
            for (var b = 0; b < a; b++)
            {
                var other = models[b];
                wins[row + other] += score >= scores[b] ? 1 : 0;
                wins[other * n + models[a]] += score <= scores[b] ? 1 : 0;
                ties[row + other] += score == scores[b] ? 1 : 0;
                ties[other * n + models[a]] += score == scores[b] ? 1 : 0;
            }
        }
    }

    private static void AddBinary(SamplePool pool, List<int> samples, int[] wins, int[] ties)
    {
        var n = pool.Models.Length;
        var words = (samples.Count + 63) / 64;
        var (measured, ones) = (new ulong[n * words], new ulong[n * words]);
        for (var i = 0; i < samples.Count; i++)
        {
            var models = pool.ModelsOf(samples[i]);
            var scores = pool.ScoresOf(samples[i]);
            for (var k = 0; k < models.Length; k++)
            {
                measured[models[k] * words + i / 64] |= 1UL << (i % 64);
                ones[models[k] * words + i / 64] |= scores[k] != 0 ? 1UL << (i % 64) : 0;
            }
        }
        for (var a = 0; a < n; a++)
        {
            for (var b = 0; b < a; b++)
            {
                var (won, lost, both) = (0, 0, 0);
                for (var w = 0; w < words; w++)
                {
                    var (shared, x, y) = (measured[a * words + w] & measured[b * words + w], ones[a * words + w], ones[b * words + w]);
                    both += BitOperations.PopCount(shared);
                    won += BitOperations.PopCount(shared & x & ~y);
                    lost += BitOperations.PopCount(shared & y & ~x);
                }
                wins[a * n + b] += both - lost;
                wins[b * n + a] += both - won;
                ties[a * n + b] += both - won - lost;
                ties[b * n + a] += both - won - lost;
            }
        }
    }
}
