using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The loss of one run over its steps.</summary>
/// <param name="N">The number of parameters.</param>
/// <param name="Batch">The batch size in tokens (or examples).</param>
/// <param name="Steps">The steps at which the loss was measured, rising, from 1.</param>
/// <param name="Loss">The test losses.</param>
public sealed record TrainingCurve(double N, double Batch, ImmutableArray<double> Steps, ImmutableArray<double> Loss)
{
    /// <summary>The run's name; may be empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>
    /// The part that follows the law: without the points before <paramref name="warmUp"/> steps and those of the last
    /// <paramref name="decay"/> share of steps, where the learning rate decays.
    /// </summary>
    public TrainingCurve Between(double warmUp, double decay = 0)
    {
        var end = Steps.IsEmpty ? 0 : Steps[^1] * (1 - decay);
        var kept = Enumerable.Range(0, Steps.Length).Where(i => Steps[i] >= warmUp && (decay == 0 || Steps[i] <= end)).ToArray();
        return this with { Steps = [.. kept.Select(i => Steps[i])], Loss = [.. kept.Select(i => Loss[i])] };
    }

    /// <summary>
    /// The step at which the smoothed curve (the nearest non-increasing one) first reaches a loss, by interpolation in ln S; null where it never
    /// does, or is below it from the first point on.
    /// </summary>
    public double? StepAt(double loss)
    {
        if (Steps.Length < 2)
            return null;
        var smooth = IsotonicRegression.Decreasing(Loss.AsSpan());
        if (smooth[0] < loss)
            return null;
        for (var i = 1; i < smooth.Length; i++)
        {
            if (smooth[i] > loss)
                continue;
            var share = smooth[i - 1] == smooth[i] ? 0 : (smooth[i - 1] - loss) / (smooth[i - 1] - smooth[i]);
            return Math.Exp(Math.Log(Steps[i - 1]) + share * (Math.Log(Steps[i]) - Math.Log(Steps[i - 1])));
        }
        return null;
    }

    internal void Check()
    {
        var name = Name.Length > 0 ? $"run '{Name}'" : $"the run of n = {N}, batch = {Batch}";
        if (!(N > 0) || !(Batch > 0))
            throw new ArgumentException($"{name}: size and batch must be positive");
        if (Steps.Length != Loss.Length)
            throw new ArgumentException($"{name}: {Steps.Length} steps and {Loss.Length} losses");
        for (var i = 0; i < Steps.Length; i++)
        {
            if (!(Steps[i] > 0) || (i > 0 && Steps[i] <= Steps[i - 1]))
                throw new ArgumentException($"{name}: steps must be positive and rise; step {Steps[i]} is at place {i + 1}");
            if (!(Loss[i] > 0) || !double.IsFinite(Loss[i]))
                throw new ArgumentException($"{name}: the loss at step {Steps[i]} is {Loss[i]}, a positive number was expected");
        }
    }
}
