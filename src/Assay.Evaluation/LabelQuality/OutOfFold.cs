using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Out-of-sample probabilities for every example: each fold is predicted by a model that was trained on the other folds. That a model has
/// not seen an example's label is what lets it contradict a wrong one.
/// </summary>
public static class OutOfFold
{
    /// <summary>Predicts every row out of fold; folds keep the shares of the classes.</summary>
    /// <param name="labels">The given classes.</param>
    /// <param name="classCount">K.</param>
    /// <param name="fitAndPredict">
    /// Takes the rows to train on, the rows to predict and the fold's number; gives one row of K probabilities for each row to predict.
    /// </param>
    /// <param name="folds">The number of folds, at least 2; 5 unless told otherwise.</param>
    /// <param name="seed">The seed of the division.</param>
    /// <param name="groups">What belongs together and is not torn apart, or empty.</param>
    /// <exception cref="ArgumentException">A class has fewer rows than there are folds, or the delegate's matrix does not fit.</exception>
    public static FloatMatrix Probabilities(
        ReadOnlySpan<int> labels, int classCount, Func<ImmutableArray<int>, ImmutableArray<int>, int, FloatMatrix> fitAndPredict, int folds = 5, long seed = 0, ReadOnlySpan<int> groups = default)
    {
        ArgumentNullException.ThrowIfNull(fitAndPredict);
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 2);
        var result = new float[labels.Length * classCount];
        var splits = Splitters.KFold(labels.Length, folds, seed, labels, groups);
        for (var fold = 0; fold < folds; fold++)
        {
            var test = splits[fold].Test;
            var part = fitAndPredict(splits[fold].Train, test, fold);
            if (part.Rows != test.Length || part.Columns != classCount)
                throw new ArgumentException($"fold {fold}: {test.Length}×{classCount} probabilities were expected, not {part.Rows}×{part.Columns}", nameof(fitAndPredict));
            for (var i = 0; i < test.Length; i++)
                part.Row(i).CopyTo(result.AsSpan(test[i] * classCount, classCount));
        }
        return new FloatMatrix(result, labels.Length, classCount);
    }

    /// <summary>Predicts every row out of fold with a small classifier; its scores become probabilities by softmax.</summary>
    /// <param name="features">n rows of features.</param>
    /// <param name="labels">The given classes.</param>
    /// <param name="classCount">K.</param>
    /// <param name="learner">The classifier.</param>
    /// <param name="folds">The number of folds.</param>
    /// <param name="seed">The seed of the division.</param>
    /// <exception cref="ArgumentException">A class has fewer rows than there are folds.</exception>
    public static FloatMatrix Probabilities(FloatMatrix features, ReadOnlySpan<int> labels, int classCount, ClassLearner learner, int folds = 5, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(learner);
        var given = labels.ToArray();
        return Probabilities(labels, classCount, (train, test, _) =>
        {
            var scores = learner.Fit(features.Select(train.AsSpan()), train.Select(i => given[i]).ToArray(), classCount).Scores(features.Select(test.AsSpan()));
            var probabilities = new float[scores.Values.Length];
            MetricAccumulator.Softmax(scores.Values, probabilities, classCount);
            return new FloatMatrix(probabilities, scores.Rows, classCount);
        }, folds, seed);
    }
}
