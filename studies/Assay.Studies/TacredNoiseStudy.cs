using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Relations that annotators missed, planted in synthetic sentences and in Fashion-MNIST: does the error table point at them, do nearest
/// neighbours find them, and is a retrained model better than one without as many random negatives?
/// </summary>
public sealed class TacredNoiseStudy : Study
{
    private const int None = 0, Relations = 8;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "tacred-noise", 51, "Noise in Relation Classification Dataset TACRED: Characterization and Reduction (2023)",
        "Calls a quarter of the positives of five relations negative, as missed relations are in TACRED, and cleans the training set by the paper's seven variants and a random control.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("negatives", "Most noise sits in the negatives, and false positives show it.", "negatives are the main source of noise", "share of false positives among out-of-fold errors on noisy labels", "%", ClaimDirection.AtLeast, 50),
        new("is-precision", "Intrinsic candidates are far more often wrong than negatives are.", "ours; the study fails below 1.5", "precision of intrinsic candidates over the base rate", "times", ClaimDirection.AtLeast, 1.5),
        new("es-precision", "Extrinsic candidates are far more often wrong than negatives are.", "ours; the study fails below 1.5", "precision of extrinsic candidates over the base rate", "times", ClaimDirection.AtLeast, 1.5),
        new("e", "Intrinsic elimination helps.", "+4 % F1 on average", "F1 of E minus base, clean test", "points", ClaimDirection.AtLeast, 0),
        new("r", "Intrinsic relabelling helps less than elimination.", "no gain", "F1 of R minus E", "points", ClaimDirection.AtMost, 0),
        new("en", "Extrinsic elimination helps.", "+3.8 %", "F1 of EN minus base", "points", ClaimDirection.AtLeast, 0),
        new("rn", "Extrinsic relabelling helps.", "+4.4 %", "F1 of RN minus base", "points", ClaimDirection.AtLeast, 0),
        new("enp", "Where positives are noisy too, asking them as well helps elimination more.", "ENP +5.8 against EN +3.8", "F1 of ENP minus EN, with 8 % wrong positives", "points", ClaimDirection.AtLeast, 0),
        new("rnp", "Where positives are noisy too, asking them as well helps relabelling more.", "RNP +5.6 against RN +4.4", "F1 of RNP minus RN, with 8 % wrong positives", "points", ClaimDirection.AtLeast, 0),
        new("over-random", "Elimination is more than rebalancing.", "ours: the control the paper lacks", "F1 of E minus that after removing as many random negatives", "points", ClaimDirection.AtLeast, 0),
        new("images", "Elimination helps with a background class of images as well.", "ours", "F1 of E minus base, Fashion-MNIST with three classes as background", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            void Progress(string what, double part) => context.Progress($"seed {seed}: {what}", (s + part) / context.Seeds.Count);
            Progress("missed relations", 0);
            var text = Relation(isQuick ? 2000 : 6000, isQuick ? 800 : 1500, 300, seed);
            var missed = Measure(context, "text", text, Noisy(text, 0, seed), seed);
            context.Measure("negatives", seed, missed.FalsePositiveShare);
            context.Measure("is-precision", seed, missed.IntrinsicPrecision);
            context.Measure("es-precision", seed, missed.ExtrinsicPrecision);
            context.Measure("e", seed, missed.F1["E"] - missed.F1["base"]);
            context.Measure("r", seed, missed.F1["R"] - missed.F1["E"]);
            context.Measure("en", seed, missed.F1["EN"] - missed.F1["base"]);
            context.Measure("rn", seed, missed.F1["RN"] - missed.F1["base"]);
            context.Measure("over-random", seed, missed.F1["E"] - missed.F1["random"]);
            Progress("wrong positives as well", 0.4);
            var both = Measure(context, "text, wrong positives as well", text, Noisy(text, 0.08, seed), seed);
            context.Measure("enp", seed, both.F1["ENP"] - both.F1["EN"]);
            context.Measure("rnp", seed, both.F1["RNP"] - both.F1["RN"]);
            Progress("images", 0.7);
            var images = Images(isQuick ? 1500 : 5000, isQuick ? 800 : 2000, seed);
            var background = Measure(context, "images", images, Noisy(images, 0, seed), seed);
            context.Measure("images", seed, background.F1["E"] - background.F1["base"]);
        }
    }

    private sealed record World(FloatMatrix Train, int[] Truth, FloatMatrix Test, int[] TestLabels, int[] Clean, int[] MissedClasses, double MissedShare);

    private sealed record Outcome(double FalsePositiveShare, double IntrinsicPrecision, double ExtrinsicPrecision, Dictionary<string, double> F1);

    private static Outcome Measure(StudyContext context, string name, World world, int[] labels, int seed)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        var classes = world.Truth.Max() + 1;
        // The clean subset is not trained on.
        int[] fit = [.. Enumerable.Range(0, labels.Length).Except(world.Clean)];
        var predictions = (int[])labels.Clone();
        var splits = Splitters.KFold(fit.Length, 4, seed, [.. fit.Select(i => labels[i])]);
        for (var fold = 0; fold < 4; fold++)
        {
            int[] train = [.. splits[fold].Train.Select(i => fit[i])], test = [.. splits[fold].Test.Select(i => fit[i])];
            var guessed = Predict(Train(world, labels, train, classes, 100 * seed + fold), world.Train.Select(test));
            for (var i = 0; i < test.Length; i++)
                predictions[test[i]] = guessed[i];
        }
        var sources = ErrorSources.Report([.. fit.Select(i => labels[i])], [("base", [.. fit.Select(i => predictions[i])])], None);
        var embeddings = Train(world, labels, fit, classes, 100 * seed + 9).Embeddings(world.Train);
        int[] cleanLabels = [.. world.Clean.Select(i => world.Truth[i])];
        ImmutableArray<NeighbourCandidate> Fit(IEnumerable<NeighbourCandidate> found) { var clean = world.Clean.ToHashSet(); return [.. found.Where(c => !clean.Contains(c.Row))]; }
        var intrinsic = Fit(NoiseByNeighbours.Intrinsic(embeddings, labels, predictions, None));
        var extrinsic = Fit(NoiseByNeighbours.Extrinsic(embeddings, labels, world.Clean, cleanLabels, None));
        var all = Fit(NoiseByNeighbours.Extrinsic(embeddings, labels, world.Clean, cleanLabels, None, includePositives: true));
        int[] negatives = [.. fit.Where(i => labels[i] == None)];
        int[] wrong = [.. negatives.Where(i => world.Truth[i] != None)];
        var rate = (double)wrong.Length / negatives.Length;
        double Precision(ImmutableArray<NeighbourCandidate> found) => found.IsEmpty ? 0 : found.Count(c => world.Truth[c.Row] != labels[c.Row]) / (double)found.Length;
        var order = SeededRandom.At(seed, 77).Permutation(negatives.Length).Take(intrinsic.Length).Select(i => new NeighbourCandidate(negatives[i], None, None, negatives[i], 0));
        var variants = new (string Name, IEnumerable<NeighbourCandidate> Found, NoiseTreatment Treatment)[]
        {
            ("base", [], NoiseTreatment.Eliminate), ("E", intrinsic, NoiseTreatment.Eliminate), ("R", intrinsic, NoiseTreatment.Relabel), ("EN", extrinsic, NoiseTreatment.Eliminate),
            ("RN", extrinsic, NoiseTreatment.Relabel), ("ENP", all, NoiseTreatment.Eliminate), ("RNP", all, NoiseTreatment.Relabel), ("random", order, NoiseTreatment.Eliminate),
        };
        var f1 = new Dictionary<string, double>();
        foreach (var (variant, found, treatment) in variants)
        {
            var (rows, relabelled) = NoiseByNeighbours.Apply(labels, found, treatment);
            int[] kept = [.. rows.Intersect(fit)];
            // Two trainings with the same two seeds for every variant: less chance, the same chance.
            f1[variant] = Enumerable.Range(0, 2).Average(run => 100 * PositiveScore.Of(world.TestLabels, Predict(Train(world, [.. relabelled], kept, classes, 1000 * seed + run), world.Test), None).F1);
            context.Observe($"{name}: F1 of {variant}, %", f1[variant]);
        }
        context.Observe($"{name}: base rate of wrong negatives, %", 100 * rate);
        context.Observe($"{name}: intrinsic candidates", intrinsic.Length);
        context.Observe($"{name}: intrinsic precision, %", 100 * Precision(intrinsic));
        context.Observe($"{name}: intrinsic recall, %", 100.0 * intrinsic.Count(c => world.Truth[c.Row] != None) / Math.Max(1, wrong.Length));
        context.Observe($"{name}: extrinsic candidates", extrinsic.Length);
        context.Observe($"{name}: extrinsic precision, %", 100 * Precision(extrinsic));
        return new Outcome(100 * sources.Counts.Single(c => c.Source == ErrorSource.FalsePositive).Share, Precision(intrinsic) / rate, Precision(extrinsic) / rate, f1);
    }

    private static DenseNetwork Train(World world, int[] labels, int[] rows, int classes, long seed) =>
        new DenseTraining { Hidden = [64], Epochs = 8, Seed = seed }.Fit(world.Train.Select(rows), [.. rows.Select(i => labels[i])], classes);

    private static int[] Predict(DenseNetwork network, FloatMatrix features)
    {
        var scores = network.Outputs(features);
        return [.. Enumerable.Range(0, scores.Rows).Select(i => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores.Row(i)))];
    }

    // Positives of the missed classes become negatives; on demand positives also become other positives.
    private static int[] Noisy(World world, double wrongPositives, int seed)
    {
        var random = SeededRandom.At(seed, 31);
        var classes = world.Truth.Max();
        var clean = world.Clean.ToHashSet();
        return [.. world.Truth.Select((label, i) =>
        {
            var (missed, wrong, other) = (random.NextDouble(), random.NextDouble(), 1 + random.Next(classes));
            return clean.Contains(i) || label == None ? label
                : world.MissedClasses.Contains(label) && missed < world.MissedShare ? None
                : wrong < wrongPositives && other != label ? other
                : label;
        })];
    }

    private static readonly string[][] Phrases =
    [
        ["was born in", "grew up in", "comes from", "is a native of", "spent the childhood in"],
        ["works for", "is employed by", "joined the staff of", "earns a living at", "took a job at"],
        ["founded", "started", "set up", "established the company", "is the creator of"],
        ["married", "is the spouse of", "wed", "shares a household with", "is the partner of"],
        ["studied at", "graduated from", "attended", "holds a degree of", "was a student of"],
        ["died in", "passed away in", "was buried in", "lost the life in", "met the end in"],
        ["leads", "is the head of", "presides over", "directs", "was appointed chief of"],
        ["is the parent of", "raised", "is the father of", "is the mother of", "brought up"],
    ];

    private static readonly string[] Neutral =
        ["and", "was seen near", "spoke about", "wrote a letter to", "read of", "passed by", "never heard of", "is older than", "was compared with", "talked with", "travelled past", "was mentioned beside"];

    private static World Relation(int count, int test, int clean, int seed)
    {
        var random = SeededRandom.At(seed, 3);
        (string Text, int Label) Sentence()
        {
            string[] names = ["anna", "boris", "clara", "dmitri", "elena", "farid", "greta", "hugo", "ines", "jonas"], places = ["riga", "porto", "lyon", "acme", "globex", "initech", "graz", "turin", "umbrella", "soylent"];
            string[] fillers = ["reportedly", "last year", "as papers say", "according to friends", "in the end", "again", "it seems", "on monday", "for a while", "once"];
            string[] denials = ["did not say who", "denied the rumour that somebody", "asked whether anyone"];
            var label = random.NextDouble() < 0.6 ? None : 1 + random.Next(Relations);
            var near = label == None && random.NextDouble() < 0.4;
            var phrase = label != None ? Phrases[label - 1][random.Next(5)] : near ? $"{denials[random.Next(3)]} {Phrases[random.Next(Relations)][random.Next(5)]}" : Neutral[random.Next(Neutral.Length)];
            string Filler() => random.NextDouble() < 0.7 ? fillers[random.Next(fillers.Length)] : "";
            return ($"SUBJ_PERSON {names[random.Next(10)]} {Filler()} {phrase} {Filler()} {places[random.Next(10)]} OBJ_{(random.Next(2) == 0 ? "PLACE" : "NAME")} {Filler()}", label);
        }
        (string Text, int Label)[] train = [.. Enumerable.Range(0, count + clean).Select(_ => Sentence())], held = [.. Enumerable.Range(0, test).Select(_ => Sentence())];
        var words = new HashedBagOfWords(512, pairs: true);
        return new World(
            words.Features([.. train.Select(t => t.Text)]), [.. train.Select(t => t.Label)], words.Features([.. held.Select(t => t.Text)]), [.. held.Select(t => t.Label)],
            [.. Enumerable.Range(count, clean)], [1, 2, 3, 4, 5], 0.25);
    }

    // Classes 7 to 9 are background; a fifth of the others is called background too.
    private static World Images(int count, int test, int seed)
    {
        var all = new FashionMnist().Load(test: false);
        var order = new SeededRandom(seed).Permutation(all.Count);
        int Label(int row) => all.Labels[row] >= 7 ? None : all.Labels[row] + 1;
        int[] train = order[..(count + 300)], held = order[(count + 300)..(count + 300 + test)];
        return new World(
            all.RequireFeatures().Select(train), [.. train.Select(Label)], all.RequireFeatures().Select(held), [.. held.Select(Label)], [.. Enumerable.Range(count, 300)], [.. Enumerable.Range(1, 7)], 0.2);
    }
}
