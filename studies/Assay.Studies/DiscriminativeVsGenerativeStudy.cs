using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>Naive Bayes and logistic heads over the number of rows: the released Gaussian simulation, features of a CNN on classes it saw and did not see, raw pixels.</summary>
public sealed class DiscriminativeVsGenerativeStudy : Study
{
    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "discriminative-vs-generative", 63, "Revisiting Discriminative vs. Generative Classifiers: Theory and Implications (2023)",
        "Learning curves of naive Bayes with shared variances and of logistic regression on Gaussian data of growing dimension and on features of Fashion-MNIST.", DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("ratio-grows", "The more features, the more rows logistic regression needs for each of naive Bayes.", "O(n) against O(log n), Gaussian mixtures, n = 100 to 1,000",
            "log2 of (rows to the Bayes error + 0.02: logistic over naive Bayes) at the largest n minus at the smallest, unscaled features", "doublings", ClaimDirection.AtLeast, 0),
        new("nb-log", "Naive Bayes hardly needs more rows with more features.", "O(log n)", "its rows to the Bayes error + 0.02 at the largest n over the smallest", "ratio", ClaimDirection.AtMost, 3),
        new("nb-near-n", "With about as many rows as features naive Bayes is ahead.", "two regimes in simulations", "error of logistic minus naive Bayes at m near n, unscaled features, mean over n", "points", ClaimDirection.AtLeast, 0),
        new("nb-near-n-scaled", "It is ahead of logistic regression on scaled features too.", "not in the paper: a strong rival", "the same on features scaled to [0, 1]", "points", ClaimDirection.AtLeast, 0),
        new("features-faster", "On features of a network naive Bayes reaches its floor with fewer rows.", "7 backbones on CIFAR-10 and CIFAR-100", "log2 of (rows to the floor + 0.01: logistic over naive Bayes), features of a CNN on classes it did not see", "doublings", ClaimDirection.AtLeast, 0),
        new("regime-small", "With few rows naive Bayes is the better head on supervised features.", "ViT and ResNet-50", "error of logistic minus naive Bayes with 5 rows a class, supervised features", "points", ClaimDirection.AtLeast, 0),
        new("regime-large", "With many rows logistic regression is.", "ViT and ResNet-50", "error of naive Bayes minus logistic with all rows, supervised features", "points", ClaimDirection.AtLeast, 0),
        new("few-shot", "With 2 to 5 rows a class naive Bayes loses nothing to it.", "few-shot promise", "error of logistic minus naive Bayes, mean over 2 and 5 rows a class, features on classes not seen", "points", ClaimDirection.AtLeast, 0),
        new("copies-confident", "Copied features make naive Bayes over-confident.", "assumption of independence", "log-loss with each feature five times minus once", "nats", ClaimDirection.AtLeast, 0),
        new("copies-error", "And leave its decisions.", "assumption of independence", "size of the change of its error with each feature five times", "points", ClaimDirection.AtMost, 1),
        new("pixels-floor", "On dependent features its floor is the higher one.", "asymptotic error of naive Bayes under dependence", "error of naive Bayes minus logistic with all rows, raw pixels", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        var source = new FashionMnist();
        var (all, official) = (source.Load(test: false), source.Load(test: true));
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            void At(string what, double part) => context.Progress($"{what}, seed {seed}", (s + part) / context.Seeds.Count);
            At("simulation", 0);
            Simulation(context, seed, quick ? [20, 100] : [20, 50, 100, 200, 400], quick);
            At("features", .5);
            Features(context, seed, all, official, quick);
        }
    }

    private static void Simulation(StudyContext context, int seed, int[] sizes, bool quick)
    {
        var (near, scaledNear) = (new List<double>(), new List<double>());
        var arrivals = new List<(double NaiveBayes, double Logistic)>();
        foreach (var n in sizes)
        {
            var (x, y) = Mixture(quick ? 1000 : 2000, n, .25, SeededRandom.At(seed, n, 1));
            var (t, truth) = Mixture(quick ? 2000 : 5000, n, .25, SeededRandom.At(seed, n, 2));
            int[] grid = [5, 10, 20, 40, 80, 160, 320, 640, .. quick ? new[] { 1000 } : [1250, 2000]];
            var options = new HeadComparisonOptions { Grid = [.. grid, .. grid.Contains(n) ? [] : new[] { n }], Repeats = 4, Seed = seed, ScaleFeatures = false, Iterations = 200 };
            var raw = HeadAdvisor.Compare(x, y, t, truth, options, cancellation: context.Cancellation);
            var scaled = HeadAdvisor.Compare(x, y, t, truth, options with { ScaleFeatures = true, Grid = [n] }, cancellation: context.Cancellation);
            near.Add(-100 * raw.Points.Single(p => p.M == n).Difference.Value);
            scaledNear.Add(-100 * scaled.Points.Single(p => p.M == n).Difference.Value);
            // Here the floor of both is known: the Bayes error.
            var floor = Tails.NormalLower(-Math.Sqrt(4 * .25 * .25 * (n / 2 / (double)n + n - n / 2)) / 2);
            arrivals.Add((Arrival(raw, p => p.NaiveBayes.Value, floor + .02), Arrival(raw, p => p.Logistic.Value, floor + .02)));
            context.Observe($"simulation, n = {n}: rows to the Bayes error + 0.02, naive Bayes", arrivals[^1].NaiveBayes);
            context.Observe($"simulation, n = {n}: rows to the Bayes error + 0.02, logistic (at most the grid's {raw.Points[^1].M})", arrivals[^1].Logistic);
            context.Observe($"simulation, n = {n}: error at m = n, naive Bayes (%)", 100 * raw.Points.Single(p => p.M == n).NaiveBayes.Value);
            context.Observe($"simulation, n = {n}: error at m = n, logistic (%)", 100 * raw.Points.Single(p => p.M == n).Logistic.Value);
        }
        context.Measure("ratio-grows", seed, Math.Log2(arrivals[^1].Logistic / arrivals[^1].NaiveBayes) - Math.Log2(arrivals[0].Logistic / arrivals[0].NaiveBayes));
        context.Measure("nb-log", seed, arrivals[^1].NaiveBayes / arrivals[0].NaiveBayes);
        context.Measure("nb-near-n", seed, near.Average());
        context.Measure("nb-near-n-scaled", seed, scaledNear.Average());
    }

    // Linear in log m between the last point above and the first below; a head that does not arrive within the grid counts as arriving at its end.
    private static double Arrival(HeadComparison heads, Func<HeadPoint, double> value, double target)
    {
        for (var i = 0; i < heads.Points.Length; i++)
        {
            var (b, m) = (value(heads.Points[i]), (double)heads.Points[i].M);
            if (b > target)
                continue;
            if (i == 0)
                return m;
            var (a, before) = (value(heads.Points[i - 1]), (double)heads.Points[i - 1].M);
            return before * Math.Pow(m / before, (a - target) / (a - b));
        }
        return heads.Points[^1].M;
    }

    private static void Features(StudyContext context, int seed, Dataset all, Dataset official, bool quick)
    {
        var (rows, tests, epochs) = quick ? (1000, 1000, 2) : (2000, 3000, 4);
        var unseen = (Train: Half(all, 5, rows, seed, 1), Test: Half(official, 5, tests, seed, 2));
        Dataset Some(Dataset data, int count, int key) => data.Select(SeededRandom.At(seed, 632, key).Permutation(data.Count).AsSpan(0, count));
        var whole = (Train: Some(all, rows, 3), Test: Some(official, tests, 4));
        var big = quick ? 3000 : 8000;

        using var transfer = Trained(Half(all, 0, big, seed, 5), epochs, seed, context.Cancellation);
        var few = Compare("features on classes not seen", Extract(transfer, unseen.Train), unseen.Train.Labels, Extract(transfer, unseen.Test), unseen.Test.Labels, [10, 25, 50, 100, 250, rows]);
        context.Measure("features-faster", seed, Math.Log2((few.Speeds[1].RowsToFloor ?? rows) / (few.Speeds[0].RowsToFloor ?? rows)));
        context.Measure("few-shot", seed, -100 * few.Points[..2].Average(p => p.Difference.Value));

        // Of rows the network did not train on: features of training rows would be too good.
        using var supervised = Trained(Some(all, big + rows, 3).Select([.. Enumerable.Range(rows, big)]), epochs, seed, context.Cancellation);
        var own = Compare("supervised features", Extract(supervised, whole.Train), whole.Train.Labels, Extract(supervised, whole.Test), whole.Test.Labels, [50, 100, 250, 500, rows]);
        context.Measure("regime-small", seed, -100 * own.Points[0].Difference.Value);
        context.Measure("regime-large", seed, 100 * own.Points[^1].Difference.Value);

        var pixels = Compare("raw pixels", unseen.Train.RequireFeatures(), unseen.Train.Labels, unseen.Test.RequireFeatures(), unseen.Test.Labels, [50, 250, rows]);
        context.Measure("pixels-floor", seed, 100 * pixels.Points[^1].Difference.Value);

        var (once, five) = (Extract(transfer, unseen.Train), Copied(Extract(transfer, unseen.Train)));
        var testOnce = Extract(transfer, unseen.Test);
        HeadPoint Of(FloatMatrix x, FloatMatrix t) => HeadAdvisor.Compare(x, unseen.Train.Labels.AsSpan(), t, unseen.Test.Labels.AsSpan(), new HeadComparisonOptions { Grid = [rows], Repeats = 1, Iterations = 1 }).Points[0];
        var (single, copied) = (Of(once, testOnce), Of(five, Copied(testOnce)));
        context.Measure("copies-confident", seed, copied.NaiveBayesLoss - single.NaiveBayesLoss);
        context.Measure("copies-error", seed, 100 * Math.Abs(copied.NaiveBayes.Value - single.NaiveBayes.Value));

        if (!quick)
        {
            using var untrained = new CnnSpec([16, 32, 64]).Build([1, 28, 28], 10, SeededRandom.At(seed, 9));
            Compare("features of a random network", LayerFeatures.Extract(untrained, Images(unseen.Train).Inputs), unseen.Train.Labels, LayerFeatures.Extract(untrained, Images(unseen.Test).Inputs), unseen.Test.Labels, [10, 25, 100, rows]);
        }

        HeadComparison Compare(string name, FloatMatrix x, ImmutableArray<int> y, FloatMatrix t, ImmutableArray<int> truth, int[] grid)
        {
            var result = HeadAdvisor.Compare(x, y.AsSpan(), t, truth.AsSpan(), new HeadComparisonOptions { Grid = [.. grid], Repeats = 4, Seed = seed, Iterations = 150 }, cancellation: context.Cancellation);
            foreach (var p in result.Points)
            {
                context.Observe($"{name}, m = {p.M}: error of naive Bayes (%)", 100 * p.NaiveBayes.Value);
                context.Observe($"{name}, m = {p.M}: error of logistic (%)", 100 * p.Logistic.Value);
            }
            context.Observe($"{name}: mean |correlation| within classes", result.Conditions.Dependence);
            return result;
        }
    }

    private static FloatMatrix Copied(FloatMatrix x) => new([.. Enumerable.Range(0, x.Rows).SelectMany(i => Enumerable.Range(0, 5).SelectMany(_ => x.Row(i).ToArray()))], x.Rows, 5 * x.Columns);

    // Five classes of the ten, renumbered from 0.
    private static Dataset Half(Dataset data, int first, int count, int seed, int key)
    {
        var rows = SeededRandom.At(seed, 631, key).Permutation(data.Count).Where(i => data.Labels[i] >= first && data.Labels[i] < first + 5).Take(count).ToArray();
        return data.Select(rows).WithLabels([.. rows.Select(i => data.Labels[i] - first)], [.. data.ClassNames.Skip(first).Take(5)]);
    }

    private static nn.Module<Tensor, Tensor> Trained(Dataset data, int epochs, int seed, CancellationToken stop)
    {
        using var images = Images(data);
        return new Backprop(new CnnSpec([16, 32, 64]), new TrainingOptions { Epochs = epochs, Optimizer = new AdamW(2e-3) }).Fit(images, null, new TrainingContext { Seed = seed, Cancellation = stop }).Model;
    }

    private static FloatMatrix Extract(nn.Module<Tensor, Tensor> model, Dataset data)
    {
        using var images = Images(data);
        return LayerFeatures.Extract(model, images.Inputs);
    }

    private static TensorDataset Images(Dataset data)
    {
        var flat = TensorDataset.From(data);
        return new TensorDataset(flat.Inputs.reshape(-1, 1, 28, 28), flat.Targets, flat.Outputs);
    }

    // Class 0 at −c and class 1 at c in every feature; the first half of the features has variance n, the other 1.
    private static (FloatMatrix X, int[] Y) Mixture(int rows, int n, double c, SeededRandom random)
    {
        var y = Enumerable.Range(0, rows).Select(i => i % 2).ToArray();
        var x = new float[rows * n];
        for (var i = 0; i < x.Length; i++)
            x[i] = (float)((y[i / n] == 0 ? -c : c) + (i % n < n / 2 ? Math.Sqrt(n) : 1) * random.NextGaussian());
        return (new FloatMatrix(x, rows, n), y);
    }
}
