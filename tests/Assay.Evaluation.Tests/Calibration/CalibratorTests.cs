using Assay.Statistics;
using Assay.Lab.Tests;
using CsCheck;
using static Assay.Evaluation.Tests.CalibrationCases;

namespace Assay.Evaluation.Tests;

public sealed class CalibratorTests
{
    public static TheoryData<string> All =>
    [
        "temperature-scaling", "ensemble-temperature-scaling", "ensemble-temperature-scaling(objective: crossEntropy)", "vector-scaling", "matrix-scaling", "matrix-scaling(offDiagonalPenalty: 0.1, shiftPenalty: 0.01)",
        "isotonic-calibration", "isotonic-calibration(scope: topLabel)", "histogram-binning", "histogram-binning(bins: 8, scheme: equalWidth, scope: topLabel)", "platt-scaling",
        "platt-scaling(scope: topLabel)", "spline-calibration", "spline-calibration(knots: 5, scope: oneVersusRest)", "adaptive-temperature-scaling(steps: 40)",
        "correctness-aware-calibration(steps: 30, learningRate: 0.001)", "correctness-aware-calibration(topK: 2, includeOriginal: true, weighted: false, optimizer: limitedMemoryBfgs, steps: 20)",
    ];

    private static readonly CalibrationData Data = new(Formula(), []);

    [Fact]
    public void Temperature_agrees_with_scipy()
    {
        var calibrator = new TemperatureScaling();
        var calibrated = calibrator.Fit(Formula()).Apply(Formula());
        Assert.Equal(3.5928957, calibrator.Temperature, 1e-4);
        Assert.Equal(1.4431242, new LogLoss().Evaluate(Formula()).Value, 1e-6);
        Assert.Equal(0.9253152, new LogLoss().Evaluate(calibrated).Value, 1e-6);
    }

    [Fact]
    public void The_temperature_that_made_the_data_is_found()
    {
        var calibrator = new TemperatureScaling();
        calibrator.Fit(Random(20_000, 5, 1));
        Assert.Equal(3, calibrator.Temperature, 0.08);
    }

    [Fact]
    public void Vector_and_matrix_scaling_reach_the_log_loss_of_scipy()
    {
        Assert.Equal(0.8877882, new LogLoss().Evaluate(new VectorScaling().Fit(Formula()).Apply(Formula())).Value, 1e-5);
        // With penalties: without them these data have their minimum at infinity, and every solver stops elsewhere.
        Assert.Equal(0.8107178, new LogLoss().Evaluate(new MatrixScaling(0.1, 0.01).Fit(Formula()).Apply(Formula())).Value, 1e-5);
    }

    [Fact]
    public void Ensemble_temperature_scaling_agrees_with_scipy()
    {
        var squared = new EnsembleTemperatureScaling();
        Assert.Equal(0.5625114, new BrierScore().Evaluate(squared.Fit(Formula()).Apply(Formula())).Value, 1e-6);
        Assert.Equal(0.9531751, squared.Weights[0], 2e-3);
        Assert.Equal(0.0468249, squared.Weights[2], 2e-3);
        var cross = new EnsembleTemperatureScaling(EnsembleObjective.CrossEntropy).Fit(Formula());
        Assert.Equal(0.92532, new LogLoss().Evaluate(cross.Apply(Formula())).Value, 1e-4);
    }

    [Theory]
    [InlineData(0, 0, 0.47701149, 0.47701149, 1)]
    [InlineData(1, 0, 0.5, 0.5, 1)]
    [InlineData(2, 0, 0.2625, 0.2625, 1)]
    public void Isotonic_maps_agree_with_scikit_learn(int map, double low, double third, double seventh, double high)
    {
        var isotonic = new IsotonicCalibrator();
        isotonic.Fit(Formula());
        Assert.Equal([low, third, seventh, high], new[] { 0.01, 0.3, 0.7, 0.99 }.Select(p => Math.Round(isotonic.Map(p, map), 7)), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    // scikit-learn's _sigmoid_calibration gives (A, B) of σ(−(A f + B)).
    [Theory]
    [InlineData(0, 0.25183919, -0.07960348)]
    [InlineData(1, 0.28687365, 0.00972230)]
    [InlineData(2, 0.24711307, -1.04982992)]
    public void Platt_maps_agree_with_scikit_learn(int map, double a, double b)
    {
        var platt = new PlattScaling();
        platt.Fit(Formula());
        double LogOdds(double p) => platt.Map(p, map) is var q ? Math.Log(q / (1 - q)) : 0;
        Assert.Equal(b, LogOdds(0.5), 1e-4);
        Assert.Equal(a, LogOdds(1 / (1 + Math.Exp(-1))) - LogOdds(0.5), 1e-4);
    }

    [Fact]
    public void Isotonic_maps_never_fall() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        var isotonic = new IsotonicCalibrator();
        isotonic.Fit(Random(60, 3, seed));
        for (var map = 0; map < 3; map++)
        {
            var values = Enumerable.Range(0, 101).Select(i => isotonic.Map(i / 100.0, map)).ToArray();
            Assert.Equal(values.Order(), values);
            Assert.All(values, v => Assert.InRange(v, 0, 1));
        }
    }, iter: 30);

    [Fact]
    public void Histogram_bins_hold_the_share_of_right_answers()
    {
        // Two classes, p₁ = .15, .15, .25, .85, .95 with outcomes 0, 1, 0, 1, 1.
        var data = Of([.85f, .15f, .85f, .15f, .75f, .25f, .15f, .85f, .05f, .95f], [0, 1, 0, 1, 1], 2, ScoreKind.Probabilities);
        var histogram = new HistogramBinning(2, BinScheme.EqualWidth);
        histogram.Fit(data);
        Assert.Equal(1.0 / 3, histogram.Map(0.4), 1e-12);
        Assert.Equal(1, histogram.Map(0.6), 1e-12);
        var ten = new HistogramBinning(10, BinScheme.EqualWidth);
        ten.Fit(data);
        Assert.Equal([0.5, 0.45], [ten.Map(0.2), ten.Map(0.45)], (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void A_spline_follows_a_smooth_reliability_curve()
    {
        // Right with chance c² at confidence c; the spline must say c².
        var random = new SeededRandom(5);
        var (scores, labels) = (new float[80_000], new int[40_000]);
        for (var i = 0; i < labels.Length; i++)
        {
            var c = random.NextDouble(0.5, 1);
            (scores[2 * i], scores[2 * i + 1]) = ((float)c, (float)(1 - c));
            labels[i] = random.NextDouble() < c * c ? 0 : 1;
        }
        var spline = new SplineCalibrator();
        spline.Fit(Of(scores, labels, 2, ScoreKind.Probabilities));
        foreach (var c in new[] { 0.6, 0.75, 0.9 })
            Assert.Equal(c * c, spline.Map(c), 0.03);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Saved_and_loaded_calibrators_give_equal_output(string method)
    {
        using var folder = new TemporaryFolder();
        var (validation, test) = (Random(400, 4, 1), Random(150, 4, 2));
        var calibrator = Calibrator.Create(method);
        var (copies, testCopies) = calibrator.UsesTransforms ? (Copies(validation, 2, 3), Copies(test, 2, 4)) : (null, null);
        var expected = calibrator.Fit(validation, copies).Apply(test, testCopies);
        calibrator.Save(folder.File("c.json"));
        var loaded = Calibrator.Load(folder.File("c.json"));
        Assert.Equal(calibrator.Expression, loaded.Expression);
        Assert.Equal((calibrator.Summary, 400, 4), (loaded.Summary, loaded.FittedCount, loaded.ClassCount));
        Assert.Equal(expected.Scores.Values.ToArray(), loaded.Apply(test, testCopies).Scores.Values.ToArray());
        Assert.True(loaded.WasFittedOn(validation));
        Assert.False(loaded.WasFittedOn(test));
        expected.Validate();
        if (calibrator.KeepsPredictions)
            Assert.Equal(test.PredictedClasses(), expected.PredictedClasses());
        // Labels were drawn from logits three times smaller: whatever the method, log-loss must come out better.
        if (calibrator is not (CorrectnessAwareCalibrator or HistogramBinning or IsotonicCalibrator))
            Assert.True(new LogLoss().Evaluate(expected).Value < new LogLoss().Evaluate(test).Value);
    }

    [Fact]
    public void Temperature_keeps_every_predicted_class_even_of_near_ties() => Gen.Select(Gen.Float[-20, 20].Array[40], Gen.Double[0.05, 500]).Sample((z, _) =>
    {
        z[1] = MathF.BitIncrement(z[0]); // a tie but for the last bit
        var p = Of(z, [.. Enumerable.Repeat(2, 10)], 4);
        Assert.Equal(p.PredictedClasses(), new TemperatureScaling().Fit(p).Apply(p).PredictedClasses());
    }, iter: 50);

    [Fact]
    public void Probabilities_and_their_logits_are_calibrated_alike()
    {
        var (logits, probabilities) = (Random(300, 3, 9), Random(300, 3, 9, ScoreKind.Probabilities));
        foreach (var method in new[] { "temperature-scaling", "isotonic-calibration", "platt-scaling" })
        {
            var (a, b) = (Calibrator.Create(method).Fit(logits).Apply(logits).Scores.Values.ToArray(), Calibrator.Create(method).Fit(probabilities).Apply(probabilities).Scores.Values.ToArray());
            Assert.All(a.Zip(b), pair => Assert.Equal(pair.First, pair.Second, 2e-3f));
        }
    }

    [Fact]
    public void Gradients_agree_with_finite_differences()
    {
        Assert.True(GradientError((x, g) => TemperatureScaling.LogLoss(Data, x, g), [0.7]) < 1e-8);
        Assert.True(GradientError((x, g) => VectorScaling.LogLoss(Data, x, g), [0.5, 1.2, -0.3, 0.1, -0.2, 0.4]) < 1e-8);
        Assert.True(GradientError((x, g) => new MatrixScaling(0.3, 0.2).Loss(Data, x, g), [.9, .1, -.2, .3, 1.1, .2, -.4, .2, .8, .1, -.3, .2]) < 1e-8);
        foreach (var objective in Enum.GetValues<EnsembleObjective>())
            Assert.True(GradientError((x, g) => EnsembleTemperatureScaling.Loss(Data, 2, objective, x, g), [0.3, -0.2, 0.5]) < 1e-8);
        Assert.True(GradientError((x, g) => PlattScaling.Loss([-2, 0.5, 3, 1], [false, true, true, false], 2, x, g), [0.7, -0.2]) < 1e-8);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var good = Random(50, 3, 1);
        var fitted = new TemperatureScaling().Fit(good);
        string Of<T>(Func<object> action) where T : Exception => Assert.Throws<T>(action).Message;
        Assert.Contains("was not fitted", Of<InvalidOperationException>(() => new TemperatureScaling().Apply(good)), StringComparison.Ordinal);
        Assert.Contains("4 classes, temperature-scaling was fitted on 3", Of<ArgumentException>(() => fitted.Apply(Random(5, 4, 1))), StringComparison.Ordinal);
        Assert.Contains("the classes are a, b, c", Of<ArgumentException>(() => new PlattScaling().Fit(good.With(classNames: ["c", "b", "a"])).Apply(good.With(classNames: ["a", "b", "c"]))), StringComparison.Ordinal);
        Assert.Contains("uses no predictions on transformed inputs", Of<ArgumentException>(() => new TemperatureScaling().Fit(good, [good])), StringComparison.Ordinal);
        Assert.Contains("labels are missing", Of<ArgumentException>(() => new TemperatureScaling().Fit(good.With(labels: []))), StringComparison.Ordinal);
        Assert.Contains("label 3 of row 0", Of<ArgumentException>(() => new TemperatureScaling().Fit(good.With(labels: [3, .. good.Labels[1..]]))), StringComparison.Ordinal);
        Assert.Contains("classes only", Of<ArgumentException>(() => new TemperatureScaling().Fit(CalibrationCases.Of([1, 0], [0], 2, ScoreKind.Classes))), StringComparison.Ordinal);
        Assert.Contains("missing or no number", Of<ArgumentException>(() => new TemperatureScaling().Fit(CalibrationCases.Of([float.NaN, 0], [0], 2))), StringComparison.Ordinal);
        Assert.Contains("there are no predictions", Of<ArgumentException>(() => new TemperatureScaling().Fit(CalibrationCases.Of([], [], 2))), StringComparison.Ordinal);
        Assert.Contains("5 examples of 3 classes", Of<ArgumentException>(() => new CorrectnessAwareCalibrator().Fit(good, [Random(5, 3, 1)])), StringComparison.Ordinal);
        Assert.Contains("rather probabilities", new TemperatureScaling().Fit(good.ToProbabilities().With(kind: ScoreKind.Logits)).Warnings.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("c.json");
        new TemperatureScaling().Fit(Random(50, 3, 1)).Save(path);
        var text = File.ReadAllText(path);
        foreach (var (from, to, message) in new[]
        {
            ("\"temperature\"", "\"warmth\"", "'temperature' is missing"), ("temperature-scaling", "temperatur-scaling", "did you mean temperature-scaling"),
            ("assay-calibrator", "other", "was expected"), ("\"version\": 1", "\"version\": 2", "version 2"), ("{", "[", "no saved calibrator"), ("\"classCount\": 3", "\"classCount\": 1", "cannot be"),
        })
        {
            File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
            var failure = Assert.Throws<InvalidDataException>(() => Calibrator.Load(path));
            Assert.Contains(message, failure.Message, StringComparison.Ordinal);
            Assert.Contains("c.json", failure.Message, StringComparison.Ordinal);
        }
        Assert.Throws<FileNotFoundException>(() => Calibrator.Load(folder.File("none.json")));
    }
}
