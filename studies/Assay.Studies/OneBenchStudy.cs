using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Rankings from sparse, heterogeneous results in worlds whose truth is known: Plackett–Luce against means, Elo and the arena's rating; how
/// the ranking survives missing results; capability queries; and small classifiers on real images.
/// </summary>
public sealed class OneBenchStudy : Study
{
    private const double Alpha = 0.01;
    private static readonly AggregationOptions Bare = new() { Resamples = 0 };

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "onebench", 89, "ONEBench to Test Them All: Sample-Level Benchmarking Over Open-Ended Capabilities (2024)",
        "Ranks models of known skill from results on six data sets of different scales and hardness, most of them missing and not at random, by Plackett–Luce and by the usual means.", 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("homogeneous", "On results of one scale, order alone ranks as the mean score does.", "high τ (about .9 and more)", "Kendall τ of Plackett–Luce and mean score on a dense Gaussian world", "τ", ClaimDirection.AtLeast, 0.9),
        new("truth", "On heterogeneous results with most missing, Plackett–Luce finds the true ranking.", "best τ in all four collections", "Kendall τ to the true skills in world H (α = .01)", "τ", ClaimDirection.AtLeast, 0.8),
        new("over-mean", "It ranks better than the mean score …", "best in all four collections", "τ of Plackett–Luce minus τ of the mean score, world H", "τ", ClaimDirection.AtLeast, 0),
        new("over-normalised", "… than the mean of normalised data-set scores …", "best in all four collections", "τ of Plackett–Luce minus τ of the normalised mean, world H", "τ", ClaimDirection.AtLeast, 0),
        new("over-elo", "… than Elo …", "best in all four collections", "τ of Plackett–Luce minus τ of Elo (mean of five orders), world H", "τ", ClaimDirection.AtLeast, 0),
        new("over-arena", "… and than the arena's maximum likelihood.", "best in all four collections", "τ of Plackett–Luce minus τ of the arena's rating, on the models of world H that are linked to all others", "τ", ClaimDirection.AtLeast, 0),
        new("over-elo-dense", "On dense results it is far above Elo.", "τ_PL > τ_Elo", "τ of Plackett–Luce minus τ of Elo, dense Gaussian world", "τ", ClaimDirection.AtLeast, 0.05),
        new("missing", "With 95 % of the results missing the ranking hardly changes.", "up to 20 times cheaper with little change", "τ to the full ranking at 95 % missing, dense Gaussian world", "τ", ClaimDirection.AtLeast, 0.8),
        new("recovery", "As samples grow, the true scores are recovered.", "asymptotic", "largest error of θ at 20 times the samples over that at 1, Gumbel world", "ratio", ClaimDirection.AtMost, 0.5),
        new("query", "A query ranks by the skill that it asks for.", "capability queries", "τ of the queried ranking to the queried skill, two planted skills", "τ", ClaimDirection.AtLeast, 0.8),
        new("query-over-global", "The global ranking does not.", "capability queries", "τ of the queried ranking minus τ of the global one, to the queried skill", "τ", ClaimDirection.AtLeast, 0.1),
        new("real-missing", "On real classifiers, a tenth of the results ranks as all of them do.", "up to 20 times cheaper with little change", "τ to the full ranking with 90 % removed; 14 small classifiers on digits and Fashion-MNIST", "τ", ClaimDirection.AtLeast, 0.8),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        var (models, samples) = isQuick ? (30, 150) : (60, 300);
        for (var i = 0; i < context.Seeds.Count; i++)
        {
            var seed = context.Seeds[i];
            void Progress(string what, double part) => context.Progress($"seed {seed}: {what}", (i + part) / context.Seeds.Count);
            context.Cancellation.ThrowIfCancellationRequested();
            Progress("heterogeneous world", 0);
            Heterogeneous(context, seed, models, samples);
            Progress("dense world", 0.3);
            Dense(context, seed, isQuick ? 30 : 100, isQuick ? 500 : 1000);
            Progress("recovery", 0.5);
            context.Measure("recovery", seed, ThetaError(seed, isQuick ? 2000 : 10000) / ThetaError(seed, isQuick ? 100 : 500));
            Progress("queries", 0.6);
            Queries(context, seed, isQuick ? 30 : 60);
            Progress("real classifiers", 0.7);
            Real(context, seed, isQuick ? 400 : 3000);
        }
    }

    private static void Heterogeneous(StudyContext context, int seed, int models, int samples)
    {
        var world = SyntheticPool.Heterogeneous(models, samples, seed);
        double Tau(Aggregator aggregator, double alpha = 0, long order = 0) => Agreement(world.Skills, world.Pool.Aggregate(Bare with { Aggregator = aggregator, Alpha = alpha, Seed = order }).ScoresOf(world.Pool.Models));
        var luce = Tau(Aggregator.PlackettLuce, Alpha);
        var elo = Enumerable.Range(0, 5).Average(order => Tau(Aggregator.Elo, order: order));
        var (mean, normalised) = (Tau(Aggregator.MeanScore), Tau(Aggregator.NormalizedMean));
        context.Measure("truth", seed, luce);
        context.Measure("over-mean", seed, luce - mean);
        context.Measure("over-normalised", seed, luce - normalised);
        context.Measure("over-elo", seed, luce - elo);
        context.Observe("world H: τ of Elo", elo);
        context.Observe("world H: τ of the mean score", mean);
        context.Observe("world H: τ of the normalised mean", normalised);
        context.Observe("world H: τ of the win rate", Tau(Aggregator.WinRate));
        context.Observe("world H: measured cells %", 100 * world.Pool.Density);
        // The arena's fit has no regularisation: it is compared where it is defined.
        var ranking = world.Pool.Aggregate(Bare with { Alpha = Alpha });
        var linked = ranking.Components.MaxBy(c => c.Length).Select(name => world.Pool.Models.IndexOf(name)).ToHashSet();
        var names = linked.Order().ToArray();
        var sub = Sub(world.Pool, names);
        ImmutableArray<double> skills = [.. names.Select(m => world.Skills[m])];
        var (own, arena) = (Agreement(skills, sub.Aggregate(Bare with { Alpha = Alpha }).ScoresOf(sub.Models)), Agreement(skills, sub.Aggregate(Bare with { Aggregator = Aggregator.ArenaMle }).ScoresOf(sub.Models)));
        context.Measure("over-arena", seed, own - arena);
        context.Observe("world H: τ of the arena's rating", arena);
    }

    private static void Dense(StudyContext context, int seed, int models, int samples)
    {
        var world = SyntheticPool.Gaussian(models, samples, 0.25, seed);
        var luce = world.Pool.Aggregate(Bare).ScoresOf(world.Pool.Models);
        context.Measure("homogeneous", seed, RankCorrelation.KendallTau(luce, world.Pool.Aggregate(Bare with { Aggregator = Aggregator.MeanScore }).ScoresOf(world.Pool.Models)));
        var elo = Enumerable.Range(0, 5).Average(order => Agreement(world.Skills, world.Pool.Aggregate(Bare with { Aggregator = Aggregator.Elo, Seed = order }).ScoresOf(world.Pool.Models)));
        context.Measure("over-elo-dense", seed, Agreement(world.Skills, luce) - elo);
        context.Observe("dense world: τ of Plackett–Luce to the truth", Agreement(world.Skills, luce));
        foreach (var point in MissingnessCurve.Of(world.Pool, Bare with { Seed = seed }))
        {
            if (point.Fraction == 0.95)
                context.Measure("missing", seed, point.Tau);
            context.Observe($"dense world: τ to the full ranking, {100 * point.Fraction} % of the results missing", point.Tau);
        }
        context.Observe("dense world: τ to the full ranking, 95 % of the samples removed", MissingnessCurve.Of(world.Pool, Bare with { Seed = seed }, [0.95], removal: Removal.Samples)[0].Tau);
        context.Observe("dense world: neighbouring ranks that are separated %", 100 * world.Pool.Aggregate(new AggregationOptions { Seed = seed }).Separability);
    }

    private static double ThetaError(int seed, int samples)
    {
        var world = SyntheticPool.Gumbel(20, samples, 0.2, seed, isBinarised: false);
        var theta = world.Pool.Aggregate(Bare).ScoresOf(world.Pool.Models);
        var mean = world.Skills.Average();
        return theta.Select((t, m) => Math.Abs(t - (world.Skills[m] - mean))).Max();
    }

    private static void Queries(StudyContext context, int seed, int models)
    {
        var (world, _) = SyntheticPool.TwoSkills(models, 600, seed);
        var hits = world.Pool.Query(new SampleQuery { Text = "algebra: an integral, an equation or a proof", Top = null });
        var (queried, global) = (Agreement(world.Skills, hits.Aggregate(Bare with { Alpha = Alpha }).ScoresOf(hits.Models)), Agreement(world.Skills, world.Pool.Aggregate(Bare with { Alpha = Alpha }).ScoresOf(world.Pool.Models)));
        context.Measure("query", seed, queried);
        context.Measure("query-over-global", seed, queried - global);
        context.Observe("query: samples found", hits.SampleCount);
    }

    // Classifiers of different kinds and training sizes, right or wrong on each test image of two data sets.
    private static void Real(StudyContext context, int seed, int images)
    {
        var builder = new PoolBuilder();
        foreach (var (name, data) in new[] { ("digits", DatasetCatalog.Load("digits")), ("fashion-mnist", new FashionMnist().Load(test: false)) })
        {
            var order = new SeededRandom(seed).Permutation(data.Count);
            var test = order.AsSpan(0, Math.Min(images, data.Count / 2)).ToArray();
            var (testData, rest) = (data.Select(test), order.AsSpan(test.Length).ToArray());
            var labels = testData.RequireLabels();
            foreach (var (kind, learner, training) in Learners())
            {
                context.Cancellation.ThrowIfCancellationRequested();
                var train = data.Select(rest.AsSpan(0, Math.Min(training, rest.Length)));
                var predicted = learner.Fit(Reduced(train), train.RequireLabels().AsSpan(), data.ClassCount).Predict(Reduced(testData));
                for (var i = 0; i < predicted.Length; i++)
                    builder.Add(builder.Model($"{kind}, {training} examples"), builder.Sample($"{name} {i}", name), predicted[i] == labels[i] ? 1 : 0);
            }
        }
        var pool = builder.Build();
        var full = pool.Aggregate(new AggregationOptions { Alpha = Alpha, Seed = seed });
        context.Measure("real-missing", seed, MissingnessCurve.Of(pool, Bare with { Alpha = Alpha, Seed = seed }, [0.9], 5)[0].Tau);
        context.Observe("real classifiers: neighbouring ranks that are separated %", 100 * full.Separability);
        context.Observe("real classifiers: τ of Plackett–Luce and mean accuracy", RankCorrelation.KendallTau(full.ScoresOf(pool.Models), pool.Aggregate(Bare with { Aggregator = Aggregator.MeanScore }).ScoresOf(pool.Models)));
    }

    private static IEnumerable<(string Kind, ClassLearner Learner, int Training)> Learners()
    {
        foreach (var training in new[] { 60, 250, 800 })
        {
            yield return ("naive Bayes", new GaussianNaiveBayes(1e-2), training);
            yield return ("discriminant", new LinearDiscriminant(0.1), training);
            yield return ("1-nearest neighbour", new NearestNeighbors(1, false), training);
            yield return ("ridge", new RidgeRegression(10), training);
        }
        yield return ("5-nearest neighbours", new NearestNeighbors(5, false), 250);
        yield return ("5-nearest neighbours", new NearestNeighbors(5, false), 800);
    }

    // 28 × 28 images as 14 × 14 means of four pixels: enough for small learners, a quarter of the work.
    private static FloatMatrix Reduced(Dataset data)
    {
        var features = data.RequireFeatures();
        if (features.Columns != 784)
            return features;
        var values = new float[features.Rows * 196];
        for (var i = 0; i < features.Rows; i++)
        {
            var row = features.Row(i);
            for (var p = 0; p < 196; p++)
            {
                var at = p / 14 * 56 + p % 14 * 2;
                values[i * 196 + p] = (row[at] + row[at + 1] + row[at + 28] + row[at + 29]) / 4;
            }
        }
        return new FloatMatrix(values, features.Rows, 196);
    }

    // The results of some models only.
    private static SamplePool Sub(SamplePool pool, int[] models)
    {
        var builder = new PoolBuilder();
        foreach (var m in models)
            builder.Model(pool.Models[m]);
        for (var s = 0; s < pool.SampleCount; s++)
        {
            var (measured, scores) = pool.Sample(s);
            for (var i = 0; i < measured.Length; i++)
            {
                if (Array.BinarySearch(models, measured.Span[i]) >= 0)
                    builder.Add(pool.Models[measured.Span[i]], $"{s}", scores.Span[i]);
            }
        }
        return builder.Build();
    }

    private static double Agreement(ImmutableArray<double> truth, double[] scores)
    {
        // A model without any result tells nothing of its rank.
        var known = Enumerable.Range(0, scores.Length).Where(m => !double.IsNaN(scores[m])).ToArray();
        return RankCorrelation.KendallTau([.. known.Select(m => truth[m])], [.. known.Select(m => scores[m])]);
    }
}
