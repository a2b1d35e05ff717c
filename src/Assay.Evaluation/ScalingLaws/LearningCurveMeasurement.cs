using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Measures a learning curve: nested shards of doubling size, a ladder of model sizes for each, several seeds. The ladder goes on until its best
/// size lies inside it. Finished trainings can be given, so that a measurement goes on where it stopped. (Protocol of Hestness et al. 2017.)
/// </summary>
public static class LearningCurveMeasurement
{
    /// <summary>Amounts of data that double up to the whole.</summary>
    /// <param name="total">The examples there are.</param>
    /// <param name="smallest">The smallest shard.</param>
    public static ImmutableArray<int> Shards(int total, int smallest)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(smallest);
        ArgumentOutOfRangeException.ThrowIfLessThan(total, smallest);
        return [.. Enumerable.Range(0, 31).Select(i => (long)smallest << i).TakeWhile(m => m <= total).Select(m => (int)m)];
    }

    /// <summary>The rows of a shard: the first m of one fixed shuffle, so that shards are nested.</summary>
    public static int[] Rows(int total, int m, long seed) => [.. new SeededRandom(seed).Permutation(total).Take(m)];

    /// <summary>Trains what is missing.</summary>
    /// <param name="train">Trains a model of a size on the first m examples with a seed and returns its least validation error.</param>
    /// <param name="shards">The amounts of data.</param>
    /// <param name="sizes">The model sizes, rising.</param>
    /// <param name="seeds">The number of seeds.</param>
    /// <param name="done">Trainings that are finished already.</param>
    /// <param name="onTrial">Receives each new training, to be kept.</param>
    /// <param name="patience">How many sizes in a row may be worse than the best before the ladder ends.</param>
    public static ImmutableArray<LearningTrial> Measure(
        Func<double, double, int, double> train, IEnumerable<double> shards, IEnumerable<double> sizes, int seeds = 3, IEnumerable<LearningTrial>? done = null, Action<LearningTrial>? onTrial = null,
        int patience = 2)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(shards);
        ArgumentNullException.ThrowIfNull(sizes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seeds);
        var known = (done ?? []).ToDictionary(t => (t.M, t.Size, t.Seed));
        var ladder = sizes.Order().ToArray();
        var trials = ImmutableArray.CreateBuilder<LearningTrial>();
        foreach (var m in shards)
        {
            var (least, worse) = (double.PositiveInfinity, 0);
            foreach (var size in ladder)
            {
                var errors = new double[seeds];
                for (var seed = 0; seed < seeds; seed++)
                {
                    if (!known.TryGetValue((m, size, seed), out var trial))
                    {
                        trial = new LearningTrial(m, size, seed, train(size, m, seed));
                        onTrial?.Invoke(trial);
                    }
                    trials.Add(trial);
                    errors[seed] = trial.Error;
                }
                Array.Sort(errors);
                var median = (errors[(seeds - 1) / 2] + errors[seeds / 2]) / 2;
                worse = median < least ? 0 : worse + 1;
                least = Math.Min(least, median);
                if (worse >= patience)
                    break;
            }
        }
        return trials.ToImmutable();
    }
}
