namespace Assay.Training;

/// <summary>The shape f of a sample's weight over its normalised loss h from −δ (the batch's lowest) to δ (its highest).</summary>
public enum ReweightingStrategy
{
    /// <summary>f = min(h + δ, δ): samples below the middle lose weight in a straight line, all above share one weight.</summary>
    LinUpper,
    /// <summary>f = 1 − h²/δ²: samples of middling loss count most.</summary>
    Quadratic,
    /// <summary>f = |h|: both ends count most.</summary>
    Extremes,
    /// <summary>w = 1/B: no reweighting.</summary>
    Uniform,
    /// <summary>f = h: the higher the loss, the more it counts (KL-regularised distributional robustness).</summary>
    KlDro,
}

/// <summary>
/// Weights of a batch's samples from their own losses ℓ (Sow et al. 2025): h_i = δ(2ℓ_i − ℓ_max − ℓ_min) / max(ℓ_max − ℓ_min, 10⁻⁶), f by
/// <see cref="ReweightingStrategy"/>, w_i = softmax(f / r)_i. The weights maximise Σ w_i f_i − r·KL(w ‖ uniform) over the simplex: a large
/// temperature r gives every sample 1/B, a small one only the largest f. While a model is untrained its losses say nothing, so r starts
/// high and falls after a warm-up.
/// </summary>
/// <param name="strategy">The shape f.</param>
/// <param name="delta">δ, above 0.</param>
/// <param name="temperature">r after the warm-up, above 0.</param>
/// <param name="warmupTemperature">r during the warm-up, above 0.</param>
/// <param name="warmup">The warm-up's share of the run, 0 to 1.</param>
/// <param name="ramp">The share of the run over which r falls in a straight line after the warm-up; 0 drops at once.</param>
/// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
public sealed class SampleReweighter(
    ReweightingStrategy strategy = ReweightingStrategy.LinUpper, double delta = 1, double temperature = 0.4, double warmupTemperature = 100, double warmup = 0.1, double ramp = 0)
{
    private readonly double delta = Positive(delta, nameof(delta)), temperature = Positive(temperature, nameof(temperature));
    private readonly double warmupTemperature = Positive(warmupTemperature, nameof(warmupTemperature));
    private readonly double warmup = Share(warmup, nameof(warmup)), ramp = Share(ramp, nameof(ramp));

    /// <summary>The shape f.</summary>
    public ReweightingStrategy Strategy => strategy;

    /// <summary>r at a step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="total">The steps of the whole run.</param>
    public double Temperature(long step, long total)
    {
        var start = warmup * total;
        if (step < start)
            return warmupTemperature;
        var length = ramp * total;
        return step >= start + length ? temperature : warmupTemperature + (temperature - warmupTemperature) * (step - start) / length;
    }

    /// <summary>The weights, which sum to 1.</summary>
    /// <param name="losses">ℓ, one finite number for each sample; negative ones are allowed.</param>
    /// <param name="temperature">r, above 0.</param>
    /// <param name="counted">Which samples count; the others get 0. Empty for all.</param>
    /// <exception cref="ArgumentException">A loss is not finite; the message names the sample.</exception>
    public double[] Weights(ReadOnlySpan<float> losses, double temperature, ReadOnlySpan<bool> counted = default)
    {
        Positive(temperature, nameof(temperature));
        if (!counted.IsEmpty && counted.Length != losses.Length)
            throw new ArgumentException($"{counted.Length} marks for {losses.Length} losses", nameof(counted));
        var weights = new double[losses.Length];
        var (least, most, count) = (double.PositiveInfinity, double.NegativeInfinity, 0);
        for (var i = 0; i < losses.Length; i++)
        {
            if (!counted.IsEmpty && !counted[i])
                continue;
            if (!float.IsFinite(losses[i]))
                throw new ArgumentException($"the loss of sample {i} of the batch is {losses[i]}; a finite number was expected", nameof(losses));
            (least, most, count) = (Math.Min(least, losses[i]), Math.Max(most, losses[i]), count + 1);
        }
        var (top, total) = (double.NegativeInfinity, 0.0);
        for (var i = 0; i < losses.Length; i++)
        {
            if (counted.IsEmpty || counted[i])
                top = Math.Max(top, weights[i] = Shape(delta * (2 * losses[i] - most - least) / Math.Max(most - least, 1e-6)));
        }
        for (var i = 0; i < losses.Length; i++)
            total += weights[i] = counted.IsEmpty || counted[i] ? Math.Exp((weights[i] - top) / temperature) : 0;
        for (var i = 0; i < losses.Length; i++)
            weights[i] = strategy == ReweightingStrategy.Uniform ? counted.IsEmpty || counted[i] ? 1.0 / count : 0 : weights[i] / Math.Max(total, double.Epsilon);
        return weights;
    }

    private double Shape(double h) => strategy switch
    {
        ReweightingStrategy.LinUpper => Math.Min(h + delta, delta),
        ReweightingStrategy.Quadratic => 1 - h * h / (delta * delta),
        ReweightingStrategy.Extremes => Math.Abs(h),
        ReweightingStrategy.KlDro => h,
        _ => 0,
    };

    private static double Positive(double value, string name) => value > 0 && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "a positive number was expected");

    private static double Share(double value, string name) => value is >= 0 and <= 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "a number from 0 to 1 was expected");
}
