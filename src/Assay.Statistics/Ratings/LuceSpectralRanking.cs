using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>Strengths of a Plackett–Luce model: P(i beats j) = w_i/(w_i + w_j), w = e^θ.</summary>
/// <param name="Weights">w, with sum n.</param>
/// <param name="Theta">θ = ln w minus its mean.</param>
/// <param name="Iterations">The number of spectral steps.</param>
/// <param name="Converged">Whether the last step changed θ by no more than the tolerance.</param>
public sealed record LuceStrengths(ImmutableArray<double> Weights, ImmutableArray<double> Theta, int Iterations, bool Converged)
{
    /// <summary>The model's probability that one contestant beats another.</summary>
    public double WinProbability(int first, int second) => Weights[first] / (Weights[first] + Weights[second]);
}

/// <summary>
/// Luce spectral ranking (Maystre and Grossglauser 2015): strengths are the stationary distribution of a Markov chain in which each
/// comparison moves weight from the loser to the winner. With w = 1 one step is LSR; iterated until it stands still (I-LSR) it gives the
/// maximum-likelihood estimate of the Bradley–Terry and Plackett–Luce models.
/// <list type="bullet">
/// <item>Pairs: G[loser, winner] += 1/(w_winner + w_loser).</item>
/// <item>Rankings σ: at each stage k, G[l, σ_k] += 1/Σ_{j ≥ k} w_{σ_j} for each later l.</item>
/// <item>Choices of c from a set A: G[l, c] += 1/Σ_A w for each other l.</item>
/// </list>
/// α, a rate added between all states, is the same as virtual wins in both directions; it keeps the chain irreducible where the
/// comparisons do not (0.01 to 0.05 for sparse results, Ghosh et al. 2024).
/// </summary>
[Method("luce-spectral-ranking", Paper = 89, Kind = MethodKind.Inference)]
public static class LuceSpectralRanking
{
    /// <summary>The default tolerance: iteration stops when Σ|Δθ| ≤ 1e-8·n.</summary>
    public const double Tolerance = 1e-8;

    /// <summary>The default number of iterations.</summary>
    public const int MaxIterations = 100;

    /// <summary>One step or the full iteration from counted pairs.</summary>
    /// <param name="wins">The counts.</param>
    /// <param name="alpha">α.</param>
    /// <param name="iterations">The most steps; 1 gives LSR.</param>
    /// <param name="tolerance">Stops when Σ|Δθ| ≤ this·n.</param>
    /// <param name="start">θ to start from, or null for 0.</param>
    /// <exception cref="ArgumentException">α = 0 and the comparisons do not identify the strengths (<see cref="ComparisonGraph"/>).</exception>
    /// <exception cref="ArgumentOutOfRangeException">α is negative or not finite, or another number is not positive.</exception>
    public static LuceStrengths Fit(WinMatrix wins, double alpha = 0, int iterations = MaxIterations, double tolerance = Tolerance, ReadOnlySpan<double> start = default)
    {
        ArgumentNullException.ThrowIfNull(wins);
        return Iterate(wins.Count, alpha, iterations, tolerance, start, (weights, rates) =>
        {
            var n = weights.Length;
            for (var winner = 0; winner < n; winner++)
            {
                var row = wins.Row(winner);
                for (var loser = 0; loser < n; loser++)
                    rates[loser * n + winner] += row[loser] / (weights[winner] + weights[loser]);
            }
        });
    }

    /// <summary>From rankings, each of two or more different contestants, best first.</summary>
    /// <inheritdoc cref="Fit"/>
    /// <param name="count">n.</param>
    /// <param name="rankings">The rankings.</param>
    /// <param name="alpha">α.</param>
    /// <param name="iterations">The most steps; 1 gives LSR.</param>
    /// <param name="tolerance">Stops when Σ|Δθ| ≤ this·n.</param>
    public static LuceStrengths OfRankings(int count, IReadOnlyList<int[]> rankings, double alpha = 0, int iterations = MaxIterations, double tolerance = Tolerance)
    {
        ArgumentNullException.ThrowIfNull(rankings);
        foreach (var ranking in rankings)
            CheckSet(count, ranking);
        return Iterate(count, alpha, iterations, tolerance, [], (weights, rates) =>
        {
            foreach (var ranking in rankings)
            {
                var rest = ranking.Sum(i => weights[i]);
                for (var k = 0; k < ranking.Length - 1; k++)
                {
                    foreach (var later in ranking.AsSpan(k + 1))
                        rates[later * count + ranking[k]] += 1 / rest;
                    rest -= weights[ranking[k]];
                }
            }
        });
    }

    /// <summary>From choices: one contestant preferred to all of a set.</summary>
    /// <inheritdoc cref="Fit"/>
    /// <param name="count">n.</param>
    /// <param name="choices">Each the chosen contestant and those that were passed over.</param>
    /// <param name="alpha">α.</param>
    /// <param name="iterations">The most steps; 1 gives LSR.</param>
    /// <param name="tolerance">Stops when Σ|Δθ| ≤ this·n.</param>
    /// <param name="pairwiseWeights">Uses 1/(w_c + w_l) for each passed-over l, as one script of the paper's repository does, instead of Luce's model.</param>
    public static LuceStrengths OfChoices(
        int count, IReadOnlyList<(int Winner, int[] Losers)> choices, double alpha = 0, int iterations = MaxIterations, double tolerance = Tolerance, bool pairwiseWeights = false)
    {
        ArgumentNullException.ThrowIfNull(choices);
        foreach (var (winner, losers) in choices)
            CheckSet(count, [winner, .. losers]);
        return Iterate(count, alpha, iterations, tolerance, [], (weights, rates) =>
        {
            foreach (var (winner, losers) in choices)
            {
                var all = weights[winner] + losers.Sum(l => weights[l]);
                foreach (var loser in losers)
                    rates[loser * count + winner] += 1 / (pairwiseWeights ? weights[winner] + weights[loser] : all);
            }
        });
    }

    /// <summary>The log-likelihood of counted pairs: Σ_{i≠j} W_ij ln(w_i/(w_i + w_j)).</summary>
    public static double LogLikelihood(WinMatrix wins, ReadOnlySpan<double> theta)
    {
        ArgumentNullException.ThrowIfNull(wins);
        var sum = 0.0;
        for (var i = 0; i < wins.Count; i++)
        {
            for (var j = 0; j < wins.Count; j++)
                sum -= wins[i, j] > 0 ? wins[i, j] * SoftPlus(theta[j] - theta[i]) : 0;
        }
        return sum;
    }

    internal static double SoftPlus(double x) => x > 0 ? x + double.LogP1(Math.Exp(-x)) : double.LogP1(Math.Exp(x));

    private static LuceStrengths Iterate(int n, double alpha, int iterations, double tolerance, ReadOnlySpan<double> start, Action<double[], double[]> addRates)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(alpha);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(iterations);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tolerance);
        if (!double.IsFinite(alpha))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "a finite α was expected");
        if (!start.IsEmpty && start.Length != n)
            throw new ArgumentException($"{n} starting values were expected, not {start.Length}", nameof(start));
        var theta = start.IsEmpty ? new double[n] : start.ToArray();
        var weights = new double[n];
        var rates = new double[n * n];
        ToWeights(theta, weights);
        for (var iteration = 1; ; iteration++)
        {
            Array.Fill(rates, alpha);
            addRates(weights, rates);
            var distribution = StationaryDistribution.Of(rates, n);
            var (change, mean) = (0.0, 0.0);
            for (var i = 0; i < n; i++)
            {
                weights[i] = distribution[i] * n;
                mean += Math.Log(weights[i]) / n;
            }
            for (var i = 0; i < n; i++)
            {
                var next = Math.Log(weights[i]) - mean;
                change += Math.Abs(next - theta[i]);
                theta[i] = next;
            }
            var converged = change <= tolerance * n;
            if (converged || iteration == iterations)
                return new LuceStrengths([.. weights], [.. theta], iteration, converged);
        }
    }

    // w = e^θ scaled to sum n.
    private static void ToWeights(double[] theta, double[] weights)
    {
        var most = theta.Max();
        for (var i = 0; i < theta.Length; i++)
            weights[i] = Math.Exp(theta[i] - most);
        var scale = theta.Length / weights.Sum();
        for (var i = 0; i < weights.Length; i++)
            weights[i] *= scale;
    }

    private static void CheckSet(int count, ReadOnlySpan<int> contestants)
    {
        if (contestants.Length < 2 || contestants.ContainsAnyExceptInRange(0, count - 1) || contestants.ToArray().Distinct().Count() != contestants.Length)
            throw new ArgumentException($"two or more different contestants among {count} were expected, not {string.Join(", ", contestants.ToArray())}");
    }
}
