using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// An ensemble of judges against planted label errors: simulated judges whose truth is known, and small classifiers as judges of sentences
/// from the .NET documentation, whose flags repair a training set and a test set.
/// </summary>
public sealed class LlmLabelErrorsStudy : Study
{
    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "llm-label-errors", 80, "Are LLMs Better than Reported? Detecting Label Errors and Mitigating Their Effect on Model Performance (2024)",
        "Simulates twelve judges over planted errors (bound, precision by confidence, ensemble size), and lets twelve small classifiers judge documentation sentences, repairing training and test labels. No chat model is asked.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("bound", "The bound from reviewed flags does not exceed the share of wrong labels.", "a lower bound of 6 % to 21 %", "planted rate minus the bound, mean over e = 5, 10, 20 %, simulated", "points", ClaimDirection.AtLeast, 0),
        new("total", "With a review of unflagged items the estimate meets the planted rate.", "ours", "estimate minus planted rate, mean over e = 5, 10, 20 %", "points", ClaimDirection.Within, -2, 2),
        new("confidence", "Precision grows with confidence.", "strong association", "Spearman of bin and precision, e = 10 %, simulated", "", ClaimDirection.AtLeast, 0.5),
        new("top-bin", "The most confident flags are mostly errors.", "> 2/3 at the top (recalled)", "precision of the top bin, e = 10 %, simulated", "%", ClaimDirection.AtLeast, 67),
        new("size", "Larger ensembles detect better.", "yes", "F1 of flags of all twelve judges minus the mean of one", "points", ClaimDirection.AtLeast, 0),
        new("crowd", "The ensemble is more right than a crowd of three with accuracy .75.", "crowd behind LLMs", "ensemble's accuracy on the truth minus that of the crowd's majority", "points", ClaimDirection.AtLeast, 0),
        new("shared-bias", "Where judges share a bias, the bound falls and flags are less precise.", "ours: independence violated on purpose", "precision of flags without minus with 10 % of items that all judges get wrong", "points", ClaimDirection.AtLeast, 0),
        new("flip-random", "Flipping flags beats flipping at random.", "up to +4 %", "accuracy on clean labels, flip minus random flip, 20 % noise", "points", ClaimDirection.AtLeast, 2),
        new("flip-none", "Flipping flags beats no repair.", "up to +4 %", "accuracy on clean labels, flip minus none", "points", ClaimDirection.AtLeast, 0),
        new("filter-none", "Dropping flags beats no repair.", "up to +4 %", "accuracy on clean labels, filter minus none", "points", ClaimDirection.AtLeast, 0),
        new("test-labels", "On corrected test labels a model's measured accuracy rises.", "up to +15 %", "accuracy on flipped test labels minus on noisy test labels", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        var sentences = Sentences();
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {seed}: simulated judges", (double)s / context.Seeds.Count);
            Simulated(context, isQuick ? 1500 : 2000, seed);
            context.Progress($"seed {seed}: classifiers as judges", (s + 0.2) / context.Seeds.Count);
            Real(context, sentences, isQuick ? 1500 : 6000, isQuick ? 500 : 2000, seed);
        }
    }

    private static void Simulated(StudyContext context, int count, int seed)
    {
        var (slack, off) = (new List<double>(), new List<double>());
        foreach (var noise in new[] { 0.05, 0.1, 0.2 })
        {
            var (truth, labels, judgements) = World(count, noise, 0, seed);
            var audit = JudgeAudit.Of(labels, judgements);
            // A quarter of the flags of each bin and 160 unflagged items are reviewed.
            var order = SeededRandom.At(seed, 1).Permutation(count);
            var wrong = audit.Flags.Where((_, i) => i % 4 == 0).ToDictionary(f => f.Row, f => truth[f.Row] != labels[f.Row]);
            int[] others = [.. order.Where(i => !audit.Items[i].IsFlagged).Take(160)];
            var bins = audit.Bins(wrong);
            var bound = ErrorBound.Of(bins, count, others.Length, others.Count(i => truth[i] != labels[i]), 300, seed: seed);
            var rate = labels.Where((l, i) => l != truth[i]).Count() / (double)count;
            slack.Add(100 * (rate - bound.LowerBound.Value));
            off.Add(100 * (bound.Total.Value - rate));
            context.Observe($"simulated, e = {100 * noise} %: planted, %", 100 * rate);
            context.Observe($"simulated, e = {100 * noise} %: bound, %", 100 * bound.LowerBound.Value);
            context.Observe($"simulated, e = {100 * noise} %: interval of the total holds the truth, %", bound.Total.Interval.Contains(rate) ? 100 : 0);
            if (noise != 0.1)
                continue;
            var all = audit.Bins(audit.Flags.ToDictionary(f => f.Row, f => truth[f.Row] != labels[f.Row]), [0.5, 0.6, 0.7, 0.8, 0.9, 1]);
            context.Measure("confidence", seed, Correlation.Spearman([.. all.Select((_, i) => (double)i)], [.. all.Select(b => b.Precision)]));
            context.Measure("top-bin", seed, 100 * all[^1].Precision);
            double F1(JudgeAudit a)
            {
                var hits = a.Flags.Count(f => truth[f.Row] != labels[f.Row]);
                return hits == 0 ? 0 : 200.0 * hits / (a.Flags.Length + rate * count);
            }
            var curve = JudgeAudit.SizeCurve(labels, judgements, F1, 10, seed);
            for (var j = 0; j < curve.Length; j += j < 3 ? 1 : 4)
                context.Observe($"simulated: F1 of {j + 1} judges, %", curve[j]);
            context.Measure("size", seed, curve[^1] - curve[0]);
            var random = SeededRandom.At(seed, 2);
            var crowd = truth.Count(t => Enumerable.Range(0, 3).Count(_ => random.NextDouble() < 0.75) >= 2) / (double)count;
            context.Measure("crowd", seed, 100 * (audit.Items.Count(i => i.Guess == truth[i.Row]) / (double)count - crowd));
            var (biasedTruth, biasedLabels, biased) = World(count, noise, 0.1, seed);
            var shared = JudgeAudit.Of(biasedLabels, biased);
            double Precision(JudgeAudit a, int[] t, int[] l) => 100.0 * a.Flags.Count(f => t[f.Row] != l[f.Row]) / Math.Max(1, a.Flags.Length);
            context.Observe("simulated, shared bias: precision of flags, %", Precision(shared, biasedTruth, biasedLabels));
            context.Measure("shared-bias", seed, Precision(audit, truth, labels) - Precision(shared, biasedTruth, biasedLabels));
        }
        context.Measure("bound", seed, slack.Average());
        context.Measure("total", seed, off.Average());
    }

    // logit p = ability(2z − 1) + difficulty of the item + effects of model and prompt; all judges err together on biased items.
    private static (int[] Truth, int[] Labels, FloatMatrix Judgements) World(int count, double noise, double bias, int seed)
    {
        var random = SeededRandom.At(seed, 20);
        var (truth, labels, values) = (new int[count], new int[count], new float[count * 12]);
        double[] ability = [.. Enumerable.Range(0, 4).Select(m => 1.2 + 0.3 * m)], model = [.. Enumerable.Range(0, 4).Select(_ => 0.3 * random.NextGaussian())], prompt = [.. Enumerable.Range(0, 3).Select(_ => 0.3 * random.NextGaussian())];
        for (var i = 0; i < count; i++)
        {
            truth[i] = random.Next(2);
            labels[i] = random.NextDouble() < noise ? 1 - truth[i] : truth[i];
            var difficulty = 0.8 * random.NextGaussian();
            var seen = random.NextDouble() < bias ? 1 - truth[i] : truth[i];
            for (var j = 0; j < 12; j++)
                values[i * 12 + j] = (float)(1 / (1 + Math.Exp(-(ability[j / 3] * (2 * seen - 1) + difficulty + model[j / 3] + prompt[j % 3] + random.NextGaussian()))));
        }
        return (truth, labels, new FloatMatrix(values, count, 12));
    }

    private static void Real(StudyContext context, (string Text, int Domain)[] sentences, int train, int test, int seed)
    {
        var chosen = new SeededRandom(seed).Permutation(sentences.Length).Take(train + test).Select(i => sentences[i]).ToArray();
        string[] texts = [.. chosen.Select(c => c.Text)];
        int[] truth = [.. chosen.Select(c => c.Domain)];
        var random = SeededRandom.At(seed, 3);
        int[] labels = [.. truth.Select(t => random.NextDouble() < 0.2 ? 1 - t : t)];
        FloatMatrix words = new HashedBagOfWords(512).Features(texts), pairs = new HashedBagOfWords(1024, pairs: true).Features(texts), trigrams = new HashedBagOfWords(512).Features([.. texts.Select(Trigrams)]);
        // Judges: four kinds × three seeds, each predicting items whose labels it has not seen.
        var judges = new List<Func<int[], int[], long, double[]>>
        {
            (fit, ask, _) => Linear(trigrams, fit, ask, 3), (fit, ask, _) => Linear(words, fit, ask, 1), (fit, ask, s) => Network(pairs, fit, ask, s), (fit, ask, _) => Centroid(words, fit, ask),
        };
        var values = new float[texts.Length * 12];
        for (var j = 0; j < 12; j++)
        {
            var splits = Splitters.KFold(texts.Length, 3, 10 * seed + j % 3, labels);
            foreach (var split in splits)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                var p = judges[j / 3]([.. split.Train], [.. split.Test], 100 * seed + j);
                for (var i = 0; i < p.Length; i++)
                    values[split.Test[i] * 12 + j] = (float)p[i];
            }
        }
        int[] fitRows = [.. Enumerable.Range(0, train)], testRows = [.. Enumerable.Range(train, test)];
        var judged = new FloatMatrix(values, texts.Length, 12);
        var audit = JudgeAudit.Of([.. fitRows.Select(i => labels[i])], judged.Select(fitRows));
        var testAudit = JudgeAudit.Of([.. testRows.Select(i => labels[i])], judged.Select(testRows));
        var (filterRows, _) = JudgeRepair.Training(audit, JudgeRepairMode.Filter, 0.6);
        var (_, flipped) = JudgeRepair.Training(audit, JudgeRepairMode.Flip, 0.6);
        int[] noisy = [.. fitRows.Select(i => labels[i])];
        var changed = flipped.Where((l, i) => l != noisy[i]).Count();
        var (randomRows, _) = JudgeRepair.Random(noisy, changed, JudgeRepairMode.Filter, seed);
        var (_, randomFlips) = JudgeRepair.Random(noisy, changed, JudgeRepairMode.Flip, seed);
        var soft = new float[train * 2];
        for (var i = 0; i < train; i++)
            (soft[2 * i], soft[2 * i + 1]) = ((float)(1 - audit.Items[i].Probability), (float)audit.Items[i].Probability);
        var confident = ConfidentLearning.Find(noisy, new FloatMatrix(soft, train, 2)).Ranked.ToHashSet();
        double[] Target(IReadOnlyList<int> rows, IReadOnlyList<int> of) =>
            Network(pairs, [.. rows], testRows, 5 * seed, [.. Enumerable.Range(0, texts.Length).Select(i => i < train ? of[i] : 0)]);
        var scores = new Dictionary<string, double[]>
        {
            ["none"] = Target(fitRows, noisy), ["filter"] = Target(filterRows, noisy), ["flip"] = Target(fitRows, flipped), ["random filter"] = Target(randomRows, noisy),
            ["random flip"] = Target(fitRows, randomFlips), ["confident learning"] = Target([.. fitRows.Where(i => !confident.Contains(i))], noisy), ["clean"] = Target(fitRows, [.. truth.Take(train)]),
        };
        int[] clean = [.. testRows.Select(i => truth[i])], given = [.. testRows.Select(i => labels[i])];
        var (_, mended) = JudgeRepair.Training(testAudit, JudgeRepairMode.Flip, 0.6);
        double Accuracy(string name, ReadOnlySpan<int> of) => 100 * JudgeRepair.Score(of, scores[name]).Accuracy;
        foreach (var name in scores.Keys)
            context.Observe($"documentation: {name}, accuracy on clean labels, %", Accuracy(name, clean));
        context.Observe("documentation: precision of flags, %", 100.0 * audit.Flags.Count(f => truth[f.Row] != labels[f.Row]) / Math.Max(1, audit.Flags.Length));
        context.Observe("documentation: accuracy on noisy test labels, %", Accuracy("none", given));
        context.Observe("documentation: accuracy on mended test labels, %", Accuracy("none", mended.AsSpan()));
        context.Measure("flip-random", seed, Accuracy("flip", clean) - Accuracy("random flip", clean));
        context.Measure("flip-none", seed, Accuracy("flip", clean) - Accuracy("none", clean));
        context.Measure("filter-none", seed, Accuracy("filter", clean) - Accuracy("none", clean));
        context.Measure("test-labels", seed, Accuracy("none", mended.AsSpan()) - Accuracy("none", given));

        double[] Linear(FloatMatrix x, int[] fit, int[] ask, double penalty) => Probabilities(new LogisticRegression(penalty, standardize: false, iterations: 30).Fit(x.Select(fit), [.. fit.Select(i => labels[i])], 2).Scores(x.Select(ask)));
        double[] Network(FloatMatrix x, int[] fit, int[] ask, long s, int[]? of = null) =>
            Probabilities(new DenseTraining { Hidden = [32], Epochs = 4, Seed = s }.Fit(x.Select(fit), [.. fit.Select(i => (of ?? labels)[i])], 2).Outputs(x.Select(ask)));
        double[] Centroid(FloatMatrix x, int[] fit, int[] ask)
        {
            var means = new float[2][] { new float[x.Columns], new float[x.Columns] };
            foreach (var i in fit)
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(x.Row(i), 1f / fit.Length, means[labels[i]], means[labels[i]]);
            return [.. ask.Select(i => 1 / (1 + Math.Exp(-20 * (System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(x.Row(i), means[1]) - System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(x.Row(i), means[0])))))];
        }
    }

    private static double[] Probabilities(FloatMatrix scores) => [.. Enumerable.Range(0, scores.Rows).Select(i => 1 / (1 + Math.Exp(scores[i, 0] - scores[i, 1])))];

    private static string Trigrams(string text) => string.Join(' ', Enumerable.Range(0, Math.Max(0, text.Length - 2)).Select(i => text.Substring(i, 3).Replace(' ', '_')));

    // Sentences of the two largest assemblies of the documentation.
    private static (string Text, int Domain)[] Sentences()
    {
        var corpus = DotNetDocs.Load();
        var domains = Enumerable.Range(0, corpus.Count).GroupBy(i => corpus.Domains.Codes[i]).OrderByDescending(g => g.Count()).Take(2).ToArray();
        return [.. domains.SelectMany((g, d) => g.SelectMany(i => corpus.Documents[i].Split(['.', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(t => t.Length is > 30 and < 300).Take(2).Select(t => (t, d))))];
    }
}
