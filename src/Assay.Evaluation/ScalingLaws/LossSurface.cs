using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// A loss of model size and data, L(N, D) = E + A·N^(−α) + B·D^(−β), and what follows for planning: the compute-optimal split of C = 6·N·D,
/// the data a smaller model needs for the same loss, and the cost of training and use.
/// </summary>
public abstract record LossSurface : ScalingLaw
{
    /// <summary>A.</summary>
    [JsonIgnore]
    public double A => Math.Exp(Fit.Theta[0]);

    /// <summary>B.</summary>
    [JsonIgnore]
    public double B => Math.Exp(Fit.Theta[1]);

    /// <summary>α, the exponent of N.</summary>
    [JsonIgnore]
    public abstract double Alpha { get; }

    /// <summary>β, the exponent of D.</summary>
    [JsonIgnore]
    public abstract double Beta { get; }

    /// <summary>E, the irreducible loss.</summary>
    [JsonIgnore]
    public abstract double E { get; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => ["n", "d"];

    /// <summary>The largest token multiplier M = D/N among the fitted runs over the smallest: 1 says that the law knows nothing of over-training.</summary>
    [JsonIgnore]
    public (double Low, double High) FittedMultipliers => Points.IsEmpty ? (double.NaN, double.NaN) : (Points.Min(p => p.At[1] / p.At[0]), Points.Max(p => p.At[1] / p.At[0]));

    /// <summary>The best split of a compute budget: N = G·(C/6)^(β/(α+β)), G = (αA/(βB))^(1/(α+β)), D = C/(6N).</summary>
    /// <param name="compute">C = 6·N·D in floating-point operations.</param>
    public Allocation Optimal(double compute)
    {
        if (!(compute > 0))
            throw new ArgumentOutOfRangeException(nameof(compute), compute, "a positive compute budget was expected");
        var size = Fit.Derived(theta => OptimalSize(Constants(theta), compute));
        return At(size.Value, compute / (6 * size.Value)) with { SizeInterval = size.Interval };
    }

    /// <summary>The least compute that reaches a loss, with its split; null where the loss is not above E.</summary>
    public Allocation? ForLoss(double target)
    {
        if (!(target > E))
            return null;
        var (low, high) = (1.0, 1.0);
        while (Value(Split(high)) > target)
            high *= 1e3;
        while (Value(Split(low)) < target)
            low /= 1e3;
        for (var i = 0; i < 200; i++)
        {
            var middle = Math.Sqrt(low * high);
            if (Value(Split(middle)) > target)
                low = middle;
            else
                high = middle;
        }
        return Optimal(Math.Sqrt(low * high));

        double[] Split(double compute) => OptimalSize((A, B, Alpha, Beta), compute) is var n ? [n, compute / (6 * n)] : [];
    }

    /// <summary>The data that a model of a size needs for a loss, or null where it cannot reach it.</summary>
    public double? DataFor(double n, double target)
    {
        var left = target - E - A * Math.Pow(n, -Alpha);
        return left > 0 ? Math.Pow(B / left, 1 / Beta) : null;
    }

    /// <summary>
    /// What smaller models cost for the same loss: sizes from the compute-optimal one down to a tenth, each with the data, multiplier and training
    /// compute it needs and the cost of using it, 2·N a token. Sizes that cannot reach the loss are left out.
    /// </summary>
    /// <param name="target">The loss to reach.</param>
    /// <param name="inferenceTokens">The tokens that the model will process in use.</param>
    public ImmutableArray<Allocation> TradeOff(double target, double inferenceTokens = 0)
    {
        if (ForLoss(target) is not { } best)
            throw new ArgumentException($"loss {target} is not above the irreducible loss {E:g5}: no amount of compute reaches it by this law");
        double[] shares = [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1];
        return [.. shares.Select(s => (N: s * best.N, D: DataFor(s * best.N, target))).Where(p => p.D is not null).Select(p => At(p.N, p.D!.Value) with { Inference = 2 * p.N * inferenceTokens })];
    }

    /// <summary>An allocation that the user chose, with its predicted loss.</summary>
    public Allocation At(double n, double d) => new(n, d, Predict([n, d]));

    /// <summary>A, B, α and β of a θ.</summary>
    protected internal abstract (double A, double B, double Alpha, double Beta) Constants(ReadOnlySpan<double> theta);

    private static double OptimalSize((double A, double B, double Alpha, double Beta) c, double compute) =>
        Math.Pow(c.Alpha * c.A / (c.Beta * c.B), 1 / (c.Alpha + c.Beta)) * Math.Pow(compute / 6, c.Beta / (c.Alpha + c.Beta));
}

/// <summary>A way to spend compute.</summary>
/// <param name="N">Parameters.</param>
/// <param name="D">Training tokens.</param>
/// <param name="Loss">The predicted loss.</param>
public sealed record Allocation(double N, double D, Estimate Loss)
{
    /// <summary>The interval of the optimal size; unknown for a size that was chosen.</summary>
    public Interval SizeInterval { get; init; } = Interval.Unknown;

    /// <summary>D / N.</summary>
    public double Multiplier => D / N;

    /// <summary>Training compute, 6·N·D.</summary>
    public double Compute => 6 * N * D;

    /// <summary>The compute of use, 2·N a token.</summary>
    public double Inference { get; init; }
}
