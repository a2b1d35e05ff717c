using System.Collections.Immutable;
using MathNet.Numerics.LinearAlgebra;

namespace Assay.Statistics;

/// <summary>The setting in which averages of bags are learnt from: x ~ N(0, I), y = x·θ₀ + N(0, s²), random bags.</summary>
/// <param name="Rows">n, the number of rows.</param>
/// <param name="Features">d, the number of features.</param>
/// <param name="BagSize">k, the number of rows in a bag; n/k bags are formed.</param>
/// <param name="Noise">s, the standard deviation of the noise.</param>
/// <param name="Signal">‖θ₀‖.</param>
public sealed record AggregateSetting(int Rows, int Features, int BagSize, double Noise = 0.5, double Signal = 1)
{
    /// <summary>ε of the label privacy; infinity adds no noise and clips nothing.</summary>
    public double Epsilon { get; init; } = double.PositiveInfinity;

    /// <summary>B: responses are clipped to [−B, B] before they are averaged. Needed where ε is finite.</summary>
    public double Bound { get; init; } = double.PositiveInfinity;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BagSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(Rows, BagSize);
        ArgumentOutOfRangeException.ThrowIfNegative(Noise);
        ArgumentOutOfRangeException.ThrowIfNegative(Signal);
        if (!(Epsilon > 0))
            throw new ArgumentOutOfRangeException(nameof(Epsilon), Epsilon, "a positive number was expected");
        if (!(Bound > 0) || (double.IsFinite(Epsilon) && double.IsInfinity(Bound)))
            throw new ArgumentOutOfRangeException(nameof(Bound), Bound, "privacy needs a finite positive bound of the responses");
    }
}

/// <summary>The predicted risk of one ρ.</summary>
/// <param name="Rho">ρ.</param>
/// <param name="Bias2">‖E θ(ρ) − θ₀‖².</param>
/// <param name="Variance">E‖θ(ρ) − E θ(ρ)‖².</param>
public readonly record struct RiskPoint(double Rho, double Bias2, double Variance)
{
    /// <summary>E‖θ(ρ) − θ₀‖².</summary>
    public double Risk => Bias2 + Variance;
}

/// <summary>The best that one bag size allows.</summary>
/// <param name="BagSize">k.</param>
/// <param name="Best">The best ρ with its risk.</param>
public readonly record struct BagSizeRisk(int BagSize, RiskPoint Best);

/// <summary>
/// The risk E‖θ(ρ) − θ₀‖² of learning a linear model from averages of bags, at the given size: the two moment matrices are Wishart and
/// independent, are drawn at random, and everything else (noise, the direction of θ₀) is integrated out exactly. With clipping,
/// Bussgang's theorem splits clip(y) into a·y, a = P(|y| &lt; B), and a remainder uncorrelated with x. Laplace noise of scale 2B/(kε) adds
/// its variance to each average. The paper (arXiv 2401.11081) solves the same in the limit d/n → constant.
/// </summary>
[Method("aggregate-risk", Paper = 47, Kind = MethodKind.Diagnostic)]
public static class AggregateRisk
{
    /// <summary>The values of ρ on which the optimum is sought.</summary>
    public static ImmutableArray<double> FineGrid { get; } = [0, .001, .002, .005, .01, .02, .03, .05, .07, .1, .15, .2, .3, .4, .5, .7, 1];

    /// <summary>The risk over ρ.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="grid">The values of ρ, 0 or more.</param>
    /// <param name="draws">How many pairs of matrices are drawn; 40 give the risk to about 2 %.</param>
    /// <param name="seed">Decides the draws.</param>
    public static ImmutableArray<RiskPoint> Curve(AggregateSetting setting, IReadOnlyList<double> grid, int draws = 40, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(grid);
        setting.Check();
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 2);
        if (grid.FirstOrDefault(r => !(r >= 0), 0) is var bad and not 0)
            throw new ArgumentOutOfRangeException(nameof(grid), bad, "values of ρ of 0 or more were expected");
        var (d, k, m) = (setting.Features, setting.BagSize, setting.Rows / setting.BagSize);
        var (kept, noise) = Response(setting);
        // Sums over draws: tr(A)/d and ‖κA − I‖²/d for A = M⁻¹S_bag, and tr(M⁻¹ S_bag M⁻¹).
        var sums = new (double Trace, double Square, double Spread)[grid.Count];
        for (var draw = 0; draw < draws; draw++)
        {
            var random = SeededRandom.At(seed, 4701, draw);
            var bag = Wishart(d, m, random) / ((double)m * k);
            var inside = Wishart(d, (long)m * (k - 1), random) / ((double)m * k);
            for (var g = 0; g < grid.Count; g++)
            {
                var inverse = Inverse(bag + grid[g] * inside);
                var a = inverse * bag;
                var off = kept * a - Matrix<double>.Build.DenseIdentity(d);
                sums[g].Trace += a.Trace() / d;
                sums[g].Square += off.PointwiseMultiply(off).ColumnSums().Sum() / d;
                sums[g].Spread += (a * inverse).Trace();
            }
        }
        var s2 = setting.Signal * setting.Signal;
        return [.. sums.Select((sum, g) =>
        {
            var bias = 1 - kept * sum.Trace / draws;
            var risk = s2 * sum.Square / draws + noise / m * sum.Spread / draws;
            return new RiskPoint(grid[g], s2 * bias * bias, risk - s2 * bias * bias);
        })];
    }

    /// <summary>The best ρ and its risk for each bag size: larger bags need less privacy noise an average, but are fewer.</summary>
    /// <param name="setting">The setting; its bag size does not count.</param>
    /// <param name="bagSizes">The sizes to try.</param>
    /// <param name="draws">How many pairs of matrices are drawn.</param>
    /// <param name="seed">Decides the draws.</param>
    public static ImmutableArray<BagSizeRisk> BagSizes(AggregateSetting setting, IReadOnlyList<int> bagSizes, int draws = 40, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(bagSizes);
        return [.. bagSizes.Select(k => new BagSizeRisk(k, Curve(setting with { BagSize = k }, FineGrid, draws, seed).MinBy(p => p.Risk)))];
    }

    /// <summary>The limit of θ(ρ)/θ₀ with many bags: 1/(1 + ρ(k − 1)).</summary>
    public static double Shrinkage(double rho, int bagSize) => 1 / (1 + rho * (bagSize - 1));

    /// <summary>E‖θ(0) − θ₀‖² = s²d/(m − d − 1), for more than d + 1 bags; infinite otherwise.</summary>
    public static double BagVariance(int bags, int features, double noise) => bags > features + 1 ? noise * noise * features / (bags - features - 1) : double.PositiveInfinity;

    // The share κ of θ₀ that clipping keeps, and the variance of the noise of one average.
    private static (double Kept, double Noise) Response(AggregateSetting setting)
    {
        var (kept, own) = (1.0, setting.Noise * setting.Noise);
        if (double.IsFinite(setting.Bound))
        {
            var variance = setting.Signal * setting.Signal + own;
            var b = setting.Bound / Math.Sqrt(variance);
            kept = 2 * Tails.NormalLower(b) - 1;
            var density = Math.Exp(-b * b / 2) / Math.Sqrt(2 * Math.PI);
            var clipped = variance * (kept - 2 * b * density + b * b * (1 - kept)); // E clip(y)²
            own = clipped - kept * kept * setting.Signal * setting.Signal;
        }
        var laplace = double.IsFinite(setting.Epsilon) ? 2 * setting.Bound / (setting.BagSize * setting.Epsilon) : 0;
        return (kept, own / setting.BagSize + 2 * laplace * laplace);
    }

    // Bartlett's decomposition; with fewer draws than features the sum itself.
    private static Matrix<double> Wishart(int d, long degrees, SeededRandom random)
    {
        if (degrees == 0)
            return Matrix<double>.Build.Dense(d, d);
        if (degrees < d)
        {
            var x = Matrix<double>.Build.Dense((int)degrees, d, (_, _) => random.NextGaussian());
            return x.TransposeThisAndMultiply(x);
        }
        var lower = Matrix<double>.Build.Dense(d, d);
        for (var i = 0; i < d; i++)
        {
            for (var j = 0; j < i; j++)
                lower[i, j] = random.NextGaussian();
            lower[i, i] = Math.Sqrt(ChiSquared(degrees - i, random));
        }
        return lower.TransposeAndMultiply(lower);
    }

    // Gamma(ν/2, 2) by Marsaglia and Tsang (2000).
    private static double ChiSquared(long degrees, SeededRandom random)
    {
        if (degrees == 1)
            return Math.Pow(random.NextGaussian(), 2);
        var shape = degrees / 2.0 - 1 / 3.0;
        while (true)
        {
            var x = random.NextGaussian();
            var v = Math.Pow(1 + x / Math.Sqrt(9 * shape), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < x * x / 2 + shape - shape * v + shape * Math.Log(v))
                return 2 * shape * v;
        }
    }

    private static Matrix<double> Inverse(Matrix<double> moment)
    {
        var eigen = moment.Evd(Symmetricity.Symmetric);
        var values = eigen.EigenValues.Real();
        var least = values.Maximum() * 1e-12 * moment.RowCount;
        return eigen.EigenVectors * Matrix<double>.Build.DiagonalOfDiagonalVector(values.Map(l => l > least ? 1 / l : 0, Zeros.Include)) * eigen.EigenVectors.Transpose();
    }
}
