using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>
/// The trade-off of steps against tokens at a loss, (S/S_min − 1)(E/E_min − 1) = 1, that is S = S_min + E_min/B: steps are a line in 1/B.
/// B_crit = E_min/S_min is the batch size that takes twice the least steps and twice the least tokens. (McCandlish et al. 2018.)
/// </summary>
/// <param name="Loss">The loss level.</param>
/// <param name="MinSteps">S_min, the steps at an infinite batch.</param>
/// <param name="MinTokens">E_min, the tokens at a vanishing batch.</param>
/// <param name="RSquared">How much of the steps' variance the line explains.</param>
/// <param name="Pairs">The batch sizes that reached the level, with their steps.</param>
public sealed record CriticalBatch(double Loss, double MinSteps, double MinTokens, double RSquared, ImmutableArray<(double Batch, double Steps)> Pairs)
{
    /// <summary>E_min/S_min in tokens; not finite where the steps do not depend on the batch as they should.</summary>
    public double Tokens => MinTokens / MinSteps;

    /// <summary>Whether both intercept and slope are positive, so that there is a critical batch size.</summary>
    public bool IsDefined => MinSteps > 0 && MinTokens > 0;

    /// <summary>S = S_min(1 + B_crit/B).</summary>
    public double StepsAt(double batch) => MinSteps + MinTokens / batch;

    /// <summary>E = E_min(1 + B/B_crit).</summary>
    public double TokensAt(double batch) => MinTokens + MinSteps * batch;

    /// <summary>Fits S_min and E_min by non-negative least squares on the relative error of S.</summary>
    /// <param name="loss">The loss level.</param>
    /// <param name="pairs">Batch sizes and the steps they took to it; at least three.</param>
    public static CriticalBatch FitTo(double loss, IReadOnlyList<(double Batch, double Steps)> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (pairs.Select(p => p.Batch).Distinct().Count() < 3)
            throw new ArgumentException($"{pairs.Select(p => p.Batch).Distinct().Count()} batch sizes reached loss {loss:g5}: at least 3 are needed for the trade-off");
        double[] steps = [.. pairs.Select(p => p.Steps)];
        double[][] columns = [[.. pairs.Select(_ => 1.0)], [.. pairs.Select(p => 1 / p.Batch)]];
        var (c, _) = NonNegativeColumns.Solve(columns, steps, [.. steps.Select(s => 1 / (s * s))]);
        var mean = steps.Average();
        var residual = pairs.Sum(p => Math.Pow(p.Steps - c[0] - c[1] / p.Batch, 2));
        return new CriticalBatch(loss, c[0], c[1], 1 - residual / Math.Max(1e-300, steps.Sum(s => (s - mean) * (s - mean))), [.. pairs]);
    }

    /// <summary>The trade-off at several losses, for the size with most batch sizes. Levels that fewer than three batches reach are left out.</summary>
    /// <param name="curves">Runs of one size.</param>
    /// <param name="levels">How many loss levels.</param>
    public static ImmutableArray<CriticalBatch> Of(IReadOnlyCollection<TrainingCurve> curves, int levels = 12)
    {
        ArgumentNullException.ThrowIfNull(curves);
        var usable = curves.Where(c => c.Steps.Length >= 2).ToArray();
        if (usable.Length < 3)
            return [];
        // Between the third best end and the third least beginning at least three runs cross each level.
        var low = usable.Select(c => c.Loss.Min()).Order().ElementAt(2);
        var high = usable.Select(c => c.Loss[0]).OrderDescending().ElementAt(2);
        var found = ImmutableArray.CreateBuilder<CriticalBatch>();
        for (var i = 0; i < levels && high > low; i++)
        {
            var level = low * Math.Pow(high / low, (i + 0.5) / levels);
            var pairs = usable.Select(c => (c.Batch, Steps: c.StepAt(level))).Where(p => p.Steps is not null).Select(p => (p.Batch, p.Steps!.Value)).ToArray();
            if (pairs.Select(p => p.Batch).Distinct().Count() >= 3)
                found.Add(FitTo(level, pairs));
        }
        return found.ToImmutable();
    }
}
