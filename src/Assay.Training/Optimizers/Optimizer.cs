using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// An update rule without the parameters it acts on: a recipe names it (<c>adamw(learningRate: 1e-3)</c>), <see cref="Bind"/> gives it a
/// model's flat buffers. The same numbers come from the SIMD pass (main memory) and from torch operations (GPU).
/// </summary>
[MethodValue]
public abstract class OptimizerSpec
{
    private protected OptimizerSpec(double learningRate, double weightDecay)
    {
        if (!(learningRate > 0 && double.IsFinite(learningRate)))
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "a positive number was expected");
        if (!(weightDecay >= 0 && double.IsFinite(weightDecay)))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "0 or more was expected");
        LearningRate = learningRate;
        WeightDecay = weightDecay;
    }

    /// <summary>The base learning rate η; a schedule multiplies it.</summary>
    public double LearningRate { get; }

    /// <summary>The weight decay λ.</summary>
    public double WeightDecay { get; }

    /// <summary>The same rule with another learning rate.</summary>
    public abstract OptimizerSpec WithLearningRate(double learningRate);

    /// <summary>How many state buffers of the parameters' length the rule keeps: 0, 1 or 2.</summary>
    internal abstract int StateCount { get; }

    /// <summary>The rule for vectors (biases, norms' scales) where it is another than that for matrices; null where it is the same.</summary>
    internal virtual OptimizerSpec? ForVectors => null;

    /// <summary>Gives the rule the parameters that it shall update.</summary>
    public Optimizer Bind(FlatParameters parameters) => new(this, parameters);

    /// <summary>The SIMD step number <paramref name="t"/> (from 1).</summary>
    internal abstract void StepSimd(Span<float> p, Span<float> g, Span<float> m, Span<float> v, double learningRate, long t, int threads);

    /// <summary>The same step by torch operations.</summary>
    internal abstract void StepTorch(Tensor p, Tensor g, Tensor m, Tensor v, double learningRate, long t);

    private protected static double Fraction(double value, string name) => value is >= 0 and < 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "0 to below 1 was expected");

    private protected static double Positive(double value, string name) => value > 0 && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "a positive number was expected");
}

/// <summary>An <see cref="OptimizerSpec"/> with the buffers it updates and its state. Works in a user's own loop.</summary>
public sealed class Optimizer : IDisposable
{
    private readonly OptimizerSpec spec;
    private readonly (long Start, long Length, OptimizerSpec Rule)[] ranges;
    private readonly Tensor? m, v;

    internal Optimizer(OptimizerSpec spec, FlatParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        this.spec = spec;
        Parameters = parameters;
        ranges = [.. Ranges(spec, parameters)];
        m = spec.StateCount > 0 ? zeros_like(parameters.Values).DetachFromDisposeScope() : null;
        v = spec.StateCount > 1 ? zeros_like(parameters.Values).DetachFromDisposeScope() : null;
        LearningRate = spec.LearningRate;
    }

    /// <summary>The parameters it updates.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>The learning rate of the next step.</summary>
    public double LearningRate { get; set; }

    /// <summary>The number of steps done.</summary>
    public long Steps { get; internal set; }

    /// <summary>The state buffers by name, for checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Value)> State
    {
        get
        {
            if (m is not null)
                yield return ("m", m);
            if (v is not null)
                yield return ("v", v);
        }
    }

    /// <summary>Updates all parameters from their gradients and sets the gradients to zero.</summary>
    public void Step() => Step(simd: Parameters.OnCpu);

    internal void Step(bool simd)
    {
        Steps++;
        if (simd)
        {
            Span<float> p = FlatParameters.Span(Parameters.Values), g = FlatParameters.Span(Parameters.Gradients);
            Span<float> first = m is null ? default : FlatParameters.Span(m), second = v is null ? default : FlatParameters.Span(v);
            var threads = get_num_threads();
            foreach (var (start, length, rule) in ranges)
            {
                var (from, count) = ((int)start, (int)length);
                rule.StepSimd(p.Slice(from, count), g.Slice(from, count), m is null ? default : first.Slice(from, count), v is null ? default : second.Slice(from, count), LearningRate, Steps, threads);
            }
            return;
        }
        using var _ = no_grad();
        using var scope = TorchSharp.torch.NewDisposeScope();
        foreach (var (start, length, rule) in ranges)
        {
            rule.StepTorch(
                Parameters.Values.narrow(0, start, length), Parameters.Gradients.narrow(0, start, length),
                m?.narrow(0, start, length)!, v?.narrow(0, start, length)!, LearningRate, Steps);
        }
        Parameters.Gradients.zero_();
    }

    // Neighbours with the same rule are one range; the gaps behind a parameter belong to it.
    private static IEnumerable<(long Start, long Length, OptimizerSpec Rule)> Ranges(OptimizerSpec spec, FlatParameters parameters)
    {
        var segments = parameters.Segments;
        var vectorRule = spec.ForVectors ?? spec;
        long start = 0;
        for (var i = 0; i < segments.Length; i++)
        {
            var rule = Rule(segments[i]);
            if (i + 1 < segments.Length && Rule(segments[i + 1]) == rule)
                continue;
            var end = i + 1 < segments.Length ? segments[i + 1].Offset : parameters.Length;
            yield return (start, end - start, rule);
            start = end;
        }

        OptimizerSpec Rule(ParameterSegment segment) => segment.IsMatrix ? spec : vectorRule;
    }

    /// <summary>Forgets all state and starts counting steps anew; parameters stay.</summary>
    public void Reset()
    {
        Steps = 0;
        m?.zero_();
        v?.zero_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        m?.Dispose();
        v?.Dispose();
    }
}
