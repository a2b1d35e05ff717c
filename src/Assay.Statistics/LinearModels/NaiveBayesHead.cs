namespace Assay.Statistics;

/// <summary>
/// Gaussian naive Bayes with variances shared by the classes (diagonal linear discriminant analysis), as a linear head on features (Zheng et al.
/// 2023, arXiv 2302.02334): h_c = ln π_c − ½ Σ_j (x_j − μ_cj)²/s_j², which ranks classes as W_cj = μ_cj/s_j² and
/// b_c = ln π_c − ½ Σ_j μ_cj²/s_j² do. Features that never vary within classes are left out, for they would outweigh all others; where none
/// varies (one row a class), all s_j are 1: the nearest mean.
/// </summary>
[Method("naive-bayes-head", Paper = 63, Kind = MethodKind.Model)]
public sealed class NaiveBayesHead : ClassLearner
{
    private readonly double smoothing;

    /// <summary>Creates the learner.</summary>
    /// <param name="smoothing">What is added to every variance, 0 or more.</param>
    public NaiveBayesHead(double smoothing = 1e-9)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(smoothing);
        this.smoothing = smoothing;
    }

    /// <summary>The head of data that came in parts.</summary>
    /// <param name="moments">The moments of the classes.</param>
    /// <returns>The linear model; its scores differ from h by a term common to all classes, so their softmax is the posterior.</returns>
    public LinearClassModel Of(ClassMoments moments)
    {
        ArgumentNullException.ThrowIfNull(moments);
        if (moments.Total == 0)
            throw new ArgumentException("there are no rows", nameof(moments));
        var variances = Variances(moments);
        var weights = new double[moments.ClassCount, moments.Features];
        var intercepts = new double[moments.ClassCount];
        for (var c = 0; c < moments.ClassCount; c++)
        {
            intercepts[c] = Math.Log((double)moments.Count(c) / moments.Total); // −∞ for a class without rows
            for (var j = 0; j < moments.Features; j++)
            {
                var mean = moments.Mean(c, j);
                weights[c, j] = mean / variances[j];
                intercepts[c] -= 0.5 * mean * mean / variances[j];
            }
        }
        return new LinearClassModel(weights, intercepts);
    }

    /// <summary>s_j² of every feature; infinite for one that is left out.</summary>
    public double[] Variances(ClassMoments moments)
    {
        ArgumentNullException.ThrowIfNull(moments);
        var pooled = Enumerable.Range(0, moments.Features).Select(moments.Pooled).ToArray();
        return Array.TrueForAll(pooled, v => v == 0)
            ? [.. pooled.Select(_ => 1.0)]
            : [.. pooled.Select(v => v > 0 ? v + smoothing : double.PositiveInfinity)];
    }

    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var moments = new ClassMoments(classCount, features.Columns);
        moments.Add(features, labels);
        return Of(moments);
    }
}

/// <summary>
/// Naive Bayes for features that are present or not (greater than 0 or not), with add-one smoothing: p_cj = (n_cj + 1)/(n_c + 2), the discrete
/// form of the classical comparison with logistic regression (Ng and Jordan 2001).
/// </summary>
[Method("bernoulli-naive-bayes", Paper = 63, Kind = MethodKind.Model)]
public sealed class BernoulliNaiveBayes : ClassLearner
{
    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var present = Present(features);
        var moments = new ClassMoments(classCount, features.Columns);
        moments.Add(present, labels);
        var weights = new double[classCount, features.Columns];
        var intercepts = new double[classCount];
        for (var c = 0; c < classCount; c++)
        {
            intercepts[c] = Math.Log((double)moments.Count(c) / moments.Total);
            for (var j = 0; j < features.Columns; j++)
            {
                var p = (moments.Mean(c, j) * moments.Count(c) + 1) / (moments.Count(c) + 2);
                weights[c, j] = Math.Log(p / (1 - p));
                intercepts[c] += Math.Log(1 - p);
            }
        }
        return new Thresholded(new LinearClassModel(weights, intercepts));
    }

    private static FloatMatrix Present(FloatMatrix features) => new(Array.ConvertAll(features.Values.ToArray(), v => v > 0 ? 1f : 0), features.Rows, features.Columns);

    private sealed class Thresholded(LinearClassModel inner) : ClassModel
    {
        public override FloatMatrix Scores(FloatMatrix features)
        {
            ArgumentNullException.ThrowIfNull(features);
            return inner.Scores(Present(features));
        }
    }
}
