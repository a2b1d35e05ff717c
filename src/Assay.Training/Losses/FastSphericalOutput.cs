using System.Numerics;
using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Training;

/// <summary>
/// Exact stochastic gradient descent on a linear output layer o = W h, W ∈ ℝ^{D×d}, under a spherical loss, at O(d²) an example whatever
/// the number of classes D (Vincent, de Brébisson and Bouthillier 2015). W = V U + 1 ωᵀ is kept factored, with Q = WᵀW and w̄ = Wᵀ1: the
/// rank-one part of the update goes into U and ω, and one row of V changes. No vector of D scores is ever formed. Plain SGD only: momentum
/// or Adam would need the dense gradient.
/// </summary>
/// <typeparam name="T">float or double: how V is stored; the d×d parts are always double.</typeparam>
public sealed class FastSphericalOutput<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int RefactorEvery = 1000;
    private const double LargestCondition = 1e4;
    private readonly SphericalLoss loss;
    private readonly int d;
    private readonly T[] v; // V (D × d)
    private readonly double[] u, inverse, q; // U, U⁻¹, Q (d × d)
    private readonly double[] omega, sums; // ω, w̄ (d)
    private readonly double[] qh, uh, row, change;
    private int sinceRefactor;

    /// <summary>Creates the layer with weights N(0, deviation²).</summary>
    /// <param name="classes">D, 2 or more.</param>
    /// <param name="features">d, 1 or more.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="random">Draws the weights.</param>
    /// <param name="deviation">Their deviation; 0 takes 1/√d.</param>
    public FastSphericalOutput(int classes, int features, SphericalLoss loss, SeededRandom random, double deviation = 0)
        : this(Drawn(classes, features, random, deviation), classes, features, loss)
    {
    }

    /// <summary>Creates the layer with given weights.</summary>
    /// <param name="weights">W, row-major (D × d); the layer takes the array over.</param>
    /// <param name="classes">D, 2 or more.</param>
    /// <param name="features">d, 1 or more.</param>
    /// <param name="loss">The loss.</param>
    /// <exception cref="ArgumentException">The weights have another length.</exception>
    public FastSphericalOutput(T[] weights, int classes, int features, SphericalLoss loss)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(loss);
        CheckSizes(classes, features);
        if (weights.Length != (long)classes * features)
            throw new ArgumentException($"{(long)classes * features} weights were expected, not {weights.Length}", nameof(weights));
        (this.loss, Classes, d, v) = (loss, classes, features, weights);
        (u, inverse, q) = (new double[d * d], new double[d * d], new double[d * d]);
        (omega, sums, qh, uh, row, change) = (new double[d], new double[d], new double[d], new double[d], new double[d], new double[d]);
        ResetFactors();
    }

    /// <summary>D.</summary>
    public int Classes { get; }

    /// <summary>d.</summary>
    public int Features => d;

    /// <summary>How often the factors were multiplied out, by age or for their condition.</summary>
    public long Refactorings { get; private set; }

    /// <summary>One SGD step on one example; changes W and gives back what the layers below need.</summary>
    /// <param name="h">The example's features (d).</param>
    /// <param name="label">c, 0 to D − 1.</param>
    /// <param name="learningRate">η, positive.</param>
    /// <param name="gradient">Receives ∂L/∂h (d), taken before the update.</param>
    /// <returns>The loss before the update.</returns>
    /// <exception cref="ArgumentException">A length does not fit or a number is not finite.</exception>
    public double StepInPlace(ReadOnlySpan<double> h, int label, double learningRate, Span<double> gradient)
    {
        if (!(learningRate > 0) || !double.IsFinite(learningRate))
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "a positive number was expected");
        var (value, alpha, beta, theta, s1, s2, own) = Evaluate(h, label, gradient);
        if (!double.IsFinite(value))
            throw new ArgumentException("the features or weights are not finite", nameof(h));
        var norm = TensorPrimitives.SumOfSquares(h);
        var shrink = 1 - learningRate * beta * norm; // det(I − ηβ h hᵀ)
        if (Math.Abs(shrink) < 1e-3)
        {
            DenseStep(h, label, learningRate, alpha, beta, theta);
            return value;
        }
        // W′ = W − a hᵀ with a = η(α1 + βWh + θe_c), so Wᵀa = η ∂L/∂h and |a|² follows from the three sums.
        var squaredA = learningRate * learningRate * (alpha * alpha * Classes + beta * beta * s2 + theta * theta + 2 * alpha * beta * s1 + 2 * alpha * theta + 2 * beta * theta * own);
        for (var i = 0; i < d; i++)
        {
            var qi = q.AsSpan(i * d, d);
            TensorPrimitives.MultiplyAdd(h, -learningRate * gradient[i] + squaredA * h[i], qi, qi);
            TensorPrimitives.MultiplyAdd(gradient, -learningRate * h[i], qi, qi);
        }
        TensorPrimitives.MultiplyAdd(h, -learningRate * (alpha * Classes + beta * s1 + theta), sums, sums);
        var overlap = TensorPrimitives.Dot<double>(omega, h);
        TensorPrimitives.MultiplyAdd(h, -learningRate * (beta * overlap + alpha), omega, omega);
        UpdateFactors(h, learningRate * beta, shrink);
        // v_c ← v_c − ηθ hᵀU⁻¹, with the new inverse.
        row.AsSpan().Clear();
        for (var i = 0; i < d; i++)
            TensorPrimitives.MultiplyAdd(inverse.AsSpan(i * d, d), h[i], row, row);
        var own_ = v.AsSpan(label * d, d);
        for (var j = 0; j < d; j++)
            own_[j] -= T.CreateTruncating(learningRate * theta * row[j]);
        if (++sinceRefactor >= RefactorEvery || Condition() > LargestCondition)
            Refactor();
        return value;
    }

    /// <summary>The loss of one example and ∂L/∂h, without an update.</summary>
    public double LossAndGradient(ReadOnlySpan<double> h, int label, Span<double> gradient) => Evaluate(h, label, gradient).Loss;

    /// <summary>All scores W h (D), at O(D d): for evaluation.</summary>
    public void Scores(ReadOnlySpan<double> h, Span<double> scores)
    {
        CheckFeatures(h);
        if (scores.Length != Classes)
            throw new ArgumentException($"{Classes} scores were expected, not {scores.Length}", nameof(scores));
        Times(u, h, uh);
        var shift = TensorPrimitives.Dot<double>(omega, h);
        for (var c = 0; c < Classes; c++)
            scores[c] = shift + DotRow(c, uh);
    }

    /// <summary>W, row-major (D × d), multiplied out.</summary>
    public T[] Weights()
    {
        Refactor();
        return [.. v];
    }

    private (double Loss, double Alpha, double Beta, double Theta, double Sum, double Squares, double Own) Evaluate(ReadOnlySpan<double> h, int label, Span<double> gradient)
    {
        CheckFeatures(h);
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes);
        if (gradient.Length != d)
            throw new ArgumentException($"a gradient of {d} numbers was expected, not {gradient.Length}", nameof(gradient));
        Times(q, h, qh);
        Times(u, h, uh);
        var s1 = TensorPrimitives.Dot<double>(sums, h);
        var s2 = TensorPrimitives.Dot<double>(qh, h);
        var own = DotRow(label, uh) + TensorPrimitives.Dot<double>(omega, h);
        var (value, alpha, beta, theta) = loss.Evaluate(Classes, s1, s2, own);
        // ∂L/∂h = α w̄ + β Q h + θ w_c, with w_c = Uᵀ v_c + ω.
        omega.CopyTo(row, 0);
        var vc = v.AsSpan(label * d, d);
        for (var i = 0; i < d; i++)
            TensorPrimitives.MultiplyAdd(u.AsSpan(i * d, d), double.CreateTruncating(vc[i]), row, row);
        for (var j = 0; j < d; j++)
            gradient[j] = alpha * sums[j] + beta * qh[j] + theta * row[j];
        return (value, alpha, beta, theta, s1, s2, own);
    }

    // U ← U(I − ηβ h hᵀ); by Sherman and Morrison U⁻¹ ← (I + ηβ/(1 − ηβ|h|²) h hᵀ) U⁻¹.
    private void UpdateFactors(ReadOnlySpan<double> h, double rate, double shrink)
    {
        change.AsSpan().Clear(); // hᵀU⁻¹
        for (var i = 0; i < d; i++)
        {
            var ui = u.AsSpan(i * d, d);
            TensorPrimitives.MultiplyAdd(h, -rate * uh[i], ui, ui);
            TensorPrimitives.MultiplyAdd(inverse.AsSpan(i * d, d), h[i], change, change);
        }
        for (var i = 0; i < d; i++)
        {
            var inv = inverse.AsSpan(i * d, d);
            TensorPrimitives.MultiplyAdd(change, rate / shrink * h[i], inv, inv);
        }
    }

    // The factored update would divide by about 0: multiply out, and make this one step on W itself.
    private void DenseStep(ReadOnlySpan<double> h, int label, double rate, double alpha, double beta, double theta)
    {
        Refactor();
        for (var c = 0; c < Classes; c++)
        {
            var w = v.AsSpan(c * d, d);
            var o = 0.0;
            for (var j = 0; j < d; j++)
                o += double.CreateTruncating(w[j]) * h[j];
            var a = rate * (alpha + beta * o + (c == label ? theta : 0));
            for (var j = 0; j < d; j++)
                w[j] -= T.CreateTruncating(a * h[j]);
        }
        ResetFactors();
    }

    private void Refactor()
    {
        var w = new double[d];
        for (var c = 0; c < Classes; c++)
        {
            var vc = v.AsSpan(c * d, d);
            omega.CopyTo(w, 0);
            for (var i = 0; i < d; i++)
                TensorPrimitives.MultiplyAdd(u.AsSpan(i * d, d), double.CreateTruncating(vc[i]), w, w);
            for (var j = 0; j < d; j++)
                vc[j] = T.CreateTruncating(w[j]);
        }
        Refactorings++;
        ResetFactors();
    }

    // U = U⁻¹ = I, ω = 0, Q and w̄ from V.
    private void ResetFactors()
    {
        Array.Clear(u);
        Array.Clear(inverse);
        Array.Clear(q);
        Array.Clear(sums);
        Array.Clear(omega);
        for (var i = 0; i < d; i++)
            u[i * d + i] = inverse[i * d + i] = 1;
        for (var c = 0; c < Classes; c++)
        {
            var vc = v.AsSpan(c * d, d);
            for (var j = 0; j < d; j++)
                row[j] = double.CreateTruncating(vc[j]);
            TensorPrimitives.Add(sums, row, sums);
            for (var i = 0; i < d; i++)
                TensorPrimitives.MultiplyAdd(row, row[i], q.AsSpan(i * d, d), q.AsSpan(i * d, d));
        }
        sinceRefactor = 0;
    }

    // ‖U‖·‖U⁻¹‖/d in Frobenius norms is 1 for the identity and of the order of the condition number.
    private double Condition() => TensorPrimitives.Norm<double>(u) * TensorPrimitives.Norm<double>(inverse) / d;

    private void Times(double[] matrix, ReadOnlySpan<double> x, double[] result)
    {
        for (var i = 0; i < d; i++)
            result[i] = TensorPrimitives.Dot(matrix.AsSpan(i * d, d), x);
    }

    private double DotRow(int c, double[] x)
    {
        var vc = v.AsSpan(c * d, d);
        if (typeof(T) == typeof(double))
            return TensorPrimitives.Dot(System.Runtime.InteropServices.MemoryMarshal.Cast<T, double>(vc), x);
        var sum = 0.0;
        for (var j = 0; j < vc.Length; j++)
            sum += double.CreateTruncating(vc[j]) * x[j];
        return sum;
    }

    private void CheckFeatures(ReadOnlySpan<double> h)
    {
        if (h.Length != d)
            throw new ArgumentException($"{d} features were expected, not {h.Length}", nameof(h));
    }

    private static void CheckSizes(int classes, int features)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
    }

    private static T[] Drawn(int classes, int features, SeededRandom random, double deviation)
    {
        CheckSizes(classes, features);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        var scale = deviation > 0 ? deviation : 1 / Math.Sqrt(features);
        var weights = new T[checked(classes * features)];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = T.CreateTruncating(scale * random.NextGaussian());
        return weights;
    }
}
