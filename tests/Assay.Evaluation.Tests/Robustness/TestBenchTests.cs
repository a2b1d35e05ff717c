using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation.Tests.Robustness;

public sealed class TestBenchTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("bench").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static Panel Of(params (string Text, int Label)[] rows) =>
        new("p", [.. rows.Select((_, i) => $"r{i}")], [("text", [.. rows.Select(r => r.Text)]), ("other", [.. rows.Select(r => r.Text.ToUpperInvariant())])], [.. rows.Select(r => r.Label)], ["no", "yes"]);

    // Says yes where the text holds the word "good".
    private static FloatMatrix Model(IReadOnlyList<string> texts) => new([.. texts.SelectMany(t => t.Split(' ').Contains("good") ? new[] { 0.1f, 0.9f } : [0.9f, 0.1f])], texts.Count, 2);

    private static Panel Words(params int[] counts) => Of([.. counts.Select(c => (string.Join(' ', Enumerable.Repeat("w", c)), 0))]);

    [Fact]
    public void Percentile_limits_are_interpolated_and_closed()
    {
        var panel = Words(3, 5, 8, 10, 12, 15, 20, 22, 30, 41);
        double[] scores = new LengthSlices().Score(panel);
        Assert.Equal([4.8, 31.1], new[] { "10%", "90%" }.Select(l => Math.Round(ScoreSlices.Limit(l, scores), 9)));
        var slices = new LengthSlices().Build(panel, null, 0).ToArray();
        Assert.Equal([[0], [9]], slices.Select(s => s.Rows.ToArray()));
        var halves = new LengthSlices("0", "12", "12", "50").Build(panel, null, 0).ToArray();
        Assert.Equal([4], halves[0].Rows.Intersect(halves[1].Rows)); // only at the limit
        Assert.Throws<ArgumentException>(() => new LengthSlices("1"));
        Assert.Throws<ArgumentException>(() => new LengthSlices("1", "many"));
    }

    [Fact]
    public void Overlap_rouge_and_similarity_have_the_computed_values()
    {
        Assert.Equal(4.0 / 7, OverlapSlices.Of("the cat sat on the mat".Split(' '), "the cat is on a mat".Split(' ')), 12);
        Assert.Equal(0, OverlapSlices.Of([], []));
        var rouge = SummaryScores.Rouge1("b c c e f", "a b c d");
        Assert.Equal((.5, .4, .444444), (rouge.Precision, rouge.Recall, Math.Round(rouge.F1, 6)));
        var s = SummaryScores.Of(new[,] { { .9, .1, .2 }, { .1, .2, .3 }, { 0, .8, .1 }, { .2, .1, .7 } });
        Assert.Equal((.416667, .311805, 1.0), (Math.Round(s.Position, 6), Math.Round(s.Dispersion, 6), Math.Round(s.Ordering, 9)));
        Assert.True(s.Nuclear > s.Frobenius && s.Frobenius > s.Spectral);
        var z = ProportionDifferenceTest.Of(70, 100, 780, 900);
        Assert.Equal((-4.428074, 9.51e-6), (Math.Round(z.Statistic, 6), Math.Round(z.PValue, 8)));
    }

    [Fact]
    public void Augmentation_edits_at_least_once_and_never_empties_a_text()
    {
        Assert.Equal([2, 1], new[] { 25, 5 }.Select(n => EasyDataAugmentation.Edits(.1, n)));
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new SeededRandom(seed);
            List<string> words = ["a", "b", "c"];
            EasyDataAugmentation.Delete(words, 1, random);
            Assert.Single(words);
            List<string> swapped = ["a", "b", "c", "d"];
            EasyDataAugmentation.Swap(swapped, 3, random);
            Assert.Equal(["a", "b", "c", "d"], swapped.Order());
            Assert.NotEqual("good", new EasyDataAugmentation(0, 0).Change("good", new SeededRandom(seed)));
            Assert.NotEmpty(new EasyDataAugmentation(deletion: 1).Change("one two three", random)!);
        }
        Assert.Null(new SurfaceTransformation(SurfaceChange.Contraction).Change("nothing here", new SeededRandom(1)));
        Assert.Equal("I don't", new SurfaceTransformation(SurfaceChange.Contraction).Change("I do not", new SeededRandom(1)));
        Assert.Equal("naive", new SurfaceTransformation(SurfaceChange.Diacritics).Change("naïve", new SeededRandom(1)));
        Assert.Equal(Sorted("kitten house"), Sorted(new SurfaceTransformation(SurfaceChange.Swap).Change("kitten house", new SeededRandom(2))!));
        static string Sorted(string text) => string.Concat(text.Order());
    }

    private static TestBench Bench()
    {
        var rows = Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? $"a good film {i}" : $"never a film {i}", i % 2 == 0 && i % 20 != 0 ? 1 : i % 20 == 0 ? 0 : 0)).ToArray();
        var bench = new TestBench("films", Of(rows));
        bench.Add(new WordListSlice(WordList.Negation));
        bench.Add(new PhraseSlice("good", "no such phrase"));
        bench.Add(CustomSlices.Where("every twentieth", (_, i) => i % 20 == 0));
        bench.Add(CustomSlices.Transform("identity", (t, _) => t));
        bench.Add(new SurfaceTransformation(SurfaceChange.UpperCase));
        bench.Add(CustomSlices.Where("nobody", (_, _) => false));
        return bench;
    }

    [Fact]
    public void One_report_names_weak_slices_with_their_tests()
    {
        var bench = Bench();
        Assert.Equal(5, bench.Slices.Count); // the empty slice is dropped
        Assert.Equal(0, bench.Add(new PhraseSlice("good", "no such phrase"))); // the same again adds nothing
        var report = bench.Evaluate(Model);
        RobustnessRow Row(string name) => report.Rows.Single(r => r.Slice == name);
        Assert.Equal(.95, Row("all rows").Accuracy.Value);
        Assert.Equal((0.0, true, true), (Row("every twentieth").Accuracy.Value, Row("every twentieth").IsWeak, Row("every twentieth").IsSmall));
        Assert.Equal((0.0, 1.0), (Row("identity").Difference, Row("identity").PValue)); // b = c = 0
        Assert.True(Row("upper case").IsWeak); // GOOD is no good to the model
        Assert.False(Row("words of negation").IsWeak);
        Assert.True(double.IsNaN(Row("every twentieth").MacroF1)); // one class only
        Assert.Equal(SliceCategory.All, report.Rows[^1].Category);
    }

    [Fact]
    public void Subpopulations_never_hold_more_rows_than_there_are_and_a_builder_adds_its_slices_once()
    {
        var bench = Bench();
        var slices = bench.Slices.Where(s => s.Category == SliceCategory.SubPopulation).ToArray();
        Assert.NotEmpty(slices);
        Assert.All(slices, s => Assert.Equal(s.Rows.Length, s.Rows.Distinct().Count()));
        Assert.All(slices.SelectMany(s => s.Rows), r => Assert.InRange(r, 0, bench.Panel.Count - 1));
        Assert.InRange(slices.SelectMany(s => s.Rows).Distinct().Count(), 1, bench.Panel.Count);
        var builder = new LengthSlices();
        Assert.True(bench.Add(builder) > 0);
        Assert.Equal(0, bench.Add(builder));
    }

    [Fact]
    public void A_saved_bench_gives_the_same_report_and_versions_follow_changes()
    {
        var bench = Bench();
        var file = Path.Combine(folder, "bench.json");
        bench.Save(file);
        var loaded = TestBench.Load(file, bench.Panel);
        var (before, after) = (bench.Evaluate(Model), loaded.Evaluate(Model));
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Rows.Select(r => (r.Slice, r.Count, r.Accuracy, r.AdjustedPValue)), after.Rows.Select(r => (r.Slice, r.Count, r.Accuracy, r.AdjustedPValue)));
        var minor = bench.Version.Minor;
        bench.Add(new DigitSlice());
        Assert.Equal((1, minor + 1), (bench.Version.Major, bench.Version.Minor));
        Assert.True(bench.Remove("digits"));
        Assert.Equal(new Version(2, 0, 0), bench.Version);
        Assert.Throws<InvalidDataException>(() => TestBench.Load(file, Of(("a", 0))));
        File.WriteAllText(file, "{\"name\": \"x\"}");
        Assert.Throws<InvalidDataException>(() => TestBench.Load(file, bench.Panel));
        var hits = bench.Panel.CacheHits;
        _ = new LengthSlices().Score(bench.Panel);
        Assert.Equal(hits + 1, bench.Panel.CacheHits);
    }

    [Fact]
    public void Attacks_flip_only_what_was_right_within_their_budget()
    {
        var panel = Of(("a good film", 1), ("a good day", 1), ("a bad film", 1), ("a film", 0));
        var most = 0;
        FloatMatrix Counting(IReadOnlyList<string> texts)
        {
            most++;
            return Model(texts);
        }
        var slice = Assert.Single(new WordAttack().Build(panel, Model, 1));
        Assert.Equal([0, 1, 3], slice.Rows); // the model has row 2 wrong
        Assert.All(new[] { 0, 1 }, i => Assert.DoesNotContain("good", slice.Texts[i].Split(' ')));
        Assert.StartsWith("success 66.7 %, 1 words", slice.Note, StringComparison.Ordinal);
        _ = new WordAttack(budget: 3).Attack("a good film", 1, Counting, new SeededRandom(1));
        Assert.Equal(3, most);
        FloatMatrix Constant(IReadOnlyList<string> texts) => new([.. texts.SelectMany(_ => new[] { 0f, 1f })], texts.Count, 2);
        Assert.StartsWith("success 0 %", Assert.Single(new WordAttack(WordEdit.CharacterSwap).Build(panel, Constant, 1)).Note, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new WordAttack().Build(panel, null, 1).ToArray());
        Assert.Contains("text, other", Assert.Throws<ArgumentException>(() => new ValueSlices("colour").Build(panel, null, 0).ToArray()).Message, StringComparison.Ordinal);
    }
}
