using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Weights from the samples' own losses: linear regression with redundant data, with and without outliers, and small language models on a
/// mixture of Markov languages of which some are rare and all have known entropy rates.
/// </summary>
public sealed class LossReweightingStudy : Study
{
    private const int Dimension = 50, RedundantAxes = 5, Symbols = 64, Length = 64, Batch = 32;
    private static readonly double[] Shares = [0.70, 0.10, 0.10, 0.02, 0.02, 0.02, 0.02, 0.02];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "loss-reweighting", 18, "Dynamic Loss-Based Sample Reweighting for Improved LLM Pretraining (2025)",
        "Linear regression on mostly redundant data, clean and with 5 % outliers, and language models on eight Markov languages of unequal shares, each with every weighting.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("language", "De-emphasising low-loss samples beats uniform weights at equal steps.", "LinUpper is the best of four from 124M to 7B",
            "macro excess loss over the entropy rates on eight Markov languages: uniform minus LinUpper", "nats", ClaimDirection.AtLeast, 0),
        new("rare-languages", "The gain lies with the rare data.", "implied: easy and redundant samples lose weight",
            "excess loss of the five rarest languages: uniform minus LinUpper", "nats", ClaimDirection.AtLeast, 0),
        new("regression", "In linear regression LinUpper converges faster on redundant data.", "synthetic experiment of the paper",
            "steps until ‖θ − θ*‖² falls to a twentieth: LinUpper over uniform", "times", ClaimDirection.AtMost, 1),
        new("extremes", "Emphasising both ends is worse than uniform on data with outliers.", "Extremes at most equals uniform",
            "final ‖θ − θ*‖ with 5 % corrupted targets: Extremes over uniform", "times", ClaimDirection.AtLeast, 1.1),
        new("outliers", "Outliers hurt KL-DRO more than LinUpper, whose shape is capped.", "f is capped at δ",
            "final ‖θ − θ*‖ with 5 % corrupted targets: KL-DRO over LinUpper", "times", ClaimDirection.AtLeast, 1.1),
        new("outlier-cost", "With outliers LinUpper is no worse than uniform.", "robust to outliers",
            "final ‖θ − θ*‖ with 5 % corrupted targets: LinUpper over uniform", "times", ClaimDirection.AtMost, 1.05),
        new("control-correlation", "LinUpper's weights rise with the loss.", "control", "correlation of weight and loss over the last half of the language runs", "", ClaimDirection.AtLeast, 0.3),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        Regressions(context, quick ? 5 : 20);
        Languages(context, quick ? 120 : 1000);
    }

    private static void Regressions(StudyContext context, int worlds)
    {
        context.Progress("linear regression", 0);
        var strategies = Enum.GetValues<ReweightingStrategy>();
        foreach (var world in Enumerable.Range(0, worlds))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var clean = new RegressionWorld(world, outliers: 0);
            var dirty = new RegressionWorld(world, outliers: 0.05);
            var steps = strategies.ToDictionary(s => s, s => clean.Train(s));
            var final = strategies.ToDictionary(s => s, s => dirty.Train(s));
            context.Measure("regression", world, (double)steps[ReweightingStrategy.LinUpper].StepsToTarget / steps[ReweightingStrategy.Uniform].StepsToTarget);
            context.Measure("extremes", world, final[ReweightingStrategy.Extremes].Error / final[ReweightingStrategy.Uniform].Error);
            context.Measure("outliers", world, final[ReweightingStrategy.KlDro].Error / final[ReweightingStrategy.LinUpper].Error);
            context.Measure("outlier-cost", world, final[ReweightingStrategy.LinUpper].Error / final[ReweightingStrategy.Uniform].Error);
            foreach (var strategy in strategies)
            {
                context.Observe($"regression, {strategy}: steps to a twentieth", steps[strategy].StepsToTarget);
                context.Observe($"regression with outliers, {strategy}: final distance", final[strategy].Error);
            }
        }
    }

    private static void Languages(StudyContext context, int steps)
    {
        var trials = context.Seeds.SelectMany(seed => Enum.GetValues<ReweightingStrategy>().Select(s => (Seed: seed, Strategy: s))).ToImmutableArray();
        var excess = new Dictionary<(int, ReweightingStrategy), double[]>();
        for (var i = 0; i < trials.Length; i++)
        {
            var (seed, strategy) = trials[i];
            context.Progress($"languages, seed {seed}, {strategy}", 0.1 + 0.9 * i / trials.Length);
            var languages = Enumerable.Range(0, Shares.Length).Select(l => new MarkovLanguage(Symbols, 1, 0.1, seed: 100 * seed + l)).ToArray();
            var tokens = (long)steps * Batch * Length;
            var corpus = PackedCorpus.FromTokens(
                Length,
                [.. languages.Select((l, j) => ($"language {j}", l.Sample((int)(tokens * Shares[j]) + 1, SeededRandom.At(seed, 1, j))))],
                [.. languages.Select((l, j) => ($"language {j}", l.Sample(8 * 16 * Length + 1, SeededRandom.At(seed, 2, j)), 0))]);
            using var model = new Decoder(DecoderConfig.Small(64, 2, Symbols, Length), SeededRandom.At(seed, 3));
            var loss = ReweightedLoss.Over(new SequenceLoss(), new SampleReweighter(strategy));
            var correlations = new Correlations(loss);
            var result = new Pretrainer(new PretrainingOptions
            {
                BatchSize = Batch, LearningRate = 3e-3, WeightDecay = 0.1, Seed = seed, Precision = Precision.Bf16, Evaluations = 1, EvaluationTokens = 0, Loss = loss, Hooks = [correlations],
            }).Run(model, corpus, context.Cancellation);
            var each = result.Final!.Domains.Select((d, j) => d.Loss - languages[j].EntropyRate()).ToArray();
            excess[trials[i]] = each;
            context.Observe($"languages, {strategy}: macro excess loss, nats", each.Average());
            context.Observe($"languages, {strategy}: excess loss of the commonest, nats", each[0]);
            context.Observe($"languages, {strategy}: effective samples of {Batch} at the end", loss.Newest.EffectiveSamples);
            if (strategy == ReweightingStrategy.LinUpper)
                context.Measure("control-correlation", seed, correlations.MeanOfLastHalf);
        }
        foreach (var seed in context.Seeds)
        {
            double[] uniform = excess[(seed, ReweightingStrategy.Uniform)], upper = excess[(seed, ReweightingStrategy.LinUpper)];
            context.Measure("language", seed, uniform.Average() - upper.Average());
            context.Measure("rare-languages", seed, uniform[3..].Average() - upper[3..].Average());
        }
    }

    private sealed class Correlations(ReweightedLoss loss) : TrainerHook
    {
        private readonly List<double> values = [];

        public double MeanOfLastHalf => values.Skip(values.Count / 2).Where(double.IsFinite).Average();

        public override void OnStep(TrainerState state, double batchLoss) => values.Add(loss.Newest.Correlation);
    }

    // 80 % of the examples lie in five directions, scaled by 3; the rest in all.
    private sealed class RegressionWorld
    {
        private const int Examples = 2000, Steps = 4000;
        private const double Noise = 0.1, Rate = 0.01;
        private readonly double[] truth = new double[Dimension];
        private readonly double[][] x = new double[Examples][];
        private readonly double[] y = new double[Examples];
        private readonly int seed;

        public RegressionWorld(int seed, double outliers)
        {
            this.seed = seed;
            var random = SeededRandom.At(seed, 51);
            for (var i = 0; i < Dimension; i++)
                truth[i] = random.NextGaussian();
            for (var n = 0; n < Examples; n++)
            {
                x[n] = new double[Dimension];
                var redundant = random.NextDouble() < 0.8;
                for (var i = 0; i < (redundant ? RedundantAxes : Dimension); i++)
                    x[n][i] = (redundant ? 3 : 1) * random.NextGaussian();
                y[n] = Noise * random.NextGaussian();
                for (var i = 0; i < Dimension; i++)
                    y[n] += x[n][i] * truth[i];
            }
            var replaced = SeededRandom.At(seed, 52);
            for (var n = 0; n < Examples; n++)
            {
                if (replaced.NextDouble() < outliers)
                    y[n] = 10 * replaced.NextGaussian();
            }
        }

        public (double Error, int StepsToTarget) Train(ReweightingStrategy strategy)
        {
            var reweighter = new SampleReweighter(strategy);
            var random = SeededRandom.At(seed, 53);
            var (theta, losses, residuals, rows) = (new double[Dimension], new float[Batch], new double[Batch], new int[Batch]);
            var start = Distance(theta);
            var reached = Steps;
            for (var step = 0; step < Steps; step++)
            {
                for (var b = 0; b < Batch; b++)
                {
                    rows[b] = random.Next(Examples);
                    residuals[b] = -y[rows[b]];
                    for (var i = 0; i < Dimension; i++)
                        residuals[b] += x[rows[b]][i] * theta[i];
                    losses[b] = (float)(residuals[b] * residuals[b] / 2);
                }
                var weights = reweighter.Weights(losses, reweighter.Temperature(step, Steps));
                for (var b = 0; b < Batch; b++)
                {
                    for (var i = 0; i < Dimension; i++)
                        theta[i] -= Rate * weights[b] * residuals[b] * x[rows[b]][i];
                }
                if (reached == Steps && Distance(theta) <= start / 20)
                    reached = step + 1;
            }
            return (Math.Sqrt(Distance(theta)), reached);
        }

        private double Distance(double[] theta) => theta.Zip(truth, (a, b) => (a - b) * (a - b)).Sum();
    }
}
