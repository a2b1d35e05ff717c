namespace Assay.Statistics;

/// <summary>
/// The ratings of chat arenas: maximum likelihood of a logistic model without penalty, P(a beats b) = 1/(1 + 10^(β_b − β_a)), reported as
/// 400·β + 1000 with mean β = 0. A win weighs 2 and a tie 1 on each side, so that a tie moves half as much as in
/// <see cref="LuceSpectralRanking"/>; without ties both find the same strengths, 400·θ/ln 10 + 1000, by different means.
/// </summary>
[Method("arena-rating", Paper = 89, Kind = MethodKind.Inference)]
public static class ArenaRating
{
    /// <summary>Fits the ratings by L-BFGS.</summary>
    /// <param name="wins">The counted comparisons.</param>
    /// <param name="iterations">The most steps.</param>
    /// <exception cref="ArgumentException">The comparisons do not identify the ratings.</exception>
    public static double[] Fit(WinMatrix wins, int iterations = 500)
    {
        ArgumentNullException.ThrowIfNull(wins);
        var components = ComparisonGraph.StrongComponents(wins);
        if (components.Length > 1)
            throw new ArgumentException($"the comparisons do not identify the ratings: {components.Length} groups, of which one never lost to another", nameof(wins));
        var n = wins.Count;
        var total = 0.0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                total += Weight(i, j);
        }
        var theta = LimitedMemoryBfgs.Minimize(new double[n], (x, gradient) =>
        {
            Array.Clear(gradient);
            var loss = 0.0;
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    var weight = Weight(i, j);
                    if (weight == 0)
                        continue;
                    weight /= total;
                    loss += weight * LuceSpectralRanking.SoftPlus(x[j] - x[i]);
                    var slope = weight / (1 + Math.Exp(x[i] - x[j]));
                    gradient[i] -= slope;
                    gradient[j] += slope;
                }
            }
            return loss;
        }, iterations, 1e-10);
        var mean = theta.Average();
        return [.. theta.Select(t => 400 * (t - mean) / Math.Log(10) + 1000)];

        double Weight(int i, int j) => i == j ? 0 : 2 * wins[i, j] - wins.Ties(i, j);
    }
}
