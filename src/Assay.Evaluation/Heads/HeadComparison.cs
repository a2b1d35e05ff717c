using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>The two linear heads.</summary>
public enum LinearHead
{
    /// <summary>The generative one: naive Bayes with shared variances.</summary>
    NaiveBayes,
    /// <summary>The discriminative one: logistic regression.</summary>
    Logistic,
}

/// <summary>How heads are compared.</summary>
public sealed record HeadComparisonOptions
{
    /// <summary>The numbers of training rows; empty takes a grid from twice the number of classes up to all rows.</summary>
    public ImmutableArray<int> Grid { get; init; } = [];

    /// <summary>How many random subsets of each size.</summary>
    public int Repeats { get; init; } = 5;

    /// <summary>The number of labelled rows that the advice is for; null takes all training rows.</summary>
    public int? At { get; init; }

    /// <summary>What counts as having arrived: this far above the head's own floor.</summary>
    public double Tolerance { get; init; } = 0.01;

    /// <summary>λ of logistic regression, 1/C.</summary>
    public double Penalty { get; init; } = 1;

    /// <summary>Whether each subset scales the features to [0, 1] by its own rows. Naive Bayes does not change by it; the penalty of logistic regression bears harder.</summary>
    public bool ScaleFeatures { get; init; } = true;

    /// <summary>The most steps of its minimiser.</summary>
    public int Iterations { get; init; } = 1000;

    /// <summary>Decides the subsets.</summary>
    public long Seed { get; init; }

    /// <summary>The confidence level.</summary>
    public double Level { get; init; } = 0.95;

    internal void Check(int rows, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Repeats, nameof(Repeats));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Penalty, nameof(Penalty));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Iterations, nameof(Iterations));
        if (!(Tolerance > 0))
            throw new ArgumentOutOfRangeException(nameof(Tolerance), Tolerance, "a positive number was expected");
        if (!Grid.IsDefaultOrEmpty && Grid.FirstOrDefault(m => m < classes || m > rows) is var bad and not 0)
            throw new ArgumentException($"a number of training rows from {classes} (one a class) to {rows} was expected, not {bad}", nameof(Grid));
    }
}

/// <summary>Both heads at one number of training rows: means over random subsets, with intervals.</summary>
/// <param name="M">The number of training rows.</param>
/// <param name="NaiveBayes">The test error of naive Bayes.</param>
/// <param name="Logistic">The test error of logistic regression.</param>
/// <param name="Difference">Naive Bayes minus logistic, subset by subset.</param>
/// <param name="NaiveBayesLoss">The log-loss of naive Bayes.</param>
/// <param name="LogisticLoss">The log-loss of logistic regression.</param>
public sealed record HeadPoint(int M, Estimate NaiveBayes, Estimate Logistic, Estimate Difference, double NaiveBayesLoss, double LogisticLoss);

/// <summary>How fast one head learns.</summary>
/// <param name="Head">The head.</param>
/// <param name="Floor">The error that it approaches: of a fitted curve e∞ + a·m^−b where one fits, else the least measured.</param>
/// <param name="IsFitted">Whether the floor is that of a fitted curve.</param>
/// <param name="RowsToFloor">The rows from which its mean error is within the tolerance of the floor; null where the grid ends before.</param>
public sealed record HeadSpeed(LinearHead Head, double Floor, bool IsFitted, double? RowsToFloor);

/// <summary>What the theory asks of the features (their exact definitions are inferred from the released plots).</summary>
/// <param name="DivergencePerFeature">The mean over pairs of classes and features of (μ_cj − μ_lj)²/(2 s_j²): not near 0 is good for naive Bayes.</param>
/// <param name="LeastDivergence">Σ_j of that for the nearest pair of classes.</param>
/// <param name="MarginVariation">The mean over classes and rivals of Var(h_c − h_l)/mean² within class c: small means that scores concentrate.</param>
/// <param name="Dependence">The mean |correlation| of features within classes, over up to 200 pairs: high makes naive Bayes over-confident and worse in the end.</param>
/// <param name="Deviations">s_j of each feature after scaling to [0, 1].</param>
/// <param name="Dropped">The features that do not vary within classes and are left out of naive Bayes.</param>
public sealed record HeadConditions(
    double DivergencePerFeature, double LeastDivergence, double MarginVariation, double Dependence, ImmutableArray<double> Deviations, int Dropped);

/// <summary>Which head to use, and why.</summary>
/// <param name="Rows">The training rows there are.</param>
/// <param name="Features">The number of features.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Points">Both curves.</param>
/// <param name="Speeds">How fast each learns.</param>
/// <param name="Crossing">m*, the rows from which logistic regression is better, with a bootstrap interval: 0 from the start, infinite never within the grid.</param>
/// <param name="At">The number of rows that the advice is for.</param>
/// <param name="Advice">The head to use there.</param>
/// <param name="IsClear">Whether the interval of the difference next to that number excludes 0.</param>
/// <param name="ExpectedError">Its expected error there.</param>
/// <param name="RowsToFlip">How many rows more (or, negative, fewer) would flip the advice; null where nothing measured says so.</param>
/// <param name="Conditions">What the theory asks of the features.</param>
/// <param name="Warnings">What to know of the figures.</param>
public sealed record HeadComparison(
    int Rows, int Features, int Classes, ImmutableArray<HeadPoint> Points, ImmutableArray<HeadSpeed> Speeds, Estimate Crossing, int At, LinearHead Advice, bool IsClear, double ExpectedError,
    double? RowsToFlip, HeadConditions Conditions, ImmutableArray<string> Warnings);
