using Assay.Statistics;
using TorchSharp;

namespace Assay.Training;

/// <summary>
/// A learning-rate schedule: the factor by which the base rate is multiplied, as a pure function of the step and the total number of
/// steps, so that a resumed run needs no state.
/// </summary>
[MethodValue]
public abstract class Schedule
{
    /// <summary>The factor at a step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="total">The number of steps of the whole run, 1 or more.</param>
    public abstract double Factor(long step, long total);

    /// <summary>The same schedule for TorchSharp's own optimisers.</summary>
    /// <param name="optimizer">The optimiser whose learning rate it drives.</param>
    /// <param name="total">The number of steps of the whole run.</param>
    public torch.optim.lr_scheduler.LRScheduler ToScheduler(torch.optim.Optimizer optimizer, long total) =>
        torch.optim.lr_scheduler.LambdaLR(optimizer, step => Factor(step, total));

    /// <summary>The length of a phase given as a number of steps (1 or more) or as a share of the run (below 1).</summary>
    private protected static double Steps(double length, long total) => length < 1 ? length * total : length;

    /// <summary>The factor of a linear warm-up: (step + 1) / warm-up, at most 1.</summary>
    private protected static double WarmUp(long step, double warmup) => warmup > 0 ? Math.Min(1, (step + 1) / warmup) : 1;

    private protected static double NotNegative(double value, string name) => value >= 0 && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "0 or more was expected");

    private protected static double Share(double value, string name) => value is >= 0 and <= 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "a number from 0 to 1 was expected");
}

/// <summary>The base rate throughout, after an optional linear warm-up.</summary>
/// <param name="warmup">The warm-up: steps, or a share of the run when below 1.</param>
[Method("constant", Kind = MethodKind.Schedule)]
public sealed class ConstantSchedule(double warmup = 0) : Schedule
{
    private readonly double warmup = NotNegative(warmup, nameof(warmup));

    /// <inheritdoc/>
    public override double Factor(long step, long total) => WarmUp(step, Steps(warmup, total));
}

/// <summary>Half a cosine from 1 down to <paramref name="floor"/> after a linear warm-up: floor + (1 − floor)·(1 + cos πx)/2, x the share of the rest done.</summary>
/// <param name="warmup">The warm-up: steps, or a share of the run when below 1.</param>
/// <param name="floor">The factor at the end, 0 to 1.</param>
[Method("cosine", Kind = MethodKind.Schedule)]
public sealed class CosineSchedule(double warmup = 0, double floor = 0) : Schedule
{
    private readonly double warmup = NotNegative(warmup, nameof(warmup)), floor = Share(floor, nameof(floor));

    /// <inheritdoc/>
    public override double Factor(long step, long total)
    {
        var start = Steps(warmup, total);
        if (step < start)
            return WarmUp(step, start);
        var x = Math.Min(1, (step - start) / Math.Max(1, total - start));
        return floor + (1 - floor) * (1 + Math.Cos(Math.PI * x)) / 2;
    }
}

/// <summary>A straight line from 1 down to <paramref name="floor"/> after a linear warm-up.</summary>
/// <param name="warmup">The warm-up: steps, or a share of the run when below 1.</param>
/// <param name="floor">The factor at the end, 0 to 1.</param>
[Method("linear-decay", Kind = MethodKind.Schedule)]
public sealed class LinearSchedule(double warmup = 0, double floor = 0) : Schedule
{
    private readonly double warmup = NotNegative(warmup, nameof(warmup)), floor = Share(floor, nameof(floor));

    /// <inheritdoc/>
    public override double Factor(long step, long total)
    {
        var start = Steps(warmup, total);
        return step < start ? WarmUp(step, start) : floor + (1 - floor) * (1 - Math.Min(1, (step - start) / Math.Max(1, total - start)));
    }
}

/// <summary>The factor is multiplied by <paramref name="gamma"/> at every milestone.</summary>
/// <param name="milestones">Steps, or shares of the run when below 1, in rising order.</param>
/// <param name="gamma">The multiplier, above 0.</param>
/// <param name="warmup">The warm-up: steps, or a share of the run when below 1.</param>
[Method("step", Kind = MethodKind.Schedule)]
public sealed class StepSchedule(double[] milestones, double gamma = 0.1, double warmup = 0) : Schedule
{
    private readonly double[] milestones = Rising(milestones);
    private readonly double gamma = gamma > 0 ? gamma : throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "a positive number was expected");
    private readonly double warmup = NotNegative(warmup, nameof(warmup));

    /// <inheritdoc/>
    public override double Factor(long step, long total) =>
        WarmUp(step, Steps(warmup, total)) * Math.Pow(gamma, milestones.Count(m => step >= Steps(m, total)));

    private static double[] Rising(double[] milestones)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        for (var i = 0; i < milestones.Length; i++)
        {
            if (milestones[i] <= 0 || (i > 0 && milestones[i] <= milestones[i - 1]))
                throw new ArgumentException("positive milestones in rising order were expected", nameof(milestones));
        }
        return milestones;
    }
}

/// <summary>How the rate falls in the last phase of <see cref="WsdSchedule"/>.</summary>
public enum DecayShape
{
    /// <summary>A straight line.</summary>
    Linear,
    /// <summary>1 − √x.</summary>
    OneMinusSqrt,
    /// <summary>Half a cosine.</summary>
    Cosine,
    /// <summary>The reciprocal of the rate rises in a straight line: 1 / (x/floor + (1 − x)); the floor must be above 0.</summary>
    Reciprocal,
}

/// <summary>Warm-up, stable, decay: linear rise, a long constant phase, a short fall at the end.</summary>
/// <param name="warmup">The warm-up: steps, or a share of the run when below 1.</param>
/// <param name="decay">The fall: steps, or a share of the run when below 1.</param>
/// <param name="floor">The factor at the end, 0 to 1.</param>
/// <param name="shape">How it falls.</param>
[Method("wsd", Paper = 60, Kind = MethodKind.Schedule)]
public sealed class WsdSchedule(double warmup = 0.01, double decay = 0.1, double floor = 0, DecayShape shape = DecayShape.Linear) : Schedule
{
    private readonly double warmup = NotNegative(warmup, nameof(warmup)), decay = NotNegative(decay, nameof(decay));
    private readonly double floor = shape == DecayShape.Reciprocal && floor <= 0
        ? throw new ArgumentOutOfRangeException(nameof(floor), floor, "a reciprocal decay needs a floor above 0")
        : Share(floor, nameof(floor));

    /// <inheritdoc/>
    public override double Factor(long step, long total)
    {
        var length = Steps(decay, total);
        var x = length > 0 ? Math.Clamp((step - (total - length)) / length, 0, 1) : 0;
        var fall = shape switch
        {
            DecayShape.Linear => 1 - x,
            DecayShape.OneMinusSqrt => 1 - Math.Sqrt(x),
            DecayShape.Cosine => (1 + Math.Cos(Math.PI * x)) / 2,
            _ => 0,
        };
        var factor = shape == DecayShape.Reciprocal ? 1 / (x / floor + 1 - x) : floor + (1 - floor) * fall;
        return WarmUp(step, Steps(warmup, total)) * factor;
    }
}
