using Assay.Statistics;
using MathNet.Numerics.LinearAlgebra;

namespace Assay.Evaluation;

/// <summary>
/// The slope of a natural cubic spline through the cumulative outcomes (Gupta et al. 2021): with scores in rising order,
/// h(i/n) = Σ_{j≤i} r_j / n is fitted by least squares over u = i/n, and the calibrated value of a score at quantile u is h′(u), cut to [0, 1].
/// Nothing is binned. The map need not rise everywhere.
/// </summary>
[Method("spline-calibration", Kind = MethodKind.Calibrator)]
public sealed class SplineCalibrator : ScoreMapCalibrator
{
    // Points at which the map is kept; linear between.
    private const int Points = 1000;

    /// <summary>Creates the calibrator.</summary>
    /// <param name="knots">The number of knots, evenly over [0, 1], 3 to 50.</param>
    /// <param name="scope">To which scores the maps are fitted; the paper's own is the predicted class.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of knots is out of range.</exception>
    public SplineCalibrator(int knots = 6, CalibrationScope scope = CalibrationScope.TopLabel) : base(scope) =>
        Knots = knots is >= 3 and <= 50 ? knots : throw new ArgumentOutOfRangeException(nameof(knots), knots, "3 to 50 knots were expected");

    /// <summary>The number of knots.</summary>
    public int Knots { get; }

    private protected override double[] FitMap(double[] probabilities, double[] logOdds, bool[] outcomes)
    {
        var n = probabilities.Length;
        if (n < Knots)
            throw new ArgumentException($"{n} examples, at least as many as the {Knots} knots of {Name} were expected");
        var order = Enumerable.Range(0, n).ToArray();
        var sorted = (double[])probabilities.Clone();
        Array.Sort(sorted, order);
        var design = Matrix<double>.Build.Dense(n, Knots);
        var target = Vector<double>.Build.Dense(n);
        var (right, basis) = (0.0, new double[Knots]);
        for (var i = 0; i < n; i++)
        {
            Basis((i + 1.0) / n, basis, null);
            design.SetRow(i, basis);
            right += outcomes[order[i]] ? 1 : 0;
            target[i] = right / n;
        }
        var weights = design.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Solve(target);
        var (map, slopes) = (new SortedDictionary<double, (double Sum, int Count)>(), new double[Knots]);
        for (var point = 0; point < Math.Min(n, Points); point++)
        {
            var i = (int)((long)point * (n - 1) / Math.Max(1, Math.Min(n, Points) - 1));
            Basis((i + 1.0) / n, basis, slopes);
            var value = Math.Clamp(weights.DotProduct(Vector<double>.Build.Dense(slopes)), 0, 1);
            var (sum, count) = map.GetValueOrDefault(sorted[i]);
            map[sorted[i]] = (sum + value, count + 1);
        }
        return [.. map.Keys, .. map.Values.Select(v => v.Sum / v.Count)];
    }

    private protected override double Value(double[] map, double probability, double logOdds) => Interpolate(map, probability);

    private protected override bool IsMap(double[] numbers) => ArePoints(numbers);

    // Hastie, Tibshirani and Friedman (2009), equations 5.4 and 5.5.
    private void Basis(double u, double[] values, double[]? slopes)
    {
        var last = Knots - 1;
        double At(int k) => (double)k / last;
        double Cube(double x) => x > 0 ? x * x * x : 0;
        double Square(double x) => x > 0 ? 3 * x * x : 0;
        (values[0], values[1]) = (1, u);
        if (slopes is not null)
            (slopes[0], slopes[1]) = (0, 1);
        for (var k = 0; k < last - 1; k++)
        {
            values[k + 2] = (Cube(u - At(k)) - Cube(u - 1)) / (1 - At(k)) - (Cube(u - At(last - 1)) - Cube(u - 1)) / (1 - At(last - 1));
            if (slopes is not null)
                slopes[k + 2] = (Square(u - At(k)) - Square(u - 1)) / (1 - At(k)) - (Square(u - At(last - 1)) - Square(u - 1)) / (1 - At(last - 1));
        }
    }
}
