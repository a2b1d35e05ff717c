using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Label errors planted in a test set where they happen (shirt and T-shirt, sneaker and boot), found by confident learning from
/// out-of-fold probabilities; and two models trained on noisy labels, ranked by noisy and by clean test labels.
/// </summary>
public sealed class LabelErrorsStudy : Study
{
    private const double NoiseRate = 0.1;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "label-errors", 54, "Pervasive Label Errors in Test Sets Destabilize ML Benchmarks (2021)",
        "Plants class-dependent label errors in Fashion-MNIST (quick: digits), finds them with confident learning, and looks for a change of ranking between a linear model and an MLP.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("precision", "Flagged labels are far more often wrong than labels are.", "51 % of flagged test labels were validated as errors (rates 0.15 % to 10 %)",
            "precision of prune-by-noise-rate over the planted rate", "times", ClaimDirection.AtLeast, 3),
        new("fraction", "Confident learning estimates how many labels are wrong.", "consistency of the joint (Confident Learning, theorem 1)",
            "estimated minus planted share of wrong labels", "points", ClaimDirection.Within, -5, 5),
        new("clean", "Where no label is wrong, few are flagged.", "MNIST: 15 of 10 000 flagged", "share flagged without planted noise, on an easy set (digits)", "%", ClaimDirection.AtMost, 3),
        new("over-argmax", "Confident learning is more precise than flagging every disagreement.", "Confident Learning, table 4",
            "precision of prune-by-noise-rate minus that of predicted-neq-given", "points", ClaimDirection.AtLeast, 0),
        new("flip", "On corrected labels a smaller model can overtake a larger one as noise grows.", "ResNet-18 overtakes ResNet-50 at 6 % more noise, VGG-11 overtakes VGG-19 at 5 %",
            "the linear model's lead on corrected labels minus its lead on noisy labels, at the planted prevalence", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick ? Size.Quick : Size.Full;
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {seed}: planted errors", (double)s / context.Seeds.Count);
            Detection(context, size, seed);
            context.Progress($"seed {seed}: ranking of models", (s + 0.7) / context.Seeds.Count);
            Ranking(context, size, seed);
        }
    }

    private static void Detection(StudyContext context, Size size, int seed)
    {
        var data = Examples(size, seed, size.Test);
        var noisy = LabelNoise.Pair(data.Labels.AsSpan(), data.ClassCount, NoiseRate, seed, size.Partners);
        var wrong = noisy.Flips.Select(f => f.Row).ToHashSet();
        var probabilities = CrossFit(context, size, data, noisy.Labels, seed);
        foreach (var filter in Enum.GetValues<LabelFilter>())
        {
            var found = ConfidentLearning.Find(noisy.Labels.AsSpan(), probabilities, filter);
            var hits = found.Ranked.Count(wrong.Contains);
            var (precision, recall) = ((double)hits / Math.Max(1, found.Ranked.Length), (double)hits / wrong.Count);
            context.Observe($"{LabJson.Name(filter)}: precision %", 100 * precision);
            context.Observe($"{LabJson.Name(filter)}: recall %", 100 * recall);
            context.Observe($"{LabJson.Name(filter)}: F1 %", hits == 0 ? 0 : 200 * precision * recall / (precision + recall));
            if (filter == LabelFilter.PruneByNoiseRate)
            {
                context.Measure("precision", seed, precision / noisy.Rate);
                context.Measure("fraction", seed, 100 * (found.Joint.ErrorFraction - noisy.Rate));
                context.Measure("over-argmax", seed, 100 * (precision - Precision(ConfidentLearning.Find(noisy.Labels.AsSpan(), probabilities, LabelFilter.PredictedNeqGiven), wrong)));
                context.Observe("noise matrix: mean absolute error off the diagonal", NoiseError(found.Joint, data.Labels, noisy.Labels));
            }
        }
        foreach (var scoring in Enum.GetValues<LabelScoring>())
            context.Observe($"{LabJson.Name(scoring)}: average precision %", 100 * AveragePrecision(LabelScore.Of(noisy.Labels.AsSpan(), probabilities, scoring), wrong));
        var random = new SeededRandom(seed);
        context.Observe("random ranking: average precision %", 100 * AveragePrecision([.. Enumerable.Range(0, data.Count).Select(_ => (float)random.NextDouble())], wrong));
        var uniform = LabelNoise.Uniform(data.Labels.AsSpan(), data.ClassCount, NoiseRate, seed);
        var uniformWrong = uniform.Flips.Select(f => f.Row).ToHashSet();
        context.Observe("uniform noise: precision of prune-by-noise-rate %", 100 * Precision(ConfidentLearning.Find(uniform.Labels.AsSpan(), CrossFit(context, size, data, uniform.Labels, seed)), uniformWrong));
        var easy = DatasetCatalog.Load("digits");
        context.Measure("clean", seed, 100 * ConfidentLearning.Find(easy.Labels.AsSpan(), CrossFit(context, Size.Quick, easy, easy.Labels, seed)).FlaggedShare);
    }

    // Both models learn from noisy labels; the test set holds the same kind of noise, whose correction is known.
    private static void Ranking(StudyContext context, Size size, int seed)
    {
        var all = Examples(size, seed, size.Train + size.Test);
        var noisy = LabelNoise.Pair(all.Labels.AsSpan(), all.ClassCount, size.RankingNoise, seed + 1, size.Partners);
        var train = all.Select([.. Enumerable.Range(0, size.Train)]).WithLabels([.. noisy.Labels.Take(size.Train)], all.ClassNames);
        var test = all.Select([.. Enumerable.Range(size.Train, size.Test)]);
        var truth = Enumerable.Range(0, size.Test).Where(i => noisy.Labels[size.Train + i] != test.Labels[i]).ToDictionary(i => i, i => (LabelVerdict.Correctable, test.Labels[i]));
        var set = CorrectedTestSet.Build(noisy.Labels.AsSpan()[size.Train..], truth);
        var linear = Predict(context, train, test, [], size.Epochs, seed);
        var mlp = Predict(context, train, test, size.Hidden, size.LongEpochs, seed);
        var curve = new PrevalenceCurve(set, linear, mlp);
        var here = curve.At(curve.NaturalPrevalence);
        context.Measure("flip", seed, 100 * (here.CorrectedA - here.CorrectedB - (here.OriginalA - here.OriginalB)));
        context.Observe("linear model: accuracy on noisy labels %", 100 * here.OriginalA);
        context.Observe("linear model: accuracy on clean labels %", 100 * here.CorrectedA);
        context.Observe("MLP: accuracy on noisy labels %", 100 * here.OriginalB);
        context.Observe("MLP: accuracy on clean labels %", 100 * here.CorrectedB);
        context.Observe("ranking flips on corrected labels at prevalence % (0: never)", 100 * (curve.FlipOnCorrected ?? 0));
        context.Observe("ranking flips on noisy labels at prevalence % (0: never)", 100 * (curve.FlipOnOriginal ?? 0));
    }

    private static FloatMatrix CrossFit(StudyContext context, Size size, Dataset data, ImmutableArray<int> labels, int seed)
    {
        var given = data.WithLabels(labels, data.ClassNames);
        return OutOfFold.Probabilities(labels.AsSpan(), data.ClassCount, (train, test, fold) =>
            Probabilities(context, given.Select(train.AsSpan()), given.Select(test.AsSpan()), size.Hidden, size.Epochs, 10 * seed + fold), seed: seed);
    }

    private static int[] Predict(StudyContext context, Dataset train, Dataset test, ImmutableArray<int> hidden, int epochs, int seed)
    {
        var p = Probabilities(context, train, test, hidden, epochs, seed);
        return [.. Enumerable.Range(0, p.Rows).Select(i => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(p.Row(i)))];
    }

    private static FloatMatrix Probabilities(StudyContext context, Dataset train, Dataset test, ImmutableArray<int> hidden, int epochs, int seed)
    {
        using var fit = TensorDataset.From(train);
        using var predict = TensorDataset.From(test);
        using var model = new Backprop(new MlpSpec([.. hidden]), new TrainingOptions { Epochs = epochs, BatchSize = 64, Optimizer = new AdamW(2e-3) })
            .Fit(fit, null, new TrainingContext { Seed = seed, Cancellation = context.Cancellation });
        using var probabilities = model.Scores(predict.Inputs).softmax(1);
        return new FloatMatrix(probabilities.data<float>().ToArray(), test.Count, test.ClassCount);
    }

    private static Dataset Examples(Size size, int seed, int count)
    {
        var all = size.Data == FashionMnist.Name ? new FashionMnist().Load(test: false) : DatasetCatalog.Load(size.Data);
        return all.Select(new SeededRandom(seed).Permutation(all.Count).AsSpan(0, count));
    }

    private static double Precision(LabelIssues found, HashSet<int> wrong) => (double)found.Ranked.Count(wrong.Contains) / Math.Max(1, found.Ranked.Length);

    private static double AveragePrecision(float[] scores, HashSet<int> wrong)
    {
        var (hits, sum, seen) = (0, 0.0, 0);
        foreach (var row in Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]))
        {
            seen++;
            if (wrong.Contains(row))
                sum += (double)++hits / seen;
        }
        return sum / wrong.Count;
    }

    private static double NoiseError(ConfidentJoint joint, ImmutableArray<int> truth, ImmutableArray<int> given)
    {
        var k = joint.ClassCount;
        var planted = new double[k, k];
        for (var i = 0; i < truth.Length; i++)
            planted[given[i], truth[i]] += 1.0 / truth.Count(t => t == truth[i]);
        var (estimated, sum) = (joint.NoiseMatrix, 0.0);
        for (var g = 0; g < k; g++)
        {
            for (var t = 0; t < k; t++)
                sum += g == t ? 0 : Math.Abs(estimated[g, t] - planted[g, t]);
        }
        return sum / (k * (k - 1));
    }

    /// <summary>How large everything is. Partners are the classes that are mistaken for each other.</summary>
    private sealed record Size(
        string Data, int Train, int Test, ImmutableArray<int> Hidden, int Epochs, int LongEpochs, double RankingNoise, int[] Partners)
    {
        // 1 and 7, 3 and 8, 4 and 9, 5 and 6.
        public static Size Quick { get; } = new("digits", 900, 800, [64], 12, 60, 0.2, [0, 7, 2, 8, 9, 6, 5, 1, 3, 4]);

        // T-shirt and shirt, pullover and coat, sneaker and boot.
        public static Size Full { get; } = new(FashionMnist.Name, 6000, 3000, [128], 6, 40, 0.2, [6, 1, 4, 3, 2, 5, 0, 9, 8, 7]);
    }
}
