using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// Five tasks of two classes each share one head; plain training, rehearsal, elastic weights, a frozen network and learners of noise are
/// led through two rounds and judged by the lifelong metrics.
/// </summary>
public sealed class LifelongMetricsStudy : Study
{
    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "lifelong-metrics", 72, "A Domain-Agnostic Approach for Characterization of Lifelong Learning Systems (2023)",
        "Leads learners through pairs of classes of Fashion-MNIST (quick: digits) that share a two-way head, and asks whether the metrics tell forgetting, rigidity and noise apart.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("forgetting", "Plain training on one task after another forgets, and maintenance shows it.", "negative maintenance in the case studies", "performance maintenance of plain SGD", "points of 100", ClaimDirection.AtMost, -3),
        new("replay", "Rehearsal maintains more than plain training.", "maintenance differs between learners", "performance maintenance of replay minus that of plain SGD", "points of 100", ClaimDirection.AtLeast, 3),
        new("stability-maintains", "A stability knob raises maintenance …", "trade-off in five case studies", "maintenance of EWC at its largest penalty minus that at its smallest", "points of 100", ClaimDirection.AtLeast, 0),
        new("stability-costs", "… at the price of relative performance.", "trade-off in five case studies", "relative performance of EWC at its largest penalty minus that at its smallest", "ratio", ClaimDirection.AtMost, 0),
        new("frozen-keeps", "A learner that stops learning forgets nothing …", "stability without plasticity", "performance maintenance of a network frozen after the first task", "points of 100", ClaimDirection.Within, -3, 3),
        new("frozen-behind", "… and stays behind its experts.", "stability without plasticity", "relative performance of the frozen network", "ratio", ClaimDirection.AtMost, 0.95),
        new("noise-maintenance", "A learner of noise has no maintenance.", "ours: a null", "performance maintenance of random answers", "points of 100", ClaimDirection.Within, -6, 6),
        new("noise-transfer", "A learner of noise has no forward transfer.", "ours: a null", "forward transfer contrast of random answers", "", ClaimDirection.Within, -0.15, 0.15),
        new("no-single-number", "Learners with close average evaluations differ in maintenance.", "no single number suffices", "largest difference of maintenance among pairs of learners within 5 points of average evaluation", "points of 100", ClaimDirection.AtLeast, 3),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {context.Seeds[s]}", (double)s / context.Seeds.Count);
            Measure(context, new World(isQuick ? "digits" : FashionMnist.Name, isQuick ? 3 : 5, isQuick ? 60 : 100, context.Seeds[s]), context.Seeds[s]);
        }
    }

    private static void Measure(StudyContext context, World world, int seed)
    {
        var names = Enumerable.Range(0, world.Tasks).Select(t => $"pair{t}").ToArray();
        int[] order = [.. Enumerable.Range(0, 2 * world.Tasks).Select(i => i % world.Tasks)];
        var experts = Enumerable.Range(0, world.Tasks).SelectMany(t => Enumerable.Range(0, 2).Select(run =>
            LifelongScenario.RunExpert($"expert {t}.{run}", new NetworkLearner(world, 100 * seed + 10 * t + run + 7), t, names[t], 2 * world.Experiences))).ToArray();
        var learners = new (string Name, LifelongLearner Learner)[]
        {
            ("SGD", new NetworkLearner(world, seed)), ("replay", new NetworkLearner(world, seed) { Replay = 200 }),
            ("EWC 10", new NetworkLearner(world, seed) { Penalty = 10 }), ("EWC 100", new NetworkLearner(world, seed) { Penalty = 100 }), ("EWC 1000", new NetworkLearner(world, seed) { Penalty = 1000 }),
            ("frozen", new NetworkLearner(world, seed) { FreezesAfterFirst = true }), ("joint", new NetworkLearner(world, seed) { IsJoint = true }), ("noise", new NoiseLearner(seed)),
        };
        var reports = learners.ToDictionary(l => l.Name, l => LifelongMetrics.Compute(LifelongScenario.Run(l.Name, l.Learner, names, order, world.Experiences), experts));
        foreach (var (name, report) in reports)
        {
            foreach (var (metric, value) in report.Lifetime)
                context.Observe($"{name}: {LabJson.Name(metric)}", value);
            context.Observe($"{name}: average accuracy at the end, %", 100 * report.Classic!.Average);
        }
        double Of(string name, LifelongMetric metric) => reports[name].Lifetime[metric];
        const LifelongMetric maintenance = LifelongMetric.PerformanceMaintenance;
        context.Measure("forgetting", seed, Of("SGD", maintenance));
        context.Measure("replay", seed, Of("replay", maintenance) - Of("SGD", maintenance));
        context.Measure("stability-maintains", seed, Of("EWC 1000", maintenance) - Of("EWC 10", maintenance));
        context.Measure("stability-costs", seed, Of("EWC 1000", LifelongMetric.RelativePerformance) - Of("EWC 10", LifelongMetric.RelativePerformance));
        context.Measure("frozen-keeps", seed, Of("frozen", maintenance));
        context.Measure("frozen-behind", seed, Of("frozen", LifelongMetric.RelativePerformance));
        context.Measure("noise-maintenance", seed, Of("noise", maintenance));
        context.Measure("noise-transfer", seed, Of("noise", LifelongMetric.ForwardTransferContrast));
        string[] real = [.. reports.Keys.Where(k => k != "noise")];
        context.Measure("no-single-number", seed, real.SelectMany(a => real.Select(b => (A: a, B: b)))
            .Where(p => Math.Abs(Of(p.A, LifelongMetric.AverageEvaluation) - Of(p.B, LifelongMetric.AverageEvaluation)) < 5)
            .Max(p => Math.Abs(Of(p.A, maintenance) - Of(p.B, maintenance))));
        string[] knobs = [.. real.Where(k => k.StartsWith("EWC", StringComparison.Ordinal) || k is "SGD" or "replay" or "frozen")];
        context.Observe("Spearman of sample efficiency and maintenance over learners", Correlation.Spearman(
            [.. knobs.Select(k => reports[k].Lifetime.GetValueOrDefault(LifelongMetric.SampleEfficiency))], [.. knobs.Select(k => Of(k, maintenance))]));
    }

    /// <summary>Task t tells class 2t from class 2t + 1.</summary>
    private sealed class World
    {
        public World(string name, int tasks, int experiences, int seed)
        {
            (Tasks, Experiences) = (tasks, experiences);
            var all = name == FashionMnist.Name ? new FashionMnist().Load(test: false) : DatasetCatalog.Load(name);
            Features = all.RequireFeatures();
            // Digits count to 16, pixels of Fashion-MNIST to 1.
            Scale = 1 / Features.Values.ToArray().Max();
            Labels = [.. all.Labels.Select(l => l % 2)];
            var order = new SeededRandom(seed).Permutation(all.Count);
            for (var t = 0; t < tasks; t++)
            {
                int[] rows = [.. order.Where(i => all.Labels[i] / 2 == t)];
                Test.Add(rows[..Math.Min(200, rows.Length / 3)]);
                Train.Add(rows[Test[t].Length..]);
            }
        }

        public int Tasks { get; }

        public int Experiences { get; }

        public FloatMatrix Features { get; }

        public float Scale { get; }

        public int[] Labels { get; }

        public List<int[]> Train { get; } = [];

        public List<int[]> Test { get; } = [];

        public FloatMatrix Select(ReadOnlySpan<int> rows)
        {
            var chosen = Features.Select(rows).Values.ToArray();
            System.Numerics.Tensors.TensorPrimitives.Multiply(chosen, Scale, chosen);
            return new FloatMatrix(chosen, rows.Length, Features.Columns);
        }
    }

    /// <summary>SGD on a network of 100 hidden units, batches of 32; on demand with rehearsal, elastic weights (Kirkpatrick et al. 2017), or frozen.</summary>
    private sealed class NetworkLearner(World world, long seed) : LifelongLearner
    {
        private const int BatchSize = 32;
        private const float LearningRate = 0.1f;
        private readonly DenseNetwork network = new([world.Features.Columns, 100, 2], DenseActivation.Relu, seed);
        private readonly SeededRandom random = SeededRandom.At(seed, 5);
        private readonly List<int> buffer = [];
        private float[]? importance, anchor;
        private int? current;
        private int seen;
        private bool isFrozen;

        public int Replay { get; init; }

        public float Penalty { get; init; }

        public bool FreezesAfterFirst { get; init; }

        public bool IsJoint { get; init; }

        public override double Learn(int task)
        {
            if (current != task && current is { } before)
            {
                if (Penalty > 0)
                    Consolidate(before);
                isFrozen = FreezesAfterFirst;
            }
            current = task;
            var rows = Draw(task);
            var accuracy = Right(rows).Average();
            if (isFrozen)
                return accuracy;
            int[] batch = IsJoint ? [.. Enumerable.Range(0, world.Tasks).SelectMany(Draw)] : Replay > 0 && buffer.Count > 0 ? [.. rows, .. Enumerable.Range(0, BatchSize).Select(_ => buffer[random.Next(buffer.Count)])] : rows;
            var gradient = Gradient(batch);
            if (importance is not null)
            {
                // Clipped at 1/η, where the quadratic step would overshoot its own minimum.
                for (var i = 0; i < gradient.Length; i++)
                    gradient[i] += Math.Min(Penalty * importance[i], 1 / LearningRate) * (network.Parameters[i] - anchor![i]);
            }
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(gradient, -LearningRate, network.Parameters, network.Parameters);
            foreach (var row in rows)
                Keep(row);
            return accuracy;
        }

        // Ten chunks of the held-out items.
        public override double[] Evaluate(int task) => [.. Right(world.Test[task]).Chunk(Math.Max(1, world.Test[task].Length / 10)).Take(10).Select(c => c.Average())];

        private int[] Draw(int task) => [.. Enumerable.Range(0, BatchSize).Select(_ => world.Train[task][random.Next(world.Train[task].Length)])];

        private double[] Right(int[] rows)
        {
            var scores = network.Outputs(world.Select(rows));
            return [.. rows.Select((row, i) => (scores[i, 1] > scores[i, 0] ? 1 : 0) == world.Labels[row] ? 1.0 : 0)];
        }

        private float[] Gradient(int[] rows)
        {
            var gradient = new float[network.Parameters.Length];
            network.Gradient(world.Select(rows), [.. Enumerable.Range(0, rows.Length)], DenseLoss.CrossEntropy, [.. rows.Select(r => world.Labels[r])], null, gradient);
            return gradient;
        }

        // Reservoir sampling.
        private void Keep(int row)
        {
            seen++;
            if (buffer.Count < Replay)
                buffer.Add(row);
            else if (Replay > 0 && random.Next(seen) is var at && at < Replay)
                buffer[at] = row;
        }

        // The diagonal of the Fisher information: mean squared gradients of single examples.
        private void Consolidate(int task)
        {
            importance ??= new float[network.Parameters.Length];
            anchor = [.. network.Parameters];
            foreach (var row in Draw(task).Concat(Draw(task)))
            {
                var gradient = Gradient([row]);
                for (var i = 0; i < gradient.Length; i++)
                    importance[i] += gradient[i] * gradient[i] / (2 * BatchSize);
            }
        }
    }

    /// <summary>Answers at random, whatever it is taught.</summary>
    private sealed class NoiseLearner(long seed) : LifelongLearner
    {
        private readonly SeededRandom random = SeededRandom.At(seed, 9);

        public override double Learn(int task) => Share(32);

        public override double[] Evaluate(int task) => [.. Enumerable.Range(0, 10).Select(_ => Share(20))];

        private double Share(int n) => (double)Enumerable.Range(0, n).Count(_ => random.Next(2) == 0) / n;
    }
}
