using System.Numerics.Tensors;

namespace Assay.Statistics;

/// <summary>
/// Multinomial logistic regression with an L2 penalty on the weights: min Σ_i −ln softmax(Wx_i + b)_y + (λ/2)‖W‖², the intercepts
/// unpenalised; for two classes one weight vector and the sigmoid. Minimised by L-BFGS (Liu and Nocedal 1989).
/// </summary>
[Method("logistic", Kind = MethodKind.Model)]
public sealed class LogisticRegression : ClassLearner
{
    private readonly double penalty;
    private readonly bool standardize;
    private readonly int iterations;

    /// <summary>Creates the learner.</summary>
    /// <param name="penalty">λ, 1/C of scikit-learn; more than 0, so that separable data have a solution.</param>
    /// <param name="standardize">Whether features are scaled to unit deviation first.</param>
    /// <param name="iterations">The most steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ or the number of steps is not positive.</exception>
    public LogisticRegression(double penalty = 1, bool standardize = true, int iterations = 200)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(iterations);
        this.penalty = penalty;
        this.standardize = standardize;
        this.iterations = iterations;
    }

    /// <inheritdoc/>
    protected override bool StandardizesFeatures => standardize;

    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var d = features.Columns;
        var rows = classCount == 2 ? 1 : classCount;
        var classes = labels.ToArray();
        // In double precision once, so that dot products and updates of the gradient are SIMD passes.
        var x = Array.ConvertAll(features.Values.ToArray(), v => (double)v);
        var solution = LimitedMemoryBfgs.Minimize(
            new double[rows * (d + 1)],
            (parameters, gradient) => rows == 1 ? Binary(x, d, classes, parameters, gradient) : Multinomial(x, d, classes, rows, parameters, gradient),
            iterations);
        var weights = new double[classCount, d];
        var intercepts = new double[classCount];
        for (var r = 0; r < rows; r++)
        {
            var c = rows == 1 ? 1 : r;
            for (var j = 0; j < d; j++)
                weights[c, j] = solution[r * (d + 1) + j];
            intercepts[c] = solution[r * (d + 1) + d];
        }
        return new LinearClassModel(weights, intercepts);
    }

    private double Binary(double[] features, int d, int[] labels, double[] parameters, double[] gradient)
    {
        var loss = Penalise(parameters, gradient, 1, d);
        for (var i = 0; i < labels.Length; i++)
        {
            var x = features.AsSpan(i * d, d);
            var s = parameters[d] + TensorPrimitives.Dot<double>(parameters.AsSpan(0, d), x);
            // ln(1 + e^−|s|) never overflows.
            var tail = Math.Exp(-Math.Abs(s));
            loss += double.LogP1(tail) + Math.Max(s, 0) - (labels[i] == 1 ? s : 0);
            var error = (s >= 0 ? 1 / (1 + tail) : tail / (1 + tail)) - labels[i];
            TensorPrimitives.MultiplyAdd(x, error, gradient.AsSpan(0, d), gradient.AsSpan(0, d));
            gradient[d] += error;
        }
        return loss;
    }

    private double Multinomial(double[] features, int d, int[] labels, int classCount, double[] parameters, double[] gradient)
    {
        var loss = Penalise(parameters, gradient, classCount, d);
        Span<double> p = stackalloc double[Math.Min(classCount, 1024)];
        if (classCount > p.Length)
            p = new double[classCount];
        for (var i = 0; i < labels.Length; i++)
        {
            var x = features.AsSpan(i * d, d);
            var max = double.NegativeInfinity;
            for (var c = 0; c < classCount; c++)
            {
                var w = parameters.AsSpan(c * (d + 1), d + 1);
                p[c] = w[d] + TensorPrimitives.Dot<double>(w[..d], x);
                max = Math.Max(max, p[c]);
            }
            var own = p[labels[i]] - max;
            var sum = 0.0;
            for (var c = 0; c < classCount; c++)
                sum += p[c] = Math.Exp(p[c] - max);
            loss += Math.Log(sum) - own;
            for (var c = 0; c < classCount; c++)
            {
                var error = p[c] / sum - (c == labels[i] ? 1 : 0);
                var g = gradient.AsSpan(c * (d + 1), d + 1);
                TensorPrimitives.MultiplyAdd(x, error, g[..d], g[..d]);
                g[d] += error;
            }
        }
        return loss;
    }

    private double Penalise(double[] parameters, double[] gradient, int rows, int d)
    {
        Array.Clear(gradient);
        var sum = 0.0;
        for (var r = 0; r < rows; r++)
        {
            for (var j = 0; j < d; j++)
            {
                var at = r * (d + 1) + j;
                sum += parameters[at] * parameters[at];
                gradient[at] = penalty * parameters[at];
            }
        }
        return 0.5 * penalty * sum;
    }
}
