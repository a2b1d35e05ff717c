using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Small networks that learned made-up facts in one to six wordings, asked in five others; and simulated answerers that show whether the
/// intervals cover and whether a stable leaderboard is called unstable.
/// </summary>
public sealed class ParaphraseReliabilityStudy : Study
{
    private const int Paraphrases = 5;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "paraphrase-reliability", 37, "On Robustness and Reliability of Benchmark-Based Evaluation of LLMs (2025)",
        "Trains networks on facts in 1, 2, 4 or 6 wordings and asks in five unseen ones: drop, instability, ranking; then simulates answerers with a known sensitivity to wording.", 3);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("drop", "Accuracy falls under paraphrase.", "significant decline on all six benchmarks", "drop D of the network trained on the benchmark's wording alone (128 units)", "points", ClaimDirection.AtLeast, 2),
        new("fewer", "The more wordings a model learned from, the smaller the drop.", "ours", "D with one training wording minus D with six, mean of both sizes", "points", ClaimDirection.AtLeast, 0),
        new("instability", "So does the instability of single answers.", "ours", "instability with one training wording minus that with six, mean of both sizes", "", ClaimDirection.AtLeast, 0),
        new("hidden", "A high score may hide brittleness: two models of the same score differ in instability …", "yes", "instability with one training wording minus that with six (128 units)", "", ClaimDirection.AtLeast, 0.1),
        new("hidden-equal", "… while the benchmark rates them alike.", "yes", "difference of their accuracies in the benchmark's wording", "points", ClaimDirection.Within, -3, 3),
        new("spread", "Rankings stay stable where skills are spread.", "high rank correlation", "Kendall τ of original and paraphrased ranking; 30 answerers, skills N(0, 1), wording effects N(0, .5), 1000 items", "τ", ClaimDirection.AtLeast, 0.7),
        new("close", "They are less stable where skills are close.", "ours", "τ at skills N(0, 1) minus τ at skills N(0, .1)", "τ", ClaimDirection.AtLeast, 0),
        new("coverage", "Without an effect of wording the interval of D covers 0.", "ours", "coverage of the 95 % interval", "%", ClaimDirection.Within, 92, 98),
        new("false-alarm", "A stable ranking is rarely called unstable.", "ours; at most 10 %", "simulations without an effect of wording that are called unstable", "%", ClaimDirection.AtMost, 10),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        for (var i = 0; i < context.Seeds.Count; i++)
        {
            var seed = context.Seeds[i];
            context.Progress($"seed {seed}: networks", (double)i / context.Seeds.Count);
            Networks(context, seed, isQuick ? 20 : 60);
            context.Progress($"seed {seed}: simulated answerers", (i + 0.5) / context.Seeds.Count);
            Simulated(context, seed, isQuick ? 20 : 200);
        }
    }

    private static void Networks(StudyContext context, int seed, int epochs)
    {
        var facts = new SyntheticFacts(seed);
        var all = Enumerable.Range(0, SyntheticFacts.Count).ToArray();
        // The benchmark's wording, then five that no model learned from.
        var questions = new[] { 0, 6, 7, 8, 9, 10 }.SelectMany(frame => all.Select(fact => (fact, SyntheticFacts.Wording(frame)))).ToArray();
        var (names, answers) = (new List<string>(), new List<WordedAnswer?[][]>());
        foreach (var hidden in new[] { 48, 128 })
        {
            foreach (var frames in new[] { 1, 2, 4, 6 })
            {
                context.Cancellation.ThrowIfCancellationRequested();
                var rows = all.SelectMany(fact => Enumerable.Range(0, frames).Select(f => (fact, SyntheticFacts.Wording(f)))).ToArray();
                // As many updates for every model.
                var chosen = facts.TrainAndAnswer(rows, questions, hidden, epochs * 6 / frames, seed, context.Cancellation);
                names.Add($"{frames} wordings, {hidden} units");
                answers.Add([.. all.Select(fact => Enumerable.Range(0, Paraphrases + 1).Select(j => chosen[j * all.Length + fact]).Select(a => (WordedAnswer?)new WordedAnswer(a == facts.Key(fact), $"{a}")).ToArray())]);
            }
        }
        var report = ParaphraseReliability.Of(new WordingResults([.. names], [.. all.Select(f => $"{f}")], [], [.. answers]), seed: seed);
        ReliabilityResult Of(int frames, int hidden) => report.Models.Single(m => m.Model == $"{frames} wordings, {hidden} units");
        foreach (var model in report.Models)
        {
            context.Observe($"{model.Model}: accuracy in the benchmark's wording %", 100 * model.Original);
            context.Observe($"{model.Model}: drop, points", 100 * model.Drop.Value);
            context.Observe($"{model.Model}: instability", model.Instability);
        }
        context.Measure("drop", seed, 100 * Of(1, 128).Drop.Value);
        context.Measure("fewer", seed, 50 * (Of(1, 48).Drop.Value + Of(1, 128).Drop.Value - Of(6, 48).Drop.Value - Of(6, 128).Drop.Value));
        context.Measure("instability", seed, (Of(1, 48).Instability + Of(1, 128).Instability - Of(6, 48).Instability - Of(6, 128).Instability) / 2);
        context.Measure("hidden", seed, Of(1, 128).Instability - Of(6, 128).Instability);
        context.Measure("hidden-equal", seed, 100 * (Of(1, 128).Original - Of(6, 128).Original));
        // The benchmark's wording rates all networks (almost) alike, so that a correlation of rankings may be undefined; this is not.
        context.Observe("networks: dependability of one wording", report.Leaderboard!.Dependability);
    }

    private static void Simulated(StudyContext context, int seed, int runs)
    {
        double spread = 0, close = 0;
        const int Few = 5;
        for (var run = 0; run < Few; run++)
        {
            spread += ParaphraseReliability.Of(World(1, 0.5, 1000, 30, SeededRandom.At(seed, 1, run)), resamples: 20).Leaderboard!.Tau / Few;
            close += ParaphraseReliability.Of(World(0.1, 0.5, 1000, 30, SeededRandom.At(seed, 2, run)), resamples: 20).Leaderboard!.Tau / Few;
        }
        context.Measure("spread", seed, spread);
        context.Measure("close", seed, spread - close);
        var (covered, total, unstable) = (0, 0, 0);
        for (var run = 0; run < runs; run++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var report = ParaphraseReliability.Of(World(1, 0, 200, 10, SeededRandom.At(seed, 3, run)), resamples: 100, seed: run);
            covered += report.Models.Count(m => m.Drop.Interval.Contains(0));
            total += report.Models.Length;
            unstable += report.Leaderboard!.IsStable ? 0 : 1;
        }
        context.Measure("coverage", seed, 100.0 * covered / total);
        context.Measure("false-alarm", seed, 100.0 * unstable / runs);
    }

    // P(right) = logistic(skill − difficulty + effect of the wording on the item).
    private static WordingResults World(double skills, double wordings, int items, int models, SeededRandom random)
    {
        var difficulty = Enumerable.Range(0, items).Select(_ => random.NextGaussian()).ToArray();
        var effect = Enumerable.Range(0, items).Select(_ => Enumerable.Range(0, Paraphrases + 1).Select(_ => wordings * random.NextGaussian()).ToArray()).ToArray();
        return new WordingResults(
            [.. Enumerable.Range(0, models).Select(m => $"model {m}")], [.. Enumerable.Range(0, items).Select(i => $"{i}")], [],
            [.. Enumerable.Range(0, models).Select(_ =>
            {
                var skill = skills * random.NextGaussian();
                return Enumerable.Range(0, items).Select(i => effect[i].Select(e => (WordedAnswer?)new WordedAnswer(random.NextDouble() < 1 / (1 + Math.Exp(difficulty[i] - skill - e)), "")).ToArray()).ToArray();
            })]);
    }
}
