using MathNet.Numerics.LinearAlgebra;

namespace Assay.Statistics;

/// <summary>
/// Linear discriminant analysis: classes are Gaussian with means μ_c and one covariance Σ, so s_c = x·Σ⁻¹μ_c − ½ μ_c·Σ⁻¹μ_c + ln π_c
/// (Fisher 1936). Σ is the pooled within-class covariance, drawn towards its mean variance ν by the shrinkage λ: (1 − λ)Σ + λνI.
/// </summary>
[Method("lda", Kind = MethodKind.Model)]
public sealed class LinearDiscriminant : ClassLearner
{
    private readonly double shrinkage;

    /// <summary>Creates the learner.</summary>
    /// <param name="shrinkage">λ in [0, 1]; a little keeps Σ invertible where features are many or dependent.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is outside [0, 1].</exception>
    public LinearDiscriminant(double shrinkage = 1e-6)
    {
        if (!(shrinkage is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(shrinkage), shrinkage, "a share between 0 and 1 was expected");
        this.shrinkage = shrinkage;
    }

    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var d = features.Columns;
        var (means, counts) = ClassMeans.Of(features, labels, classCount);
        var covariance = Matrix<double>.Build.Dense(d, d);
        var deviation = new double[d];
        for (var i = 0; i < features.Rows; i++)
        {
            var x = features.Row(i);
            for (var j = 0; j < d; j++)
                deviation[j] = x[j] - means[labels[i], j];
            for (var j = 0; j < d; j++)
            {
                for (var l = 0; l <= j; l++)
                    covariance[j, l] += deviation[j] * deviation[l];
            }
        }
        var variance = covariance.Trace() / d / features.Rows;
        if (!(variance > 0))
            variance = 1; // All features constant within classes: any scale will do.
        for (var j = 0; j < d; j++)
        {
            for (var l = 0; l <= j; l++)
                covariance[j, l] = covariance[l, j] = (1 - shrinkage) * covariance[j, l] / features.Rows + (j == l ? shrinkage * variance : 0);
        }
        var present = Enumerable.Range(0, classCount).Where(c => counts[c] > 0).ToArray();
        var solved = Solve(covariance, Matrix<double>.Build.Dense(d, present.Length, (j, p) => means[present[p], j]), variance);
        var weights = new double[classCount, d];
        var intercepts = Enumerable.Repeat(double.NegativeInfinity, classCount).ToArray();
        for (var p = 0; p < present.Length; p++)
        {
            var c = present[p];
            var half = 0.0;
            for (var j = 0; j < d; j++)
            {
                weights[c, j] = solved[j, p];
                half += 0.5 * means[c, j] * solved[j, p];
            }
            intercepts[c] = Math.Log((double)counts[c] / features.Rows) - half;
        }
        return new LinearClassModel(weights, intercepts);
    }

    // Cholesky, with more of the diagonal added where features depend on each other.
    private static Matrix<double> Solve(Matrix<double> covariance, Matrix<double> means, double variance)
    {
        for (var jitter = 0.0; ; jitter = Math.Max(jitter * 10, 1e-9 * variance))
        {
            try
            {
                var regular = jitter == 0 ? covariance : covariance + Matrix<double>.Build.DiagonalIdentity(covariance.RowCount) * jitter;
                return regular.Cholesky().Solve(means);
            }
            catch (ArgumentException) when (jitter < variance)
            {
            }
        }
    }
}

/// <summary>The means and sizes of the classes.</summary>
internal static class ClassMeans
{
    public static (double[,] Means, int[] Counts) Of(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var means = new double[classCount, features.Columns];
        var counts = new int[classCount];
        for (var i = 0; i < features.Rows; i++)
        {
            var x = features.Row(i);
            counts[labels[i]]++;
            for (var j = 0; j < x.Length; j++)
                means[labels[i], j] += x[j];
        }
        for (var c = 0; c < classCount; c++)
        {
            for (var j = 0; j < features.Columns && counts[c] > 0; j++)
                means[c, j] /= counts[c];
        }
        return (means, counts);
    }
}
