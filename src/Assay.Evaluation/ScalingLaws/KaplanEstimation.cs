using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Estimates <see cref="KaplanLaw"/> from training curves in the paper's order (converged losses against sizes; critical batch size from steps
/// against 1/B at equal losses; steps), and then refines all constants together on ln L with a Huber loss. The joint step, which the paper does
/// not have, removes the bias of reading converged losses off unfinished runs.
/// </summary>
public sealed record KaplanEstimation
{
    /// <summary>Points before this many steps are left out: the warm-up lies off the curve.</summary>
    public double WarmUp { get; init; }

    /// <summary>The share of steps at a run's end that is left out: the decay of the learning rate lies off the curve.</summary>
    public double Decay { get; init; }

    /// <summary>Whether the law has an irreducible loss; the published form has none.</summary>
    public IrreducibleTerm Irreducible { get; init; } = IrreducibleTerm.Auto;

    /// <summary>δ of the Huber loss on ln L.</summary>
    public double HuberDelta { get; init; } = 0.02;

    /// <summary>Resamples of whole runs for the intervals; 0 for the delta method, which takes a run's points as independent.</summary>
    public int Resamples { get; init; } = 100;

    /// <summary>The seed of the resamples.</summary>
    public long Seed { get; init; }

    /// <summary>Estimates the law.</summary>
    /// <param name="curves">The runs.</param>
    /// <exception cref="ArgumentException">One size only, fewer points than constants, a constant loss, or malformed runs.</exception>
    public KaplanLaw Estimate(IEnumerable<TrainingCurve> curves)
    {
        ArgumentNullException.ThrowIfNull(curves);
        var all = curves.ToArray();
        foreach (var curve in all)
            curve.Check();
        var runs = all.Select(c => c.Between(WarmUp, Decay)).Where(c => c.Steps.Length > 0).ToArray();
        if (runs.Length == 0)
            throw new ArgumentException($"no run has a point after {WarmUp} steps of warm-up");
        LawData.CheckResponse([.. runs.SelectMany(r => r.Loss)], "loss");
        var sizes = runs.Select(r => r.N).Distinct().Order().ToArray();
        if (sizes.Length == 1)
            throw new ArgumentException($"all runs have one model size, n = {sizes[0]}: at least two sizes are needed, five are better");
        var warnings = new List<string>();
        if (sizes.Length < 4)
            warnings.Add($"{sizes.Length} model sizes: αN rests on very few; the paper takes five and more");

        var converged = sizes.Select(n => new LawPoint([n], Converged([.. runs.Where(r => r.N == n)]))).ToArray();
        var sizeLaw = LogLogLine.FitTo([.. converged.Select(c => c.At[0])], [.. converged.Select(c => c.Value)]);
        var richest = runs.GroupBy(r => r.N).OrderByDescending(g => g.Select(r => r.Batch).Distinct().Count()).ThenBy(g => g.Key).First().ToArray();
        var trade = CriticalBatch.Of(richest);
        var defined = trade.Where(t => t.IsDefined).ToArray();
        var batches = runs.Select(r => r.Batch).Distinct().Count();
        var batchLaw = defined.Length >= 2 ? LogLogLine.FitTo([.. defined.Select(t => t.Loss)], [.. defined.Select(t => t.Tokens)]) : null;
        if (batches == 1)
            warnings.Add($"all runs have one batch size, {runs[0].Batch}: nothing is known of the critical batch size; steps count as if the batch were infinite");
        else if (batchLaw is null)
            warnings.Add("no loss is reached by three batch sizes of one model with steps falling in the batch: the critical batch size rests on the joint fit alone");
        else if (batchLaw.Slope.Value >= 0)
            warnings.Add("the critical batch size does not grow as the loss falls: step 2 contradicts the law");

        var start = Start(converged, sizeLaw, batchLaw, batches > 1, runs);
        var stepLaw = StepLaw(runs, start);
        if (stepLaw is { Slope.Value: < 0 })
            (start[3], start[2]) = (-stepLaw.Slope.Value, stepLaw.Intercept / -stepLaw.Slope.Value);
        var fit = Refine(runs, start, batches > 1, out var prefers);
        if (fit.Parameters[1] < 1e-3)
            warnings.Add("the loss does not fall with the size: αN is next to 0");
        return new KaplanLaw
        {
            Fit = LawFit.Of(fit, true) with { Refits = Resample(runs, fit, batches > 1) },
            HasCriticalBatch = batches > 1,
            Steps = new KaplanSteps([.. converged], sizeLaw, prefers, trade, batchLaw, stepLaw),
            Points = [.. runs.SelectMany(r => r.Steps.Select((s, i) => new LawPoint([r.N, s, r.Batch], r.Loss[i], r.Name)))],
            Warnings = [.. warnings],
        };
    }

    // Step 1: the asymptote of the run that got furthest, or its least loss where the curve shows none.
    private static double Converged(TrainingCurve[] runs)
    {
        var best = runs.MinBy(r => r.Loss.Min())!;
        var least = best.Loss.Min();
        if (best.Steps.Length < 4)
            return least;
        var law = PowerLaw.FitTo(best.Steps, best.Loss);
        return law.E > 0.5 * least ? law.E : least;
    }

    private static double[] Start(LawPoint[] converged, LogLogLine sizeLaw, LogLogLine? batchLaw, bool hasBatches, TrainingCurve[] runs)
    {
        var alphaN = Math.Max(0.01, -sizeLaw.Slope.Value);
        var alphaB = batchLaw is { Slope.Value: < 0 } ? Math.Clamp(-1 / batchLaw.Slope.Value, 0.02, 5) : 0.2;
        var logBstar = !hasBatches ? double.NegativeInfinity
            : batchLaw is { Slope.Value: < 0 } ? batchLaw.Intercept
            : Math.Log(runs.Average(r => r.Batch)) + Math.Log(runs.Average(r => r.Loss[^1])) / alphaB;
        return [Math.Log(converged[0].At[0]) + Math.Log(converged[0].Value) / alphaN, alphaN, Math.Log(runs.Average(r => r.Steps[0])), 0.7, Math.Max(logBstar, -600), alphaB, 0];
    }

    // Step 3: what is left above the converged loss against the steps at infinite batch.
    private static LogLogLine? StepLaw(TrainingCurve[] runs, double[] start)
    {
        var (x, y) = (new List<double>(), new List<double>());
        foreach (var run in runs)
        {
            var floor = Math.Exp(start[1] * (start[0] - Math.Log(run.N)));
            for (var i = 0; i < run.Steps.Length; i++)
            {
                if (run.Loss[i] - floor < 0.02 * floor)
                    continue;
                var critical = Math.Exp(start[4] - Math.Log(run.Loss[i]) / start[5]);
                x.Add(run.Steps[i] / (1 + critical / run.Batch));
                y.Add(run.Loss[i] - floor);
            }
        }
        return x.Distinct().Count() < 3 ? null : LogLogLine.FitTo(x, y);
    }

    private CurveFit Refine(TrainingCurve[] runs, double[] start, bool hasBatches, out bool? prefers)
    {
        var free = 4 + (hasBatches ? 2 : 0);
        var (x, y) = Rows(runs);
        if (y.Length < free)
            throw new ArgumentException($"{y.Length} points cannot determine {free} constants: at least {free} are needed");
        var starts = Starts(start, hasBatches).ToArray();
        var published = CurveFit.Of(KaplanLaw.Loss, x, y, starts, Options(hasBatches, hasFloor: false));
        prefers = null;
        if (Irreducible == IrreducibleTerm.No || y.Length < free + 3)
            return published;
        var least = y.Min();
        var from = published.Parameters.ToArray();
        // The rest of the loss falls more steeply in N when part of it is irreducible.
        IEnumerable<double[]> floored = new[] { 0.2, 0.5, 0.8 }.Select(share =>
        {
            var s = (double[])from.Clone();
            var (floor, a) = (share * least, Math.Max(s[1], 0.01));
            var steeper = a * least / (least - floor);
            var middle = Math.Log(runs.Average(r => r.N));
            s[0] = middle + Math.Log(Math.Max(1e-3, Math.Exp(a * (s[0] - middle)) - floor)) / steeper;
            (s[1], s[6]) = (steeper, floor);
            return s;
        });
        var withFloor = CurveFit.Of(KaplanLaw.Loss, x, y, [.. floored, from], Options(hasBatches, hasFloor: true));
        prefers = withFloor.Aicc < published.Aicc - 2;
        return Irreducible == IrreducibleTerm.Yes || prefers == true ? withFloor : published;
    }

    private static IEnumerable<double[]> Starts(double[] start, bool hasBatches)
    {
        yield return start;
        foreach (var alphaS in (double[])[0.35, 0.7, 1.2])
        {
            foreach (var scale in hasBatches ? (double[])[0.5, 1, 2] : [1])
            {
                var other = (double[])start.Clone();
                other[3] = alphaS;
                other[5] *= scale;
                yield return other;
            }
        }
    }

    private ImmutableArray<ImmutableArray<double>> Resample(TrainingCurve[] runs, CurveFit fit, bool hasBatches)
    {
        if (Resamples == 0 || runs.Length < 4)
            return [];
        var refits = new ImmutableArray<double>[Resamples];
        var optimum = fit.Parameters.ToArray();
        var options = Options(hasBatches, fit.Parameters[6] > 0) with { Iterations = 60, Tolerance = 1e-9 };
        Parallel.For(0, Resamples, r =>
        {
            var random = SeededRandom.At(Seed, r);
            TrainingCurve[] drawn;
            do
                drawn = [.. Enumerable.Range(0, runs.Length).Select(_ => runs[random.Next(runs.Length)])];
            while (drawn.Select(d => d.N).Distinct().Count() < 2 || (hasBatches && drawn.Select(d => d.Batch).Distinct().Count() < 2));
            var (x, y) = Rows(drawn);
            refits[r] = [.. CurveFit.Of(KaplanLaw.Loss, x, y, [optimum], options).Parameters];
        });
        return [.. refits];
    }

    private CurveFitOptions Options(bool hasBatches, bool hasFloor) => new()
    {
        LogResiduals = true,
        HuberDelta = HuberDelta,
        LowerBounds = [-300, 1e-4, -100, 1e-2, hasBatches ? -100 : -600, hasBatches ? 0.01 : 0.2, 0],
        UpperBounds = [3000, 5, 100, 10, hasBatches ? 300 : -600, hasBatches ? 20 : 0.2, hasFloor ? double.PositiveInfinity : 0],
    };

    private static (double[][] X, double[] Y) Rows(TrainingCurve[] runs) =>
        ([.. runs.SelectMany(r => r.Steps.Select(s => new[] { r.N, s, r.Batch }))], [.. runs.SelectMany(r => r.Loss)]);
}
