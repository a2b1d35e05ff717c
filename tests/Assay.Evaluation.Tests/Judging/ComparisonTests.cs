using System.Text.Json;
using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class ComparisonTests
{
    /// <summary>Hard predictions of two classes that are right on the items whose letter is 1; all labels are 0 and 1 in turn.</summary>
    private static Predictions Hard(string model, string right, string[]? ids = null) => new()
    {
        Model = model,
        Kind = ScoreKind.Classes,
        Scores = new FloatMatrix([.. right.SelectMany((c, i) => (c == '1') == (i % 2 == 0) ? new[] { 1f, 0 } : [0f, 1])], right.Length, 2),
        Labels = [.. right.Select((_, i) => i % 2)],
        Ids = ids is null ? [] : [.. ids],
    };

    private static Predictions Gaussian(string model, int n, double skill, long noise, int classes = 3)
    {
        var random = new SeededRandom(7);
        var own = new SeededRandom(noise);
        int[] labels = [.. Enumerable.Range(0, n).Select(_ => random.Next(classes))];
        // Half of the noise is common to all models: some examples are hard.
        return new Predictions
        {
            Model = model,
            Kind = ScoreKind.Logits,
            Scores = new FloatMatrix([.. labels.SelectMany(y => Enumerable.Range(0, classes).Select(c => (float)(random.NextGaussian() + 0.5 * own.NextGaussian() + (c == y ? skill : 0))))], n, classes),
            Labels = [.. labels],
        };
    }

    [Fact]
    public void Counts_and_tests_are_those_of_the_answers()
    {
        // 40 items, b = 25 and c = 15: the brief's table.
        var comparison = Comparison.Of([Hard("A", new string('1', 25) + new string('0', 15)), Hard("B", new string('0', 25) + new string('1', 15))]);
        var pair = comparison.Pairs.Single();
        Assert.Equal(new PairedOutcomes(0, 25, 15, 0), pair.Outcomes);
        Assert.Equal(.153860, pair.Test.PValue, 1e-6);
        Assert.Equal(.117275, pair.MidP, 1e-6);
        Assert.Equal(25.0 / 15, pair.OddsRatio!.Value.Value, 1e-12);
        Assert.Equal(-.25, comparison["accuracy"].Differences.Single().Difference.Value, 1e-12);
        Assert.Null(comparison.AllModels);
        Assert.StartsWith("Cannot tell B from A: A is ahead by 25.0 points", comparison.Verdicts.Single(), StringComparison.Ordinal);
        Assert.StartsWith("McNemar", comparison.Advice.Inference, StringComparison.Ordinal);
    }

    [Fact]
    public void Three_models_get_Cochrans_Q_and_Holms_correction()
    {
        // The brief's 40 items.
        var rows = new[] { (6, "110"), (20, "111"), (4, "000"), (3, "100"), (2, "011"), (5, "010") };
        Predictions Model(string name, int m) => Hard(name, string.Concat(rows.Select(r => new string(r.Item2[m], r.Item1))));
        var comparison = Comparison.Of([Model("A", 0), Model("B", 1), Model("C", 2)]);
        Assert.Equal(11.625, comparison.AllModels!.Statistic, 1e-9);
        Assert.Equal(3, comparison.Pairs.Length);
        Assert.Equal(MultipleComparisons.Adjust([.. comparison.Pairs.Select(p => p.Test.PValue)]), comparison.Pairs.Select(p => p.AdjustedPValue));
        Assert.Contains(comparison.Verdicts, v => v.Contains("after Holm", StringComparison.Ordinal));
    }

    [Fact]
    public void A_clearly_better_model_is_called_better()
    {
        var comparison = Comparison.Of([Gaussian("weak", 600, 0.5, 1), Gaussian("strong", 600, 2, 2)]);
        Assert.Matches(@"^strong is better by \d+\.\d+ points \[\d+\.\d+, \d+\.\d+\]; the difference is real at 5 %", comparison.Verdicts.Single());
        Assert.All(comparison.Metrics.Where(m => m.Name.StartsWith("f1", StringComparison.Ordinal) || m.Name is "accuracy" or "mcc" or "roc-auc" or "average-precision" or "log-loss" or "brier"), m =>
        {
            Assert.True(m.Differences.Single().IsReal, m.Name);
            Assert.Equal(m.HigherIsBetter, m.Differences.Single().Difference.Value > 0);
        });
    }

    [Fact]
    public void The_interval_of_each_difference_agrees_with_resampling_rows()
    {
        var models = new[] { Gaussian("a", 150, 1, 1), Gaussian("b", 150, 1.3, 2) };
        var comparison = Comparison.Of(models, resamples: 4000);
        foreach (var metric in Metric.Defaults.Where(m => m.AppliesTo(ScoreKind.Logits) && !m.Name.StartsWith("ece", StringComparison.Ordinal)))
        {
            var slow = Bootstrap.Of(150, rows => Value(metric, models[1].Select(rows)) - Value(metric, models[0].Select(rows)), 300, seed: 5);
            var interval = comparison[metric.Name].Differences.Single().Difference.Interval;
            Assert.Equal(1, interval.Width / (2 * 1.96 * Moments.Of(slow).StandardDeviation), 0.2);
            Assert.True(interval.Contains(comparison[metric.Name].Differences.Single().Difference.Value), metric.Name);
        }

        // Without the interval, whose own bootstrap would take long 300 times over.
        static double Value(Metric metric, Predictions p) => metric is ConfusionMetric confusion ? confusion.Compute(p.Labels.AsSpan(), p.PredictedClasses(), 3) : metric.Evaluate(p).Value;
    }

    [Fact]
    public void Regression_is_compared_by_intervals()
    {
        var good = ReferenceCases.Regression(120).With(model: "good");
        var bad = good.With(model: "bad", scores: new FloatMatrix([.. good.Scores.Values.ToArray().Select((v, i) => v + (i % 2 == 0 ? 1.5f : -1.5f))], 120, 1));
        var comparison = Comparison.Of([bad, good]);
        Assert.Empty(comparison.Pairs);
        Assert.StartsWith("good is better by", comparison.Verdicts.Single(), StringComparison.Ordinal);
        foreach (var metric in comparison.Metrics)
        {
            var difference = metric.Differences.Single().Difference;
            Assert.True(difference.Interval.Contains(difference.Value), metric.Name);
            Assert.True(metric.Differences.Single().IsReal, metric.Name);
        }
    }

    [Fact]
    public void A_model_against_itself_differs_in_nothing()
    {
        var model = Gaussian("a", 100, 1, 1);
        var comparison = Comparison.Of([model, model.With(model: "copy")]);
        Assert.All(comparison.Metrics, m => Assert.Equal(new Interval(0, 0), m.Differences.Single().Difference.Interval));
        Assert.Equal(1, comparison.Pairs.Single().Test.PValue);
        Assert.Contains("nothing to tell them apart", comparison.Verdicts.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Swapping_the_models_flips_the_differences()
    {
        Predictions a = Gaussian("a", 200, 1, 1), b = Gaussian("b", 200, 1.5, 2);
        var forth = Comparison.Of([a, b]);
        var back = Comparison.Of([b, a]);
        foreach (var (x, y) in forth.Metrics.Zip(back.Metrics))
        {
            Assert.Equal(x.Differences[0].Difference.Value, -y.Differences[0].Difference.Value, 1e-12);
            Assert.Equal(x.Differences[0].Difference.Interval.Low, -y.Differences[0].Difference.Interval.High, 1e-9);
        }
        Assert.Equal(forth.Pairs[0].Test.PValue, back.Pairs[0].Test.PValue, 1e-12);
    }

    [Fact]
    public void Examples_are_matched_by_id_and_classes_by_name()
    {
        var a = Gaussian("a", 50, 2, 1);
        var named = new Predictions { Model = "a", Kind = a.Kind, Scores = a.Scores, Labels = a.Labels, Ids = [.. Enumerable.Range(0, 50).Select(i => $"e{i}")], ClassNames = ["x", "y", "z"] };
        var order = new SeededRandom(3).Permutation(50);
        var shuffled = named.Select(order);
        // Classes in another order: z x y.
        var turned = shuffled.With(
            model: "b",
            scores: new FloatMatrix([.. Enumerable.Range(0, 50).SelectMany(i => new[] { shuffled.Scores[i, 2], shuffled.Scores[i, 0], shuffled.Scores[i, 1] })], 50, 3),
            labels: [.. shuffled.Labels.Select(l => (l + 1) % 3)],
            classNames: ["z", "x", "y"]);
        var comparison = Comparison.Of([named, turned]);
        Assert.Equal(0, comparison.Pairs.Single().Outcomes.Disagreements);
        Assert.Equal(0, comparison["log-loss"].Differences.Single().Difference.Value, 1e-12);
    }

    [Fact]
    public void Examples_that_do_not_match_are_named()
    {
        Assert.Contains("B: id 'z' of row 1 is not among the examples of A", Fault(Hard("A", "11", ["x", "y"]), Hard("B", "11", ["x", "z"])), StringComparison.Ordinal);
        Assert.Contains("B lacks id 'y', row 1 of A", Fault(Hard("A", "11", ["x", "y"]), Hard("B", "1", ["x"])), StringComparison.Ordinal);
        Assert.Contains("B: id 'x' of row 1 occurs before", Fault(Hard("A", "11", ["x", "y"]), Hard("B", "11", ["x", "x"])), StringComparison.Ordinal);
        Assert.Contains("B has no ids, A has", Fault(Hard("A", "11", ["x", "y"]), Hard("B", "11")), StringComparison.Ordinal);
        Assert.Contains("A has 2 examples, B has 3", Fault(Hard("A", "11"), Hard("B", "111")), StringComparison.Ordinal);
        Assert.Contains("two models are called 'A'", Fault(Hard("A", "11"), Hard("A", "11")), StringComparison.Ordinal);
        Assert.Contains("example 'y' is of class '0' for A, of class '1' for B", Fault(Hard("A", "11", ["x", "y"]).With(labels: [0, 0]), Hard("B", "11", ["x", "y"])), StringComparison.Ordinal);
        Assert.Contains("none of A, B comes with the true labels", Fault(Hard("A", "11").With(labels: []), Hard("B", "11").With(labels: [])), StringComparison.Ordinal);

        static string Fault(params Predictions[] models) => Assert.Throws<ArgumentException>(() => Comparison.Of(models)).Message;
    }

    [Fact]
    public void Truth_may_come_with_one_model_only()
    {
        Assert.Equal(1, Comparison.Of([Hard("A", "1101"), Hard("B", "1111").With(labels: [])]).Pairs.Single().Outcomes.OnlySecond);
    }

    [Fact]
    public void Influences_and_resampling_agree_on_ranking_metrics()
    {
        Predictions[] models = [Gaussian("a", 400, 1, 1).ToProbabilities(), Gaussian("b", 400, 1.3, 2).ToProbabilities()];
        foreach (var metric in new RankMetric[] { new RocAuc(), new AveragePrecision() })
        {
            var bootstrap = new PairedRanking(models, 4000, 0, Influence).Difference(metric, 0, 1, 0, .95);
            var influence = new PairedRanking(models, 100_000_000, 0, Influence).Difference(metric, 0, 1, 0, .95);
            Assert.Equal(1, influence.Width / bootstrap.Width, 0.08);
        }

        Influence Influence(int model) => MetricAccumulator.Over(models[model], [new RocAuc()]).TallyOf<RankTally>(typeof(RankTally))!.Summarise().Influence;
    }

    [Fact]
    public void A_comparison_is_written_as_json()
    {
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(Comparison.Of([Gaussian("a", 60, 1, 1), Gaussian("b", 60, 1.3, 2)]), JsonSerializerOptions.Web));
        Assert.Equal(60, json.RootElement.GetProperty("count").GetInt32());
        Assert.True(json.RootElement.GetProperty("metrics")[0].GetProperty("differences")[0].GetProperty("difference").GetProperty("interval").GetProperty("low").GetDouble() < 1);
    }
}
