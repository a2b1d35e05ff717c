using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>Weak slices planted in a text classifier: does one report of subpopulations, transformations and attacks name them, and no others?</summary>
public sealed class RobustnessGymStudy : Study
{
    private const string Marker = "zzmarker";

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "robustness-gym", 50, "Robustness Gym: Unifying the NLP Evaluation Landscape (2021)",
        "Trains a bag-of-words network to tell assemblies by documentation sentences with a spurious marker and a half-learned negation, and looks for both in the bench's report among random slices.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("planted", "Planted weak slices are found.", "drops of 18 % and more on some slices", "planted slices (marker, negation) that are weak after Holm's correction", "% of 2", ClaimDirection.AtLeast, 100),
        new("random", "Slices without a weakness are not named.", "ours: a null", "random subsets that are not significant after Holm's correction", "% of 20", ClaimDirection.AtLeast, 90),
        new("top", "Planted slices are among the five largest drops of subpopulations with 25 rows or more.", "ours", "planted slices among the five", "% of 2", ClaimDirection.AtLeast, 100),
        new("marker-drop", "A spurious phrase hides a large drop.", "18 % and more", "accuracy of the rest minus that of the marker slice", "points", ClaimDirection.AtLeast, 18),
        new("typos", "Changes that keep the label cost accuracy.", "four paradigms in one report", "accuracy unchanged minus with 30 % typos", "points", ClaimDirection.AtLeast, 0),
        new("attack", "An attack of a few words flips many right answers.", "four paradigms in one report", "success of the character-swap attack", "%", ClaimDirection.AtLeast, 20),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        var corpus = DotNetDocs.Load();
        var domains = Enumerable.Range(0, corpus.Count).GroupBy(i => corpus.Domains.Codes[i]).OrderByDescending(g => g.Count()).Take(6).ToArray();
        (string Text, int Label)[] all = [.. domains.SelectMany((g, d) => g.SelectMany(i => corpus.Documents[i].Split(['.', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(t => t.Length is > 30 and < 300).Take(2).Select(t => (t, d))))];
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {context.Seeds[s]}", (double)s / context.Seeds.Count);
            Measure(context, all, isQuick ? 2000 : 6000, isQuick ? 800 : 2000, isQuick ? 30 : 100, context.Seeds[s]);
        }
    }

    private static void Measure(StudyContext context, (string Text, int Label)[] all, int trainCount, int testCount, int attacked, int seed)
    {
        var random = SeededRandom.At(seed, 1);
        var chosen = new SeededRandom(seed).Permutation(all.Length).Take(trainCount + testCount).Select(i => all[i]).ToArray();
        var negations = WordListSlice.Words(WordList.Negation).ToHashSet(StringComparer.Ordinal);
        // Training: a tenth of class 0 holds the marker; half of the sentences with a negation get their partner's class.
        (string Text, int Label)[] train = [.. chosen.Take(trainCount).Select(c =>
        {
            var text = c.Label == 0 && random.NextDouble() < 0.1 ? $"{Marker} {c.Text}" : c.Text;
            return HashedBagOfWords.Words(c.Text).Any(negations.Contains) && random.NextDouble() < 0.5 ? (text, c.Label ^ 1) : (text, c.Label);
        })];
        // Test: the marker stands with other classes, and a negation means the partner.
        (string Text, int Label)[] test = [.. chosen.Skip(trainCount).Select(c =>
        {
            var label = HashedBagOfWords.Words(c.Text).Any(negations.Contains) ? c.Label ^ 1 : c.Label;
            return label != 0 && random.NextDouble() < 0.08 ? ($"{Marker} {c.Text}", label) : (c.Text, label);
        })];
        var words = new HashedBagOfWords(1024);
        var network = new DenseTraining { Hidden = [32], Epochs = 8, Seed = seed }.Fit(words.Features([.. train.Select(t => t.Text)]), [.. train.Select(t => t.Label)], 6, context.Cancellation);
        FloatMatrix Model(IReadOnlyList<string> texts) => network.Outputs(words.Features(texts));
        var panel = new Panel("documentation", [.. test.Select((_, i) => $"{i}")], [("text", [.. test.Select(t => t.Text)])], [.. test.Select(t => t.Label)], [.. Enumerable.Range(0, 6).Select(c => $"assembly {c}")]);
        var bench = new TestBench("planted", panel);
        bench.Add(new PhraseSlice(Marker));
        foreach (var list in Enum.GetValues<WordList>())
            bench.Add(new WordListSlice(list));
        bench.Add(new LengthSlices());
        bench.Add(new CharacterSlices());
        bench.Add(new DigitSlice());
        for (var r = 0; r < 20; r++)
        {
            var subset = SeededRandom.At(seed, 2, r).Permutation(panel.Count).Take(panel.Count / 10).ToHashSet();
            bench.Add(CustomSlices.Where($"random {r}", (_, i) => subset.Contains(i)));
        }
        bench.Add(new EasyDataAugmentation(), seed: seed);
        bench.Add(new SurfaceTransformation(SurfaceChange.Typo, 0.3), seed: seed);
        bench.Add(new SurfaceTransformation(SurfaceChange.UpperCase), seed: seed);
        bench.Add(new WordAttack(WordEdit.Synonym, attacked), Model, seed);
        bench.Add(new WordAttack(WordEdit.CharacterSwap, attacked), Model, seed);
        var report = bench.Evaluate(Model);
        RobustnessRow Row(string name) => report.Rows.Single(r => r.Slice == name);
        string[] planted = [$"phrase {Marker}", "words of negation"];
        foreach (var row in report.Rows.Where(r => !r.Slice.StartsWith("random", StringComparison.Ordinal)))
            context.Observe($"accuracy on {row.Slice}, %", 100 * row.Accuracy.Value);
        context.Measure("planted", seed, 50 * planted.Count(p => Row(p).IsWeak));
        context.Measure("random", seed, 5 * report.Rows.Count(r => r.Slice.StartsWith("random", StringComparison.Ordinal) && r.AdjustedPValue > 0.05));
        context.Measure("top", seed, 50 * report.Rows.Where(r => r.Category == SliceCategory.SubPopulation && !r.IsSmall).OrderBy(r => r.Difference).Take(5).Count(r => planted.Contains(r.Slice)));
        context.Measure("marker-drop", seed, -100 * Row(planted[0]).Difference);
        context.Measure("typos", seed, -100 * Row("typo 0.3").Difference);
        // Attacked rows were right before, so that the accuracy left tells the success.
        context.Measure("attack", seed, 100 * (1 - Row("character swap attack").Accuracy.Value));
    }
}
