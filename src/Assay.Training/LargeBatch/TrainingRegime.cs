using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Training;

/// <summary>A phase of a <see cref="TrainingRegime"/>.</summary>
/// <param name="FromEpoch">The epoch with which it begins, from 0.</param>
/// <param name="LearningRate">The learning rate, above 0.</param>
public readonly record struct RegimePhase(int FromEpoch, double LearningRate);

/// <summary>How a small batch is trained: a learning rate for each phase of epochs, with momentum SGD.</summary>
/// <param name="Epochs">The number of epochs.</param>
/// <param name="Phases">The phases; the first begins with epoch 0, each later one after the one before.</param>
/// <param name="Momentum">The momentum, 0 to below 1.</param>
/// <param name="WeightDecay">The weight decay, 0 or more.</param>
public sealed record TrainingRegime(int Epochs, ImmutableArray<RegimePhase> Phases, double Momentum = 0.9, double WeightDecay = 1e-4)
{
    /// <summary>A regime that multiplies the rate by <paramref name="gamma"/> at the given epochs.</summary>
    public static TrainingRegime Step(int epochs, double learningRate, ReadOnlySpan<int> boundaries, double gamma = 0.1, double momentum = 0.9, double weightDecay = 1e-4)
    {
        var phases = ImmutableArray.CreateBuilder<RegimePhase>();
        phases.Add(new RegimePhase(0, learningRate));
        foreach (var boundary in boundaries)
            phases.Add(new RegimePhase(boundary, phases[^1].LearningRate * gamma));
        return new TrainingRegime(epochs, phases.ToImmutable(), momentum, weightDecay).Checked();
    }

    /// <summary>The epoch with which the first learning rate ends: the length of the initial phase, whose weights diffuse.</summary>
    public int FirstBoundary => Phases.Length > 1 ? Math.Min(Epochs, Phases[1].FromEpoch) : Epochs;

    /// <summary>Checks the regime.</summary>
    /// <returns>This regime.</returns>
    /// <exception cref="ArgumentException">There is no phase, or they are not in order.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public TrainingRegime Checked()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Epochs);
        if (Phases.IsDefaultOrEmpty || Phases[0].FromEpoch != 0)
            throw new ArgumentException("the first phase must begin with epoch 0", nameof(Phases));
        for (var i = 0; i < Phases.Length; i++)
        {
            if (!(Phases[i].LearningRate > 0 && double.IsFinite(Phases[i].LearningRate)))
                throw new ArgumentOutOfRangeException(nameof(Phases), Phases[i].LearningRate, "a positive learning rate was expected");
            if (i > 0 && Phases[i].FromEpoch <= Phases[i - 1].FromEpoch)
                throw new ArgumentException($"phases in rising order were expected, epoch {Phases[i].FromEpoch} follows {Phases[i - 1].FromEpoch}", nameof(Phases));
        }
        return this;
    }

    /// <summary>The rate as a factor of the first phase's, as a schedule over whole epochs.</summary>
    internal Schedule ToSchedule() => new RegimeSchedule(this);

    private sealed class RegimeSchedule(TrainingRegime regime) : Schedule
    {
        public override double Factor(long step, long total)
        {
            var epoch = step * regime.Epochs / total;
            var rate = regime.Phases[0].LearningRate;
            foreach (var phase in regime.Phases)
            {
                if (phase.FromEpoch <= epoch)
                    rate = phase.LearningRate;
            }
            return rate / regime.Phases[0].LearningRate;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epochs} epochs: {string.Join(", ", Phases.Select(p => $"{p.LearningRate:g4} from {p.FromEpoch}"))}");
}
