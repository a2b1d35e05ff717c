using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace Assay.Statistics;

/// <summary>
/// A small classifier that trains in milliseconds: a baseline, a probe of features, a contestant in studies of procedures. Deterministic.
/// </summary>
[MethodValue]
public abstract class ClassLearner
{
    /// <summary>Trains a model.</summary>
    /// <param name="features">n rows of d features.</param>
    /// <param name="labels">The class of each row, 0 … k − 1.</param>
    /// <param name="classCount">k; classes that do not occur are never predicted.</param>
    /// <exception cref="ArgumentException">There are no rows, the lengths do not fit, or a label is out of range.</exception>
    public ClassModel Fit(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Rows == 0 || labels.Length != features.Rows)
            throw new ArgumentException($"{labels.Length} labels for {features.Rows} rows of features", nameof(labels));
        if (labels.ContainsAnyExceptInRange(0, classCount - 1))
            throw new ArgumentException($"labels between 0 and {classCount - 1} were expected", nameof(labels));
        if (!StandardizesFeatures)
            return FitCore(features, labels, classCount);
        var scaling = FeatureScaling.Of(features);
        return new ScaledModel(scaling, FitCore(scaling.Apply(features), labels, classCount));
    }

    /// <summary>This learner as a contestant on rows of given data.</summary>
    /// <param name="name">The contestant's name.</param>
    /// <param name="features">The features of all rows.</param>
    /// <param name="labels">The classes of all rows.</param>
    /// <param name="classCount">The number of classes.</param>
    public Contestant AsContestant(string name, FloatMatrix features, ImmutableArray<int> labels, int classCount) => new(name, (train, test, _) =>
    {
        var classes = new int[train.Length];
        for (var i = 0; i < classes.Length; i++)
            classes[i] = labels[train[i]];
        return Fit(features.Select(train.AsSpan()), classes, classCount).Predict(features.Select(test.AsSpan()));
    });

    /// <summary>Whether features are centred and scaled by the training rows' mean and deviation first.</summary>
    protected virtual bool StandardizesFeatures => false;

    /// <summary>Trains on checked data.</summary>
    protected abstract ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount);

    private sealed class ScaledModel(FeatureScaling scaling, ClassModel inner) : ClassModel
    {
        public override FloatMatrix Scores(FloatMatrix features) => inner.Scores(scaling.Apply(features));
    }
}

/// <summary>A trained classifier.</summary>
public abstract class ClassModel
{
    /// <summary>The scores of the classes, n × k; their softmax are probabilities.</summary>
    public abstract FloatMatrix Scores(FloatMatrix features);

    /// <summary>The class of the highest score of each row, the first of equals.</summary>
    public int[] Predict(FloatMatrix features)
    {
        var scores = Scores(features);
        var classes = new int[scores.Rows];
        for (var i = 0; i < classes.Length; i++)
        {
            var row = scores.Row(i);
            for (var c = 1; c < row.Length; c++)
            {
                if (row[c] > row[classes[i]])
                    classes[i] = c;
            }
        }
        return classes;
    }
}

/// <summary>Classes scored by linear functions of the features: s_c = w_c·x + b_c.</summary>
/// <param name="weights">The weights, k rows of d.</param>
/// <param name="intercepts">The k intercepts; −∞ for a class that is never predicted.</param>
public sealed class LinearClassModel(double[,] weights, double[] intercepts) : ClassModel
{
    /// <summary>The weight of a feature in a class's score.</summary>
    public double Weight(int c, int feature) => weights[c, feature];

    /// <summary>The intercept of a class's score.</summary>
    public double Intercept(int c) => intercepts[c];

    /// <inheritdoc/>
    public override FloatMatrix Scores(FloatMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        int k = weights.GetLength(0), d = weights.GetLength(1);
        if (features.Columns != d)
            throw new ArgumentException($"{d} features were expected, not {features.Columns}", nameof(features));
        var scores = new float[features.Rows * k];
        for (var i = 0; i < features.Rows; i++)
        {
            var x = features.Row(i);
            for (var c = 0; c < k; c++)
            {
                var s = intercepts[c];
                for (var j = 0; j < d; j++)
                    s += weights[c, j] * x[j];
                scores[i * k + c] = (float)s;
            }
        }
        return new FloatMatrix(scores, features.Rows, k);
    }
}

/// <summary>Centres features and scales them to unit deviation; a constant feature is only centred.</summary>
internal sealed class FeatureScaling(float[] mean, float[] scale)
{
    public static FeatureScaling Of(FloatMatrix features)
    {
        var d = features.Columns;
        var sum = new double[d];
        var squares = new double[d];
        for (var i = 0; i < features.Rows; i++)
        {
            var x = features.Row(i);
            for (var j = 0; j < d; j++)
                sum[j] += x[j];
        }
        for (var i = 0; i < features.Rows; i++)
        {
            var x = features.Row(i);
            for (var j = 0; j < d; j++)
                squares[j] += Math.Pow(x[j] - sum[j] / features.Rows, 2);
        }
        return new FeatureScaling(
            Array.ConvertAll(sum, s => (float)(s / features.Rows)),
            Array.ConvertAll(squares, s => s > 0 ? (float)Math.Sqrt(features.Rows / s) : 1));
    }

    public FloatMatrix Apply(FloatMatrix features)
    {
        var scaled = new float[features.Values.Length];
        for (var i = 0; i < features.Rows; i++)
        {
            var target = scaled.AsSpan(i * features.Columns, features.Columns);
            TensorPrimitives.Subtract(features.Row(i), mean, target);
            TensorPrimitives.Multiply(target, scale, target);
        }
        return new FloatMatrix(scaled, features.Rows, features.Columns);
    }
}
