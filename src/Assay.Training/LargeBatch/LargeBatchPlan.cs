using System.Collections.Immutable;

namespace Assay.Training;

/// <summary>How the learning rate grows with the batch.</summary>
public enum LearningRateScaling
{
    /// <summary>η_L = η_S·√k: the covariance of one update, η²/b, stays (the paper's).</summary>
    Sqrt,
    /// <summary>η_L = η_S·k.</summary>
    Linear,
    /// <summary>η_L = η_S.</summary>
    None,
}

/// <summary>
/// A regime of a small batch carried over to a large one (Hoffer, Hubara and Soudry 2017): the learning rate scaled by √k, k = b_L/b_S,
/// gradients clipped to a norm of 5, batch normalisation over ghost batches of b_S, and, where the regime is adapted, every epoch boundary
/// and the total multiplied by ⌈k⌉, so that as many updates are made at each rate as with the small batch.
/// </summary>
/// <param name="Name">The name in tables: <c>LB+LR+GBN</c>.</param>
/// <param name="Regime">Epochs and learning rates of the large batch.</param>
/// <param name="BatchSize">The batch trained with.</param>
/// <param name="GhostSize">The ghost batches of the normalisation, or null for whole batches.</param>
/// <param name="ClipNorm">The norm to which a larger gradient is scaled down, or null.</param>
public sealed record LargeBatchPlan(string Name, TrainingRegime Regime, int BatchSize, int? GhostSize, double? ClipNorm)
{
    /// <summary>The norm that the paper's runs clip gradients to.</summary>
    public const double PaperClipNorm = 5;

    /// <summary>Carries a regime over.</summary>
    /// <param name="regime">The regime of the small batch.</param>
    /// <param name="smallBatch">b_S, 1 or more.</param>
    /// <param name="largeBatch">b_L, at least b_S.</param>
    /// <param name="scaling">How the learning rate grows.</param>
    /// <param name="adaptRegime">Whether to keep the number of updates.</param>
    /// <param name="ghost">Whether to normalise ghost batches of b_S.</param>
    /// <param name="clipNorm">The norm to clip to, or null for no clipping.</param>
    /// <exception cref="ArgumentOutOfRangeException">b_L is below b_S, or a number is not positive.</exception>
    public static LargeBatchPlan From(
        TrainingRegime regime, int smallBatch, int largeBatch, LearningRateScaling scaling = LearningRateScaling.Sqrt, bool adaptRegime = true, bool ghost = true, double? clipNorm = PaperClipNorm)
    {
        ArgumentNullException.ThrowIfNull(regime);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(smallBatch);
        if (largeBatch < smallBatch)
            throw new ArgumentOutOfRangeException(nameof(largeBatch), largeBatch, $"a batch of at least the small one, {smallBatch}, was expected");
        var ratio = (double)largeBatch / smallBatch;
        var factor = scaling switch
        {
            LearningRateScaling.Sqrt => Math.Sqrt(ratio),
            LearningRateScaling.Linear => ratio,
            _ => 1,
        };
        var stretch = adaptRegime ? (int)Math.Ceiling(ratio) : 1;
        var scaled = regime.Checked() with
        {
            Epochs = checked(regime.Epochs * stretch),
            Phases = [.. regime.Phases.Select(p => new RegimePhase(checked(p.FromEpoch * stretch), p.LearningRate * factor))],
        };
        var name = largeBatch == smallBatch ? "SB" : $"LB{(scaling == LearningRateScaling.None ? "" : scaling == LearningRateScaling.Linear ? "+LR(linear)" : "+LR")}{(ghost ? "+GBN" : "")}{(adaptRegime ? "+RA" : "")}";
        return new LargeBatchPlan(name, scaled, largeBatch, ghost && largeBatch > smallBatch ? smallBatch : null, clipNorm);
    }

    /// <summary>The paper's ladder: SB, LB, LB+LR, LB+LR+GBN, LB+LR+GBN+RA.</summary>
    public static ImmutableArray<LargeBatchPlan> Ladder(TrainingRegime regime, int smallBatch, int largeBatch) =>
    [
        From(regime, smallBatch, smallBatch, LearningRateScaling.None, adaptRegime: false, ghost: false),
        From(regime, smallBatch, largeBatch, LearningRateScaling.None, adaptRegime: false, ghost: false),
        From(regime, smallBatch, largeBatch, adaptRegime: false, ghost: false),
        From(regime, smallBatch, largeBatch, adaptRegime: false),
        From(regime, smallBatch, largeBatch),
    ];

    /// <summary>The plan as options of the trainer; loss, seed and checkpoints stay those of <paramref name="options"/>.</summary>
    public TrainingOptions ToOptions(TrainingOptions? options = null) => (options ?? new TrainingOptions()) with
    {
        Epochs = Regime.Epochs,
        BatchSize = BatchSize,
        Optimizer = new Sgd(Regime.Phases[0].LearningRate, Regime.Momentum, weightDecay: Regime.WeightDecay),
        Schedule = Regime.ToSchedule(),
        ClipNorm = ClipNorm,
    };
}
