using Assay.Statistics;
using CsCheck;

namespace Assay.Evaluation.Tests;

public sealed class ConfidentLearningTests
{
    private static readonly int[] Labels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2];

    private static readonly FloatMatrix Probabilities = new(
        [.9f, .1f, 0, .8f, .1f, .1f, .3f, .6f, .1f, .1f, .8f, .1f, .2f, .7f, .1f, .7f, .2f, .1f, .1f, .1f, .8f, .1f, .2f, .7f, .4f, .5f, .1f, .05f, .05f, .9f], 10, 3);

    private static int[] Flagged(LabelFilter filter) => [.. ConfidentLearning.Find(Labels, Probabilities, filter).Ranked.Order()];

    [Fact]
    public void The_worked_example_gives_thresholds_joint_and_error_fraction()
    {
        var joint = ConfidentLearning.Find(Labels, Probabilities).Joint;
        Assert.Equal([2.0 / 3, 0.566667, 0.625], joint.Thresholds, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(new long[,] { { 2, 1, 0 }, { 1, 2, 0 }, { 0, 0, 3 } }, joint.Counts);
        Assert.Equal(new long[,] { { 2, 1, 0 }, { 1, 2, 0 }, { 0, 0, 4 } }, joint.Calibrated);
        Assert.Equal(0.2, joint.ErrorFraction, 1e-12);
        Assert.Equal(0.1, joint.Distribution[0, 1], 1e-12);
    }

    [Theory]
    [InlineData(LabelFilter.PruneByClass, new[] { 2, 5 })]
    [InlineData(LabelFilter.PruneByNoiseRate, new[] { 2, 5 })]
    [InlineData(LabelFilter.Both, new[] { 2, 5 })]
    [InlineData(LabelFilter.ConfidentLearning, new[] { 2, 5 })]
    [InlineData(LabelFilter.PredictedNeqGiven, new[] { 2, 5, 8 })]
    [InlineData(LabelFilter.LowSelfConfidence, new[] { 5, 8 })]
    [InlineData(LabelFilter.LowNormalizedMargin, new[] { 5, 8 })]
    public void The_worked_example_flags_these_rows(LabelFilter filter, int[] expected) => Assert.Equal(expected, Flagged(filter));

    [Theory]
    [InlineData(LabelScoring.SelfConfidence, false, new[] { .9, .3, .2, .1 })]
    [InlineData(LabelScoring.NormalizedMargin, false, new[] { .9, .35, .25, .3 })]
    [InlineData(LabelScoring.ConfidenceWeightedEntropy, false, new[] { .864594, .482634, .421103, .263241 })]
    [InlineData(LabelScoring.SelfConfidence, true, new[] { .788321, .262774, .262774, .124088 })]
    public void The_worked_example_has_these_scores(LabelScoring scoring, bool adjust, double[] expected)
    {
        var scores = LabelScore.Of(Labels, Probabilities, scoring, adjust);
        Assert.Equal(expected, new[] { 0, 2, 5, 8 }.Select(i => (double)scores[i]), (a, b) => Math.Abs(a - b) < 2e-6);
    }

    [Fact]
    public void Flagged_rows_are_ranked_by_rising_score_and_ties_by_row()
    {
        Assert.Equal([5, 8, 2], ConfidentLearning.Find(Labels, Probabilities, LabelFilter.PredictedNeqGiven).Ranked); // .25, .3, .35
        Assert.Equal([8, 5, 2], ConfidentLearning.Find(Labels, Probabilities, LabelFilter.PredictedNeqGiven, LabelScoring.SelfConfidence).Ranked);
        Assert.Equal([1, 3, 0], LabelScore.Order([true, true, false, true], [.5f, .2f, .1f, .2f]));
    }

    [Fact]
    public void Noise_matrices_and_priors_follow_from_the_joint()
    {
        var joint = ConfidentLearning.Find(Labels, Probabilities).Joint;
        Assert.Equal(1.0 / 3, joint.NoiseMatrix[1, 0], 1e-12); // C[1,0] over column 0
        Assert.Equal(1.0 / 3, joint.InverseNoiseMatrix[1, 0], 1e-12); // C[0,1] over row 0
        // noise = [[2/3,1/3,0],[1/3,2/3,0],[0,0,1]] and p(given) = [.3,.3,.4]: all four agree but the marginal, 3/9 each.
        foreach (var estimate in new[] { PriorEstimate.Count, PriorEstimate.Equation, PriorEstimate.MarginalOfGiven })
            Assert.Equal([.3, .3, .4], joint.Prior(estimate), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal([1.0 / 3, 1.0 / 3, 1.0 / 3], joint.Prior(PriorEstimate.Marginal), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void The_number_of_errors_is_estimated_in_three_ways()
    {
        Assert.Equal(2, LabelErrorCount.Of(Labels, Probabilities));
        Assert.Equal(2, LabelErrorCount.Of(Labels, Probabilities, ErrorCountEstimate.OffDiagonalCalibrated));
        Assert.Equal(5, LabelErrorCount.Of(Labels, new long[,] { { 1, 1, 0 }, { 1, 2, 0 }, { 0, 2, 2 } })); // rounds to 1 or 2, 1 and 2 of 3, 3 and 4
    }

    [Fact]
    public void Sum_preserving_rounding_keeps_the_sum()
    {
        Assert.Equal([1.0, 1, 1], Rounded(1.2, 0.6, 1.2));
        Assert.Equal([3.0, 1, 0], Rounded(2.5, 0.9, 0.4)); // 2 + 1 + 0 is one short of 4 (3.8): 2.5 lost most
        Assert.Equal([1.0, 2, 0], Rounded(1.5, 1.5, 0.2)); // 2 + 2 + 0 is one more than 3 (3.2): the first of equals gives
        Gen.Double[0, 50].Array[1, 12].Sample(values => Assert.Equal(Math.Round(values.Sum()), Rounded(values).Sum()));

        static double[] Rounded(params double[] values)
        {
            var rounded = new double[values.Length];
            SumPreservingRounding.Round(values, rounded);
            return rounded;
        }
    }

    [Fact]
    public void Selection_finds_the_smallest_as_sorting_does()
    {
        Gen.Select(Gen.Int[0, 9].Array[1, 60], Gen.Int[0, 60]).Sample((values, wanted) =>
        {
            var (keys, items) = (Array.ConvertAll(values, v => (float)v), Enumerable.Range(0, values.Length).ToArray());
            var count = Math.Min(wanted, values.Length);
            Selection.Smallest(keys, items, count);
            Assert.Equal(Enumerable.Range(0, values.Length).OrderBy(i => values[i]).Take(count).Order(), items.Take(count).Order());
        });
    }

    private static (int[] Labels, FloatMatrix P) Noisy(int seed, int n = 240, int k = 4, double noise = 0.15)
    {
        var random = new SeededRandom(seed);
        var (labels, p) = (new int[n], new float[n * k]);
        for (var i = 0; i < n; i++)
        {
            var truth = random.Next(k);
            labels[i] = random.NextDouble() < noise ? random.Next(k) : truth;
            var row = p.AsSpan(i * k, k);
            for (var c = 0; c < k; c++)
                row[c] = (float)Math.Exp(2.5 * (c == truth ? 1 : 0) + random.NextGaussian());
            System.Numerics.Tensors.TensorPrimitives.Divide(row, System.Numerics.Tensors.TensorPrimitives.Sum(row), row);
        }
        return (labels, new FloatMatrix(p, n, k));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(40)] // the vectorised path
    public void Rows_of_the_calibrated_joint_sum_to_the_class_counts(int classes)
    {
        var (labels, p) = Noisy(1, 800, classes);
        var joint = ConfidentLearning.Find(labels, p).Joint;
        for (var i = 0; i < classes; i++)
            Assert.Equal(labels.Count(y => y == i), Enumerable.Range(0, classes).Sum(j => joint.Calibrated[i, j]));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(40)]
    public void Counting_is_what_the_definition_says(int classes)
    {
        var (labels, p) = Noisy(2, 600, classes, 0.3);
        var joint = ConfidentLearning.Find(labels, p).Joint;
        var expected = new long[classes, classes];
        for (var i = 0; i < labels.Length; i++)
        {
            var row = p.Row(i).ToArray();
            var reached = Enumerable.Range(0, classes).Where(c => row[c] >= joint.Thresholds[c] - 1e-6).ToArray();
            if (reached.Length > 0)
                expected[labels[i], reached.Length == 1 ? reached[0] : Array.IndexOf(row, row.Max())]++;
        }
        for (var c = 0; c < classes; c++)
            expected[c, c] = Math.Max(1, expected[c, c]);
        Assert.Equal(expected, joint.Counts);
    }

    [Theory]
    [InlineData(LabelFilter.PruneByNoiseRate)]
    [InlineData(LabelFilter.PruneByClass)]
    [InlineData(LabelFilter.ConfidentLearning)]
    [InlineData(LabelFilter.LowSelfConfidence)]
    [InlineData(LabelFilter.ArgmaxConfusion)]
    public void Permuting_the_examples_permutes_the_flags(LabelFilter filter)
    {
        var (labels, p) = Noisy(3);
        var order = new SeededRandom(9).Permutation(labels.Length);
        var direct = ConfidentLearning.Find(labels, p, filter).Mask;
        var permuted = ConfidentLearning.Find(order.Select(i => labels[i]).ToArray(), p.Select(order), filter).Mask;
        Assert.Contains(true, direct);
        Assert.Equal(order.Select(i => direct[i]), permuted);
    }

    [Fact]
    public void Relabelling_the_classes_permutes_the_counts()
    {
        var (labels, p) = Noisy(4);
        int[] map = [2, 0, 3, 1];
        var moved = new float[p.Values.Length];
        for (var i = 0; i < p.Rows; i++)
        {
            for (var c = 0; c < 4; c++)
                moved[4 * i + map[c]] = p[i, c];
        }
        var (before, after) = (ConfidentLearning.Find(labels, p).Joint.Counts, ConfidentLearning.Find(labels.Select(y => map[y]).ToArray(), new FloatMatrix(moved, p.Rows, 4)).Joint.Counts);
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
                Assert.Equal(before[i, j], after[map[i], map[j]]);
        }
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Perfect_probabilities_flag_nothing(LabelFilter filter)
    {
        var labels = Enumerable.Range(0, 90).Select(i => i % 3).ToArray();
        var p = new float[270];
        for (var i = 0; i < 90; i++)
            p[3 * i + labels[i]] = 1;
        var found = ConfidentLearning.Find(labels, new FloatMatrix(p, 90, 3), filter);
        Assert.Empty(found.Ranked);
        Assert.Equal(0, found.Joint.ErrorFraction);
    }

    [Fact]
    public void Two_classes_without_noise_give_the_same_flags_by_class_and_by_noise_rate()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (labels, p) = Noisy(seed, 200, 2, 0);
            Assert.Equal(ConfidentLearning.Find(labels, p, LabelFilter.PruneByClass).Mask, ConfidentLearning.Find(labels, p).Mask);
        }
    }

    [Fact]
    public void Planted_errors_are_found_with_far_more_precision_than_their_rate()
    {
        var (labels, p) = Noisy(5, 4000, 4, 0);
        var noisy = Assay.Data.LabelNoise.Uniform(labels, 4, 0.1, 6);
        var wrong = noisy.Flips.Select(f => f.Row).ToHashSet();
        var found = ConfidentLearning.Find(noisy.Labels.AsSpan(), p);
        Assert.True(found.Ranked.Count(wrong.Contains) > 0.45 * found.Ranked.Length, $"{found.Ranked.Count(wrong.Contains)} of {found.Ranked.Length}");
        Assert.InRange(ConfidentLearning.Find(noisy.Labels.AsSpan(), p, fraction: 0.5).Ranked.Length, 0.35 * found.Ranked.Length, 0.65 * found.Ranked.Length);
        Assert.Empty(ConfidentLearning.Find(noisy.Labels.AsSpan(), p, fraction: 0).Ranked);
    }

    [Fact]
    public void Classes_keep_the_least_number_of_examples()
    {
        var (labels, p) = Noisy(7, 60, 3, 0.9);
        var found = ConfidentLearning.Find(labels, p, LabelFilter.PruneByClass, minExamplesPerClass: 15);
        for (var k = 0; k < 3; k++)
            Assert.True(Enumerable.Range(0, 60).Count(i => labels[i] == k && !found.Mask[i]) >= Math.Min(15, labels.Count(y => y == k)));
    }

    [Fact]
    public void A_class_without_examples_has_an_unreachable_threshold_and_a_warning()
    {
        var found = ConfidentLearning.Find([0, 0, 1, 1], new FloatMatrix([.8f, .1f, .1f, .7f, .2f, .1f, .1f, .8f, .1f, 0, .1f, .9f], 4, 3));
        Assert.Equal(2, found.Joint.Thresholds[2]);
        Assert.Equal(1, found.Joint.Counts[2, 2]);
        Assert.Contains("1 of 3 classes", Assert.Single(found.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_input_is_refused_with_the_row()
    {
        static string Refusal(int[] labels, params float[] p) => Assert.Throws<ArgumentException>(() => ConfidentLearning.Find(labels, new FloatMatrix(p, p.Length / 2, 2))).Message;
        Assert.Contains("label 2 of row 1", Refusal([0, 2], .5f, .5f, .5f, .5f), StringComparison.Ordinal);
        Assert.Contains("all 2 labels are of one class", Refusal([1, 1], .5f, .5f, .5f, .5f), StringComparison.Ordinal);
        Assert.Contains("row 1 is NaN", Refusal([0, 1], .5f, .5f, .5f, float.NaN), StringComparison.Ordinal);
        Assert.Contains("class 0 in row 1 is -0.1", Refusal([0, 1], .5f, .5f, -.1f, 1.1f), StringComparison.Ordinal);
        Assert.Contains("3 labels for 2 rows", Refusal([0, 1, 0], .5f, .5f, .5f, .5f), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidentLearning.Find(Labels, Probabilities, fraction: 1.5));
        var off = ConfidentLearning.Find([0, 1, 0], new FloatMatrix([.6f, .4f, .3f, .6f, .7f, .3f], 3, 2));
        Assert.Contains("1 rows of probabilities do not sum to 1 ± 0.01, the first is row 1", Assert.Single(off.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Probabilities_that_agree_with_every_label_bring_a_warning()
    {
        var labels = Enumerable.Range(0, 200).Select(i => i % 2).ToArray();
        var p = labels.SelectMany(y => y == 0 ? new[] { .9f, .1f } : [.1f, .9f]).ToArray();
        Assert.Contains("out-of-sample", Assert.Single(ConfidentLearning.Find(labels, new FloatMatrix(p, 200, 2)).Warnings), StringComparison.Ordinal);
    }

    public static TheoryData<LabelFilter> Filters => [.. Enum.GetValues<LabelFilter>()];
}
