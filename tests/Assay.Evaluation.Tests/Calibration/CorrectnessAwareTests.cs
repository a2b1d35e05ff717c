using Assay.Lab.Tests;
using Assay.Statistics;
using static Assay.Evaluation.Tests.CalibrationCases;

namespace Assay.Evaluation.Tests;

public sealed class CorrectnessAwareTests
{
    private static readonly double[] Narrow = [2, 1.6, 0];

    // The brief's worked example: the true class is a close second.
    [Theory]
    [InlineData(0.5, 1.183659, 0.464257, 0.101529)]
    [InlineData(1, 0.990924, 0.306712, 0.199081)]
    [InlineData(2, 0.982352, 0.209150, 0.294492)]
    [InlineData(5, 1.032984, 0.148679, 0.377501)]
    public void A_narrowly_wrong_example_costs_what_the_worked_example_says(double temperature, double crossEntropy, double wrong, double right)
    {
        Assert.Equal(crossEntropy, TemperatureLoss.Of(TemperatureObjective.CrossEntropy, Narrow, 1, temperature).Value, 1e-6);
        Assert.Equal(wrong, TemperatureLoss.Of(TemperatureObjective.CorrectnessAware, Narrow, 1, temperature).Value, 1e-6);
        Assert.Equal(right, TemperatureLoss.Of(TemperatureObjective.CorrectnessAware, Narrow, 0, temperature).Value, 1e-6);
    }

    [Theory]
    [InlineData(0.5, .681364, .306157, .012480)]
    [InlineData(1, .553816, .371234, .074951)]
    [InlineData(2, .457329, .374429, .168242)]
    [InlineData(5, .385589, .355943, .258468)]
    public void Its_probabilities_are_those_of_the_worked_example(double temperature, double first, double second, double third)
    {
        double[] p = [.. Narrow];
        CalibrationData.Softmax(p, 1 / temperature);
        Assert.All(p.Zip([first, second, third]), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
    }

    [Fact]
    public void Cross_entropy_has_a_best_temperature_where_the_correctness_aware_loss_keeps_falling()
    {
        var slopes = new[] { 1.0, 1.2, 3, 5, 50 }.Select(t => (Ce: TemperatureLoss.Of(TemperatureObjective.CrossEntropy, Narrow, 1, t).Slope, Ca: TemperatureLoss.Of(TemperatureObjective.CorrectnessAware, Narrow, 1, t).Slope)).ToArray();
        Assert.True(slopes[0].Ce < 0 && slopes[3].Ce > 0);
        Assert.All(slopes, s => Assert.True(s.Ca < 0));
        Assert.Equal(1 / 9.0, TemperatureLoss.Of(TemperatureObjective.CorrectnessAware, Narrow, 1, 1e6).Value, 1e-5);
    }

    [Theory]
    [InlineData(TemperatureObjective.CorrectnessAware)]
    [InlineData(TemperatureObjective.CrossEntropy)]
    [InlineData(TemperatureObjective.SquaredError)]
    public void Slopes_by_temperature_and_by_the_networks_weights_agree_with_finite_differences(TemperatureObjective objective)
    {
        foreach (var label in new[] { 0, 1, 2 })
        {
            var difference = (TemperatureLoss.Of(objective, Narrow, label, 1.7 + 1e-6).Value - TemperatureLoss.Of(objective, Narrow, label, 1.7 - 1e-6).Value) / 2e-6;
            Assert.Equal(difference, TemperatureLoss.Of(objective, Narrow, label, 1.7).Slope, 1e-8);
        }
        var predictions = Random(40, 3, 2);
        var (data, random) = (new CalibrationData(predictions, []), new SeededRandom(3));
        var features = Enumerable.Range(0, 40).Select(_ => new[] { random.NextDouble(), random.NextDouble() }).ToArray();
        var network = TemperatureNetwork.Create(2, 4, 0.1, 10, 6);
        var training = new TemperatureTraining(objective, true, TemperatureOptimizer.Adam, 1, 10, 1e-4, 0);
        Assert.True(GradientError((x, g) => network.Loss(data, features, training, Enumerable.Range(0, 40).ToArray(), x, g), network.Parameters) < 1e-8);
    }

    [Fact]
    public void Right_and_wrong_answers_weigh_the_same()
    {
        var (right, wrong) = TemperatureLoss.Weights(80, 100);
        Assert.Equal((0.2, 0.8), (Math.Round(right, 12), wrong));
        Assert.Equal(80 * right, 20 * wrong, 1e-12);
        Assert.Equal((1, 1), TemperatureLoss.Weights(0, 100));
        Assert.Equal((1, 1), TemperatureLoss.Weights(100, 100));
    }

    [Fact]
    public void Temperatures_stay_in_their_range_and_no_predicted_class_changes()
    {
        var validation = Random(600, 5, 1);
        var test = Random(1000, 5, 2);
        var (copies, testCopies) = (Copies(validation, 3, 3), Copies(test, 3, 4));
        // Wild steps, so that both ends of the range are met.
        var calibrator = new CorrectnessAwareCalibrator(steps: 300, learningRate: 0.3);
        var calibrated = calibrator.Fit(validation, copies).Apply(test, testCopies);
        Assert.Equal(test.PredictedClasses(), calibrated.PredictedClasses());
        var temperatures = ((CorrectnessAwareCalibrator)calibrator).Temperatures(test, testCopies);
        Assert.All(temperatures, t => Assert.InRange(t, 0.1, 10));
        Assert.True(temperatures.Max() - temperatures.Min() > 1);
    }

    [Fact]
    public void A_network_that_says_1_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        var predictions = Random(200, 3, 1);
        new CorrectnessAwareCalibrator(topK: 3, steps: 1).Fit(predictions).Save(folder.File("c.json"));
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(folder.File("c.json")))!;
        var weights = json["parameters"]!["network"]!.AsArray();
        for (var j = weights.Count - 6; j < weights.Count; j++)
            weights[j] = j == weights.Count - 1 ? 1.0 : 0.0;
        File.WriteAllText(folder.File("c.json"), json.ToJsonString());
        var calibrated = Calibrator.Load(folder.File("c.json")).Apply(predictions).Scores.Values.ToArray();
        Assert.All(calibrated.Zip(predictions.ToProbabilities().Scores.Values.ToArray()), p => Assert.Equal(p.Second, p.First, 3e-7f));
    }

    [Fact]
    public void Swapping_two_copies_and_their_weights_leaves_temperatures_as_they_are()
    {
        var predictions = Random(100, 5, 1);
        var copies = Copies(predictions, 2, 2);
        var calibrator = new CorrectnessAwareCalibrator(steps: 50, learningRate: 0.01);
        calibrator.Fit(predictions, copies);
        using var folder = new TemporaryFolder();
        calibrator.Save(folder.File("c.json"));
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(folder.File("c.json")))!;
        var weights = json["parameters"]!["network"]!.AsArray().Select(w => (double)w!).ToArray();
        var swapped = (double[])weights.Clone();
        for (var h = 0; h < 5; h++)
        {
            weights.AsSpan(8 * h, 4).CopyTo(swapped.AsSpan(8 * h + 4));
            weights.AsSpan(8 * h + 4, 4).CopyTo(swapped.AsSpan(8 * h));
        }
        json["parameters"]!["network"] = new System.Text.Json.Nodes.JsonArray([.. swapped.Select(w => (System.Text.Json.Nodes.JsonNode)w)]);
        File.WriteAllText(folder.File("c.json"), json.ToJsonString());
        var expected = calibrator.Temperatures(predictions, copies);
        var actual = ((CorrectnessAwareCalibrator)Calibrator.Load(folder.File("c.json"))).Temperatures(predictions, [copies[1], copies[0]]);
        Assert.All(expected.Zip(actual), t => Assert.Equal(t.First, t.Second, 1e-12));
        Assert.True(expected.Max() - expected.Min() > 1e-3);
    }

    [Theory]
    [InlineData(TemperatureOptimizer.Adam)]
    [InlineData(TemperatureOptimizer.LimitedMemoryBfgs)]
    public void Copies_that_waver_where_the_model_is_wrong_separate_right_from_wrong(TemperatureOptimizer optimizer)
    {
        var (validation, test) = (Random(2000, 4, 1), Random(2000, 4, 2));
        var auroc = new ConfidenceAuroc();
        var raw = auroc.Evaluate(test).Value;
        var own = new CorrectnessAwareCalibrator(optimizer: optimizer, steps: 400, learningRate: 0.01);
        var with = auroc.Evaluate(own.Fit(validation, Copies(validation, 3, 3)).Apply(test, Copies(test, 3, 4))).Value;
        Assert.True(with > raw + 0.03, $"{raw} to {with}");
        // Copies of other examples say nothing.
        var order = new SeededRandom(5).Permutation(2000);
        var shuffled = auroc.Evaluate(own.Fit(validation, [.. Copies(validation, 3, 3).Select(c => c.Select(order))]).Apply(test, [.. Copies(test, 3, 4).Select(c => c.Select(order))])).Value;
        Assert.True(shuffled < raw + 0.015, $"{raw} to {shuffled}");
    }

    [Fact]
    public void All_right_and_all_wrong_validation_sets_warn_and_more_classes_than_there_are_do_not_hurt()
    {
        var predictions = Random(100, 3, 1);
        var right = predictions.With(labels: [.. predictions.PredictedClasses()]);
        Assert.Contains("every validation example is right", new CorrectnessAwareCalibrator(topK: 50, steps: 20).Fit(right).Warnings.Single(), StringComparison.Ordinal);
        Assert.Contains("wrong", new CorrectnessAwareCalibrator(steps: 20).Fit(predictions.With(labels: [.. predictions.PredictedClasses().Select(p => (p + 1) % 3)])).Warnings.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_highest_classes_come_first_and_the_first_of_equals()
    {
        int[] Top(int k, params float[] scores)
        {
            var top = new int[k];
            CorrectnessAwareCalibrator.Top(scores, top);
            return top;
        }
        Assert.Equal([2, 0, 3], Top(3, 1, 0, 5, 1, -2));
        Assert.Equal([0, 1, 2, 3], Top(4, 0, 0, 0, 0));
        Assert.Equal([4], Top(1, 1, 2, 3, 4, 5));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CorrectnessAwareCalibrator(topK: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CorrectnessAwareCalibrator(steps: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CorrectnessAwareCalibrator(learningRate: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CorrectnessAwareCalibrator(lowest: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CorrectnessAwareCalibrator(lowest: 2, highest: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdaptiveTemperatureScaling(topK: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HistogramBinning(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SplineCalibrator(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MatrixScaling(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TemperatureLoss.Of(TemperatureObjective.CrossEntropy, Narrow, 3, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TemperatureLoss.Of(TemperatureObjective.CrossEntropy, Narrow, 0, 0));
    }
}
