using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The form of a <see cref="SubsetMapping"/>.</summary>
public enum MappingForm
{
    /// <summary>A polynomial of fourth degree with fixed ends.</summary>
    Quartic,
    /// <summary>A cubic spline with fixed ends; knots are added until the root mean square error is below 0.005.</summary>
    Spline,
    /// <summary>None: the subset's score counts as the whole's.</summary>
    Identity,
}

/// <summary>
/// The map f from the score of the predictable subset to the score of the whole benchmark: smooth, never falling, f(0) = 0 and f(1) = ceiling
/// (1 in the paper; less where some items can never be solved). The quartic is f(x) = ceiling·x + x(1 − x)(p + qx + rx²) by linear least squares;
/// where it would fall, it is refitted under the constraint. (Xu et al. 2025, arXiv 2502.17262.)
/// </summary>
/// <param name="Form">The form.</param>
/// <param name="Ceiling">f(1).</param>
/// <param name="Coefficients">The coefficients of the form's basis.</param>
/// <param name="Knots">The spline's knots.</param>
/// <param name="RootMeanSquareError">Of the pairs it was fitted on.</param>
[Method("subset-mapping", Paper = 35, Kind = MethodKind.ScalingLaw)]
public sealed record SubsetMapping(MappingForm Form, double Ceiling, ImmutableArray<double> Coefficients, ImmutableArray<double> Knots, double RootMeanSquareError)
{
    private const int Grid = 200;
    private const double GoodEnough = 0.005, Ridge = 1e-12;

    /// <summary>f(x) = x.</summary>
    public static SubsetMapping Identity { get; } = new(MappingForm.Identity, 1, [], [], double.NaN);

    /// <summary>f at a subset's score.</summary>
    public double At(double x)
    {
        var value = Ceiling * x;
        for (var j = 0; j < Coefficients.Length; j++)
            value += Coefficients[j] * Basis(j, x, Knots.AsSpan());
        return value;
    }

    /// <summary>Fits the map.</summary>
    /// <param name="pairs">The scores of models on the subset and on the whole, with a weight each (anchors count more).</param>
    /// <param name="form">The form.</param>
    /// <param name="ceiling">f(1).</param>
    /// <exception cref="ArgumentException">No pair, or scores outside [0, 1].</exception>
    public static SubsetMapping FitTo(IReadOnlyList<(double Subset, double Full, double Weight)> pairs, MappingForm form = MappingForm.Quartic, double ceiling = 1)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (pairs.Count == 0 || pairs.Any(p => !(p.Subset >= 0 && p.Subset <= 1 && p.Full >= 0 && p.Full <= 1 && p.Weight > 0)))
            throw new ArgumentException("pairs of scores between 0 and 1 with positive weights were expected");
        if (!(ceiling is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(ceiling), ceiling, "a score in (0, 1] was expected");
        if (form == MappingForm.Identity)
            return Identity;
        if (form == MappingForm.Quartic)
            return Fitted(pairs, form, ceiling, 3, []);
        var inner = pairs.Select(p => p.Subset).Where(x => x is > 0.02 and < 0.98).Distinct().Order().ToArray();
        var best = Fitted(pairs, form, ceiling, 2, []);
        for (var knots = 1; knots <= Math.Max(0, inner.Length - 2) && best.RootMeanSquareError >= GoodEnough; knots++)
            best = Fitted(pairs, form, ceiling, 2, [.. Enumerable.Range(1, knots).Select(k => inner[Math.Min(inner.Length - 1, k * inner.Length / (knots + 1))]).Distinct()]);
        return best;
    }

    // x(1−x), x²(1−x), x³(1−x) for the quartic; the first two and (x−κ)₊³ − x(1−κ)³ for the spline. All vanish at both ends.
    private static double Basis(int index, double x, ReadOnlySpan<double> knots)
    {
        if (index < (knots.IsEmpty ? 3 : 2))
            return Math.Pow(x, index + 1) * (1 - x);
        var knot = knots[index - 2];
        return Math.Pow(Math.Max(0, x - knot), 3) - x * Math.Pow(1 - knot, 3);
    }

    private static double Slope(int index, double x, ReadOnlySpan<double> knots)
    {
        if (index < (knots.IsEmpty ? 3 : 2))
            return (index + 1) * Math.Pow(x, index) - (index + 2) * Math.Pow(x, index + 1);
        var knot = knots[index - 2];
        return 3 * Math.Pow(Math.Max(0, x - knot), 2) - Math.Pow(1 - knot, 3);
    }

    private static SubsetMapping Fitted(IReadOnlyList<(double Subset, double Full, double Weight)> pairs, MappingForm form, double ceiling, int powers, double[] knots)
    {
        var k = powers + knots.Length;
        var (normal, right) = (MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(k, k), MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(k));
        foreach (var (subset, full, weight) in pairs)
        {
            for (var i = 0; i < k; i++)
            {
                var b = Basis(i, subset, knots);
                right[i] += weight * b * (full - ceiling * subset);
                for (var j = 0; j < k; j++)
                    normal[i, j] += weight * b * Basis(j, subset, knots);
            }
        }
        // Next to nothing where the pairs determine the coefficients; elsewhere it picks the flattest.
        for (var i = 0; i < k; i++)
            normal[i, i] += Ridge;
        var inverse = normal.Inverse();
        var c = inverse * right;
        Constrain(c, inverse, ceiling, knots);
        var map = new SubsetMapping(form, ceiling, [.. c], [.. knots], 0);
        return map with { RootMeanSquareError = Math.Sqrt(pairs.Sum(p => p.Weight * Math.Pow(map.At(p.Subset) - p.Full, 2)) / pairs.Sum(p => p.Weight)) };
    }

    // Hildreth's method for the least squares under f′ ≥ 0 on a grid: multipliers rise one by one until no constraint is violated.
    private static void Constrain(MathNet.Numerics.LinearAlgebra.Vector<double> c, MathNet.Numerics.LinearAlgebra.Matrix<double> inverse, double ceiling, double[] knots)
    {
        var k = c.Count;
        var rows = Enumerable.Range(0, Grid + 1).Select(g => MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(k, j => Slope(j, (double)g / Grid, knots))).ToArray();
        if (rows.All(r => ceiling + r * c >= -1e-9))
            return;
        var pushes = rows.Select(r => inverse * r).ToArray();
        var curvature = rows.Select((r, g) => r * pushes[g]).ToArray();
        var multipliers = new double[rows.Length];
        for (var sweep = 0; sweep < 2000; sweep++)
        {
            var largest = 0.0;
            for (var g = 0; g < rows.Length; g++)
            {
                if (curvature[g] < 1e-14)
                    continue;
                var change = Math.Max(-multipliers[g], -(ceiling + rows[g] * c) / curvature[g]);
                if (change == 0)
                    continue;
                multipliers[g] += change;
                c.Add(pushes[g] * change, c);
                largest = Math.Max(largest, Math.Abs(change) * Math.Sqrt(curvature[g]));
            }
            if (largest < 1e-10)
                return;
        }
    }
}
