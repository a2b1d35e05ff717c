using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Simulated benchmarks of known groups of questions (easy to late-emerging, inverse-scaling, at chance, wrong keys), pass rates of six small
/// models, an anchor, and a target far beyond: clustering on difficulty against one curve for the whole benchmark and against the last value.
/// </summary>
public sealed class ClusteringOnDifficultyStudy : Study
{
    private const int Questions = 400, Trials = 64;
    private const double Target = 10_000;
    private static readonly double[] Compute = [1, 3, 10, 30, 100, 300];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "clustering-on-difficulty", 35, "Unveiling Downstream Performance Scaling of LLMs: A Clustering-Based Perspective (2025)",
        "Predicts simulated benchmarks (known truth) at 33 times the largest small model's compute by clustering on difficulty, by one curve, and by the last value.", 6);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("over-one-curve", "Clustering on difficulty predicts better than one curve for the whole benchmark.", "mean error 1.55 against 3.10 points",
            "mean absolute error of the end-to-end curve minus that of COD over the benchmarks", "points", ClaimDirection.AtLeast, 0),
        new("over-last", "It predicts better than the largest small model's score.", "the trivial baseline", "mean absolute error of the last value minus that of COD", "points", ClaimDirection.AtLeast, 0),
        new("groups", "The clusters are groups of like difficulty.", "low variance within clusters", "adjusted Rand index of clusters and true groups, questions in clusters", "index", ClaimDirection.AtLeast, 0.6),
        new("homogeneous", "Homogeneous clusters obey the law better than the whole benchmark.", "theorem on the variance", "root mean square error of the whole's fit over that of the extrapolated clusters' fits", "ratio", ClaimDirection.AtLeast, 1),
        new("keep-all", "Questions that do not scale hurt if they are kept.", "ablation", "mean absolute error with every fitted cluster kept minus that of COD", "points", ClaimDirection.AtLeast, 0),
        new("anchor", "An anchor helps the mapping.", "ablation", "mean absolute error without anchor minus with", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var benchmarks = context.Scale == StudyScale.Quick ? 2 : 8;
        var options = new DifficultyOptions { Radius = 0.1 * Math.Sqrt(Compute.Length) };
        foreach (var seed in context.Seeds)
        {
            var errors = new List<(double Cod, double OneCurve, double Last, double KeepAll, double NoAnchor, double Ceiling, double Subset)>();
            var (rand, ratio) = (new List<double>(), new List<double>());
            for (var b = 0; b < benchmarks; b++)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                context.Progress($"seed {seed}, benchmark {b + 1}", (double)b / benchmarks);
                var world = World.Draw(SeededRandom.At(seed, b));
                var table = world.Rates(Compute, SeededRandom.At(seed, b, 1));
                var anchor = world.Perturbed(SeededRandom.At(seed, b, 2)).Rates([2000], SeededRandom.At(seed, b, 3));
                var truth = world.Mean(Target);
                var cod = DifficultyScaling.FitTo(table, options, anchor);
                double[] means = [.. Enumerable.Range(0, Compute.Length).Select(table.Mean)];
                var one = PassRateLaw.FitTo(Compute, means);
                double Off(double value) => 100 * Math.Abs((double.IsNaN(value) ? means[^1] : value) - truth);
                var keepAll = DifficultyScaling.FitTo(table, options with { LeastA = 0, LeastB = 0, MostC = double.PositiveInfinity, LeastCeiling = 0, KeepFalling = true }, anchor);
                var subset = cod.Subset.SelectMany(c => c.Members).ToArray();
                errors.Add((Off(cod.Value(Target)), Off(one.Value(Target)), Off(means[^1]), Off(keepAll.Value(Target)), Off(DifficultyScaling.FitTo(table, options).Value(Target)),
                    Off(DifficultyScaling.FitTo(table, options with { LowerCeiling = true }, anchor).Value(Target)), subset.Length == 0 ? 0 : 100 * Math.Abs(cod.SubsetScore(Target) - subset.Average(q => world.Rate(q, Target)))));
                rand.Add(AdjustedRand(cod, world));
                ratio.Add(one.Fit.SquaredError <= 0 || !cod.IsPredictable ? double.NaN : Math.Sqrt(one.Fit.SquaredError / cod.Subset.Average(c => c.Law!.Fit.SquaredError)));
            }
            context.Measure("over-one-curve", seed, errors.Average(e => e.OneCurve - e.Cod));
            context.Measure("over-last", seed, errors.Average(e => e.Last - e.Cod));
            context.Measure("keep-all", seed, errors.Average(e => e.KeepAll - e.Cod));
            context.Measure("anchor", seed, errors.Average(e => e.NoAnchor - e.Cod));
            context.Measure("groups", seed, rand.Average());
            context.Measure("homogeneous", seed, ratio.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average());
            context.Observe("mean error of COD, points", errors.Average(e => e.Cod));
            context.Observe("mean error of one curve, points", errors.Average(e => e.OneCurve));
            context.Observe("mean error of the last value, points", errors.Average(e => e.Last));
            context.Observe("mean error of COD with f(1) lowered by dead items, points", errors.Average(e => e.Ceiling));
            context.Observe("mean error of the subset's own score, points", errors.Average(e => e.Subset));
        }
    }

    private static double AdjustedRand(DifficultyScaling model, World world)
    {
        var pairs = model.Clusters.SelectMany((c, i) => c.Members.Select(m => (Cluster: i, Group: world.Groups[m]))).ToArray();
        static double Pairs(IEnumerable<int> counts) => counts.Sum(c => c * (c - 1) / 2.0);
        var both = Pairs(pairs.GroupBy(p => p).Select(g => g.Count()));
        var (a, b) = (Pairs(pairs.GroupBy(p => p.Cluster).Select(g => g.Count())), Pairs(pairs.GroupBy(p => p.Group).Select(g => g.Count())));
        var expected = a * b / Pairs([pairs.Length]);
        return (both - expected) / ((a + b) / 2 - expected);
    }

    /// <summary>A benchmark: for each question its group and the constants of its pass rate.</summary>
    private sealed record World(ImmutableArray<int> Groups, ImmutableArray<(double A, double B, double C)> Laws)
    {
        private const double Jitter = 0.15;

        public static World Draw(SeededRandom random)
        {
            double[] scales = [1.5, 5, 20, 80];
            var groups = scales.Select(a => (A: a, B: random.NextDouble(0.25, 0.5), C: ((double[])[0, 0.1, 0.3])[random.Next(3)], Weight: random.NextDouble(0.5, 1.5))).ToArray();
            var (numbers, laws) = (ImmutableArray.CreateBuilder<int>(), ImmutableArray.CreateBuilder<(double, double, double)>());
            for (var q = 0; q < Questions; q++)
            {
                var kind = random.NextDouble();
                // 10 % inverse-scaling (a negative exponent), 10 % at chance 0, 5 % wrong keys (a ceiling of 5 %).
                var (group, law) = kind < 0.1 ? (4, (0.4, -0.2, 0.0)) : kind < 0.2 ? (5, (50.0, 0.0, 0.0)) : kind < 0.25 ? (6, (1.5, 0.4, 3.0)) : Scaling(random.NextDouble());
                numbers.Add(group);
                laws.Add((law.Item1 * Math.Exp(Jitter * random.NextGaussian()), law.Item2, law.Item3));
            }
            return new World(numbers.ToImmutable(), laws.ToImmutable());

            (int, (double, double, double)) Scaling(double u)
            {
                var total = groups.Sum(g => g.Weight);
                var g = 0;
                for (u *= total; g < groups.Length - 1 && u > groups[g].Weight; g++)
                    u -= groups[g].Weight;
                return (g, (groups[g].A, groups[g].B, groups[g].C));
            }
        }

        public double Rate(int question, double compute) => Math.Exp(-Laws[question].A * Math.Pow(compute, -Laws[question].B) - Laws[question].C);

        public double Mean(double compute) => Enumerable.Range(0, Questions).Average(q => Rate(q, compute));

        public PassRateTable Rates(double[] compute, SeededRandom random) => PassRateTable.Of(
            [.. Enumerable.Range(0, Questions).Select(q => compute.Select(c => Rate(q, c) is var p ? Enumerable.Range(0, Trials).Count(_ => random.NextDouble() < p) / (double)Trials : 0).ToArray())], compute, Trials);

        // Another family: each group is somewhat harder or easier for it.
        public World Perturbed(SeededRandom random)
        {
            double[] factors = [.. Enumerable.Range(0, 7).Select(_ => Math.Exp(0.2 * random.NextGaussian()))];
            return this with { Laws = [.. Laws.Select((l, q) => (l.A * factors[Groups[q]], l.B, l.C))] };
        }
    }
}
