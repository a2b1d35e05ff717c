using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Assay.Statistics;

/// <summary>
/// Tail probabilities and quantiles of the distributions that tests need. Upper tails are computed directly, never as 1 − CDF, so that
/// small p-values keep their digits.
/// </summary>
public static class Tails
{
    /// <summary>P(|Z| ≥ |z|) for a standard normal Z.</summary>
    public static double NormalTwoSided(double z) => SpecialFunctions.Erfc(Math.Abs(z) / Math.Sqrt(2));

    /// <summary>P(Z ≥ z) for a standard normal Z.</summary>
    public static double NormalUpper(double z) => 0.5 * SpecialFunctions.Erfc(z / Math.Sqrt(2));

    /// <summary>P(Z ≤ z) for a standard normal Z.</summary>
    public static double NormalLower(double z) => NormalUpper(-z);

    /// <summary>The z with P(Z ≤ z) = p: 1.959964 for p = 0.975.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is outside (0, 1).</exception>
    public static double NormalQuantile(double p)
    {
        CheckOpen(p);
        return Normal.InvCDF(0, 1, p);
    }

    /// <summary>P(|T| ≥ |t|) for Student's T with the given degrees of freedom.</summary>
    public static double StudentTwoSided(double t, double degreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(degreesOfFreedom);
        if (double.IsInfinity(t))
            return 0;
        return SpecialFunctions.BetaRegularized(degreesOfFreedom / 2, 0.5, degreesOfFreedom / (degreesOfFreedom + t * t));
    }

    /// <summary>P(T ≥ t) for Student's T.</summary>
    public static double StudentUpper(double t, double degreesOfFreedom)
    {
        var half = 0.5 * StudentTwoSided(t, degreesOfFreedom);
        return t >= 0 ? half : 1 - half;
    }

    /// <summary>The t with P(T ≤ t) = p: 2.262157 for p = 0.975 and 9 degrees of freedom.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is outside (0, 1), or the degrees of freedom are not positive.</exception>
    public static double StudentQuantile(double p, double degreesOfFreedom)
    {
        CheckOpen(p);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(degreesOfFreedom);
        return StudentT.InvCDF(0, 1, degreesOfFreedom, p);
    }

    /// <summary>P(X ≥ x) for χ² with the given degrees of freedom.</summary>
    public static double ChiSquareUpper(double x, double degreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(degreesOfFreedom);
        return x <= 0 ? 1 : double.IsInfinity(x) ? 0 : SpecialFunctions.GammaUpperRegularized(degreesOfFreedom / 2, x / 2);
    }

    /// <summary>P(X ≥ x) for Fisher's F with the given degrees of freedom.</summary>
    public static double FisherUpper(double x, double numerator, double denominator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numerator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(denominator);
        if (x <= 0)
            return 1;
        return double.IsInfinity(x) ? 0 : SpecialFunctions.BetaRegularized(denominator / 2, numerator / 2, denominator / (denominator + numerator * x));
    }

    /// <summary>The x with P(X ≤ x) = p for a Beta(a, b) variable.</summary>
    public static double BetaQuantile(double p, double a, double b)
    {
        CheckOpen(p);
        return Beta.InvCDF(a, b, p);
    }

    /// <summary>P(X = k) for X ~ Binomial(n, p).</summary>
    public static double BinomialProbability(int k, int n, double p) =>
        p is 0 or 1 ? (k == (p == 0 ? 0 : n) ? 1 : 0)
        : Math.Exp(SpecialFunctions.GammaLn(n + 1.0) - SpecialFunctions.GammaLn(k + 1.0) - SpecialFunctions.GammaLn(n - k + 1.0) + k * Math.Log(p) + (n - k) * Math.Log(1 - p));

    /// <summary>P(X ≥ k) for X ~ Binomial(n, p).</summary>
    public static double BinomialUpper(int k, int n, double p) => k <= 0 ? 1 : k > n ? 0 : SpecialFunctions.BetaRegularized(k, n - k + 1, p);

    /// <summary>
    /// P(Q ≥ q) for the studentized range of k means with infinite degrees of freedom:
    /// 1 − k ∫ φ(z) [Φ(z) − Φ(z − q)]^(k−1) dz, by Gauss–Legendre panels.
    /// </summary>
    public static double StudentizedRangeUpper(double q, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 2);
        if (q <= 0)
            return 1;
        var inside = Integrate.GaussLegendre(
            z => Math.Exp(-0.5 * z * z) / Math.Sqrt(2 * Math.PI) * Math.Pow(Math.Max(0, NormalLower(z) - NormalLower(z - q)), k - 1), -8, 8 + q, 128);
        return Math.Clamp(1 - k * inside, 0, 1);
    }

    /// <summary>The q with P(Q ≤ q) = p for the studentized range of k means with infinite degrees of freedom.</summary>
    public static double StudentizedRangeQuantile(double p, int k)
    {
        CheckOpen(p);
        double low = 0, high = 50;
        for (var i = 0; i < 100; i++)
        {
            var middle = 0.5 * (low + high);
            if (1 - StudentizedRangeUpper(middle, k) < p)
                low = middle;
            else
                high = middle;
        }
        return 0.5 * (low + high);
    }

    private static void CheckOpen(double p)
    {
        if (!(p > 0 && p < 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "a probability strictly between 0 and 1 was expected");
    }
}
