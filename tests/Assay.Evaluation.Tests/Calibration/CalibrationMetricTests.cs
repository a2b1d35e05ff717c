using static Assay.Evaluation.Tests.CalibrationCases;

namespace Assay.Evaluation.Tests;

public sealed class CalibrationMetricTests
{
    private static readonly float[] Confidences = [.95f, .85f, .75f, .65f, .55f];
    private static readonly bool[] Correct = [true, true, false, true, false];

    // Two classes, class 0 predicted with confidence c.
    private static Predictions Binary(float[] confidences, bool[] correct) =>
        Of([.. confidences.SelectMany(c => new[] { c, 1 - c })], [.. correct.Select(r => r ? 0 : 1)], 2, ScoreKind.Probabilities);

    [Fact]
    public void The_worked_example_comes_out()
    {
        var predictions = Binary(Confidences, Correct);
        Assert.Equal(0.37, new ExpectedCalibrationError(25).Evaluate(predictions).Value, 1e-6);
        Assert.Equal(0.2025, new TopLabelBrierScore().Evaluate(predictions).Value, 1e-6);
        Assert.Equal(0.19, new KolmogorovSmirnovCalibrationError().Evaluate(predictions).Value, 1e-6);
        Assert.Equal(0.19, new KolmogorovSmirnovCalibrationError().Compute(Confidences, Correct).Value, 1e-6);
        Assert.Equal(5.0 / 6, new ConfidenceAuroc().Evaluate(predictions).Value, 1e-12);
        Assert.Equal(0.75, new MaximumCalibrationError(25).Evaluate(predictions).Value, 1e-6);
        Assert.Equal(0.15, new MaximumCalibrationError(25, weighted: true).Evaluate(predictions).Value, 1e-6);
    }

    [Fact]
    public void Perfect_confidences_have_no_error_and_separate_all()
    {
        float[] confidences = [1, 0, 1, 1, 0];
        bool[] correct = [true, false, true, true, false];
        Assert.Equal(0, new ExpectedCalibrationError(25).Compute(confidences, correct).Value);
        Assert.Equal(0, new ExpectedCalibrationError(25, BinScheme.EqualMass).Compute(confidences, correct).Value);
        Assert.Equal(0, new KolmogorovSmirnovCalibrationError().Compute(confidences, correct).Value);
        Assert.Equal(1, new ConfidenceAuroc().Compute(confidences, correct).Value);
        var sure = Of([1, 0, 0, 1, 1, 0], [0, 1, 0], 2, ScoreKind.Probabilities);
        Assert.All(new Metric[] { new MaximumCalibrationError(), new ClasswiseCalibrationError(), new TopLabelBrierScore(), new KolmogorovSmirnovCalibrationError() }, m => Assert.Equal(0, m.Evaluate(sure).Value));
        Assert.True(double.IsNaN(new ConfidenceAuroc().Evaluate(sure).Value));
    }

    [Fact]
    public void One_confidence_for_all_that_is_the_accuracy_is_calibrated_and_tells_nothing_apart()
    {
        var predictions = Binary([.75f, .75f, .75f, .75f], [true, false, true, true]);
        Assert.Equal(0, new ExpectedCalibrationError(25).Evaluate(predictions).Value, 1e-7);
        Assert.Equal(0, new KolmogorovSmirnovCalibrationError().Evaluate(predictions).Value, 1e-7);
        Assert.Equal(0.5, new ConfidenceAuroc().Evaluate(predictions).Value, 1e-12);
    }

    // By NumPy and scikit-learn on the same numbers.
    [Fact]
    public void Peers_agree()
    {
        var predictions = Formula();
        Assert.Equal(0.39928155, new ExpectedCalibrationError(25).Evaluate(predictions).Value, 1e-5);
        Assert.Equal(0.83786987, new MaximumCalibrationError(25).Evaluate(predictions).Value, 1e-5);
        Assert.Equal(0.12847337, new MaximumCalibrationError(25, weighted: true).Evaluate(predictions).Value, 1e-5);
        Assert.Equal(0.38972501, new KolmogorovSmirnovCalibrationError().Evaluate(predictions).Value, 1e-5);
        Assert.Equal(0.37758632, new TopLabelBrierScore().Evaluate(predictions).Value, 1e-5);
        Assert.Equal(0.75557442, new ConfidenceAuroc().Evaluate(predictions).Value, 1e-4);
        Assert.Equal(0.28569577, new ClasswiseCalibrationError(25).Evaluate(predictions).Value, 1e-5);
    }

    [Fact]
    public void Merged_parts_say_what_the_whole_says()
    {
        var whole = Random(500, 3, 7);
        Metric[] metrics = [new MaximumCalibrationError(), new ClasswiseCalibrationError(), new KolmogorovSmirnovCalibrationError(), new ConfidenceAuroc(), new TopLabelBrierScore()];
        var (first, second) = (new MetricAccumulator(metrics, ScoreKind.Logits, 3), new MetricAccumulator(metrics, ScoreKind.Logits, 3));
        first.Add(whole.Scores.Values[..600], whole.Labels.AsSpan()[..200]);
        second.Add(whole.Scores.Values[600..], whole.Labels.AsSpan()[200..]);
        first.Merge(second);
        Assert.All(first.Result().Zip(metrics), r =>
        {
            var expected = r.Second.Evaluate(whole);
            Assert.Equal(expected.Value, r.First.Estimate.Value, 1e-9);
            Assert.InRange(expected.Value, expected.Interval.Low, expected.Interval.High);
        });
    }

    [Fact]
    public void Ks_does_not_depend_on_the_order_of_equal_confidences() =>
        Assert.Equal(new KolmogorovSmirnovCalibrationError().Compute([.5f, .5f, .9f], [true, false, true]).Value, new KolmogorovSmirnovCalibrationError().Compute([.5f, .9f, .5f], [false, true, true]).Value, 1e-12);
}
