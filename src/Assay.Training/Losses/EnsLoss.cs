using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>What EnsLoss does to derivatives beyond the margin 1.</summary>
public enum TailRule
{
    /// <summary>Divides them by the margin, so that well-classified points count less.</summary>
    InverseMargin,
    /// <summary>Nothing.</summary>
    None,
}

/// <summary>
/// EnsLoss (Dai 2025): every batch draws a fresh random derivative of a convex, classification-calibrated loss. With margins z_i = s_i f_i,
/// u ~ N(0, 1) and h_λ the inverse Box–Cox map (e^u, or max(0, 1 + λu)^{1/λ}), the draws r = max(−h_λ(u), −1) are sorted and given to the
/// margins in the same order (a random non-decreasing function), divided by z_i beyond z_i = 1, and lowered by 10⁻⁶; the loss is
/// (1/B) Σ g_i z_i with g held constant, so ∂L/∂f_i = g_i s_i/B.
/// <para>The value is no measure of progress, and f is no log-odds: follow the accuracy, and calibrate before using probabilities.</para>
/// </summary>
[Method("ens-loss", Paper = 7, Kind = MethodKind.Loss)]
public sealed class EnsLoss : BinaryLoss, ISeededModule
{
    private const double Shift = 1e-6, Clip = 1;
    private readonly TailRule tail;
    private readonly bool sorted;
    private readonly int period;
    private readonly double fixedLambda;
    private readonly long seed;
    private SeededRandom random;
    private long calls;

    /// <summary>Creates the loss.</summary>
    /// <param name="lambda">λ of the Box–Cox map.</param>
    /// <param name="tail">What is done beyond the margin 1.</param>
    /// <param name="sorted">Whether draws are matched to margins in order; without it the derivative belongs to no convex loss (an ablation).</param>
    /// <param name="period">After how many batches λ is drawn anew from U(−1, 1); 0 keeps it.</param>
    /// <param name="seed">Starts the draws; the trainer restarts them at every step from its own seed.</param>
    public EnsLoss(double lambda = 0, TailRule tail = TailRule.InverseMargin, bool sorted = true, int period = 0, long seed = 0) : base(nameof(EnsLoss))
    {
        if (!double.IsFinite(lambda))
            throw new ArgumentOutOfRangeException(nameof(lambda), lambda, "a finite number was expected");
        ArgumentOutOfRangeException.ThrowIfNegative(period);
        (fixedLambda, this.tail, this.sorted, this.period, this.seed) = (lambda, tail, sorted, period, seed);
        random = new SeededRandom(seed);
    }

    /// <summary>h_λ(u): e^u for λ = 0, else max(0, 1 + λu)^{1/λ}; infinite where λ &lt; 0 and 1 + λu ≤ 0.</summary>
    public static double InverseBoxCox(double u, double lambda) => lambda == 0 ? Math.Exp(u) : Math.Pow(Math.Max(0, 1 + lambda * u), 1 / lambda);

    /// <summary>The derivatives g_i for given margins and Gaussian draws.</summary>
    /// <param name="margins">z (B).</param>
    /// <param name="gaussians">u (B).</param>
    /// <param name="lambda">λ.</param>
    /// <param name="tail">What is done beyond the margin 1.</param>
    /// <param name="sorted">Whether draws are matched to margins in order.</param>
    public static double[] Derivatives(ReadOnlySpan<double> margins, ReadOnlySpan<double> gaussians, double lambda = 0, TailRule tail = TailRule.InverseMargin, bool sorted = true)
    {
        if (margins.Length != gaussians.Length)
            throw new ArgumentException($"{gaussians.Length} draws for {margins.Length} margins", nameof(gaussians));
        var r = new double[margins.Length];
        for (var i = 0; i < r.Length; i++)
            r[i] = Math.Max(-InverseBoxCox(gaussians[i], lambda), -Clip);
        var g = r;
        if (sorted)
        {
            var order = new int[margins.Length];
            for (var i = 0; i < order.Length; i++)
                order[i] = i;
            Array.Sort(margins.ToArray(), order);
            Array.Sort(r);
            g = new double[r.Length];
            for (var j = 0; j < r.Length; j++)
                g[order[j]] = r[j];
        }
        for (var i = 0; i < g.Length; i++)
            g[i] = (tail == TailRule.InverseMargin && margins[i] > 1 ? g[i] / margins[i] : g[i]) - Shift;
        return g;
    }

    /// <inheritdoc/>
    public void Reseed(long seed) => random = new SeededRandom(seed);

    /// <inheritdoc/>
    protected override Tensor ComputeBinary(Tensor logit, Tensor label)
    {
        ArgumentNullException.ThrowIfNull(logit);
        ArgumentNullException.ThrowIfNull(label);
        var z = logit.mul(label.mul(2).sub(1)); // (B)
        var margins = z.detach().to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
        var draws = new double[margins.Length];
        for (var i = 0; i < draws.Length; i++)
            draws[i] = random.NextGaussian();
        var lambda = period == 0 ? fixedLambda : SeededRandom.At(seed, calls++ / period).NextDouble(-1, 1);
        var g = Derivatives(margins, draws, lambda, tail, sorted);
        return z.mul(tensor(g).to(z.dtype).to(z.device)).mean();
    }
}
