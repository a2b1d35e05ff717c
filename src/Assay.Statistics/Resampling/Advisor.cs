using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>What is to be found out.</summary>
public enum SelectionQuestion
{
    /// <summary>How good is this model on new data?</summary>
    Estimate,
    /// <summary>Which setting of an algorithm is best, and how good is the model trained with it?</summary>
    SelectSetting,
    /// <summary>Which of several trained models, judged on one test set, is better?</summary>
    CompareModels,
    /// <summary>Which of several training algorithms is better on data like these?</summary>
    CompareAlgorithms,
}

/// <summary>The resampling scheme of a <see cref="SelectionPlan"/>.</summary>
public enum SelectionScheme
{
    /// <summary>The predictions at hand, on one common test set.</summary>
    CommonTestSet,
    /// <summary>One split into train and test.</summary>
    Holdout,
    /// <summary>One split into train, validation and test.</summary>
    ThreeWayHoldout,
    /// <summary>Repeated k-fold cross-validation.</summary>
    RepeatedKFold,
    /// <summary>Leave-one-out cross-validation.</summary>
    LeaveOneOut,
    /// <summary>Bootstrap with the .632+ estimate.</summary>
    Bootstrap632Plus,
    /// <summary>Repeated k-fold cross-validation for choosing, beside an independent test set for judging.</summary>
    RepeatedKFoldWithTestSet,
    /// <summary>Leave-one-out for choosing, beside an independent test set for judging.</summary>
    LeaveOneOutWithTestSet,
    /// <summary>Nested cross-validation.</summary>
    Nested,
    /// <summary>Five times two folds with the combined F test.</summary>
    FiveByTwo,
    /// <summary>Several train and test sets that share no example.</summary>
    IndependentSets,
}

/// <summary>The procedure that fits a question, and why.</summary>
/// <param name="Question">The question.</param>
/// <param name="Scheme">The resampling scheme.</param>
/// <param name="Procedure">What to do, in a sentence.</param>
/// <param name="Inference">The interval or test, in a sentence.</param>
/// <param name="Correction">How p-values of several comparisons are corrected.</param>
/// <param name="Reasons">Why.</param>
/// <param name="Alternatives">What else would be sound.</param>
/// <param name="Avoid">What looks sound and is not.</param>
public sealed record SelectionPlan(
    SelectionQuestion Question, SelectionScheme Scheme, string Procedure, string Inference, Correction Correction,
    ImmutableArray<string> Reasons, ImmutableArray<string> Alternatives, ImmutableArray<string> Avoid);

/// <summary>
/// The recommendation map of "Model Evaluation, Model Selection, and Algorithm Selection in Machine Learning" (Raschka 2018): which split,
/// interval and test fit the amount of data and the question.
/// </summary>
[Method("model-selection", Paper = 83, Kind = MethodKind.Inference)]
public static class Advisor
{
    /// <summary>
    /// Data are called large from this number of examples: a third of it tests an accuracy to ± 2 points at 95 %, whatever the accuracy
    /// (1.96 √(¼/2401) = .02). The article gives no number; this one is ours.
    /// </summary>
    public const int LargeFrom = 7203;

    /// <summary>Below this number single examples are too precious for folds, and training on all but one is cheap.</summary>
    public const int TinyBelow = 50;

    /// <summary>Plans how to answer a question.</summary>
    /// <param name="count">The number of examples at hand; for <see cref="SelectionQuestion.CompareModels"/> of the test set.</param>
    /// <param name="question">The question.</param>
    /// <param name="tuned">Whether settings are searched for as part of training.</param>
    /// <param name="contestants">The number of models or algorithms.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 examples, or too few contestants for the question.</exception>
    public static SelectionPlan Plan(int count, SelectionQuestion question, bool tuned = false, int contestants = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        var least = question is SelectionQuestion.CompareModels or SelectionQuestion.CompareAlgorithms ? 2 : 1;
        if (contestants < least)
            throw new ArgumentOutOfRangeException(nameof(contestants), contestants, $"at least {least} contestants were expected for this question");
        var large = count >= LargeFrom;
        var size = large ? $"{count} examples are enough that a third of them tests an accuracy to ± 2 points" : $"{count} examples are few: a single test set would leave an accuracy uncertain by {HalfWidth(count):0.0} points";
        return question switch
        {
            SelectionQuestion.CompareModels => CompareModels(count, contestants),
            SelectionQuestion.CompareAlgorithms => CompareAlgorithms(large, size, tuned, contestants),
            SelectionQuestion.SelectSetting => SelectSetting(count, large, size),
            _ => tuned ? EstimateTuned(large, size) : Estimate(count, large, size),
        };
    }

    private static SelectionPlan Estimate(int count, bool large, string size) => large
        ? Make(SelectionQuestion.Estimate, SelectionScheme.Holdout, "hold out a third for testing, stratified", "Wilson interval of the test accuracy (the article's normal interval agrees at this size)",
            [size, "one split costs one training"], ["10-fold cross-validation, if training is cheap"], ["resubstitution: the error on the training data is not an estimate of anything but memory"])
        : count < TinyBelow
        ? Make(SelectionQuestion.Estimate, SelectionScheme.LeaveOneOut, "leave-one-out cross-validation", "Wilson interval of the pooled outcomes",
            [size, "each training set keeps all but one example, which keeps the pessimistic bias small"], ["bootstrap with the .632+ estimate"], ["tuning on the same leave-one-out scores: the best of many is too good"])
        : Make(SelectionQuestion.Estimate, SelectionScheme.RepeatedKFold, "10-fold cross-validation, stratified, repeated 5 times", "percentile interval of a .632+ bootstrap (200 samples)",
            [size, "each example is tested, and repetition averages the luck of the folds out"], ["bootstrap with the .632+ estimate", "leave-one-out cross-validation"], ["a single small test set", "the mean ± sd of overlapping folds read as an interval"]);

    private static SelectionPlan EstimateTuned(bool large, string size) => large
        ? Make(SelectionQuestion.Estimate, SelectionScheme.ThreeWayHoldout, "split three ways: train, validate, test; retrain the chosen setting on train and validation", "Wilson interval of the test accuracy",
            [size, "the test part is used once, after all choices"], ["nested cross-validation, if training is cheap"], ["choosing the setting by the test score and reporting that score"])
        : Make(SelectionQuestion.Estimate, SelectionScheme.Nested, "nested cross-validation: 5 outer folds judge, 2 inner folds choose", "the outer folds' mean, Wilson interval of the pooled outcomes",
            [size, "the inner loop chooses, the outer loop judges what was never chosen on"], ["repeated k-fold for choosing beside an independent test set"], ["reporting the best cross-validation score of the search"]);

    private static SelectionPlan SelectSetting(int count, bool large, string size) => large
        ? Make(SelectionQuestion.SelectSetting, SelectionScheme.ThreeWayHoldout, "split three ways: train each setting, choose on validation, retrain on train and validation, judge once on test", "Wilson interval of the test accuracy",
            [size], ["k-fold cross-validation for choosing beside the test set"], ["choosing by the test score"])
        : count < TinyBelow
        ? Make(SelectionQuestion.SelectSetting, SelectionScheme.LeaveOneOutWithTestSet, "set a test set aside; choose by leave-one-out on the rest", "one-standard-error rule for the choice, Wilson interval of the test accuracy",
            [size, "leave-one-out wastes no example in choosing"], ["nested cross-validation"], ["the chosen setting's own cross-validation score as its accuracy"])
        : Make(SelectionQuestion.SelectSetting, SelectionScheme.RepeatedKFoldWithTestSet, "set a test set aside; choose by repeated 10-fold cross-validation on the rest", "one-standard-error rule for the choice, Wilson interval of the test accuracy",
            [size, "folds use each example for training and for choosing"], ["nested cross-validation", "leave-one-out with a test set"], ["the chosen setting's own cross-validation score as its accuracy"]);

    private static SelectionPlan CompareModels(int count, int contestants)
    {
        var size = $"all models answered the same {count} items, so the items on which they differ carry the evidence";
        return contestants == 2
            ? Make(SelectionQuestion.CompareModels, SelectionScheme.CommonTestSet, "compare the answers item by item", $"McNemar's test (exact below {McNemarTest.ExactBelow} disagreements)",
                [size], ["paired permutation test", "paired bootstrap of the difference of any metric"], ["the z test of two proportions: it takes the answers for independent", "looking whether two intervals overlap"])
            : Make(SelectionQuestion.CompareModels, SelectionScheme.CommonTestSet, "test all models together first, then pairs", "Cochran's Q; if it rejects, McNemar's test of each pair with Holm's correction",
                [size, $"{contestants * (contestants - 1) / 2} pairs at 5 % each would raise a false alarm with chance {MultipleComparisons.FamilyWiseError(contestants * (contestants - 1) / 2):0.00}"],
                ["Looney's F in place of Q"], ["McNemar's test of each pair without correction"]);
    }

    private static SelectionPlan CompareAlgorithms(bool large, string size, bool tuned, int contestants)
    {
        ImmutableArray<string> several = contestants > 2 ? ["all pairs are compared, p-values corrected by Holm's method"] : [];
        return large
            ? Make(SelectionQuestion.CompareAlgorithms, SelectionScheme.IndependentSets, "deal the data to 10 disjoint sets, train and test each algorithm within each", "paired t test of the independent differences",
                [size, "disjoint sets make the differences independent, so that the plain t test is right", .. several], ["combined 5x2cv F", "corrected resampled t over 10 folds"], ["the paired t test over random splits or folds: they overlap, it rejects far too often"])
            : tuned
            ? Make(SelectionQuestion.CompareAlgorithms, SelectionScheme.Nested, "nested cross-validation: 5 outer folds compare, 2 inner folds tune each algorithm", "corrected resampled t (Nadeau and Bengio) of the outer differences",
                [size, "each algorithm is tuned within the training part only", .. several], ["combined 5x2cv F with tuning inside each half"], ["tuning on all data first", "the plain paired t test over folds"])
            : Make(SelectionQuestion.CompareAlgorithms, SelectionScheme.FiveByTwo, "five times two-fold cross-validation", "combined 5x2cv F test (Alpaydin)",
                [size, "within a repetition neither the training nor the test halves overlap, which keeps false alarms near the level", .. several], ["corrected resampled t over 10 folds"], ["the paired t test over random splits (Dietterich 1998: rejects far too often)"]);
    }

    private static double HalfWidth(int count) => 100 * 1.959964 * Math.Sqrt(0.25 / Math.Max(1, count / 3));

    private static SelectionPlan Make(SelectionQuestion question, SelectionScheme scheme, string procedure, string inference, ImmutableArray<string> reasons, ImmutableArray<string> alternatives, ImmutableArray<string> avoid) =>
        new(question, scheme, procedure, inference, Correction.Holm, reasons, alternatives, avoid);
}
