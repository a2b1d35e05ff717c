using System.Numerics.Tensors;

namespace Assay.Statistics;

/// <summary>
/// Minimises a smooth function by L-BFGS (Liu and Nocedal 1989) with a memory of ten steps and backtracking to sufficient decrease
/// (Armijo). Curvature pairs with a non-positive product are left out, so that each direction descends.
/// </summary>
public static class LimitedMemoryBfgs
{
    private const int Memory = 10;

    /// <summary>Minimises a function.</summary>
    /// <param name="start">Where to start.</param>
    /// <param name="function">Returns the value at a point and writes the gradient.</param>
    /// <param name="iterations">The most steps.</param>
    /// <param name="tolerance">Stops when the largest entry of the gradient is below this times max(1, |f|).</param>
    /// <returns>The best point found.</returns>
    public static double[] Minimize(double[] start, Func<double[], double[], double> function, int iterations = 200, double tolerance = 1e-8)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(function);
        var x = (double[])start.Clone();
        var gradient = new double[x.Length];
        var value = function(x, gradient);
        var pairs = new List<(double[] S, double[] Y, double Rho)>(Memory);
        var candidate = new double[x.Length];
        var candidateGradient = new double[x.Length];
        for (var step = 0; step < iterations && TensorPrimitives.MaxMagnitude<double>(gradient) is var g && Math.Abs(g) > tolerance * Math.Max(1, Math.Abs(value)); step++)
        {
            var direction = Direction(gradient, pairs);
            var slope = TensorPrimitives.Dot<double>(direction, gradient);
            // The first step has no curvature to go by: at most one unit long.
            var rate = pairs.Count == 0 ? 1 / Math.Max(1, TensorPrimitives.Norm<double>(gradient)) : 1;
            double next;
            while (true)
            {
                TensorPrimitives.MultiplyAdd<double>(direction, rate, x, candidate);
                next = function(candidate, candidateGradient);
                if (next <= value + 1e-4 * rate * slope)
                    break;
                rate *= 0.5;
                if (rate < 1e-16)
                    return x;
            }
            var s = new double[x.Length];
            var y = new double[x.Length];
            TensorPrimitives.Subtract<double>(candidate, x, s);
            TensorPrimitives.Subtract<double>(candidateGradient, gradient, y);
            var curvature = TensorPrimitives.Dot<double>(s, y);
            if (curvature > 1e-300)
            {
                if (pairs.Count == Memory)
                    pairs.RemoveAt(0);
                pairs.Add((s, y, 1 / curvature));
            }
            (x, candidate) = (candidate, x);
            (gradient, candidateGradient) = (candidateGradient, gradient);
            value = next;
        }
        return x;
    }

    // −H∇f by the two-loop recursion.
    private static double[] Direction(double[] gradient, List<(double[] S, double[] Y, double Rho)> pairs)
    {
        var q = new double[gradient.Length];
        TensorPrimitives.Negate<double>(gradient, q);
        Span<double> alpha = stackalloc double[Memory];
        for (var i = pairs.Count - 1; i >= 0; i--)
        {
            alpha[i] = pairs[i].Rho * TensorPrimitives.Dot<double>(pairs[i].S, q);
            TensorPrimitives.MultiplyAdd<double>(pairs[i].Y, -alpha[i], q, q);
        }
        if (pairs.Count > 0)
        {
            var (s, y, _) = pairs[^1];
            TensorPrimitives.Multiply<double>(q, TensorPrimitives.Dot<double>(s, y) / TensorPrimitives.Dot<double>(y, y), q);
        }
        for (var i = 0; i < pairs.Count; i++)
        {
            var beta = pairs[i].Rho * TensorPrimitives.Dot<double>(pairs[i].Y, q);
            TensorPrimitives.MultiplyAdd<double>(pairs[i].S, alpha[i] - beta, q, q);
        }
        return q;
    }
}
