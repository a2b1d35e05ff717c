using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using TensorDataset = Assay.Training.TensorDataset;

namespace Assay.Studies;

/// <summary>Verification of unseen identities: small drawn glyphs under shift, rotation, light, occlusion and noise; margin heads with and without unified negative pairs.</summary>
public sealed class UnifiedNegativePairsStudy : Study
{
    private const int Size = 16, Dimensions = 64, TestIdentities = 40;
    private static readonly double[] Rates = [1e-3, 1e-2];

    private static readonly Arm[] Arms =
    [
        new("softmax", () => new NormFaceLoss(30)), new("softmax + unpg", () => new UnifiedNegativeLoss(new NormFaceLoss(30))),
        new("cos", () => new CosFaceLoss(.35, 30)), new("cos + unpg", () => new UnifiedNegativeLoss(new CosFaceLoss(.35, 30))), new("cos + unfiltered", () => new UnifiedNegativeLoss(new CosFaceLoss(.35, 30), double.PositiveInfinity)),
        new("arc", () => new ArcFaceLoss(.3, 30)), new("arc + unpg", () => new UnifiedNegativeLoss(new ArcFaceLoss(.3, 30))), new("arc + unfiltered", () => new UnifiedNegativeLoss(new ArcFaceLoss(.3, 30), double.PositiveInfinity)),
        new("cos + triplet", () => new PairedLoss(new TripletLoss(.5), new CosFaceLoss(.35, 30))), new("cos + contrastive", () => new PairedLoss(new ContrastiveLoss(.5), new CosFaceLoss(.35, 30))),
    ];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "unified-negative-pairs", 24, "Unified Negative Pair Generation toward Well-discriminative Feature Space for Face Recognition (2022)",
        "Trains a small CNN on 40 drawn identities with margin losses, with and without unified negative pairs, and verifies 40 unseen ones.", DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("cos-gain", "Unified negative pairs raise the true-accept rate of CosFace at low false-accept rates.", "ResNet-100, MS1MV2, IJB-B at 1e-5: 89.38 to 90.61", "TAR at FAR 1e-3, CosFace with minus without", "points", ClaimDirection.AtLeast, 0),
        new("arc-gain", "They raise that of ArcFace.", "IJB-B at 1e-5: 89.99 to 90.57", "TAR at FAR 1e-3, ArcFace with minus without", "points", ClaimDirection.AtLeast, 0),
        new("cos-gain-1e-2", "They raise that of CosFace at a moderate rate too.", "IJB-B at 1e-4: 94.39 to 94.99", "TAR at FAR 1e-2, CosFace with minus without", "points", ClaimDirection.AtLeast, 0),
        new("arc-gain-1e-2", "They raise that of ArcFace at a moderate rate too.", "IJB-B at 1e-4: 94.89 to 95.04", "TAR at FAR 1e-2, ArcFace with minus without", "points", ClaimDirection.AtLeast, 0),
        new("few-identities", "The gain is larger with few identities.", "K-FACE, ArcFace, Q2 at 1e-4: 41.29 to 93.26", "gain of ArcFace at FAR 1e-2 with 10 training identities minus with 40", "points", ClaimDirection.AtLeast, 0),
        new("saturated", "Where the baseline is near perfect nothing moves.", "LFW 99.83 to 99.81 … 99.83", "TAR at FAR 1e-2 on barely distorted glyphs, CosFace with minus without (size of the change)", "points", ClaimDirection.AtMost, 1),
        new("filter-noise", "With wrong labels the filter helps.", "whisker 1 to 1.5 is better than none", "TAR at FAR 1e-2, 10 % wrong labels: filtered minus unfiltered, mean of CosFace and ArcFace", "points", ClaimDirection.AtLeast, 0),
        new("over-triplet", "They serve CosFace better than a triplet loss beside it.", "head with triplet (margin 0.5) below", "TAR at FAR 1e-2, unified pairs minus triplet", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        var epochs = quick ? 4 : 20;
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            context.Progress($"seed {seed}", (double)s / context.Seeds.Count);
            var arms = quick ? Arms.Where(a => a.Name is "cos" or "cos + unpg" or "arc" or "arc + unpg" or "cos + triplet").ToArray() : Arms;
            var clean = Judge(context, arms, 40, 0, epochs, seed);
            var few = Judge(context, [.. Arms.Where(a => a.Name is "arc" or "arc + unpg")], 10, 0, epochs, seed);
            var noisy = Judge(context, [.. Arms.Where(a => a.Name is "cos + unpg" or "cos + unfiltered" or "arc + unpg" or "arc + unfiltered" or "cos" or "arc")], 40, .1, epochs, seed);
            var easy = Judge(context, [.. Arms.Where(a => a.Name is "cos" or "cos + unpg")], 40, 0, epochs, seed, distortion: .15);
            double Gain(Dictionary<string, double[]> from, string with, string without, int rate) => from[with][rate] - from[without][rate];
            context.Measure("cos-gain", seed, Gain(clean, "cos + unpg", "cos", 0));
            context.Measure("arc-gain", seed, Gain(clean, "arc + unpg", "arc", 0));
            context.Measure("cos-gain-1e-2", seed, Gain(clean, "cos + unpg", "cos", 1));
            context.Measure("arc-gain-1e-2", seed, Gain(clean, "arc + unpg", "arc", 1));
            context.Measure("few-identities", seed, Gain(few, "arc + unpg", "arc", 1) - Gain(clean, "arc + unpg", "arc", 1));
            context.Measure("saturated", seed, Math.Abs(Gain(easy, "cos + unpg", "cos", 1)));
            context.Measure("filter-noise", seed, (Gain(noisy, "cos + unpg", "cos + unfiltered", 1) + Gain(noisy, "arc + unpg", "arc + unfiltered", 1)) / 2);
            context.Measure("over-triplet", seed, Gain(clean, "cos + unpg", "cos + triplet", 1));
        }
    }

    // TAR in % at the two rates, by arm.
    private static Dictionary<string, double[]> Judge(StudyContext context, Arm[] arms, int identities, double noise, int epochs, int seed, double distortion = 1)
    {
        using var train = Glyphs(identities, 60, 2 * seed, noise, distortion);
        using var test = Glyphs(TestIdentities, 20, 2 * seed + 1, 0, distortion);
        var who = test.Targets.data<long>().Select(l => (int)l).ToArray();
        var results = ParallelTrials.Run(arms.ToImmutableArray(), (arm, stop) =>
        {
            using var scope = NewDisposeScope();
            using var loss = arm.Loss();
            var options = new TrainingOptions { Epochs = epochs, BatchSize = 128, Optimizer = new Sgd(.05, .9, weightDecay: 5e-4), Schedule = new CosineSchedule(.1), Loss = loss };
            using var trained = new Backprop(new FlatCnn(), options).Fit(train, null, new TrainingContext { Seed = seed, Cancellation = stop });
            var embeddings = ((EmbeddingClassifier)trained.Model).Embed(test.Inputs);
            var report = Verification.OfEmbeddings(
                new FloatMatrix(embeddings.data<float>().ToArray(), test.Count, Dimensions), who, new VerificationOptions { FalseAcceptRates = [.. Rates], Resamples = 0 });
            return (arm.Name, Report: report);
        }, cancellation: context.Cancellation);
        foreach (var (name, report) in results)
        {
            var label = $"{identities} identities{(noise > 0 ? ", 10 % wrong labels" : distortion < 1 ? ", barely distorted" : "")}, {name}";
            for (var i = 0; i < Rates.Length; i++)
                context.Observe($"{label}: TAR at FAR {Rates[i]:0.###} (%)", 100 * report.Points[i].TrueAcceptRate.Value);
            context.Observe($"{label}: equal error rate (%)", 100 * report.EqualErrorRate.Value);
        }
        return results.ToDictionary(r => r.Name, r => r.Report.Points.Select(p => 100 * p.TrueAcceptRate.Value).ToArray());
    }

    // An identity is a sum of 8 Gaussian bumps; a sample is it moved, turned, lit, partly hidden and noisy.
    private static TensorDataset Glyphs(int identities, int each, long seed, double noise, double distortion)
    {
        var random = SeededRandom.At(seed, 24);
        var images = new float[identities * each * Size * Size];
        var labels = new long[identities * each];
        for (var k = 0; k < identities; k++)
        {
            var bumps = Enumerable.Range(0, 8).Select(_ => (X: random.NextDouble(-6, 6), Y: random.NextDouble(-6, 6), Width: random.NextDouble(1, 2.5), Height: random.NextDouble(.4, 1))).ToArray();
            for (var i = 0; i < each; i++)
            {
                var at = k * each + i;
                labels[at] = k;
                Draw(bumps, images.AsSpan(at * Size * Size, Size * Size), distortion, random);
            }
        }
        for (var i = 0; i < labels.Length; i++)
        {
            if (random.NextDouble() < noise)
                labels[i] = (labels[i] + 1 + random.Next(identities - 1)) % identities;
        }
        return new TensorDataset(tensor(images, [labels.Length, 1, Size, Size]), tensor(labels), identities);
    }

    private static void Draw((double X, double Y, double Width, double Height)[] bumps, Span<float> image, double distortion, SeededRandom random)
    {
        var (dx, dy, angle, light) = (
            random.NextDouble(-2, 2) * distortion, random.NextDouble(-2, 2) * distortion, random.NextDouble(-20, 20) * Math.PI / 180 * distortion, 1 + random.NextDouble(-.4, .4) * distortion);
        var side = (int)Math.Round(5 * distortion);
        var (cos, sin) = (Math.Cos(angle), Math.Sin(angle));
        var (left, top) = (random.Next(Size - 4), random.Next(Size - 4));
        for (var row = 0; row < Size; row++)
        {
            for (var column = 0; column < Size; column++)
            {
                var (u, v) = (column - 7.5 - dx, row - 7.5 - dy);
                var (x, y) = (cos * u + sin * v, cos * v - sin * u);
                var sum = bumps.Sum(b => b.Height * Math.Exp(-((x - b.X) * (x - b.X) + (y - b.Y) * (y - b.Y)) / (2 * b.Width * b.Width)));
                var hidden = column >= left && column < left + side && row >= top && row < top + side;
                image[row * Size + column] = (float)((hidden ? 0 : light * sum) + .15 * distortion * random.NextGaussian());
            }
        }
    }

    private sealed record Arm(string Name, Func<EmbeddingLoss> Loss);

    /// <summary>Two convolutions of 16 and 32 channels and one linear layer over the whole map: where a bump lies matters.</summary>
    private sealed class FlatCnn : ModelSpec
    {
        public override nn.Module<Tensor, Tensor> Build(ImmutableArray<int> featureShape, int outputs, SeededRandom random) => new Net(outputs, random);

        private sealed class Net : nn.Module<Tensor, Tensor>
        {
            private readonly Parameter first = new(empty(16, 1, 3, 3)), second = new(empty(32, 16, 3, 3)), weight, bias;
            private readonly BatchNorm2d norm1 = nn.BatchNorm2d(16), norm2 = nn.BatchNorm2d(32);

            public Net(int outputs, SeededRandom random) : base("FlatCnn")
            {
                (weight, bias) = (new Parameter(empty(outputs, 32 * 4 * 4)), new Parameter(zeros(outputs)));
                Initialization.HeUniform(first, random);
                Initialization.HeUniform(second, random);
                Initialization.FanInUniform(weight, 32 * 4 * 4, random);
                RegisterComponents();
            }

            public override Tensor forward(Tensor input)
            {
                using var scope = NewDisposeScope();
                var h = nn.functional.max_pool2d(norm1.call(nn.functional.conv2d(input, first, padding: [1, 1])).relu(), 2); // (B, 16, 8, 8)
                h = nn.functional.max_pool2d(norm2.call(nn.functional.conv2d(h, second, padding: [1, 1])).relu(), 2); // (B, 32, 4, 4)
                return nn.functional.linear(h.flatten(1), weight, bias).MoveToOuterDisposeScope();
            }
        }
    }
}
