namespace Assay.Statistics;

/// <summary>
/// Gaussian naive Bayes: features are independent normals within a class, s_c = ln π_c − ½ Σ_j [ln 2πσ²_cj + (x_j − μ_cj)²/σ²_cj]. The
/// smoothing times the largest variance of any feature is added to each σ², as in scikit-learn.
/// </summary>
[Method("naive-bayes", Kind = MethodKind.Model)]
public sealed class GaussianNaiveBayes : ClassLearner
{
    private readonly double smoothing;

    /// <summary>Creates the learner.</summary>
    /// <param name="smoothing">The share of the largest variance that is added to all, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The smoothing is negative.</exception>
    public GaussianNaiveBayes(double smoothing = 1e-9)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(smoothing);
        this.smoothing = smoothing;
    }

    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var d = features.Columns;
        var (means, counts) = ClassMeans.Of(features, labels, classCount);
        var variances = new double[classCount, d];
        for (var i = 0; i < features.Rows; i++)
        {
            var x = features.Row(i);
            for (var j = 0; j < d; j++)
                variances[labels[i], j] += Math.Pow(x[j] - means[labels[i], j], 2) / counts[labels[i]];
        }
        var (overall, _) = ClassMeans.Of(features, new int[features.Rows], 1);
        var largest = 0.0;
        for (var j = 0; j < d; j++)
        {
            var sum = 0.0;
            for (var i = 0; i < features.Rows; i++)
                sum += Math.Pow(features[i, j] - overall[0, j], 2);
            largest = Math.Max(largest, sum / features.Rows);
        }
        // A feature that never varies would divide by zero.
        var floor = Math.Max(smoothing * largest, double.Epsilon * 1e16);
        for (var c = 0; c < classCount; c++)
        {
            for (var j = 0; j < d; j++)
                variances[c, j] += floor;
        }
        return new Model(means, variances, Array.ConvertAll(counts, n => Math.Log((double)n / features.Rows)));
    }

    private sealed class Model(double[,] means, double[,] variances, double[] logPriors) : ClassModel
    {
        public override FloatMatrix Scores(FloatMatrix features)
        {
            int k = logPriors.Length, d = means.GetLength(1);
            if (features.Columns != d)
                throw new ArgumentException($"{d} features were expected, not {features.Columns}", nameof(features));
            var constants = new double[k];
            for (var c = 0; c < k; c++)
            {
                constants[c] = logPriors[c];
                for (var j = 0; j < d; j++)
                    constants[c] -= 0.5 * Math.Log(2 * Math.PI * variances[c, j]);
            }
            var scores = new float[features.Rows * k];
            for (var i = 0; i < features.Rows; i++)
            {
                var x = features.Row(i);
                for (var c = 0; c < k; c++)
                {
                    var s = constants[c];
                    for (var j = 0; j < d; j++)
                        s -= 0.5 * (x[j] - means[c, j]) * (x[j] - means[c, j]) / variances[c, j];
                    scores[i * k + c] = (float)s;
                }
            }
            return new FloatMatrix(scores, features.Rows, k);
        }
    }
}
