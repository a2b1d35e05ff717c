using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Language;

/// <summary>What a resume did to a pretraining.</summary>
public enum ResumeVerdict
{
    /// <summary>Nothing is to be seen of it.</summary>
    Clean,
    /// <summary>The loss spiked: the optimiser's moments were lost, or as good as lost.</summary>
    OptimizerStateLost,
    /// <summary>The training loss fell at once while the validation loss did not: data came again that the model had just seen.</summary>
    DataRepeated,
    /// <summary>The learning rate jumped.</summary>
    ScheduleDiscontinuity,
    /// <summary>The losses go on as before, the speed does not: other hardware, threads or precision.</summary>
    HardwareChange,
}

/// <summary>The figures of one resume.</summary>
/// <param name="Step">The last step before it.</param>
/// <param name="Verdict">What happened.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="SpikeScore">
/// The highest z = (loss − level) / deviation of the 50 steps after it. The level is the average before it with a half-life of 50 steps,
/// freed of its lag (2·EMA − EMA of the EMA): a plain average of a falling loss lies above it and hides a spike.
/// </param>
/// <param name="SpikeNats">The highest loss after it, above the level.</param>
/// <param name="RecoveryTokens">Tokens until the average is back at the level before; 0 where it never rose above the noise, null where it did not come back.</param>
/// <param name="ExcessArea">Σ (loss − reference loss)·tokens over the steps after it, nats·tokens; NaN without a reference.</param>
/// <param name="LearningRateJump">η after it over what the trend before it foretells.</param>
/// <param name="SpeedRatio">The median tokens per second after over before.</param>
/// <param name="GradientNormRatio">The median gradient norm after over before.</param>
/// <param name="LossShift">The mean loss of the 50 steps after it minus what the trend of the 200 before foretells, in standard errors.</param>
public sealed record ResumeFinding(
    long Step, ResumeVerdict Verdict, string Reason, double SpikeScore, double SpikeNats, long? RecoveryTokens, double ExcessArea, double LearningRateJump,
    double SpeedRatio, double GradientNormRatio, double LossShift);

/// <summary>
/// Tells a healthy resume of a pretraining from a harmful one (Li et al. 2024: without the optimiser's state the loss spikes and progress is
/// lost) and both from changes of data, schedule or hardware, by the log alone.
/// </summary>
[Method("resume-audit", Paper = 12, Kind = MethodKind.Diagnostic)]
public static class ResumeAudit
{
    private const int HalfLife = 50, Near = 50, Trend = 200;
    private const double SpikeLimit = 6, SpikeNatsLimit = 0.2, RateJumpLimit = 1.2, SpeedLimit = 1.25, ShiftLimit = -4;

    /// <summary>Every resume of a log.</summary>
    /// <param name="log">The log of a run, with its resumes marked.</param>
    /// <param name="tokensPerStep">The tokens of a step.</param>
    /// <param name="reference">The log of the same run undisturbed, or null.</param>
    public static ImmutableArray<ResumeFinding> Audit(IReadOnlyList<PretrainingStep> log, long tokensPerStep, IReadOnlyList<PretrainingStep>? reference = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        return [.. log.Where(s => s.Resumed).Select(s => Compare([.. log.Where(b => b.Step < s.Step)], [.. log.Where(a => a.Step >= s.Step)], tokensPerStep, reference))];
    }

    /// <summary>Compares the steps before a resume with those after it.</summary>
    /// <param name="before">At least 20 steps.</param>
    /// <param name="after">At least 10 steps.</param>
    /// <param name="tokensPerStep">The tokens of a step.</param>
    /// <param name="reference">The log of the same run undisturbed, or null.</param>
    /// <exception cref="ArgumentException">Too few steps.</exception>
    public static ResumeFinding Compare(
        IReadOnlyList<PretrainingStep> before, IReadOnlyList<PretrainingStep> after, long tokensPerStep, IReadOnlyList<PretrainingStep>? reference = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerStep);
        if (before.Count < 20 || after.Count < 10)
            throw new ArgumentException($"{before.Count} steps before the resume and {after.Count} after it; at least 20 and 10 were expected");
        var decay = Math.Pow(0.5, 1.0 / HalfLife);
        var (mean, variance) = Smoothed(before, decay);
        var deviation = Math.Sqrt(Math.Max(variance, 1e-12));
        var near = after.Take(Near).ToArray();
        var (score, nats) = (near.Max(s => (s.Loss - mean) / deviation), near.Max(s => s.Loss - mean));
        var (shift, shiftNats) = Shift(before, near);
        var jump = RateJump(before, after[0]);
        var speed = Ratio(before, after, s => s.TokensPerSecond);
        var finding = new ResumeFinding(
            before[^1].Step, ResumeVerdict.Clean, "loss, learning rate and speed go on as before", score, nats, Recovery(mean, deviation, after, decay, tokensPerStep),
            Excess(after, reference, tokensPerStep), jump, speed, Ratio(before, after, s => s.GradientNorm), shift);
        var (verdict, reason) = Judge(finding, ValidationFell(before, after, -shiftNats));
        return finding with { Verdict = verdict, Reason = reason };
    }

    private static (ResumeVerdict Verdict, string Reason) Judge(ResumeFinding f, bool validationFell)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (Math.Max(f.LearningRateJump, 1 / Math.Max(1e-9, f.LearningRateJump)) > RateJumpLimit)
            return (ResumeVerdict.ScheduleDiscontinuity, string.Create(culture, $"the learning rate is {f.LearningRateJump:g3} times what its course before foretells: the schedule's end or phase was not restored"));
        if (f.SpikeScore > SpikeLimit || f.SpikeNats > SpikeNatsLimit)
            return (ResumeVerdict.OptimizerStateLost, string.Create(culture, $"the loss rose to {f.SpikeNats:f2} nats above its level (z = {f.SpikeScore:f1}): the optimiser's moments were not restored; warm the rate up again, or fill the moments before the first step"));
        if (f.LossShift < ShiftLimit && !validationFell)
            return (ResumeVerdict.DataRepeated, string.Create(culture, $"the training loss fell by {-f.LossShift:f1} standard errors below its course while the validation loss did not follow: the data began again from an earlier place"));
        if (Math.Max(f.SpeedRatio, 1 / Math.Max(1e-9, f.SpeedRatio)) > SpeedLimit)
            return (ResumeVerdict.HardwareChange, string.Create(culture, $"the speed is {f.SpeedRatio:g3} times that before and the loss goes on: other hardware, threads or precision"));
        return (ResumeVerdict.Clean, f.Reason);
    }

    private static (double Level, double Variance) Smoothed(IReadOnlyList<PretrainingStep> steps, double decay)
    {
        // From the mean of the first steps on, so that the start does not weigh.
        var first = steps.Take(10).Average(s => s.Loss);
        var (once, twice, variance) = (first, first, 0.0);
        foreach (var step in steps)
        {
            var difference = step.Loss - (2 * once - twice);
            once += (1 - decay) * (step.Loss - once);
            twice += (1 - decay) * (once - twice);
            variance = decay * variance + (1 - decay) * difference * difference;
        }
        return (2 * once - twice, variance);
    }

    private static long? Recovery(double mean, double deviation, IReadOnlyList<PretrainingStep> after, double decay, long tokensPerStep)
    {
        // The noise of an EMA over n effective steps is σ·√((1 − d)/(1 + d)); below two of them nothing rose.
        var noise = 2 * deviation * Math.Sqrt((1 - decay) / (1 + decay));
        var (average, risen) = (mean, false);
        for (var i = 0; i < after.Count; i++)
        {
            average += (1 - decay) * (after[i].Loss - average);
            risen |= average > mean + noise;
            if (risen && average <= mean)
                return (i + 1) * tokensPerStep;
        }
        return risen ? null : 0;
    }

    // Mean of the steps after minus the straight line through those before, over its standard error.
    private static (double Errors, double Nats) Shift(IReadOnlyList<PretrainingStep> before, PretrainingStep[] near)
    {
        var recent = before.Skip(Math.Max(0, before.Count - Trend)).ToArray();
        var (x, y) = (recent.Select(s => (double)s.Step).ToArray(), recent.Select(s => s.Loss).ToArray());
        var (mx, my) = (x.Average(), y.Average());
        var sxx = x.Sum(v => (v - mx) * (v - mx));
        var slope = sxx > 0 ? x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum() / sxx : 0;
        var noise = x.Zip(y, (a, b) => b - my - slope * (a - mx)).Sum(r => r * r) / Math.Max(1, x.Length - 2);
        var at = near.Average(s => (double)s.Step);
        var error = Math.Sqrt(noise * (1.0 / near.Length + 1.0 / x.Length + (sxx > 0 ? (at - mx) * (at - mx) / sxx : 0)));
        var nats = near.Average(s => s.Loss) - my - slope * (at - mx);
        return (nats / Math.Max(error, 1e-12), nats);
    }

    private static double RateJump(IReadOnlyList<PretrainingStep> before, PretrainingStep first)
    {
        var (last, earlier) = (before[^1], before[^Math.Min(10, before.Count)]);
        var expected = last.LearningRate + (last.LearningRate - earlier.LearningRate) / Math.Max(1, last.Step - earlier.Step) * (first.Step - last.Step);
        return expected > 0 ? first.LearningRate / expected : first.LearningRate > 0 ? double.PositiveInfinity : 1;
    }

    private static double Ratio(IReadOnlyList<PretrainingStep> before, IReadOnlyList<PretrainingStep> after, Func<PretrainingStep, double> value)
    {
        // The first step of a process loads and compiles.
        var (old, fresh) = (Median(before.TakeLast(Trend).Select(value)), Median(after.Skip(2).Take(Trend).Select(value)));
        return old > 0 ? fresh / old : 1;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // Whether the validation loss fell below its own course by at least half of what the training loss did: then the data are better, not repeated.
    private static bool ValidationFell(IReadOnlyList<PretrainingStep> before, IReadOnlyList<PretrainingStep> after, double drop)
    {
        var earlier = before.Where(s => s.Validation is not null).TakeLast(2).ToArray();
        if (earlier.Length < 2 || after.FirstOrDefault(s => s.Validation is not null) is not { } next)
            return false;
        var pace = (earlier[1].Validation!.Value - earlier[0].Validation!.Value) / Math.Max(1, earlier[1].Step - earlier[0].Step);
        return next.Validation!.Value < earlier[1].Validation!.Value + pace * (next.Step - earlier[1].Step) - drop / 2;
    }

    private static double Excess(IReadOnlyList<PretrainingStep> after, IReadOnlyList<PretrainingStep>? reference, long tokensPerStep)
    {
        if (reference is null)
            return double.NaN;
        var same = reference.ToDictionary(s => s.Step, s => s.Loss);
        return after.Where(s => same.ContainsKey(s.Step)).Sum(s => s.Loss - same[s.Step]) * tokensPerStep;
    }
}
