using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// The overfit detector on simulated answerers with a known memorised share, and on small networks that learned made-up facts in the
/// benchmark's own wording, in many wordings, or by contamination of the test items.
/// </summary>
public sealed class CbodStudy : Study
{
    private static readonly double[] Levels = [0.25, 0.5, 0.75, 1];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "c-bod", 59, "Forget What You Know about LLMs Evaluations - LLMs are Like a Chameleon (2025)",
        "Counts detections and false alarms of the detector where the memorised share is planted, and applies it to networks trained on facts in one wording, in many, or on the test items themselves.", 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("contaminated", "A model that saw the test items loses accuracy when they are reworded.", "mean loss of 2.15 points (v2: 2.75); more than 80 % of models significant", "Δ of the contaminated network at μ = 1", "points", ClaimDirection.AtLeast, 2.15),
        new("contaminated-flagged", "The detector flags it.", "20 of 26 models flagged", "contaminated networks flagged as overfit", "%", ClaimDirection.AtLeast, 80),
        new("narrow-flagged", "It flags a model that knows its facts in the benchmark's wording only.", "20 of 26 models flagged", "narrow networks flagged as overfit", "%", ClaimDirection.AtLeast, 80),
        new("clean", "It does not flag a model that learned the facts in many wordings.", "Llama family and weaker models not significant", "clean networks flagged as overfit", "%", ClaimDirection.AtMost, 34),
        new("level", "Without memorisation it raises few false alarms.", "α = .05", "verdicts overfit at memorised share 0, flips 8 %, N = 2000", "%", ClaimDirection.AtMost, 5),
        new("power", "A memorised tenth of 2000 items is found.", "a few points are significant on MMLU", "verdicts overfit at memorised share .1, skill .6, flips 8 %, N = 2000", "%", ClaimDirection.AtLeast, 80),
        new("coverage", "The interval of Δ covers the planted loss 100 m(1 − s)(1 − 2f).", "ours", "coverage of the 95 % interval over memorised shares 0, .05, .1, .2 and N = 500, 2000", "%", ClaimDirection.Within, 93, 97),
        new("dose", "The loss grows with the distortion.", "yes", "Δ at μ = 1 minus Δ at μ = .25, contaminated network", "points", ClaimDirection.AtLeast, 0),
        new("trend", "Where larger models memorise more, the fit over ln(parameters) finds it.", "positive trend with ln(parameters) and accuracy", "slope of Δ over ln(parameters), memorised share planted as .02 ln(1 + parameters)", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        for (var i = 0; i < context.Seeds.Count; i++)
        {
            var seed = context.Seeds[i];
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {seed}: simulated answerers", (double)i / context.Seeds.Count);
            Simulated(context, seed, isQuick ? 200 : 1000);
            context.Progress($"seed {seed}: networks", (i + 0.2) / context.Seeds.Count);
            Networks(context, seed, isQuick ? 25 : 60);
        }
    }

    private static void Simulated(StudyContext context, int seed, int runs)
    {
        var (covered, total) = (0, 0);
        foreach (var share in new[] { 0, 0.05, 0.1, 0.2 })
        {
            foreach (var items in new[] { 500, 2000 })
            {
                var flagged = 0;
                for (var run = 0; run < runs; run++)
                {
                    var result = Cbod.Of(Answerer(share, 0.6, 0.08, items, SeededRandom.At(seed, items, (long)(1000 * share), run)));
                    flagged += result.Verdict == OverfitVerdict.Overfit ? 1 : 0;
                    covered += result.Delta.Interval.Contains(100 * share * 0.4 * (1 - 2 * 0.08)) ? 1 : 0;
                    total++;
                }
                context.Observe($"verdicts overfit % at memorised share {share}, N = {items}", 100.0 * flagged / runs);
                if (items == 2000 && (share == 0 || share == 0.1))
                    context.Measure(share == 0 ? "level" : "power", seed, 100.0 * flagged / runs);
            }
        }
        context.Measure("coverage", seed, 100.0 * covered / total);
        double[] parameters = [1, 2, 3, 7, 8, 13, 34, 70];
        double[] deltas = [.. Enumerable.Range(0, parameters.Length).Select(m => Cbod.Of(Answerer(0.02 * Math.Log(1 + parameters[m]), 0.6, 0.08, 14042, SeededRandom.At(seed, 77, m))).Delta.Value)];
        var trend = CbodTrend.Of(Array.ConvertAll(parameters, Math.Log), deltas);
        context.Measure("trend", seed, trend.Slope);
        context.Observe("trend: R²", trend.RSquared);
    }

    // Right in the canonical wording where it knows or remembers, reworded where it knows.
    private static PairedOutcomes Answerer(double memorised, double skill, double flips, int items, SeededRandom random)
    {
        bool[] canonical = new bool[items], reworded = new bool[items];
        for (var i = 0; i < items; i++)
        {
            reworded[i] = random.NextDouble() < skill;
            canonical[i] = reworded[i] || random.NextDouble() < memorised;
            // Noise of the answerer, independent on both sides; it shrinks the drop by (1 − 2f).
            canonical[i] ^= random.NextDouble() < flips;
            reworded[i] ^= random.NextDouble() < flips;
        }
        return PairedOutcomes.Of(canonical, reworded);
    }

    private static void Networks(StudyContext context, int seed, int epochs)
    {
        var facts = new SyntheticFacts(seed);
        var random = SeededRandom.At(seed, 1);
        var order = random.Permutation(SyntheticFacts.Count);
        var (test, other) = (order[..(SyntheticFacts.Count / 2)], order[(SyntheticFacts.Count / 2)..]);
        static IEnumerable<(int, (int, int))> In(IEnumerable<int> facts, params int[] frames) => facts.SelectMany(f => frames.Select(w => (f, SyntheticFacts.Wording(w))));
        var models = new (string Name, (int, (int, int))[] Rows)[]
        {
            // The test items in the benchmark's wording; what the wordings mean, from the other facts.
            ("contaminated", [.. In(other, 0, 1, 2, 3, 4, 5), .. In(test, 0)]),
            ("narrow", [.. In(order, 0)]),
            // The test items in every wording but the benchmark's.
            ("clean", [.. In(other, 0, 1, 2, 3, 4, 5), .. In(test, 1, 2, 3, 4, 5)]),
        };
        foreach (var (name, rows) in models)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            // μ is the chance that the frame, and that the relation's word, is another one; frames 6 … 11 are in nobody's training.
            var questions = new List<(int, (int, int))>(In(test, 0));
            foreach (var level in Levels)
            {
                var draw = SeededRandom.At(seed, 2); // the same draws at every level: a larger μ changes a superset
                foreach (var fact in test)
                {
                    var (newFrame, frame, newSynonym, synonym) = (draw.NextDouble() < level, 6 + draw.Next(6), draw.NextDouble() < level, 1 + draw.Next(2));
                    questions.Add((fact, (newFrame ? frame : 0, newSynonym ? synonym : 0)));
                }
            }
            var answers = facts.TrainAndAnswer(rows, questions, 128, name == "narrow" ? 4 * epochs : epochs, seed, context.Cancellation);
            bool[] right = [.. answers.Select((a, q) => a == facts.Key(questions[q].Item1))];
            var results = Levels.Select((_, l) => Cbod.Of(right.AsSpan(0, test.Length), right.AsSpan((l + 1) * test.Length, test.Length), model: name)).ToArray();
            for (var l = 0; l < Levels.Length; l++)
                context.Observe($"{name} network: Δ at μ = {Levels[l]}", results[l].Delta.Value);
            context.Observe($"{name} network: accuracy in the benchmark's wording %", 100 * results[^1].Accuracy);
            var flagged = results[^1].Verdict == OverfitVerdict.Overfit ? 100 : 0;
            context.Measure(name == "clean" ? "clean" : $"{name}-flagged", seed, flagged);
            if (name == "contaminated")
            {
                context.Measure("contaminated", seed, results[^1].Delta.Value);
                context.Measure("dose", seed, results[^1].Delta.Value - results[0].Delta.Value);
            }
            // Two rewordings against each other: their Δ must be about 0.
            if (name == "clean")
                context.Observe("null pair (μ = .75 against μ = 1, clean network): Δ", Cbod.Of(right.AsSpan(3 * test.Length, test.Length), right.AsSpan(4 * test.Length, test.Length)).Delta.Value);
        }
    }
}
