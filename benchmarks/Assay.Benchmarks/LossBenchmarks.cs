using System.Diagnostics;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Benchmarks;

/// <summary>
/// Loss and gradient together, each against our own cross-entropy on the same scores; and the Z-loss's exact output-layer update against a
/// dense softmax step, whose cost grows with the number of classes.
/// </summary>
internal static class LossBenchmarks
{
    private static readonly MethodCatalog Catalog = MethodCatalog.Of(typeof(CrossEntropyLoss).Assembly);

    private static readonly string[] Losses =
        ["z-loss", "taylor-softmax", "spherical-softmax", "ldr-kl", "aldr-kl", "gce", "sce", "nce", "focal", "crammer-singer", "weston-watkins", "dice-loss", "tversky-loss"];

    public static IEnumerable<PeerBenchmark> All =>
    [
        .. Losses.Where(l => l is not "dice-loss").SelectMany(l => new[] { 10, 1_000, 100_000 }.Where(k => k < 100_000 || l is not "tversky-loss").Select(k => OfScores(l, k, null))),
        OfScores("dice-loss", 10, 1.5), OfScores("dice-loss(alpha: 1)", 10, 1.5), OfScores("dice-loss(alpha: 0)", 10, 1.5), OfScores("dice-loss", 1_000, null), OfScores("dice-loss", 100_000, null),
        OfScores("anyloss", 2, 1.5), OfScores("anyloss(metric: gMean)", 2, 1.5), OfScores("ens-loss", 2, null), OfScores("bce", 2, null),
        new("fast-spherical-1e6", "50 exact Z-loss steps of an output layer with 10⁶ classes, d = 128, against 1 dense softmax step times 50", null,
            () => FastSteps(1_000_000, 50), () => 50 * DenseStep(1_000_000)),
        new("fast-spherical-flat", "200 exact Z-loss steps with 100,000 classes against 1,000 classes, d = 128", 2,
            () => FastSteps(100_000, 200), () => FastSteps(1_000, 200)),
    ];

    private static PeerBenchmark OfScores(string loss, int classes, double? bar) => new(
        $"{loss.Replace(" ", "", StringComparison.Ordinal)}-{classes}", $"{loss} on {Rows(classes):n0} × {classes:n0} scores against cross-entropy", bar,
        () => Time(loss, classes), () => Time("cross-entropy", classes));

    // 1,024 × 100,000 scores and their gradient would be 800 MB; a quarter of the rows has the same cost a row.
    private static int Rows(int classes) => classes < 100_000 ? 1024 : 256;

    private static double Time(string name, int classes)
    {
        using var scope = NewDisposeScope();
        using var loss = Catalog.Create<nn.Module<Tensor, Tensor, Tensor>>(name);
        var closed = (IClosedFormLoss)loss;
        var scores = randn(Rows(classes), classes);
        var labels = arange(Rows(classes)).remainder(classes).to(ScalarType.Int64);
        var calls = Math.Max(2, 4_000_000 / (Rows(classes) * classes));
        Once();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < calls; i++)
            Once();
        return watch.Elapsed.TotalSeconds / calls;

        void Once()
        {
            using var inner = NewDisposeScope();
            closed.LossAndGradient(scores, labels);
        }
    }

    private static double FastSteps(int classes, int steps)
    {
        var random = new SeededRandom(1);
        var layer = new FastSphericalOutput<float>(classes, 128, new ZLoss(1, 3), random);
        var h = new double[128];
        var gradient = new double[128];
        var watch = new Stopwatch();
        for (var i = 0; i < steps; i++)
        {
            for (var j = 0; j < h.Length; j++)
                h[j] = random.NextGaussian() / 8;
            watch.Start();
            layer.StepInPlace(h, random.Next(classes), 1e-3, gradient);
            watch.Stop();
        }
        return watch.Elapsed.TotalSeconds;
    }

    private static double DenseStep(int classes)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var w = randn(classes, 128).mul_(0.1);
        var h = randn(1, 128);
        var y = tensor(new long[] { 7 });
        var loss = new CrossEntropyLoss();
        Step(); // touches the memory first
        var watch = Stopwatch.StartNew();
        Step();
        return watch.Elapsed.TotalSeconds;

        void Step()
        {
            using var inner = NewDisposeScope();
            var (_, gradient) = loss.LossAndGradient(h.mm(w.t()), y);
            gradient.mm(w); // for the layers below
            w.addmm_(gradient.t(), h, 1, -1e-3f);
        }
    }
}
