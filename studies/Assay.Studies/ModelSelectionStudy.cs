using System.Collections.Immutable;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Tests and intervals in a world where the truth is known: two Gaussian classes, learners that are equally good by symmetry, and accuracies
/// in closed form.
/// </summary>
public sealed class ModelSelectionStudy : Study
{
    private static readonly ImmutableArray<string> Tests = ["resampled t", "corrected resampled t", "10-fold t", "5x2cv t", "5x2cv F", "McNemar"];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "model-selection", 83, "Model Evaluation, Model Selection, and Algorithm Selection in Machine Learning (2018)",
        "Counts how often tests of two equally good algorithms raise a false alarm, how often intervals hold the true accuracy, and how biased splits are, in a world of two Gaussian classes.", 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("resampled-t", "The resampled paired t test finds differences where there are none far too often.", "Dietterich 1998: clearly above α",
            "false alarms at α = .05, 30 splits of 300 examples", "%", ClaimDirection.AtLeast, 15),
        new("five-by-two-f", "The combined 5x2cv F test keeps its level.", "acceptable; the study fails above 10 %", "false alarms at α = .05", "%", ClaimDirection.AtMost, 8),
        new("five-by-two-conservative", "The combined 5x2cv F test is slightly conservative.", "slightly conservative", "false alarms at α = .05", "%", ClaimDirection.AtMost, 5),
        new("mcnemar", "McNemar's test keeps its level.", "near α", "false alarms at α = .05, one test set of 100", "%", ClaimDirection.AtMost, 8),
        new("kfold-above", "The t test over ten folds raises more false alarms than the 5x2cv F test …", "elevated", "false alarms of the 10-fold t test minus those of the 5x2cv F test", "points", ClaimDirection.AtLeast, 0),
        new("kfold-below", "… and fewer than the resampled t test.", "elevated", "false alarms of the resampled t test minus those of the 10-fold t test", "points", ClaimDirection.AtLeast, 0),
        new("corrected-t", "Nadeau and Bengio's correction mends the resampled t test.", "ours, from Nadeau and Bengio 2003", "false alarms at α = .05, the same 30 splits", "%", ClaimDirection.AtMost, 8),
        new("holdout-pessimistic", "Holdout is the more pessimistic the smaller its training share.", "yes", "bias of the accuracy at a training share of .8 minus that at .2, n = 100", "points", ClaimDirection.AtLeast, 0),
        new("stratification", "Without stratification the shares of the classes drift.", "yes", "mean drift of the rarer class's share in test sets of 20 without stratification minus with", "points", ClaimDirection.AtLeast, 2),
        new("resubstitution", "Resubstitution sees no error of 1-nearest-neighbour on random labels.", "0", "error on the training data", "", ClaimDirection.AtMost, 0),
        new("bootstrap-632", "The .632 estimate is far too optimistic for a model that knows its data by heart.", ".316", ".632 error of 1-nearest-neighbour on random labels", "", ClaimDirection.Within, 0.28, 0.35),
        new("bootstrap-632-plus", "The .632+ estimate is not.", ".5", ".632+ error of 1-nearest-neighbour on random labels", "", ClaimDirection.Within, 0.46, 0.54),
        new("loob-pessimistic", "The bootstrap's examples left out are a pessimistic test.", "pessimistic", "true accuracy of the model of all data minus the bootstrap's, n = 40", "points", ClaimDirection.AtLeast, 0),
        new("larger-k", "More folds mean less bias.", "yes", "bias of 10 folds minus that of 2 folds, n = 40", "points", ClaimDirection.AtLeast, 0),
        new("wilson-coverage", "Wilson's interval covers the true accuracy about as often as it says.", "ours; the study fails below 92 %", "coverage of the 95 % interval, n = 100", "%", ClaimDirection.AtLeast, 92),
        new("normal-coverage", "The normal interval covers less than Wilson's where examples are few.", "normal approximation needs n > 30", "coverage of Wilson's interval minus that of the normal one, n = 30", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // Repetitions of each seed: quick 3 × 400, full 5 × 4000.
        var repetitions = context.Scale == StudyScale.Quick ? 400 : 4000;
        for (var i = 0; i < context.Seeds.Count; i++)
        {
            var seed = context.Seeds[i];
            void Progress(string what, double part) => context.Progress($"seed {seed}: {what}", (i + part) / context.Seeds.Count);
            Progress("false alarms", 0);
            FalseAlarms(context, seed, repetitions);
            Progress("power", 0.4);
            Power(context, seed, repetitions / 4);
            Progress("bias of splits", 0.65);
            Bias(context, seed, repetitions);
            Progress("random labels", 0.8);
            RandomLabels(context, seed, Math.Max(20, repetitions / 20));
            Progress("coverage", 0.85);
            Coverage(context, seed, repetitions);
        }
    }

    private static void FalseAlarms(StudyContext context, int seed, int repetitions)
    {
        var rates = Rejections(context, seed, repetitions, gap: 0);
        context.Measure("resampled-t", seed, rates[0]);
        context.Measure("corrected-t", seed, rates[1]);
        context.Measure("kfold-above", seed, rates[2] - rates[4]);
        context.Measure("kfold-below", seed, rates[0] - rates[2]);
        context.Measure("five-by-two-f", seed, rates[4]);
        context.Measure("five-by-two-conservative", seed, rates[4]);
        context.Measure("mcnemar", seed, rates[5]);
        for (var t = 0; t < Tests.Length; t++)
            context.Observe($"false alarms of {Tests[t]}, %", rates[t]);
    }

    private static void Power(StudyContext context, int seed, int repetitions)
    {
        foreach (var gap in new[] { 0.03, 0.06 })
        {
            var rates = Rejections(context, seed, repetitions, gap);
            for (var t = 0; t < Tests.Length; t++)
                context.Observe(FormattableString.Invariant($"power of {Tests[t]} at a gap of {100 * gap} points, %"), rates[t]);
        }
    }

    /// <summary>How often each test rejects, in percent, for learners of which the second is worse by a gap in accuracy.</summary>
    private static double[] Rejections(StudyContext context, int seed, int repetitions, double gap)
    {
        var pValues = new double[repetitions][];
        var truths = new (double First, double Second)[repetitions];
        Parallel.For(0, repetitions, new ParallelOptions { CancellationToken = context.Cancellation }, r =>
        {
            var random = SeededRandom.At(seed, 1, (long)(1000 * gap), r);
            var data = GaussianWorld.Draw(300, 10, random);
            // Each sees its half of ten features that are alike: equally good algorithms, whatever the data.
            Contestant first = Half(data, "first", 0), second = Half(data, "second", 5);
            if (gap > 0)
                second = Worse(second, gap, GaussianWorld.BestAccuracy(5));
            pValues[r] = PValues(data.Labels, [first, second], random.NextSeed());
            truths[r] = (HalfAccuracy(data, 0), HalfAccuracy(data, 5));
        });
        if (gap == 0)
        {
            context.Observe("true accuracy of the first algorithm on 300 examples, %", 100 * truths.Average(t => t.First));
            context.Observe("true accuracy of the second algorithm on 300 examples, %", 100 * truths.Average(t => t.Second));
        }
        return [.. Enumerable.Range(0, Tests.Length).Select(t => 100.0 * pValues.Count(p => p[t] <= 0.05) / repetitions)];
    }

    private static double[] PValues(ImmutableArray<int> labels, Contestant[] contestants, long seed)
    {
        var random = Contest.Run(contestants, labels, Splitters.MonteCarlo(labels.Length, 30, 1.0 / 3, seed), seed);
        var folds = Contest.Run(contestants, labels, Splitters.KFold(labels.Length, 10, seed), seed);
        var halves = Contest.Run(contestants, labels, Splitters.FiveByTwo(labels.Length, seed), seed);
        var d = halves.Differences(0, 1);
        return
        [
            PairedTTest.Resampled(random.Differences(0, 1)).PValue,
            PairedTTest.Corrected(random.Differences(0, 1), random.TestToTrain).PValue,
            PairedTTest.CrossValidated(folds.Differences(0, 1)).PValue,
            FiveByTwoTest.T([.. Enumerable.Range(0, 5).Select(i => (d[2 * i], d[2 * i + 1]))]).PValue,
            halves.FiveByTwoF(0, 1).PValue,
            McNemarTest.Of(random.Correct(0, 0), random.Correct(1, 0)).PValue,
        ];
    }

    private static Contestant Half(GaussianWorld data, string name, int from) =>
        new LinearDiscriminant().AsContestant(name, GaussianWorld.Columns(data.Features, from, 5), data.Labels, 2);

    private static double HalfAccuracy(GaussianWorld data, int from) =>
        GaussianWorld.AccuracyOf(new LinearDiscriminant().Fit(GaussianWorld.Columns(data.Features, from, 5), data.Labels.AsSpan(), 2), 5);

    // Turning answers over with probability q lowers an accuracy a by q(2a − 1).
    private static Contestant Worse(Contestant learner, double gap, double accuracy) => new(learner.Name, (train, test, seed) =>
    {
        var predicted = learner.FitPredict(train, test, seed);
        var random = new SeededRandom(seed);
        for (var i = 0; i < predicted.Length; i++)
        {
            if (random.NextDouble() < gap / (2 * accuracy - 1))
                predicted[i] = 1 - predicted[i];
        }
        return predicted;
    });

    private static void Bias(StudyContext context, int seed, int repetitions)
    {
        var rows = new (double Small, double Large, double LeftOut, double Two, double Ten, double Drift, double Stratified)[repetitions];
        Parallel.For(0, repetitions, new ParallelOptions { CancellationToken = context.Cancellation }, r =>
        {
            var random = SeededRandom.At(seed, 2, r);
            var many = GaussianWorld.Draw(100, 10, random);
            var few = GaussianWorld.Draw(40, 10, random);
            var (allMany, allFew) = (many.TrueAccuracy(), few.TrueAccuracy());
            var key = random.NextSeed();
            // A fifth of 60 examples is of the rarer class.
            ImmutableArray<int> uneven = [.. Enumerable.Range(0, 60).Select(i => i < 12 ? 1 : 0)];
            rows[r] = (
                Mean(many, [Splitters.Holdout(100, 0.8, key, many.Labels.AsSpan())]) - allMany,
                Mean(many, [Splitters.Holdout(100, 0.2, key, many.Labels.AsSpan())]) - allMany,
                allFew - Mean(few, Splitters.Bootstrap(40, 25, key)),
                Mean(few, Splitters.KFold(40, 2, key)) - allFew,
                Mean(few, Splitters.KFold(40, 10, key)) - allFew,
                Drift(uneven, Splitters.Holdout(60, 1.0 / 3, key)),
                Drift(uneven, Splitters.Holdout(60, 1.0 / 3, key, uneven.AsSpan())));
        });
        context.Measure("holdout-pessimistic", seed, 100 * rows.Average(r => r.Large - r.Small));
        context.Measure("loob-pessimistic", seed, 100 * rows.Average(r => r.LeftOut));
        context.Measure("larger-k", seed, 100 * rows.Average(r => r.Ten - r.Two));
        context.Measure("stratification", seed, 100 * rows.Average(r => r.Drift - r.Stratified));
        context.Observe("bias of a holdout that trains on 20 %, points", 100 * rows.Average(r => r.Small));
        context.Observe("bias of a holdout that trains on 80 %, points", 100 * rows.Average(r => r.Large));
        context.Observe("bias of 2 folds, points", 100 * rows.Average(r => r.Two));
        context.Observe("bias of 10 folds, points", 100 * rows.Average(r => r.Ten));

        static double Mean(GaussianWorld data, ImmutableArray<Split> splits) =>
            Contest.Run([new LinearDiscriminant().AsContestant("lda", data.Features, data.Labels, 2)], data.Labels, splits).Accuracies(0).Average();

        static double Drift(ImmutableArray<int> labels, Split split) => Math.Abs(split.Test.Average(i => labels[i]) - labels.Average());
    }

    private static void RandomLabels(StudyContext context, int seed, int repetitions)
    {
        var rows = new (double Resubstitution, double LeftOut, double Weighted, double Plus)[repetitions];
        Parallel.For(0, repetitions, new ParallelOptions { CancellationToken = context.Cancellation }, r =>
        {
            var random = SeededRandom.At(seed, 3, r);
            var features = GaussianWorld.Draw(100, 10, random).Features;
            ImmutableArray<int> labels = [.. Enumerable.Range(0, 100).Select(_ => random.Next(2))];
            var neighbor = new NearestNeighbors(1).AsContestant("1-nn", features, labels, 2);
            ImmutableArray<int> all = [.. Enumerable.Range(0, 100)];
            var predicted = neighbor.FitPredict(all, all, 0);
            var train = predicted.Zip(labels, static (p, y) => p == y ? 0.0 : 1).Average();
            var leftOut = 1 - Contest.Run([neighbor], labels, Splitters.Bootstrap(100, 50, random.NextSeed())).Accuracies(0).Average();
            var gamma = Bootstrap632.NoInformationRate(labels.AsSpan(), predicted);
            rows[r] = (train, leftOut, Bootstrap632.Error632(train, leftOut), Bootstrap632.Error632Plus(train, leftOut, gamma));
        });
        context.Measure("resubstitution", seed, rows.Average(r => r.Resubstitution));
        context.Measure("bootstrap-632", seed, rows.Average(r => r.Weighted));
        context.Measure("bootstrap-632-plus", seed, rows.Average(r => r.Plus));
        context.Observe("error of 1-nearest-neighbour on random labels left out of bootstrap samples", rows.Average(r => r.LeftOut));
    }

    private static void Coverage(StudyContext context, int seed, int repetitions)
    {
        foreach (var count in new[] { 30, 100, 1000 })
        {
            // A fixed model on fresh test sets: the outcomes are binomial.
            var truth = GaussianWorld.BestAccuracy(10);
            var random = SeededRandom.At(seed, 4, count);
            var draws = Enumerable.Range(0, 10 * repetitions).Select(_ => random.NextBinomial(count, truth)).ToArray();
            double Share(Func<double, double, double, Interval> interval) => 100 * draws.Average(s => interval(s, count, 0.95).Contains(truth) ? 1.0 : 0);
            var (normal, wilson) = (Share(ProportionInterval.Normal), Share(ProportionInterval.Wilson));
            if (count == 30)
                context.Measure("normal-coverage", seed, wilson - normal);
            if (count == 100)
                context.Measure("wilson-coverage", seed, wilson);
            context.Observe($"coverage of the normal interval, n = {count}, %", normal);
            context.Observe($"coverage of Wilson's interval, n = {count}, %", wilson);
            context.Observe($"coverage of Clopper and Pearson's interval, n = {count}, %", Share(ProportionInterval.ClopperPearson));
            BootstrapCoverage(context, seed, count, Math.Max(10, repetitions / (count > 100 ? 40 : 8)));
        }
    }

    // The truth is the accuracy of the model trained on all n examples.
    private static void BootstrapCoverage(StudyContext context, int seed, int count, int repetitions)
    {
        var hits = new (bool StandardError, bool Percentile, bool Plus)[repetitions];
        Parallel.For(0, repetitions, new ParallelOptions { CancellationToken = context.Cancellation }, r =>
        {
            var random = SeededRandom.At(seed, 5, count, r);
            var data = GaussianWorld.Draw(count, 10, random);
            var learner = new LinearDiscriminant().AsContestant("lda", data.Features, data.Labels, 2);
            var accuracies = Contest.Run([learner], data.Labels, Splitters.Bootstrap(count, 50, random.NextSeed(), data.Labels.AsSpan())).Accuracies(0);
            ImmutableArray<int> all = [.. Enumerable.Range(0, count)];
            var predicted = learner.FitPredict(all, all, 0);
            var train = predicted.Zip(data.Labels, static (p, y) => p == y ? 0.0 : 1).Average();
            var gamma = Bootstrap632.NoInformationRate(data.Labels.AsSpan(), predicted);
            var truth = data.TrueAccuracy();
            hits[r] = (
                BootstrapInterval.StandardError(accuracies).Contains(truth),
                BootstrapInterval.Percentile(accuracies).Contains(truth),
                BootstrapInterval.Percentile(Array.ConvertAll(accuracies, a => 1 - Bootstrap632.Error632Plus(train, 1 - a, gamma))).Contains(truth));
        });
        context.Observe($"coverage of the bootstrap's standard error, n = {count}, %", 100 * hits.Average(h => h.StandardError ? 1.0 : 0));
        context.Observe($"coverage of the bootstrap's percentiles, n = {count}, %", 100 * hits.Average(h => h.Percentile ? 1.0 : 0));
        context.Observe($"coverage of the .632+ bootstrap, n = {count}, %", 100 * hits.Average(h => h.Plus ? 1.0 : 0));
    }

    /// <summary>Two equally likely classes, Gaussian with unit variance around ±0.4 in each feature: a linear model's accuracy is known.</summary>
    private sealed record GaussianWorld(FloatMatrix Features, ImmutableArray<int> Labels)
    {
        private const double Mean = 0.4;

        public static GaussianWorld Draw(int count, int features, SeededRandom random)
        {
            var values = new float[count * features];
            var labels = new int[count];
            for (var i = 0; i < count; i++)
            {
                // Both classes occur, so that every learner has something to learn.
                labels[i] = i < 2 ? i : random.Next(2);
                for (var j = 0; j < features; j++)
                    values[i * features + j] = (float)((2 * labels[i] - 1) * Mean + random.NextGaussian());
            }
            return new GaussianWorld(new FloatMatrix(values, count, features), [.. labels]);
        }

        public static FloatMatrix Columns(FloatMatrix features, int from, int count)
        {
            var values = new float[features.Rows * count];
            for (var i = 0; i < features.Rows; i++)
                features.Row(i).Slice(from, count).CopyTo(values.AsSpan(i * count));
            return new FloatMatrix(values, features.Rows, count);
        }

        /// <summary>Φ(μ√d), the accuracy that no model exceeds.</summary>
        public static double BestAccuracy(int features) => Tails.NormalLower(Mean * Math.Sqrt(features));

        /// <summary>½Φ((b + w·μ)/|w|) + ½Φ((w·μ − b)/|w|) with w, b the difference of the two classes' scores.</summary>
        public static double AccuracyOf(ClassModel model, int features)
        {
            var linear = (LinearClassModel)model;
            double squares = 0, along = 0;
            for (var j = 0; j < features; j++)
            {
                var w = linear.Weight(1, j) - linear.Weight(0, j);
                squares += w * w;
                along += w * Mean;
            }
            var b = linear.Intercept(1) - linear.Intercept(0);
            return (Tails.NormalLower((along + b) / Math.Sqrt(squares)) + Tails.NormalLower((along - b) / Math.Sqrt(squares))) / 2;
        }

        public double TrueAccuracy() => AccuracyOf(new LinearDiscriminant().Fit(Features, Labels.AsSpan(), 2), Features.Columns);
    }
}
