using Assay.Statistics;

namespace Assay.Training;

/// <summary>Which examples a selection by score keeps.</summary>
public enum SelectionPolicy
{
    /// <summary>The hardest.</summary>
    Hard,
    /// <summary>The easiest.</summary>
    Easy,
    /// <summary>Those in the middle of the ranking.</summary>
    Middle,
    /// <summary>Any.</summary>
    Random,
    /// <summary>Drawn without replacement with weights softmax(score / T): hard ones more often (Gumbel-top-k).</summary>
    Weighted,
}

/// <summary>How <see cref="ExampleSelection"/> keeps examples.</summary>
public sealed record SelectionOptions
{
    /// <summary>Which examples.</summary>
    public SelectionPolicy Policy { get; init; } = SelectionPolicy.Hard;

    /// <summary>Whether every class keeps the same fraction (at least one example); else classes may shrink and grow.</summary>
    public bool PerClass { get; init; } = true;

    /// <summary>T of <see cref="SelectionPolicy.Weighted"/>, above 0: towards 0 the hardest, towards ∞ any.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>The share of the hardest examples that is dropped first, 0 to below 1, because their labels are probably wrong.</summary>
    public double DropHardest { get; init; }

    /// <summary>Decides draws and ties.</summary>
    public long Seed { get; init; }
}

/// <summary>Chooses examples by how hard they are (Influence Scores at Scale, 2023).</summary>
[Method("influence-selection", Paper = 77, Kind = MethodKind.DataQuality)]
public static class ExampleSelection
{
    /// <summary>Keeps a fraction of the examples.</summary>
    /// <param name="hardness">How hard each example is: high is hard (<see cref="ScoreTable.Hardness"/>).</param>
    /// <param name="labels">The classes; needed by <see cref="SelectionOptions.PerClass"/>, may be empty otherwise.</param>
    /// <param name="fraction">The fraction of all examples that is kept, above 0, at most 1.</param>
    /// <param name="options">How; null takes the defaults.</param>
    /// <returns>Row numbers in rising order, none twice.</returns>
    /// <exception cref="ArgumentException">Lengths differ, a score is not a number, or the fraction leaves nothing after the hardest are dropped.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static int[] Keep(ReadOnlySpan<double> hardness, ReadOnlySpan<int> labels, double fraction, SelectionOptions? options = null)
    {
        options ??= new SelectionOptions();
        Check(hardness, labels, fraction, options);
        var random = SeededRandom.At(options.Seed, 77);
        // A tie is broken at random, the same for the same seed.
        var tie = new double[hardness.Length];
        for (var i = 0; i < tie.Length; i++)
            tie[i] = random.NextDouble();
        var scores = hardness.ToArray();
        var classes = labels.ToArray();
        int[] all = [.. Enumerable.Range(0, scores.Length)];
        if (!options.PerClass)
            return [.. Part(all, scores, tie, Count(all.Length, fraction), options, random).Order()];
        return [.. all.GroupBy(i => classes[i]).OrderBy(g => g.Key).SelectMany(g => Part([.. g], scores, tie, Count(g.Count(), fraction), options, random)).Order()];
    }

    private static int Count(int count, double fraction) => Math.Max(1, (int)Math.Round(fraction * count));

    private static IEnumerable<int> Part(int[] rows, double[] scores, double[] tie, int keep, SelectionOptions options, SeededRandom random)
    {
        var hardFirst = rows.OrderByDescending(i => scores[i]).ThenBy(i => tie[i]).ToArray();
        // The hardest go first, but never so many that fewer than wanted remain.
        hardFirst = hardFirst[Math.Min((int)(options.DropHardest * hardFirst.Length), hardFirst.Length - keep)..];
        return options.Policy switch
        {
            SelectionPolicy.Hard => hardFirst[..keep],
            SelectionPolicy.Easy => hardFirst[^keep..],
            SelectionPolicy.Middle => hardFirst[((hardFirst.Length - keep) / 2)..][..keep],
            SelectionPolicy.Random => hardFirst.OrderBy(i => tie[i]).Take(keep),
            _ => Weighted(hardFirst, scores, keep, options.Temperature, random),
        };
    }

    // Gumbel-top-k: the k largest of score/T + Gumbel noise are a draw without replacement by softmax(score/T).
    private static IEnumerable<int> Weighted(int[] rows, double[] scores, int keep, double temperature, SeededRandom random) =>
        rows.Order().Select(i => (Row: i, Key: scores[i] - temperature * Math.Log(-Math.Log(1 - random.NextDouble() * (1 - 1e-16))))).OrderByDescending(p => p.Key).Take(keep).Select(p => p.Row);

    private static void Check(ReadOnlySpan<double> hardness, ReadOnlySpan<int> labels, double fraction, SelectionOptions options)
    {
        if (!(fraction is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "a fraction above 0, at most 1, was expected");
        if (!(options.Temperature > 0))
            throw new ArgumentOutOfRangeException(nameof(options), options.Temperature, "a temperature above 0 was expected");
        if (options.DropHardest is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(options), options.DropHardest, "a share of dropped examples from 0 to below 1 was expected");
        if (hardness.IsEmpty)
            throw new ArgumentException("at least one example was expected", nameof(hardness));
        if (labels.Length != hardness.Length && (options.PerClass || !labels.IsEmpty))
            throw new ArgumentException($"{labels.Length} labels for {hardness.Length} scores; a selection per class needs one for each", nameof(labels));
        for (var i = 0; i < hardness.Length; i++)
        {
            if (double.IsNaN(hardness[i]))
                throw new ArgumentException($"the score of example {i} is not a number", nameof(hardness));
        }
    }
}
