using Assay.Statistics;

namespace Assay.Evaluation.Tests.Judging;

public sealed class StreamJudgementTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("stream").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Softmax of noise; with a sharpness of 8 most confidences are near 1.
    private static Predictions Model(int rows, int classes, double sharpness = 1)
    {
        var random = new SeededRandom(rows + classes);
        var (scores, labels, city) = (new float[rows * classes], new int[rows], new string[rows]);
        for (var i = 0; i < rows; i++)
        {
            labels[i] = random.Next(classes);
            for (var c = 0; c < classes; c++)
                scores[i * classes + c] = (float)(sharpness * (random.NextGaussian() + (c == labels[i] ? 1.2 : 0)));
            city[i] = random.Next(3) == 0 ? "Oslo" : "Rome";
        }
        return new Predictions
        {
            Model = "m", Kind = ScoreKind.Logits, Scores = new FloatMatrix(scores, rows, classes), Labels = [.. labels],
            Slices = System.Collections.Immutable.ImmutableDictionary<string, CategoryColumn>.Empty.Add("city", CategoryColumn.FromTexts(city)),
        };
    }

    private static IEnumerable<Predictions> Cut(Predictions whole, int rows)
    {
        for (var start = 0; start < whole.Count; start += rows)
            yield return whole.Select([.. Enumerable.Range(start, Math.Min(rows, whole.Count - start))]);
    }

    public static TheoryData<int, double> Shapes => new() { { 2, 1 }, { 2, 8 }, { 10, 1 }, { 10, 8 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_stream_gives_the_judgement_of_one_piece(int classes, double sharpness)
    {
        var whole = Model(30_000, classes, sharpness);
        Metric[] metrics = [.. Metric.Defaults.Where(m => m.AppliesTo(ScoreKind.Logits)), new KolmogorovSmirnovCalibrationError(), new ConfidenceAuroc(), new MaximumCalibrationError(scheme: BinScheme.EqualMass)];
        var expected = Judgement.Of(whole, metrics);
        var actual = Judgement.OfStream(Cut(whole, 7_001), metrics).Whole;
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected.Classes.Select(c => c.F1.Value), actual.Classes.Select(c => c.F1.Value));
        foreach (var metric in metrics)
        {
            var (one, streamed) = (expected[metric.Name].Estimate, actual[metric.Name].Estimate);
            // Sorting metrics see buckets of 0.1 to 0.4 % of the odds; a bin's edge may fall one bucket further.
            var tolerance = metric is AveragePrecision ? 3e-5 : metric is RocAuc or ConfidenceAuroc ? 1e-5 : metric is KolmogorovSmirnovCalibrationError ? 1e-4 : metric.Name.Contains("equal-mass", StringComparison.Ordinal) ? 3e-3 : 1e-9;
            Assert.Equal(one.Value, streamed.Value, tolerance);
            // The variance of ROC-AUC and average precision over classes comes from a sample of rows, here all of them.
            Assert.Equal(one.Interval.Width, streamed.Interval.Width, Math.Max(tolerance, 1e-2 * one.Interval.Width));
        }
    }

    [Fact]
    public void Equal_scores_stay_tied_so_that_coarse_scores_are_exact()
    {
        var random = new SeededRandom(3);
        var (scores, labels) = (new float[2 * 5000], new int[5000]);
        for (var i = 0; i < labels.Length; i++)
        {
            scores[2 * i + 1] = random.Next(129) / 128f;
            scores[2 * i] = 1 - scores[2 * i + 1];
            labels[i] = random.NextDouble() < scores[2 * i + 1] ? 1 : 0;
        }
        var whole = new Predictions { Model = "m", Kind = ScoreKind.Probabilities, Scores = new FloatMatrix(scores, labels.Length, 2), Labels = [.. labels] };
        var (expected, actual) = (Judgement.Of(whole), Judgement.OfStream(Cut(whole, 999)).Whole);
        foreach (var metric in expected.Metrics)
        {
            Assert.Equal(metric.Estimate.Value, actual[metric.Name].Estimate.Value, 1e-9);
            Assert.Equal(metric.Estimate.Interval.Low, actual[metric.Name].Estimate.Interval.Low, 1e-7);
        }
    }

    [Fact]
    public void Slices_of_a_stream_are_those_of_one_piece()
    {
        var whole = Model(5_000, 3);
        var expected = Judgement.BySlice(whole, "city");
        var actual = Judgement.OfStream(Cut(whole, 611), null, 0.95, "city").Slices.Single().Slices;
        Assert.Equal(expected.Select(s => s.Slice), actual.Select(s => s.Slice));
        foreach (var (one, streamed) in expected.Zip(actual))
        {
            Assert.Equal(one.Judgement.Count, streamed.Judgement.Count);
            Assert.Equal(one.Judgement["accuracy"].Estimate, streamed.Judgement["accuracy"].Estimate);
            Assert.Equal(one.Judgement["roc-auc"].Estimate.Value, streamed.Judgement["roc-auc"].Estimate.Value, 3e-6);
        }
    }

    [Fact]
    public void Memory_does_not_grow_with_the_stream()
    {
        var block = Model(40_000, 2);
        static long After(Predictions block, int blocks)
        {
            var judging = new StreamJudging(null, []);
            for (var i = 0; i < blocks; i++)
                judging.Add(block);
            var bytes = GC.GetTotalMemory(forceFullCollection: true);
            GC.KeepAlive(judging);
            return bytes;
        }
        _ = After(block, 1);
        var growth = After(block, 48) - After(block, 24);
        // 24 blocks of 40,000 rows would be 8 MB of scores and 8 MB of confidences.
        Assert.InRange(growth, long.MinValue, 2 << 20);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("parquet")]
    [InlineData("jsonl")]
    public void A_file_is_read_in_blocks_as_in_one_piece(string extension)
    {
        var path = Path.Combine(folder, $"p.{extension}");
        var model = Model(3_000, 3).ToProbabilities();
        PredictionsFile.Write(path, model);
        var blocks = PredictionsFile.ReadBlocks(path, 700).ToArray();
        Assert.True(blocks.Length >= 5);
        var (expected, actual) = (Judgement.Of(PredictionsFile.Read(path)), Judgement.OfStream(blocks).Whole);
        Assert.Equal(expected["log-loss"].Estimate.Value, actual["log-loss"].Estimate.Value, 1e-12);
        Assert.Equal(expected.Classes.Select(c => (c.Name, c.Support)), actual.Classes.Select(c => (c.Name, c.Support)));
    }

    [Fact]
    public void Predicted_classes_that_only_later_blocks_hold_are_known_from_the_start()
    {
        var path = Path.Combine(folder, "c.csv");
        File.WriteAllText(path, "label,prediction\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"{(i < 200 ? "a" : "z")},{(i % 7 == 0 ? "m" : i < 200 ? "a" : "z")}\n")));
        var (expected, actual) = (Judgement.Of(PredictionsFile.Read(path)), Judgement.OfStream(PredictionsFile.ReadBlocks(path, 100)).Whole);
        Assert.Equal(["a", "m", "z"], actual.Classes.Select(c => c.Name));
        Assert.Equal(expected["mcc"].Estimate.Value, actual["mcc"].Estimate.Value, 1e-12);
    }

    [Fact]
    public void Values_that_look_like_classes_at_first_are_values()
    {
        var path = Path.Combine(folder, "v.csv");
        File.WriteAllText(path, "y,prediction\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"{i},{(i < 200 ? i : i + 0.5)}\n")));
        var actual = Judgement.OfStream(PredictionsFile.ReadBlocks(path, 100)).Whole;
        Assert.Equal(50.0 / 300, actual["mae"].Estimate.Value, 1e-6);
    }

    [Fact]
    public void A_fault_in_a_later_block_names_the_row_of_the_file()
    {
        var path = Path.Combine(folder, "f.csv");
        File.WriteAllText(path, "label,p_a,p_b\n" + string.Concat(Enumerable.Range(0, 300).Select(i => i == 250 ? "a,0.9,0.9\n" : "a,0.5,0.5\n")));
        var fault = Assert.Throws<InvalidDataException>(() => Judgement.OfStream(PredictionsFile.ReadBlocks(path, 100)));
        Assert.Contains("row 251", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_and_blocks_that_differ_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Judgement.OfStream([]));
        Assert.Throws<ArgumentException>(() => Judgement.OfStream([Model(10, 3), Model(10, 4)]));
        Assert.Throws<ArgumentException>(() => PredictionsFile.ReadBlocks("x.npy"));
    }

    [Fact]
    public void Buckets_keep_the_order_of_scores()
    {
        var buckets = new ScoreBuckets(1 << 17);
        var random = new SeededRandom(1);
        var scores = Enumerable.Range(0, 20_000).Select(i => (i % 3) switch { 0 => (float)random.NextDouble(), 1 => (float)Math.Pow(10, -8 * random.NextDouble()), _ => 1 - (float)Math.Pow(10, -7 * random.NextDouble()) }).Concat([0f, 0.5f, 1f, -0f, -1e-7f, 1.0000001f]).Order().ToArray();
        var last = 0;
        foreach (var score in scores)
        {
            var bucket = buckets.Of(score);
            Assert.InRange(bucket, last, buckets.Count - 1);
            last = bucket;
        }
        Assert.True(scores.Select(buckets.Of).Distinct().Count() > 8_000);
        Assert.NotEqual(buckets.Of(0.99999f), buckets.Of(0.999995f));
    }
}
