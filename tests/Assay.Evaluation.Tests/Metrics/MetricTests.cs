using Assay.Statistics;
using CsCheck;

namespace Assay.Evaluation.Tests;

public sealed class MetricTests
{
    // scikit-learn 1.2.1 on ReferenceCases: accuracy_score, balanced_accuracy_score, f1_score(average), matthews_corrcoef, cohen_kappa_score,
    // log_loss, ((p - onehot)**2).sum(1).mean() (brier_score_loss for k = 2), roc_auc_score(multi_class='ovr'),
    // mean of average_precision_score(y == c, p[:, c]); ece with NumPy: bins by ceil(15 conf) - 1.
    public static TheoryData<string, double, double> Reference => new()
    {
        { "accuracy", 0.4350000000, 0.5866666667 },
        { "balanced-accuracy", 0.4360633361, 0.5850000000 },
        { "f1-macro", 0.4143649243, 0.5694444444 },
        { "f1-micro", 0.4350000000, 0.5866666667 },
        { "f1-weighted", 0.4510288998, 0.5981481481 },
        { "mcc", 0.1477111561, 0.1606349010 },
        { "cohen-kappa", 0.1408477476, 0.1545454545 },
        { "log-loss", 1.2060050780, 0.8237145600 },
        { "brier", 0.7537506996, 0.2900600995 },
        { "roc-auc", 0.7176797195, 0.7159000000 },
        { "average-precision", 0.6036664045, 0.8494230726 },
        { "ece", 0.3469936828, 0.2884431922 },
    };

    [Theory]
    [MemberData(nameof(Reference))]
    public void Metrics_agree_with_scikit_learn_for_three_and_for_two_classes(string metric, double three, double two)
    {
        Assert.Equal(three, Judgement.Of(ReferenceCases.Classification(200, 3))[metric].Estimate.Value, 1e-7);
        Assert.Equal(two, Judgement.Of(ReferenceCases.Classification(150, 2))[metric].Estimate.Value, 1e-7);
    }

    [Theory]
    [MemberData(nameof(Reference))]
    public void Logits_are_judged_as_their_softmax(string metric, double three, double two)
    {
        // Softmax in single precision breaks a few of the ties that the reference has.
        var tolerance = metric is "roc-auc" or "average-precision" ? 1e-3 : 1e-6;
        Assert.Equal(three, Judgement.Of(ReferenceCases.Classification(200, 3, ScoreKind.Logits))[metric].Estimate.Value, tolerance);
        Assert.Equal(two, Judgement.Of(ReferenceCases.Classification(150, 2, ScoreKind.Logits))[metric].Estimate.Value, tolerance);
    }

    // r2_score, mean_absolute_error, mean_squared_error ** .5; the standard error of R² by numerical derivatives of r2_score(sample_weight).
    [Fact]
    public void Regression_metrics_agree_with_scikit_learn()
    {
        var judgement = Judgement.Of(ReferenceCases.Regression(120));
        Assert.Equal(0.8437775033, judgement["r2"].Estimate.Value, 1e-7);
        Assert.Equal(0.7206036180, judgement["mae"].Estimate.Value, 1e-7);
        Assert.Equal(0.8780570568, judgement["rmse"].Estimate.Value, 1e-7);
        var interval = judgement["r2"].Estimate.Interval;
        Assert.Equal(0.0145721758, interval.Width / (2 * 1.959963984540054), 1e-7);
    }

    // precision_recall_fscore_support and confusion_matrix.
    [Fact]
    public void Classes_and_confusion_matrix_agree_with_scikit_learn()
    {
        var judgement = Judgement.Of(ReferenceCases.Classification(200, 3));
        Assert.Equal([48, 36, 27, 12, 21, 12, 12, 14, 18], judgement.Confusion!.Counts.ToArray());
        Assert.Equal([0.66666667, 0.29577465, 0.31578947], judgement.Classes.Select(c => Math.Round(c.Precision.Value, 8)));
        Assert.Equal([0.43243243, 0.46666667, 0.40909091], judgement.Classes.Select(c => Math.Round(c.Recall.Value, 8)));
        Assert.Equal([0.52459016, 0.36206897, 0.35643564], judgement.Classes.Select(c => Math.Round(c.F1.Value, 8)));
        Assert.All(judgement.Classes, c => Assert.True(c.F1.Interval.Contains(c.F1.Value)));
    }

    // DeLong 1988 written out with NumPy: psi = (pos > neg) + (pos == neg)/2; var(ddof=1) of its row and column means over m and n.
    [Fact]
    public void The_auc_interval_of_two_classes_is_delongs_on_the_logit_scale()
    {
        var interval = Judgement.Of(ReferenceCases.Classification(150, 2))["roc-auc"].Estimate.Interval;
        Assert.Equal(0.6231202695, interval.Low, 1e-6);
        Assert.Equal(0.7934118059, interval.High, 1e-6);
    }

    // Variances by numerical derivatives of scikit-learn's metrics with respect to sample_weight; a bootstrap of 4,000 gives .02934 and .02878.
    [Fact]
    public void Rank_intervals_rest_on_the_influence_of_each_example()
    {
        AssertLogitVariance(0.000911192027, Judgement.Of(ReferenceCases.Classification(150, 2))["average-precision"].Estimate, 1e-3);
        // DeLong's m − 1 in place of m: a few per cent at 44 members.
        AssertLogitVariance(0.000828105609, Judgement.Of(ReferenceCases.Classification(200, 3))["roc-auc"].Estimate, 0.03);

        static void AssertLogitVariance(double expected, Estimate estimate, double relative)
        {
            static double Logit(double p) => Math.Log(p / (1 - p));
            var se = (Logit(estimate.Interval.High) - Logit(estimate.Interval.Low)) / (2 * 1.959963984540054) * estimate.Value * (1 - estimate.Value);
            Assert.Equal(1, se * se / expected, relative);
        }
    }

    [Fact]
    public void Every_interval_holds_its_value()
    {
        foreach (var predictions in new[] { ReferenceCases.Classification(200, 3), ReferenceCases.Classification(150, 2), ReferenceCases.Regression(120) })
            Assert.All(Judgement.Of(predictions).Metrics, m => Assert.True(m.Estimate.Interval.Contains(m.Estimate.Value), m.Name));
    }

    [Fact]
    public void A_higher_level_gives_a_wider_interval()
    {
        var predictions = ReferenceCases.Classification(200, 3);
        foreach (var (wide, narrow) in Judgement.Of(predictions, level: 0.99).Metrics.Zip(Judgement.Of(predictions, level: 0.9).Metrics))
            Assert.True(wide.Estimate.Interval.Width > narrow.Estimate.Interval.Width, wide.Name);
    }

    [Fact]
    public void Streaming_in_any_pieces_and_merging_gives_the_same_metrics()
    {
        Gen.Select(Gen.Int[1, 199], Gen.Int[1, 40]).Sample((cut, batch) =>
        {
            var predictions = ReferenceCases.Classification(200, 3);
            var metrics = Metric.Defaults.Where(m => m.AppliesTo(ScoreKind.Probabilities)).ToArray();
            var parts = new[] { new MetricAccumulator(metrics, ScoreKind.Probabilities, 3), new MetricAccumulator(metrics, ScoreKind.Probabilities, 3) };
            for (var start = 0; start < 200;)
            {
                var end = Math.Min(start + batch, start < cut ? cut : 200);
                parts[start < cut ? 0 : 1].Add(predictions.Scores.Values[(start * 3)..(end * 3)], predictions.Labels.AsSpan()[start..end]);
                start = end;
            }
            parts[0].Merge(parts[1]);
            foreach (var (streamed, whole) in parts[0].Result().Zip(Judgement.Of(predictions).Metrics))
            {
                Assert.Equal(whole.Estimate.Value, streamed.Estimate.Value, 1e-12);
                Assert.Equal(whole.Estimate.Interval.Low, streamed.Estimate.Interval.Low, 1e-6);
            }
        }, iter: 30);
    }

    [Fact]
    public void The_order_of_the_examples_does_not_matter()
    {
        Gen.Long.Sample(seed =>
        {
            var predictions = ReferenceCases.Classification(200, 3);
            var shuffled = predictions.Select(new SeededRandom(seed).Permutation(200));
            foreach (var (a, b) in Judgement.Of(predictions).Metrics.Zip(Judgement.Of(shuffled).Metrics))
                Assert.Equal(a.Estimate.Value, b.Estimate.Value, 1e-9);
        }, iter: 30);
    }

    [Fact]
    public void Ranking_ignores_increasing_maps_of_the_score_and_mirrors_with_the_labels()
    {
        Gen.Select(Gen.Float[-3, 3], Gen.Bool).Array[2, 60].Where(a => a.Any(x => x.Item2) && a.Any(x => !x.Item2)).Sample(items =>
        {
            float[] scores = [.. items.Select(x => MathF.Round(x.Item1, 1))];
            bool[] positive = [.. items.Select(x => x.Item2)];
            var auc = new RocAuc().Compute(scores, positive).Value;
            Assert.Equal(auc, new RocAuc().Compute([.. scores.Select(s => MathF.Exp(s) - 7)], positive).Value, 1e-12);
            Assert.Equal(1 - auc, new RocAuc().Compute(scores, [.. positive.Select(p => !p)]).Value, 1e-12);
            Assert.Equal(auc, PairwiseAuc(scores, positive), 1e-12);
        });

        static double PairwiseAuc(float[] scores, bool[] positive)
        {
            var wins =
                from i in Enumerable.Range(0, scores.Length)
                from j in Enumerable.Range(0, scores.Length)
                where positive[i] && !positive[j]
                select scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            return wins.Average();
        }
    }

    [Fact]
    public void Renaming_the_classes_changes_no_metric()
    {
        Gen.Long.Sample(seed =>
        {
            var random = new SeededRandom(seed);
            // Ties for the top class go to the first, so that only scores without ties allow the renaming.
            var predictions = new Predictions
            {
                Model = "logits",
                Kind = ScoreKind.Logits,
                Scores = new FloatMatrix([.. Enumerable.Range(0, 600).Select(_ => (float)random.NextGaussian())], 200, 3),
                Labels = [.. Enumerable.Range(0, 200).Select(_ => random.Next(3))],
            };
            var map = random.Permutation(3);
            var scores = new float[600];
            for (var i = 0; i < 200; i++)
            {
                for (var c = 0; c < 3; c++)
                    scores[i * 3 + map[c]] = predictions.Scores[i, c];
            }
            var renamed = new Predictions { Model = "renamed", Kind = ScoreKind.Logits, Scores = new FloatMatrix(scores, 200, 3), Labels = [.. predictions.Labels.Select(l => map[l])] };
            foreach (var (a, b) in Judgement.Of(predictions).Metrics.Zip(Judgement.Of(renamed).Metrics))
                Assert.Equal(a.Estimate.Value, b.Estimate.Value, 1e-5);
        }, iter: 20);
    }

    [Fact]
    public void Perfect_predictions_are_perfect_and_their_intervals_still_doubt()
    {
        const int N = 50;
        var labels = Enumerable.Range(0, N).Select(i => i % 5 == 0 ? 1 : 0).ToArray();
        var predictions = new Predictions
        {
            Model = "oracle",
            Kind = ScoreKind.Probabilities,
            Scores = new FloatMatrix([.. labels.SelectMany(l => new float[] { 1 - l, l })], N, 2),
            Labels = [.. labels],
        };
        var judgement = Judgement.Of(predictions);
        foreach (var name in new[] { "accuracy", "balanced-accuracy", "f1-macro", "mcc", "cohen-kappa", "roc-auc", "average-precision" })
        {
            Assert.Equal(1, judgement[name].Estimate.Value, 1e-12);
            Assert.Equal(1, judgement[name].Estimate.Interval.High, 1e-12);
            Assert.InRange(judgement[name].Estimate.Interval.Low, 0.1, 0.99);
        }
        Assert.Equal(0, judgement["log-loss"].Estimate.Value, 1e-12);
        Assert.Equal(0, judgement["brier"].Estimate.Value);
        Assert.Equal(0, judgement["ece"].Estimate.Value);
        // The class with ten members allows an error share of 1 − .025^(1/10) = .30850; balanced accuracy is then 1 − .30850/2.
        Assert.Equal(0.84575, judgement["balanced-accuracy"].Estimate.Interval.Low, 1e-5);
    }

    [Fact]
    public void A_single_class_leaves_ranking_undefined_and_the_rest_defined()
    {
        var predictions = new Predictions
        {
            Model = "lonely",
            Kind = ScoreKind.Probabilities,
            Scores = new FloatMatrix([0.4f, 0.6f, 0.7f, 0.3f], 2, 2),
            Labels = [0, 0],
        };
        var judgement = Judgement.Of(predictions);
        Assert.False(judgement["roc-auc"].Estimate.IsDefined);
        Assert.False(judgement["average-precision"].Estimate.IsDefined);
        Assert.Equal(0.5, judgement["accuracy"].Estimate.Value);
        Assert.Equal(0.5, judgement["balanced-accuracy"].Estimate.Value);
    }

    [Fact]
    public void Equal_mass_bins_hold_equal_numbers_and_keep_ties_together()
    {
        var metric = new ExpectedCalibrationError(4, BinScheme.EqualMass);
        float[] confidences = [.5f, .5f, .5f, .6f, .6f, .7f, .8f, .9f];
        bool[] correct = [true, false, true, false, true, true, true, true];
        // Quotas of 2: {.5 .5 .5}, {.6 .6}, {.7 .8}? the first bin has taken 3, so the next ends at row 4, shifted by the tie to 5; then {.7}, {.8 .9}.
        // Gaps: |2 − 1.5|, |1 − 1.2|, |1 − .7|, |2 − 1.7| over 8.
        Assert.Equal((0.5 + 0.2 + 0.3 + 0.3) / 8, metric.Compute(confidences, correct).Value, 1e-6);
    }

    [Fact]
    public void Equal_mass_bins_are_as_many_as_asked_for()
    {
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 100]).Sample((bins, n) =>
        {
            var tally = new EqualMassBins(bins);
            for (var i = 0; i < n; i++)
                tally.Add(i / (float)n, true);
            var counts = tally.ToBins().ToArray().Select(b => b.Count).ToArray();
            Assert.Equal(Math.Min(bins, n), counts.Length);
            Assert.True(counts.Max() - counts.Min() <= 1);
            var bin = tally.Binning();
            Assert.Equal(counts, Enumerable.Range(0, n).GroupBy(i => bin(i / (float)n)).OrderBy(g => g.Key).Select(g => g.LongCount()));
        });
    }

    [Fact]
    public void Metrics_are_found_in_the_catalog_with_their_parameters()
    {
        var catalog = MethodCatalog.Of(typeof(Metric).Assembly);
        Assert.Equal(10, catalog.Create<Metric>("ece(bins: 10)") is ExpectedCalibrationError e ? e.Bins : 0);
        Assert.Equal("f1-weighted", catalog.Create<Metric>("f1(weighted)").Name);
        Assert.All(Metric.Defaults, m => Assert.True(catalog.Entries.Any(x => x.Type == m.GetType() && x.Kind == MethodKind.Metric), m.Name));
    }

    [Fact]
    public void A_metric_refuses_scores_that_do_not_give_what_it_needs()
    {
        var hard = new Predictions { Model = "hard", Kind = ScoreKind.Classes, Scores = new FloatMatrix([1, 0, 0, 1], 2, 2), Labels = [0, 1] };
        Assert.Contains("needs probabilities", Assert.Throws<ArgumentException>(() => new LogLoss().Evaluate(hard)).Message, StringComparison.Ordinal);
        Assert.Equal(1, new Accuracy().Evaluate(hard).Value);
        Assert.DoesNotContain(Judgement.Of(hard).Metrics, m => m.Name == "log-loss");
    }
}
