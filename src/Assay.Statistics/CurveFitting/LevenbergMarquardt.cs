namespace Assay.Statistics;

/// <summary>
/// Levenberg–Marquardt with Marquardt's scaling, parameters clamped to their bounds (those that push against a bound leave the step), and the
/// Huber loss through iterated weights min(1, δ/|r|).
/// </summary>
internal sealed class LevenbergMarquardt(ParametricFunction function, double[][] x, double[] y, CurveFitOptions options)
{
    private const double GreatestDamping = 1e14;

    public double Weight(int i) => options.Weights?[i] ?? 1;

    public void Residuals(double[] parameters, double[] residuals)
    {
        var gradient = new double[parameters.Length];
        for (var i = 0; i < x.Length; i++)
        {
            var value = function(x[i], parameters, gradient);
            residuals[i] = options.LogResiduals ? Math.Log(value) - Math.Log(y[i]) : value - y[i];
        }
    }

    /// <summary>The parameters that are not at a bound.</summary>
    public int[] Free(double[] parameters) => [.. Enumerable.Range(0, parameters.Length).Where(p => parameters[p] > Lower(p) && parameters[p] < Upper(p))];

    public (double[] Parameters, double Objective) Minimize(double[] start)
    {
        var k = start.Length;
        var current = Clamp(start);
        var (normal, slope, gradient, step, candidate) = (new double[k, k], new double[k], new double[k], new double[k], new double[k]);
        var value = Accumulate(current, normal, slope, gradient);
        if (!double.IsFinite(value))
            return (current, double.PositiveInfinity);
        var damping = 1e-3;
        for (var iteration = 0; iteration < options.Iterations; iteration++)
        {
            var free = Enumerable.Range(0, k).Where(p => !(current[p] <= Lower(p) && slope[p] > 0) && !(current[p] >= Upper(p) && slope[p] < 0)).ToArray();
            if (free.Length == 0)
                break;
            var improved = false;
            var change = 0.0;
            while (damping < GreatestDamping)
            {
                if (TrySolve(normal, slope, free, damping, step))
                {
                    Array.Copy(current, candidate, k);
                    foreach (var p in free)
                        candidate[p] = Math.Clamp(current[p] - step[p], Lower(p), Upper(p));
                    var next = Objective(candidate, gradient);
                    if (next < value)
                    {
                        change = (value - next) / Math.Max(value, 1e-300);
                        improved = true;
                        damping = Math.Max(damping / 10, 1e-12);
                        break;
                    }
                }
                damping *= 4;
            }
            if (!improved)
                break;
            (current, candidate) = (candidate, current);
            value = Accumulate(current, normal, slope, gradient);
            if (change < options.Tolerance || value == 0)
                break;
        }
        return (current, value);
    }

    /// <summary>noise² (JᵀWJ)⁻¹ over the free parameters.</summary>
    public double[,] Covariance(double[] parameters, int[] free, double variance)
    {
        var k = parameters.Length;
        var (normal, slope) = (new double[k, k], new double[k]);
        Accumulate(parameters, normal, slope, new double[k], robust: false);
        var covariance = new double[k, k];
        var (unit, column) = (new double[k], new double[k]);
        foreach (var p in free)
        {
            Array.Clear(unit);
            unit[p] = 1;
            var solved = TrySolve(normal, unit, free, 0, column);
            foreach (var q in free)
                covariance[q, p] = solved ? variance * column[q] : double.NaN;
        }
        return covariance;
    }

    private double Objective(double[] parameters, double[] gradient)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            var value = function(x[i], parameters, gradient);
            sum += Weight(i) * Loss(options.LogResiduals ? Math.Log(value) - Math.Log(y[i]) : value - y[i]);
        }
        return double.IsNaN(sum) ? double.PositiveInfinity : sum;
    }

    // JᵀWJ and JᵀWr; returns the objective.
    private double Accumulate(double[] parameters, double[,] normal, double[] slope, double[] gradient, bool robust = true)
    {
        var k = parameters.Length;
        Array.Clear(normal);
        Array.Clear(slope);
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            var value = function(x[i], parameters, gradient);
            var residual = options.LogResiduals ? Math.Log(value) - Math.Log(y[i]) : value - y[i];
            sum += Weight(i) * Loss(residual);
            var scale = options.LogResiduals ? 1 / value : 1;
            var weight = Weight(i) * (robust && options.HuberDelta is { } delta && Math.Abs(residual) > delta ? delta / Math.Abs(residual) : 1);
            for (var p = 0; p < k; p++)
            {
                var g = gradient[p] * scale;
                slope[p] += weight * g * residual;
                for (var q = 0; q <= p; q++)
                    normal[p, q] += weight * g * gradient[q] * scale;
            }
        }
        for (var p = 0; p < k; p++)
        {
            for (var q = 0; q < p; q++)
                normal[q, p] = normal[p, q];
        }
        return double.IsNaN(sum) ? double.PositiveInfinity : sum;
    }

    private double Loss(double residual) => options.HuberDelta is { } delta && Math.Abs(residual) > delta
        ? delta * (Math.Abs(residual) - delta / 2)
        : residual * residual / 2;

    // (N + damping·diag N) step = slope over the free parameters, by Cholesky on the matrix scaled to a unit diagonal.
    private static bool TrySolve(double[,] normal, double[] slope, int[] free, double damping, double[] step)
    {
        var n = free.Length;
        Span<double> l = stackalloc double[n * n];
        Span<double> scale = stackalloc double[n];
        Span<double> b = stackalloc double[n];
        for (var i = 0; i < n; i++)
        {
            var diagonal = normal[free[i], free[i]];
            scale[i] = diagonal > 0 && double.IsFinite(diagonal) ? 1 / Math.Sqrt(diagonal) : 0;
        }
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = i == j ? (scale[i] == 0 ? 1 : 1 + damping) : normal[free[i], free[j]] * scale[i] * scale[j];
                for (var m = 0; m < j; m++)
                    sum -= l[i * n + m] * l[j * n + m];
                if (i != j)
                    l[i * n + j] = sum / l[j * n + j];
                else if (sum > 1e-15)
                    l[i * n + i] = Math.Sqrt(sum);
                else
                    return false;
            }
        }
        for (var i = 0; i < n; i++)
        {
            var sum = slope[free[i]] * scale[i];
            for (var m = 0; m < i; m++)
                sum -= l[i * n + m] * b[m];
            b[i] = sum / l[i * n + i];
        }
        for (var i = n - 1; i >= 0; i--)
        {
            var sum = b[i];
            for (var m = i + 1; m < n; m++)
                sum -= l[m * n + i] * b[m];
            b[i] = sum / l[i * n + i];
            step[free[i]] = b[i] * scale[i];
            if (!double.IsFinite(step[free[i]]))
                return false;
        }
        return true;
    }

    private double[] Clamp(double[] parameters) => [.. parameters.Select((v, p) => Math.Clamp(v, Lower(p), Upper(p)))];

    private double Lower(int p) => options.LowerBounds?[p] ?? double.NegativeInfinity;

    private double Upper(int p) => options.UpperBounds?[p] ?? double.PositiveInfinity;
}
