using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The loss of a run at any size, step and batch size, with unlimited fresh data: L solves
/// L = E + (N_c/N)^α_N + (S_c·(1 + B_crit(L)/B)/S)^α_S with B_crit(L) = B_*/L^(1/α_B). From it follow the lowest loss of a size, the steps
/// and tokens for a loss, the critical batch size, whole trajectories and the cheapest plan. The published form has E = 0. N counts parameters
/// without embeddings, B tokens. (Su et al. 2024, arXiv 2403.06563, after Kaplan et al. 2020.)
/// </summary>
[Method("kaplan-law", Paper = 10, Kind = MethodKind.ScalingLaw)]
public sealed record KaplanLaw : ScalingLaw
{
    /// <summary>N_c.</summary>
    [JsonIgnore]
    public double Nc => Math.Exp(Fit.Theta[0]);

    /// <summary>α_N.</summary>
    [JsonIgnore]
    public double AlphaN => Fit.Theta[1];

    /// <summary>S_c.</summary>
    [JsonIgnore]
    public double Sc => Math.Exp(Fit.Theta[2]);

    /// <summary>α_S.</summary>
    [JsonIgnore]
    public double AlphaS => Fit.Theta[3];

    /// <summary>B_*, in tokens; 0 where the runs tell nothing of batch sizes.</summary>
    [JsonIgnore]
    public double Bstar => Math.Exp(Fit.Theta[4]);

    /// <summary>α_B.</summary>
    [JsonIgnore]
    public double AlphaB => Fit.Theta[5];

    /// <summary>The irreducible loss; 0 in the published form.</summary>
    [JsonIgnore]
    public double E => Fit.Theta[6];

    /// <summary>Whether the runs determined the critical batch size.</summary>
    public bool HasCriticalBatch { get; init; } = true;

    /// <summary>What the steps of the estimation found on the way.</summary>
    public KaplanSteps? Steps { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => ["n", "steps", "batch"];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => "L = E + (Nc/n)^αN + (Sc·(1 + Bcrit(L)/batch)/steps)^αS,  Bcrit(L) = B*/L^(1/αB)";

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [("Nc", true), ("αN", false), ("Sc", true), ("αS", false), ("B*", true), ("αB", false), ("E", false)];

    /// <summary>The law of given constants, with nothing known of their uncertainty.</summary>
    public static KaplanLaw Of(double nc, double alphaN, double sc, double alphaS, double bstar, double alphaB, double e = 0) =>
        new() { Fit = LawFit.Exact(Math.Log(nc), alphaN, Math.Log(sc), alphaS, Math.Log(bstar), alphaB, e) };

    /// <summary>The constants that Kaplan et al. and the paper report for C4 with a context of 1024 tokens. They do not carry over to other setups.</summary>
    public static KaplanLaw Published { get; } = Of(1.5e14, 0.076, 2.6e3, 0.67, 1.7e8, 0.205);

    /// <summary>E + (N_c/N)^α_N, the loss of a size after unlimited training.</summary>
    public double MinLoss(double n) => E + Math.Pow(Nc / n, AlphaN);

    /// <summary>B_*/L^(1/α_B): the batch size in tokens at which steps and tokens are both twice their least.</summary>
    public double CriticalBatchSize(double loss) => Bstar / Math.Pow(loss, 1 / AlphaB);

    /// <summary>S_min, the steps to a loss at an infinite batch; null where the size cannot reach it.</summary>
    public double? MinSteps(double n, double loss) => loss > MinLoss(n) ? Sc * Math.Pow(loss - MinLoss(n), -1 / AlphaS) : null;

    /// <summary>E_min = S_min·B_crit, the tokens to a loss at a vanishing batch; null where the size cannot reach it.</summary>
    public double? MinTokens(double n, double loss) => MinSteps(n, loss) * CriticalBatchSize(loss);

    /// <summary>S = S_min(1 + B_crit(L)/B); null where the size cannot reach the loss.</summary>
    public double? StepsFor(double n, double loss, double batch) => MinSteps(n, loss) * (1 + CriticalBatchSize(loss) / batch);

    /// <summary>The tokens of those steps, S·B; null where the size cannot reach the loss.</summary>
    public double? TokensFor(double n, double loss, double batch) => StepsFor(n, loss, batch) * batch;

    /// <summary>The loss at each step of a run.</summary>
    public ImmutableArray<double> Trajectory(double n, double batch, IReadOnlyList<double> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        return [.. steps.Select(s => Value(n, s, batch))];
    }

    /// <summary>
    /// The cheapest way to a loss at the critical batch size: (N_c/N)^α_N = (L − E)/(1 + α_N/α_S), that is, train to a fixed ratio above the
    /// converged loss. Null where the loss is not above E.
    /// </summary>
    public KaplanPlan? PlanForLoss(double loss)
    {
        if (!(loss > E))
            return null;
        var n = Nc / Math.Pow((loss - E) / (1 + AlphaN / AlphaS), 1 / AlphaN);
        return new KaplanPlan(loss, n, MinSteps(n, loss)!.Value, CriticalBatchSize(loss));
    }

    /// <summary>The lowest loss of a compute budget 6·N·E_min, with its plan.</summary>
    public KaplanPlan PlanForCompute(double compute)
    {
        if (!(compute > 0))
            throw new ArgumentOutOfRangeException(nameof(compute), compute, "a positive compute budget was expected");
        var (low, high) = (E, E + 1.0);
        while (PlanForLoss(high)!.Compute > compute)
            high = E + 2 * (high - E);
        for (var i = 0; i < 200; i++)
        {
            var middle = (low + high) / 2;
            if (middle <= E || PlanForLoss(middle)!.Compute > compute)
                low = middle;
            else
                high = middle;
        }
        return PlanForLoss(high)!;
    }

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<LawParameter> Parameters => [.. base.Parameters.Where(p => HasCriticalBatch || p.Name is not ("B*" or "αB"))];

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) => Loss(at, theta, gradient);

    // The right side falls in L, so L minus it rises: one root, by Newton inside a bracket; the gradient by implicit differentiation.
    internal static double Loss(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var (alphaS, alphaB) = (theta[3], theta[5]);
        var logSize = theta[0] - Math.Log(at[0]);
        var size = Math.Exp(theta[1] * logSize);
        var floor = theta[6] + size;
        var (logBatch, logSteps) = (theta[4] - Math.Log(at[2]), theta[2] - Math.Log(at[1]));
        var (low, high) = (floor, double.PositiveInfinity);
        var loss = floor + Math.Exp(alphaS * logSteps);
        double q = 0, logV = 0, w = 0, slope = 1;
        for (var i = 0; i < 100; i++)
        {
            q = Math.Exp(logBatch - Math.Log(loss) / alphaB);
            logV = logSteps + Math.Log(1 + q);
            w = Math.Exp(alphaS * logV);
            slope = 1 + alphaS * w * q / ((1 + q) * alphaB * loss);
            var difference = loss - floor - w;
            if (difference > 0)
                high = Math.Min(high, loss);
            else
                low = Math.Max(low, loss);
            var next = loss - difference / slope;
            if (!(next > low && next < high))
                next = double.IsInfinity(high) ? floor + w : (low + high) / 2;
            if (Math.Abs(next - loss) <= 1e-15 * Math.Abs(loss))
                break;
            loss = next;
        }
        gradient[0] = theta[1] * size / slope;
        gradient[1] = size * logSize / slope;
        gradient[2] = alphaS * w / slope;
        gradient[3] = w * logV / slope;
        gradient[4] = alphaS * w * q / (1 + q) / slope;
        gradient[5] = gradient[4] * Math.Log(loss) / (alphaB * alphaB);
        gradient[6] = 1 / slope;
        return loss;
    }
}

/// <summary>A plan at the critical batch size.</summary>
/// <param name="Loss">The loss that is reached.</param>
/// <param name="N">The best size.</param>
/// <param name="MinSteps">S_min; at the critical batch size twice as many steps are taken.</param>
/// <param name="Batch">B_crit in tokens.</param>
public sealed record KaplanPlan(double Loss, double N, double MinSteps, double Batch)
{
    /// <summary>6·N·B_crit·S_min.</summary>
    public double Compute => 6 * N * Batch * MinSteps;

    /// <summary>The steps at the critical batch size, 2·S_min.</summary>
    public double Steps => 2 * MinSteps;

    /// <summary>The tokens at the critical batch size, 2·E_min.</summary>
    public double Tokens => Steps * Batch;
}

/// <summary>What the steps of the estimation found before the joint refinement.</summary>
/// <param name="Converged">Step 1: the converged loss of each size.</param>
/// <param name="SizeLaw">Step 1: ln L against ln N.</param>
/// <param name="PrefersIrreducible">Step 1: whether Akaike's criterion prefers an irreducible term, in the sizes' converged losses or in the joint fit.</param>
/// <param name="CriticalBatches">Step 2: the trade-off at each loss level.</param>
/// <param name="BatchLaw">Step 2: ln B_crit against ln L, or null.</param>
/// <param name="StepLaw">Step 3: ln(L − converged) against ln S_min, or null.</param>
public sealed record KaplanSteps(
    ImmutableArray<LawPoint> Converged, LogLogLine SizeLaw, bool? PrefersIrreducible, ImmutableArray<CriticalBatch> CriticalBatches, LogLogLine? BatchLaw, LogLogLine? StepLaw);
