using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>A finished training run as scaling laws see it.</summary>
/// <param name="N">The number of parameters.</param>
/// <param name="D">The number of training tokens or examples.</param>
/// <param name="Loss">The validation loss at the end of its schedule.</param>
public sealed record ScalingRun(double N, double D, double Loss)
{
    /// <summary>The downstream error (0 to 1); NaN where it is not known.</summary>
    public double Error { get; init; } = double.NaN;

    /// <summary>The training set, validation set or whatever must not be mixed; may be empty.</summary>
    public string Group { get; init; } = "";

    /// <summary>The run's name; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>The token multiplier M = D / N.</summary>
    public double Multiplier => D / N;

    /// <summary>The training compute C = 6·N·D in floating-point operations.</summary>
    public double Compute => 6 * N * D;

    /// <summary>Runs of the same N, D and group averaged into one, in order of compute.</summary>
    public static ImmutableArray<ScalingRun> Average(IEnumerable<ScalingRun> runs) =>
    [
        .. runs.GroupBy(r => (r.N, r.D, r.Group)).Select(g => g.Count() == 1 ? g.First() : g.First() with
        {
            Loss = g.Average(r => r.Loss),
            Error = g.Average(r => r.Error),
        }).OrderBy(r => r.Compute).ThenBy(r => r.N),
    ];

    /// <summary>Checks that runs can carry a law of N and D.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="parameters">The parameters of the law.</param>
    /// <exception cref="ArgumentException">What is missing: sizes, data amounts, runs, one group; or values that are no losses.</exception>
    internal static void Check(ImmutableArray<ScalingRun> runs, int parameters)
    {
        if (runs.IsEmpty)
            throw new ArgumentException("there are no runs");
        LawData.CheckPositive([.. runs.Select(r => r.N)], "n");
        LawData.CheckPositive([.. runs.Select(r => r.D)], "d");
        if (runs.Select(r => r.Group).Distinct().ToArray() is { Length: > 1 } groups)
            throw new ArgumentException($"the runs are of {groups.Length} groups ({string.Join(", ", groups.Take(4))}): losses on different data do not share a law, fit each on its own");
        if (runs.Select(r => r.N).Distinct().Count() == 1)
            throw new ArgumentException($"all runs have one model size, n = {runs[0].N}: at least two sizes are needed, or the power law in d alone");
        if (runs.Select(r => r.D).Distinct().Count() == 1)
            throw new ArgumentException($"all runs have the same amount of data, d = {runs[0].D}: at least two amounts are needed, or the power law in n alone");
        LawData.CheckResponse([.. runs.Select(r => r.Loss)], "loss");
        if (runs.FirstOrDefault(r => r.Loss == 0) is { } zero)
            throw new ArgumentException($"the loss of run n = {zero.N}, d = {zero.D} is 0: a positive loss was expected");
        if (runs.FirstOrDefault(r => r.Loss > 20) is { } large)
            throw new ArgumentException($"a loss of {large.Loss}: this looks like perplexity, whose logarithm is the loss");
        if (runs.Length < parameters)
            throw new ArgumentException($"{runs.Length} distinct runs cannot determine {parameters} parameters: at least {parameters} are needed");
    }
}
