using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// σ(a f + b) of the log-odds f = ln p / (1 − p), by maximum likelihood with Platt's (1999) targets (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2),
/// which keep a and b finite where the classes are separated. For two classes f is the margin z₁ − z₀.
/// </summary>
/// <param name="scope">To which scores the maps are fitted.</param>
[Method("platt-scaling", Kind = MethodKind.Calibrator)]
public sealed class PlattScaling(CalibrationScope scope = CalibrationScope.OneVersusRest) : ScoreMapCalibrator(scope)
{
    private protected override double[] FitMap(double[] probabilities, double[] logOdds, bool[] outcomes)
    {
        var positives = outcomes.Count(o => o);
        return LimitedMemoryBfgs.Minimize([1, 0], (x, gradient) => Loss(logOdds, outcomes, positives, x, gradient), 500, 1e-10);
    }

    private protected override double Value(double[] map, double probability, double logOdds)
    {
        // At p = 0 and 1 the log-odds are infinite, and 0 · ∞ is none.
        var t = map[0] * Math.Clamp(logOdds, -1e9, 1e9) + map[1];
        return 1 / (1 + Math.Exp(-t));
    }

    private protected override bool IsMap(double[] numbers) => numbers.Length == 2;

    // mean ln(1 + e^t) − target t.
    internal static double Loss(double[] logOdds, bool[] outcomes, int positives, double[] x, double[] gradient)
    {
        var (high, low) = ((positives + 1.0) / (positives + 2), 1.0 / (outcomes.Length - positives + 2));
        return CalibrationData.Mean(outcomes.Length, gradient, (first, end, g) =>
        {
            var loss = 0.0;
            for (var i = first; i < end; i++)
            {
                var t = x[0] * logOdds[i] + x[1];
                var target = outcomes[i] ? high : low;
                var e = Math.Exp(-Math.Abs(t));
                loss += Math.Max(t, 0) + Math.Log(1 + e) - target * t;
                var gap = (t >= 0 ? 1 / (1 + e) : e / (1 + e)) - target;
                g[0] += gap * logOdds[i];
                g[1] += gap;
            }
            return loss;
        });
    }
}
