using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Fashion-MNIST: backpropagation against Mono-Forward on the same MLP and seeds; Forward-Forward and Cascaded-Forward beside them; and
/// three controls that must lose.
/// </summary>
public sealed class MonoForwardStudy : Study
{
    private const double LinearControlMargin = 1, ChanceBound = 25;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "mono-forward", 1, "Beyond Backpropagation: Exploring Innovative Algorithms for Energy-Efficient DNN Training (2025)",
        "Trains an MLP on Fashion-MNIST with backpropagation, Mono-Forward and Forward-Forward, and a convolutional cascade with and without feedback alignment, on equal terms.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("mf-accuracy", "Mono-Forward is as accurate as backpropagation on MLPs.",
            "Fashion-MNIST 2x1000: 89.69/89.84/89.62 against 88.43/89.29/89.66 (+0.51 points)",
            "test accuracy of Mono-Forward minus backpropagation, same seed", "points", ClaimDirection.Within, -0.5, 1.5),
        new("mf-time", "Mono-Forward trains in less time than backpropagation.",
            "CIFAR-10 -33.8 %, MNIST -12.1 %, but Fashion-MNIST +18.2 %",
            "training time of Mono-Forward over backpropagation, minus 1", "%", ClaimDirection.AtMost, 0),
        new("mf-energy", "Mono-Forward trains with less energy than backpropagation.",
            "CIFAR-10 -40.8 %, MNIST -13.3 %, but Fashion-MNIST +9.9 %",
            "training energy of Mono-Forward over backpropagation, minus 1 (source in the observations)", "%", ClaimDirection.AtMost, 0),
        new("mf-loss", "Mono-Forward reaches a lower validation loss.",
            "claim about minima; layer 2 overfits: 0.283 after epoch 1, 0.415 after epoch 11",
            "lowest validation loss of Mono-Forward's last layer minus backpropagation's lowest", "nats", ClaimDirection.AtMost, 0),
        new("ff-cost", "Forward-Forward costs many times the time of backpropagation.",
            "Fashion-MNIST 4x2000: +1233 % time", "training time of Forward-Forward over backpropagation", "times", ClaimDirection.AtLeast, 5),
        new("ff-accuracy", "Forward-Forward is about as accurate as backpropagation.",
            "Fashion-MNIST 4x2000: 89.63 against 88.88", "test accuracy of Forward-Forward minus backpropagation", "points", ClaimDirection.Within, -1.5, 1.5),
        new("cafo-dfa", "Random cascades lose accuracy; feedback alignment recovers it.",
            "Fashion-MNIST 91.7 against 90.4; CIFAR-10 -13.2 and -1.7 points to backpropagation",
            "test accuracy of Cascaded-Forward with feedback alignment minus random blocks", "points", ClaimDirection.AtLeast, 0.5),
        new("mf-memory", "Doing without a backward pass does not save much memory.",
            "Mono-Forward +0.9 % on small nets, -5 % on CIFAR", "peak resident memory of Mono-Forward over backpropagation, minus 1", "%", ClaimDirection.AtLeast, -5),
        new("control-linear", "A linear softmax model (M_0 alone) loses to Mono-Forward.", "control, about 84 %",
            "test accuracy of Mono-Forward minus the linear model", "points", ClaimDirection.AtLeast, LinearControlMargin),
        new("control-frozen", "Mono-Forward with frozen random layers loses to Mono-Forward.", "control",
            "test accuracy of Mono-Forward minus the same with frozen W", "points", ClaimDirection.AtLeast, LinearControlMargin),
        new("control-true-negatives", "Forward-Forward whose negatives carry the true label falls to about chance.", "control",
            "test accuracy", "%", ClaimDirection.AtMost, ChanceBound),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick ? Size.Quick : Size.Full;
        using var data = Load(size);
        var mlp = MlpComparison(context, size, data);
        ForwardForwardRuns(context, size, data, mlp);
        Controls(context, size, data, mlp);
        Cascades(context, size, data);
    }

    private static ComparisonReport MlpComparison(StudyContext context, Size size, Parts data)
    {
        var report = FairComparison.Run(data.Train, data.Validation, data.Test, [Baseline(size), new MonoForward(Mono(size))], new FairComparisonOptions
        {
            Seeds = [.. context.Seeds.Select(s => (long)s)],
            Cancellation = context.Cancellation,
            Progress = (note, fraction) => context.Progress(note, 0.4 * fraction),
        });
        foreach (var (backprop, mono) in Pairs(report))
        {
            var seed = (int)mono.Seed;
            context.Measure("mf-accuracy", seed, 100 * (mono.Accuracy - backprop.Accuracy));
            context.Measure("mf-time", seed, Percent(mono.Cost.Seconds, backprop.Cost.Seconds));
            context.Measure("mf-energy", seed, Percent(mono.Cost.Joules, backprop.Cost.Joules));
            context.Measure("mf-memory", seed, Percent(mono.Cost.PeakBytes, backprop.Cost.PeakBytes));
            var last = $"layer{size.Hidden.Length}/validation/loss";
            context.Measure("mf-loss", seed, mono.Trace.Curve(last).Min(p => p.Value) - backprop.Trace.Curve("validation/loss").Min(p => p.Value));
            Observe(context, "backprop", backprop);
            Observe(context, "mono-forward", mono);
            context.Observe("mono-forward: last layer's validation loss after epoch 1, nats", mono.Trace.Curve(last).First().Value);
            context.Observe("mono-forward: last layer's validation loss after the last epoch, nats", mono.Trace.Last(last));
        }
        return report;
    }

    private static void ForwardForwardRuns(StudyContext context, Size size, Parts data, ComparisonReport mlp)
    {
        var report = FairComparison.Run(data.Train, data.Validation, data.Test, [new ForwardForward(Forward(size))], new FairComparisonOptions
        {
            Seeds = [.. context.Seeds.Select(s => (long)s)],
            Cancellation = context.Cancellation,
            Progress = (note, fraction) => context.Progress(note, 0.4 + 0.3 * fraction),
        });
        foreach (var (run, backprop) in report.Runs.Zip(mlp.Runs.Where(r => r.Algorithm == "backprop")))
        {
            context.Measure("ff-cost", (int)run.Seed, run.Cost.Seconds / backprop.Cost.Seconds);
            context.Measure("ff-accuracy", (int)run.Seed, 100 * (run.Accuracy - backprop.Accuracy));
            Observe(context, "forward-forward", run);
        }
    }

    private static void Controls(StudyContext context, Size size, Parts data, ComparisonReport mlp)
    {
        foreach (var (_, mono) in Pairs(mlp))
        {
            var seed = (int)mono.Seed;
            context.Progress($"controls, seed {seed}", 0.7);
            var linear = Accuracy(context, data, new MonoForward(Mono(size) with { Hidden = [] }), seed);
            var frozen = Accuracy(context, data, new MonoForward(Mono(size) with { TrainHidden = false, TrainInputProjection = false }), seed);
            context.Measure("control-linear", seed, 100 * (mono.Accuracy - linear));
            context.Measure("control-frozen", seed, 100 * (mono.Accuracy - frozen));
            context.Observe("control: linear softmax, test accuracy %", 100 * linear);
            context.Observe("control: frozen random layers, test accuracy %", 100 * frozen);
            var chance = Accuracy(context, data, new ForwardForward(Forward(size) with { NegativesAreTrue = true, Epochs = size.ControlEpochs }), seed);
            context.Measure("control-true-negatives", seed, 100 * chance);
        }
    }

    // Only accuracy is compared here, so that seeds may run side by side.
    private static void Cascades(StudyContext context, Size size, Parts data)
    {
        context.Progress("cascaded-forward", 0.85);
        var trials = context.Seeds.SelectMany(s => new[] { (Seed: s, Blocks: CascadeBlocks.Random), (Seed: s, Blocks: CascadeBlocks.FeedbackAlignment) }).ToImmutableArray();
        using var images = data.Images(size.CascadeImages);
        var accuracies = ParallelTrials.Run(trials, (trial, stop) =>
        {
            using var model = new CascadedForward(new CascadedForwardOptions
            {
                Channels = size.Channels, Blocks = trial.Blocks, PredictorEpochs = size.PredictorEpochs, Patience = 5, AlignmentEpochs = size.AlignmentEpochs,
            }).Fit(images.Train, images.Validation, new TrainingContext { Seed = trial.Seed, Cancellation = stop });
            return model.Accuracy(images.Test);
        }, cancellation: context.Cancellation);
        for (var i = 0; i < trials.Length; i += 2)
        {
            context.Measure("cafo-dfa", trials[i].Seed, 100 * (accuracies[i + 1] - accuracies[i]));
            context.Observe("cascaded-forward (random), test accuracy %", 100 * accuracies[i]);
            context.Observe("cascaded-forward (dfa), test accuracy %", 100 * accuracies[i + 1]);
        }
        if (size.LeastSquares)
            LeastSquares(context, size, images);
    }

    private static void LeastSquares(StudyContext context, Size size, Parts images)
    {
        var options = new CascadedForwardOptions { Channels = size.Channels, Blocks = CascadeBlocks.Random, Predictor = CascadePredictor.LeastSquares };
        context.Observe("cascaded-forward (random, closed form), test accuracy %", 100 * Accuracy(context, images, new CascadedForward(options), context.Seeds[0]));
    }

    private static double Accuracy(StudyContext context, Parts data, TrainingAlgorithm algorithm, int seed)
    {
        using var model = algorithm.Fit(data.Train, data.Validation, new TrainingContext { Seed = seed, Cancellation = context.Cancellation });
        return model.Accuracy(data.Test);
    }

    private static Backprop Baseline(Size size) => new(new MlpSpec([.. size.Hidden]), new TrainingOptions
    {
        Epochs = size.BackpropEpochs, BatchSize = 128, Optimizer = new AdamW(2.1e-4, weightDecay: 2.7e-5), EarlyStopping = new EarlyStopping(10),
    });

    private static MonoForwardOptions Mono(Size size) => new() { Hidden = size.Hidden, EpochsPerLayer = size.LayerEpochs, Schedule = MonoForwardSchedule.Sequential };

    private static ForwardForwardOptions Forward(Size size) => new() { Hidden = size.ForwardHidden, Epochs = size.ForwardEpochs };

    private static IEnumerable<(ComparisonRun Backprop, ComparisonRun Mono)> Pairs(ComparisonReport report) =>
        report.Runs.Where(r => r.Algorithm == "backprop").Zip(report.Runs.Where(r => r.Algorithm == "mono-forward"));

    private static void Observe(StudyContext context, string name, ComparisonRun run)
    {
        context.Observe($"{name}: test accuracy %", 100 * run.Accuracy);
        context.Observe($"{name}: training time, s", run.Cost.Seconds);
        context.Observe($"{name}: energy, Wh ({run.Cost.SourceText})", run.Cost.WattHours);
        context.Observe($"{name}: CO2e, g", run.Cost.Co2Grams);
        context.Observe($"{name}: peak resident memory, MB", run.Cost.PeakBytes / 1e6);
        context.Observe($"{name}: forward, MFLOP", run.ForwardFlops / 1e6);
    }

    private static double Percent(double value, double reference) => 100 * (value / reference - 1);

    private static Parts Load(Size size)
    {
        var source = new FashionMnist();
        var all = source.Load(test: false);
        var order = new SeededRandom(0).Permutation(all.Count);
        var train = all.Select(order.AsSpan(0, size.Train));
        var validation = all.Select(order.AsSpan(size.Train, size.Validation));
        var official = source.Load(test: true);
        var test = official.Select(new SeededRandom(1).Permutation(official.Count).AsSpan(0, size.Test));
        return Parts.Of(train, validation, test);
    }

    /// <summary>How large everything is.</summary>
    private sealed record Size(
        int Train, int Validation, int Test, ImmutableArray<int> Hidden, int BackpropEpochs, int LayerEpochs, ImmutableArray<int> ForwardHidden, int ForwardEpochs,
        int ControlEpochs, ImmutableArray<int> Channels, int CascadeImages, int AlignmentEpochs, int PredictorEpochs, bool LeastSquares)
    {
        public static Size Quick { get; } = new(10_000, 2_000, 2_000, [256, 256], 8, 5, [256, 256], 8, 2, [8, 16, 32], 3_000, 3, 8, true);

        public static Size Full { get; } = new(50_000, 10_000, 10_000, [500, 500], 25, 12, [500, 500, 500], 15, 3, [16, 64, 128], 10_000, 15, 30, true);
    }

    /// <summary>The three parts, standardised by the training part's one mean and deviation.</summary>
    private sealed record Parts(TensorDataset Train, TensorDataset Validation, TensorDataset Test) : IDisposable
    {
        public static Parts Of(Dataset train, Dataset validation, Dataset test)
        {
            var values = train.RequireFeatures().Values;
            var mean = System.Numerics.Tensors.TensorPrimitives.Sum(values) / values.Length;
            var deviation = (float)Math.Sqrt(System.Numerics.Tensors.TensorPrimitives.SumOfSquares(values) / values.Length - mean * mean);
            TensorDataset Standard(Dataset part)
            {
                var scaled = part.RequireFeatures().Values.ToArray();
                System.Numerics.Tensors.TensorPrimitives.Subtract(scaled, mean, scaled);
                System.Numerics.Tensors.TensorPrimitives.Divide(scaled, deviation, scaled);
                return TensorDataset.From(part.WithFeatures(new FloatMatrix(scaled, part.Count, part.RequireFeatures().Columns)));
            }
            return new Parts(Standard(train), Standard(validation), Standard(test));
        }

        /// <summary>The first images of the training part, with the other parts as they are.</summary>
        public Parts Images(int count) => new(
            new TensorDataset(Train.Inputs.narrow(0, 0, count).clone(), Train.Targets.narrow(0, 0, count).clone(), Train.Outputs),
            new TensorDataset(Validation.Inputs.clone(), Validation.Targets.clone(), Validation.Outputs),
            new TensorDataset(Test.Inputs.clone(), Test.Targets.clone(), Test.Outputs));

        public void Dispose()
        {
            Train.Dispose();
            Validation.Dispose();
            Test.Dispose();
        }
    }
}
