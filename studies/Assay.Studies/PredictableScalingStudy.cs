using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Learning curves of MLPs that our own trainer trains on digits (quick) or Fashion-MNIST (full): shards that double, a ladder of widths, the
/// envelope's power law and its prediction for the largest shard; and the counting learner, whose curve is known.
/// </summary>
public sealed class PredictableScalingStudy : Study
{
    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "predictable-scaling", 61, "Deep Learning Scaling is Predictable, Empirically (2017)",
        "Counts coins (slope −½ exactly), then trains MLPs of several widths on doubling shards of Fashion-MNIST (quick: digits), fits the envelope on all but the largest shards and predicts the largest; a two-layer family beside it.", 3);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("counting", "The protocol finds the exponent of a learner whose curve is known.", "E|p − ½| falls as m^(−1/2)", "fitted exponent of simulated counting learners", "slope", ClaimDirection.Within, -0.52, -0.48),
        new("predicts", "The power law of the smaller shards predicts the largest.", "four domains", "relative error of the loss predicted for the largest shard from those of a quarter of it and less", "%", ClaimDirection.AtMost, 10),
        new("gain", "It predicts better than the last value.", "the reason to fit a law", "error of the last fitted shard's loss over that of the law", "times", ClaimDirection.AtLeast, 1),
        new("slope", "Another model family shifts the curve but keeps its slope.", "−0.299 against −0.296 in speech", "slope of one hidden layer minus slope of two", "slope", ClaimDirection.Within, -0.05, 0.05),
        new("range", "The slope lies in the paper's range, flatter than theory's −½.", "−0.07 to −0.35", "slope of the envelope in cross-entropy", "slope", ClaimDirection.Within, -0.5, -0.07),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick ? Size.Quick : Size.Full;
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            context.Progress($"seed {seed}", (double)s / context.Seeds.Count);
            double[] tosses = [.. Enumerable.Range(0, 14).Select(i => 10.0 * (1 << i))];
            context.Measure("counting", seed, LogLogLine.FitTo(tosses, [.. tosses.Select(m => CountingLearner.Simulate((int)m, 2000, 100 * seed + (int)m))]).Slope.Value);
            var one = Curve(context, size, seed, width => [width]);
            var two = Curve(context, size, seed, width => [width, width]);
            var fitted = LearningCurve.FitTo(one.Take(one.Length - 2), new LearningCurveOptions { Quantity = "loss", Irreducible = IrreducibleTerm.No });
            var actual = one[^1].Error;
            var error = Math.Abs(fitted.Value(one[^1].M) / actual - 1);
            context.Measure("predicts", seed, 100 * error);
            context.Measure("gain", seed, Math.Abs(one[^3].Error / actual - 1) / Math.Max(error, 1e-6));
            LearningCurve Line(ImmutableArray<LearningCurvePoint> points) => LearningCurve.FitTo(points, new LearningCurveOptions { Quantity = "loss", Irreducible = IrreducibleTerm.No });
            var (a, b) = (Line(one), Line(two));
            context.Measure("slope", seed, a.Beta - b.Beta);
            context.Measure("range", seed, a.Beta);
            context.Observe("α ratio of the families at a common slope", LearningCurveComparison.Of(a, b).ScaleRatio.Value);
            if (a.SizeLaw is { } sizes)
                context.Observe("exponent of the best size", sizes.Slope.Value);
            context.Observe("loss at the largest shard", actual);
        }
    }

    private static ImmutableArray<LearningCurvePoint> Curve(StudyContext context, Size size, int seed, Func<int, int[]> hidden)
    {
        var all = size.Data == FashionMnist.Name ? new FashionMnist().Load(test: false) : DatasetCatalog.Load(size.Data);
        var rows = new SeededRandom(seed).Permutation(all.Count);
        using var validation = TensorDataset.From(all.Select(rows.AsSpan(size.Largest, size.Validation)));
        double Train(double width, double m, int _)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            using var train = TensorDataset.From(all.Select(rows.AsSpan(0, (int)m)));
            // The protocol asks for models that no longer gain: early stopping, and enough epochs that a small shard has a thousand updates.
            var epochs = (int)Math.Clamp(size.Updates * 32.0 / m, 30, 300);
            using var model = new Backprop(new MlpSpec([.. hidden((int)width)]), new TrainingOptions { Epochs = epochs, BatchSize = 32, Optimizer = new AdamW(1e-3), EarlyStopping = new EarlyStopping(5) })
                .Fit(train, validation, new TrainingContext { Seed = seed, Cancellation = context.Cancellation });
            using var scores = model.Scores(validation.Inputs);
            using var loss = TorchSharp.torch.nn.functional.cross_entropy(scores, validation.Targets);
            return loss.item<float>();
        }
        var trials = LearningCurveMeasurement.Measure(Train, size.Shards.Select(m => (double)m), size.Widths.Select(w => (double)w), seeds: 1);
        return LearningCurvePoint.Envelope(trials);
    }

    private sealed record Size(string Data, ImmutableArray<int> Shards, ImmutableArray<int> Widths, int Validation, int Updates)
    {
        public int Largest => Shards[^1];

        public static Size Quick { get; } = new("digits", [40, 80, 160, 320, 640], [16, 64], 500, 1000);

        public static Size Full { get; } = new(FashionMnist.Name, [120, 240, 480, 960, 1920, 3840, 7680], [16, 64, 256], 4000, 1000);
    }
}
