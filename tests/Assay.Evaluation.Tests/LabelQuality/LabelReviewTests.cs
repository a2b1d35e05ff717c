using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class LabelReviewTests
{
    private static LabelVerdict Verdict(int given, int guessed, int both, int neither, int other = 0) => new LabelReview("1", "a", "b", given, guessed, both, neither, other).Verdict;

    [Fact]
    public void A_majority_of_five_decides()
    {
        Assert.Equal(LabelVerdict.Given, Verdict(3, 2, 0, 0));
        Assert.Equal(LabelVerdict.Correctable, Verdict(2, 3, 0, 0));
        Assert.Equal(LabelVerdict.MultiLabel, Verdict(1, 1, 3, 0));
        Assert.Equal(LabelVerdict.Neither, Verdict(2, 0, 0, 3));
        Assert.Equal(LabelVerdict.NonAgreement, Verdict(2, 2, 1, 0));
        Assert.Equal(LabelVerdict.NonAgreement, Verdict(2, 0, 0, 0, 3));
        Assert.Equal(LabelVerdict.Correctable, Verdict(0, 1, 0, 0)); // one reviewer
    }

    [Fact]
    public void Correctable_labels_change_and_other_errors_leave()
    {
        var set = CorrectedTestSet.Build([0, 0, 1, 1, 1], new Dictionary<int, (LabelVerdict, int)>
        {
            [0] = (LabelVerdict.Correctable, 1), [1] = (LabelVerdict.Given, -1), [3] = (LabelVerdict.Neither, -1),
        });
        Assert.Equal([1, 0, 1, 1, 1], set.Labels);
        Assert.Equal(([0, 1, 2, 4], [0], [3]), (set.Rows.ToArray(), set.Corrected.ToArray(), set.Dropped.ToArray()), Equal);
        Assert.Equal(0.75, set.Accuracy([1, 0, 1, 0, 0]));
        Assert.Equal(0.5, set.Accuracy([1, 0, 1, 0, 0], original: true));
        Assert.Equal(0.25, set.Prevalence);
        Assert.Throws<ArgumentException>(() => CorrectedTestSet.Build([0, 1], new Dictionary<int, (LabelVerdict, int)> { [0] = (LabelVerdict.Correctable, 0) }));
        Assert.Throws<ArgumentException>(() => CorrectedTestSet.Build([0, 1], new Dictionary<int, (LabelVerdict, int)> { [2] = (LabelVerdict.Given, 0) }));

        static bool Equal((int[], int[], int[]) a, (int[], int[], int[]) b) => a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2) && a.Item3.SequenceEqual(b.Item3);
    }

    // Ten rows, two of them corrected from 0 to 1. Model a repeats the noise (both wrong labels right) and is right on all clean rows but one;
    // b is right on the corrected labels and on six of eight clean rows.
    private static PrevalenceCurve Curve() => new(
        CorrectedTestSet.Build([0, 0, 0, 0, 0, 0, 1, 1, 1, 1], new Dictionary<int, (LabelVerdict, int)> { [0] = (LabelVerdict.Correctable, 1), [1] = (LabelVerdict.Correctable, 1) }),
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 0],
        [1, 1, 0, 0, 0, 0, 1, 1, 0, 0]);

    [Fact]
    public void The_ranking_on_corrected_labels_flips_where_the_lines_cross()
    {
        var curve = Curve();
        Assert.Equal(0.2, curve.NaturalPrevalence, 1e-12);
        // clean: 7/8 against 6/8; corrected: 0 against 1: (1 − p)/8 = p at p = 1/9 < 0.2, before the curve begins.
        Assert.Null(curve.FlipOnCorrected);
        Assert.Null(curve.FlipOnOriginal);
        var point = curve.At(0.2);
        Assert.Equal((0.9, 0.6, 0.7, 0.8), (Math.Round(point.OriginalA, 9), Math.Round(point.OriginalB, 9), Math.Round(point.CorrectedA, 9), Math.Round(point.CorrectedB, 9)));
        Assert.Equal((0.2, 1.0), (curve.Points(5)[0].Prevalence, curve.Points(5)[^1].Prevalence));
    }

    [Fact]
    public void The_curve_is_the_mean_of_dropping_clean_rows_at_random()
    {
        var labels = Enumerable.Range(0, 60).Select(i => i % 3).ToArray();
        var set = CorrectedTestSet.Build(labels, Enumerable.Range(0, 6).ToDictionary(i => i, i => (LabelVerdict.Correctable, (labels[i] + 1) % 3)));
        var random = new SeededRandom(3);
        int[] a = [.. labels.Select((y, i) => i < 6 ? (i < 4 ? y : set.Labels[i]) : random.NextDouble() < 0.9 ? y : (y + 1) % 3)];
        int[] b = [.. labels.Select((y, i) => i < 6 ? (i < 1 ? y : set.Labels[i]) : random.NextDouble() < 0.8 ? y : (y + 1) % 3)];
        var curve = new PrevalenceCurve(set, a, b);
        var clean = Enumerable.Range(6, 54).ToArray();
        var sum = 0.0;
        for (var draw = 0; draw < 4000; draw++)
        {
            random.Shuffle(clean.AsSpan());
            var rows = clean.Take(24).Concat(Enumerable.Range(0, 6)).ToArray();
            sum += rows.Average(i => (a[i] == set.Labels[i] ? 1.0 : 0) - (b[i] == set.Labels[i] ? 1 : 0));
        }
        var point = curve.At(6.0 / 30);
        Assert.Equal(sum / 4000, point.CorrectedA - point.CorrectedB, 0.01); // deviation of the mean about 0.001
        var flip = Assert.NotNull(curve.FlipOnCorrected);
        Assert.Equal(curve.At(flip).CorrectedA, curve.At(flip).CorrectedB, 1e-12);
    }

    [Fact]
    public void Several_models_are_averaged_by_their_weights()
    {
        int[] labels = [0, 1, 1];
        var good = new FloatMatrix([.9f, .1f, .2f, .8f, .3f, .7f], 3, 2);
        var poor = new FloatMatrix([.4f, .6f, .6f, .4f, .1f, .9f], 3, 2);
        Assert.Equal([0.75, 0.25], EnsembleLabelScore.Weights(labels, [good, poor], EnsembleWeighting.Accuracy), (a, b) => Math.Abs(a - b) < 1e-12); // 3/3 and 1/3
        Assert.Equal([.775, .7, .75], EnsembleLabelScore.Of(labels, [good, poor], EnsembleWeighting.Accuracy, LabelScoring.SelfConfidence).Select(s => (double)s), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([.65, .6, .8], EnsembleLabelScore.Of(labels, [good, poor], EnsembleWeighting.Uniform, LabelScoring.SelfConfidence).Select(s => (double)s), (a, b) => Math.Abs(a - b) < 1e-6);
        var byLoss = EnsembleLabelScore.Weights(labels, [good, poor], EnsembleWeighting.LogLoss);
        Assert.True(byLoss[0] > 0.9); // the good model alone has the lesser log-loss of means
        Assert.Equal([.4, .4, .9], EnsembleLabelScore.Of(labels, [good, poor], [0.0, 2], LabelScoring.SelfConfidence).Select(s => (double)s), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Throws<ArgumentException>(() => EnsembleLabelScore.Of(labels, [good, poor], [1.0]));
        Assert.Throws<ArgumentException>(() => EnsembleLabelScore.Of(labels, [], EnsembleWeighting.Uniform));
    }

    [Fact]
    public void Several_labels_are_each_checked_against_the_rest()
    {
        // Class 0 for even rows, class 1 for rows below 20; row 3 lacks class 1, row 8 lacks class 0, and nothing has class 2.
        var labels = Enumerable.Range(0, 40).Select(i => (ImmutableArray<int>)[.. new[] { 0, 1 }.Where(c => c == 0 ? i % 2 == 0 && i != 8 : i < 20 && i != 3)]).ToArray();
        var p = new float[120];
        for (var i = 0; i < 40; i++)
            (p[3 * i], p[3 * i + 1], p[3 * i + 2]) = (i % 2 == 0 ? .9f : .1f, i < 20 ? .95f : .05f, .02f);
        var found = MultiLabelErrors.Find(labels, new FloatMatrix(p, 40, 3));
        Assert.Equal([3, 8], found.Ranked); // .05 and .1 for the label "does not have it"
        Assert.Equal([3], found.Classes[1]!.Ranked);
        Assert.Null(found.Classes[2]);
        Assert.Throws<ArgumentException>(() => MultiLabelErrors.Find([[0], [3]], new FloatMatrix([.5f, .5f, .5f, .5f, .5f, .5f], 2, 3)));
    }

    [Fact]
    public void Out_of_fold_predictions_never_see_their_own_label()
    {
        var labels = Enumerable.Range(0, 50).Select(i => i % 2).ToArray();
        var seen = new int[50];
        var p = OutOfFold.Probabilities(labels, 2, (train, test, _) =>
        {
            Assert.Empty(train.Intersect(test));
            Assert.Equal(50, train.Length + test.Length);
            Assert.Equal(5, test.Count(i => labels[i] == 0)); // stratified
            foreach (var i in test)
                seen[i]++;
            return new FloatMatrix([.. test.SelectMany(i => new[] { i / 100f, 1 - i / 100f })], test.Length, 2);
        });
        Assert.All(seen, s => Assert.Equal(1, s));
        Assert.Equal(0.37f, p[37, 0]);
        Assert.Throws<ArgumentException>(() => OutOfFold.Probabilities(labels, 2, (_, test, _) => new FloatMatrix(new float[test.Length], test.Length, 1)));
    }
}
