using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>Linear models and networks from averages of bags: simulated rows, diabetes, a non-linear response; with and without label privacy.</summary>
public sealed class AggregateResponsesStudy : Study
{
    private static readonly double[] Grid = [0, .01, .02, .05, .1, .2, .5, 1];
    private static readonly int[] BagSizes = [1, 2, 5, 10];
    private static readonly double[] Epsilons = [double.PositiveInfinity, 4, 1, .25];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "aggregate-responses", 47, "Learning from Aggregate Responses: Instance Level versus Bag Level Loss Functions (2024)",
        "Fits rows from averages of bags over ρ, bag sizes and privacy: simulated linear data, diabetes and a network on a non-linear response.", DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("identity", "The instance loss is the bag loss plus the variance of predictions within bags.", "exact", "largest difference over random predictions and bags", "squared error", ClaimDirection.AtMost, 1e-6),
        new("bias", "The bag loss is unbiased, the instance loss is not.", "theorem", "squared bias at ρ = 1 minus ρ = 0, linear simulation, 30 bags of 5", "risk", ClaimDirection.AtLeast, 0),
        new("variance", "The bag loss varies more.", "theorem", "variance at ρ = 0 minus ρ = 1, linear simulation, 30 bags of 5", "risk", ClaimDirection.AtLeast, 0),
        new("interior", "Between the two losses there is a better one.", "linear theory", "the lesser risk of ρ = 0 and ρ = 1 minus the least between, 30 bags of 5", "risk", ClaimDirection.AtLeast, 0),
        new("interior-diabetes", "So it is on real data, ρ chosen by held-out bags.", "Boston housing", "the lesser test error of ρ = 0 and ρ = 1 minus that of the chosen ρ between, diabetes, bags of 5, in % of the variance", "%", ClaimDirection.AtLeast, 0),
        new("interior-network", "So it is for a network.", "Boston housing with an MLP", "the same, a network on a non-linear response, 1,000 rows in bags of 10", "%", ClaimDirection.AtLeast, 0),
        new("rho-falls", "With more bags the best ρ falls.", "asymptotics", "best ρ with 30 bags minus with 400", "ρ", ClaimDirection.AtLeast, 0.005),
        new("rho-noise", "With more noise it rises.", "asymptotics", "best ρ with s = 1 minus with s = ¼, 60 bags of 5", "ρ", ClaimDirection.AtLeast, 0),
        new("private-bags", "The tighter the privacy, the larger the best bags.", "asymptotics of the private mechanism", "best bag size of 1, 2, 5, 10 at ε = ¼ minus without privacy, 2,000 rows, 10 features", "rows", ClaimDirection.AtLeast, 1),
        new("private-interior", "Under privacy a bag size between beats the smallest and the largest.", "asymptotics of the private mechanism", "the lesser risk of bags of 1 and 10 minus the least of 2 and 5 at ε = 4, 400 rows, 20 features", "risk", ClaimDirection.AtLeast, 0),
        new("predicted", "The predicted risk is that of fits.", "not in the paper: ours", "mean of |predicted/simulated − 1| over ρ and 30 to 400 bags", "%", ClaimDirection.AtMost, 15),
        new("sorted", "With bags of like rows the instance loss costs less.", "not in the paper: the theory assumes random bags", "risk at ρ = 1, random bags minus bags of neighbours by expected response", "risk", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        context.Measure("identity", context.Seeds[0], Identity());
        for (var s = 0; s < context.Seeds.Count; s++)
        {
            var seed = context.Seeds[s];
            void At(string what, double part) => context.Progress($"{what}, seed {seed}", (s + part) / context.Seeds.Count);
            At("linear", 0);
            Linear(context, seed, quick ? 15 : 60);
            At("privacy", .2);
            Privacy(context, seed, quick ? 4 : 20);
            At("diabetes", .5);
            Diabetes(context, seed, quick ? 10 : 40);
            At("network", .6);
            Network(context, seed, quick ? [10] : [2, 5, 10, 20], quick ? 20 : 60);
        }
    }

    private static double Identity()
    {
        var random = new SeededRandom(47);
        var worst = 0.0;
        using var scope = NewDisposeScope();
        for (var round = 0; round < 50; round++)
        {
            var bags = BagAssignment.Random(60, 1 + random.Next(9), round);
            var f = Initialization.Normal(empty(60), 2, random).to(ScalarType.Float64);
            var y = Initialization.Normal(empty(bags.Max() + 1), 2, random).to(ScalarType.Float64);
            var (bag, instance) = new AggregateLoss().Parts(f, tensor(bags.Select(b => (long)b).ToArray()), y);
            var values = f.data<double>().ToArray();
            var within = bags.Select((b, i) => (b, values[i])).GroupBy(p => p.b).Sum(g => g.Sum(p => Math.Pow(p.Item2 - g.Average(q => q.Item2), 2))) / 60;
            worst = Math.Max(worst, Math.Abs(instance.item<double>() - bag.item<double>() - within));
        }
        return worst;
    }

    private static void Linear(StudyContext context, int seed, int repeats)
    {
        const int d = 20, k = 5;
        var error = new List<double>();
        var best = new Dictionary<(int, double), double>();
        foreach (var (bags, noise) in new[] { (30, .5), (60, .5), (120, .5), (400, .5), (60, .25), (60, 1.0) })
        {
            var (bias, variance) = Simulate(bags, k, d, noise, repeats, seed, sorted: false);
            var risk = bias.Zip(variance, (b, v) => b + v).ToArray();
            best[(bags, noise)] = Grid[Array.IndexOf(risk, risk.Min())];
            for (var i = 0; i < Grid.Length && noise == .5; i++)
                context.Observe($"linear, {bags} bags of {k}, ρ = {Grid[i]}: risk", risk[i]);
            if (noise == .5)
                error.AddRange(AggregateRisk.Curve(new AggregateSetting(bags * k, d, k, noise), Grid, 30, seed).Select((p, i) => 100 * Math.Abs(p.Risk / risk[i] - 1)));
            if (bags != 30)
                continue;
            context.Measure("bias", seed, bias[^1] - bias[0]);
            context.Measure("variance", seed, variance[0] - variance[^1]);
            context.Measure("interior", seed, Math.Min(risk[0], risk[^1]) - risk[1..^1].Min());
            var (sortedBias, sortedVariance) = Simulate(bags, k, d, noise, repeats, seed, sorted: true);
            context.Measure("sorted", seed, risk[^1] - sortedBias[^1] - sortedVariance[^1]);
        }
        context.Measure("rho-falls", seed, best[(30, .5)] - best[(400, .5)]);
        context.Measure("rho-noise", seed, best[(60, 1)] - best[(60, .25)]);
        context.Measure("predicted", seed, error.Average());
    }

    // Squared bias and variance of fitted weights over repeats, for each ρ.
    private static (double[] Bias, double[] Variance) Simulate(int bags, int k, int d, double noise, int repeats, int seed, bool sorted)
    {
        var thetas = Grid.Select(_ => new List<double[]>()).ToArray();
        for (var r = 0; r < repeats; r++)
        {
            var (x, y) = Rows(bags * k, d, noise, SeededRandom.At(seed, bags, r));
            var put = sorted ? BagAssignment.Sorted([.. Enumerable.Range(0, x.Rows).Select(i => x.Row(i).ToArray().Sum())], k) : BagAssignment.Random(x.Rows, k, r);
            var fit = new LinearAggregate(x, put, BagData.Of(x, y, put).Means.AsSpan(), intercept: false);
            for (var g = 0; g < Grid.Length; g++)
                thetas[g].Add([.. fit.Fit(Grid[g]).Weights]);
        }
        var truth = 1 / Math.Sqrt(d);
        var means = thetas.Select(t => Enumerable.Range(0, d).Select(j => t.Average(w => w[j])).ToArray()).ToArray();
        var variances = thetas.Select((t, g) => t.Average(w => w.Select((v, j) => Math.Pow(v - means[g][j], 2)).Sum()) * repeats / (repeats - 1)).ToArray();
        // The mean of few repeats wanders by variance/repeats.
        return ([.. means.Select((m, g) => m.Sum(v => Math.Pow(v - truth, 2)) - variances[g] / repeats)], variances);
    }

    private static void Privacy(StudyContext context, int seed, int repeats)
    {
        foreach (var (rows, d) in new[] { (2000, 10), (400, 20) })
        {
            var risks = new double[Epsilons.Length, BagSizes.Length, Grid.Length];
            for (var r = 0; r < repeats; r++)
            {
                var (x, y) = Rows(rows, d, .5, SeededRandom.At(seed, rows, 100 + r));
                for (var b = 0; b < BagSizes.Length; b++)
                {
                    var put = BagAssignment.Random(rows, BagSizes[b], r);
                    for (var e = 0; e < Epsilons.Length; e++)
                    {
                        var released = new PrivateAggregator(Epsilons[e], -3, 3).Release(x, y, put, SeededRandom.At(seed, 471, r, b, e));
                        var fit = new LinearAggregate(x, put, released.Means.AsSpan(), intercept: false);
                        for (var g = 0; g < Grid.Length; g++)
                            risks[e, b, g] += fit.Fit(Grid[g]).Weights.Sum(w => Math.Pow(w - 1 / Math.Sqrt(d), 2)) / repeats;
                    }
                }
            }
            double Least(int e, int b) => Enumerable.Range(0, Grid.Length).Min(g => risks[e, b, g]);
            int Best(int e) => BagSizes[Enumerable.Range(0, BagSizes.Length).MinBy(b => Least(e, b))];
            for (var e = 0; e < Epsilons.Length; e++)
                context.Observe($"{rows} rows, {d} features, ε = {(double.IsInfinity(Epsilons[e]) ? "∞" : Epsilons[e])}: best bag size", Best(e));
            if (rows == 2000)
                context.Measure("private-bags", seed, Best(3) - Best(0));
            else
                context.Measure("private-interior", seed, Math.Min(Least(1, 0), Least(1, 3)) - Math.Min(Least(1, 1), Least(1, 2)));
        }
    }

    private static void Diabetes(StudyContext context, int seed, int divisions)
    {
        var data = DatasetCatalog.Load("diabetes");
        var gains = new List<double>();
        for (var division = 0; division < divisions; division++)
        {
            var split = DatasetSplit.Of(data, .3, 0, 1000 * seed + division);
            var scaling = Standardizer.Fit(split.Train.RequireFeatures());
            var (x, test) = (scaling.Apply(split.Train.RequireFeatures()), scaling.Apply(split.Test.RequireFeatures()));
            var put = BagAssignment.Random(x.Rows, 5, division);
            var fit = new LinearAggregate(x, put, BagData.Of(x, [.. split.Train.Targets.Select(t => (double)t)], put).Means.AsSpan());
            var truth = split.Test.Targets;
            var variance = truth.Average(t => Math.Pow(t - truth.Average(), 2));
            double Error(double rho) => 100 * fit.Fit(rho).Predict(test).Select((p, i) => Math.Pow(p - truth[i], 2)).Average() / variance;
            var (chosen, _) = fit.SelectRho(Grid[1..^1], seed: division);
            gains.Add(Math.Min(Error(0), Error(1)) - Error(chosen));
            foreach (var rho in Grid)
                context.Observe($"diabetes, ρ = {rho}: test error (% of the variance)", Error(rho));
            context.Observe("diabetes: chosen ρ", chosen);
        }
        context.Measure("interior-diabetes", seed, gains.Average());
    }

    private static void Network(StudyContext context, int seed, int[] sizes, int epochs)
    {
        var (x, y) = Wave(1000, SeededRandom.At(seed, 1));
        var (hx, hy) = Wave(400, SeededRandom.At(seed, 2));
        var (tx, ty) = Wave(4000, SeededRandom.At(seed, 3));
        var variance = ty.Average(t => Math.Pow(t - ty.Average(), 2));
        double[] rhos = [0, .02, .1, .3, 1];
        var trials = sizes.SelectMany(k => rhos.Select(rho => (Size: k, Rho: rho))).ToImmutableArray();
        var results = ParallelTrials.Run(trials, (t, stop) =>
        {
            using var scope = NewDisposeScope();
            var bags = BagData.Of(x, y, BagAssignment.Random(x.Rows, t.Size, seed));
            var held = BagData.Of(hx, hy, BagAssignment.Random(hx.Rows, t.Size, seed + 1));
            var algorithm = new AggregateTraining(new MlpSpec([32, 32]), t.Size, t.Rho, epochs: epochs, bagsPerBatch: Math.Max(4, 100 / t.Size), optimizer: new AdamW(5e-3));
            using var trained = algorithm.Fit(bags, null, new TrainingContext { Seed = seed, Cancellation = stop });
            var predictions = trained.Scores(tensor(tx.Values.ToArray(), [tx.Rows, tx.Columns])).data<float>().ToArray();
            return (Test: 100 * predictions.Select((p, i) => Math.Pow(p - ty[i], 2)).Average() / variance, Held: algorithm.HeldOutLoss(trained, held));
        }, cancellation: context.Cancellation);
        foreach (var size in sizes)
        {
            var of = Enumerable.Range(0, trials.Length).Where(i => trials[i].Size == size).ToArray();
            foreach (var i in of)
                context.Observe($"network, bags of {size}, ρ = {trials[i].Rho}: test error (% of the variance)", results[i].Test);
            var chosen = of[1..^1].MinBy(i => results[i].Held);
            context.Observe($"network, bags of {size}: chosen ρ between", trials[chosen].Rho);
            if (size == 10)
                context.Measure("interior-network", seed, Math.Min(results[of[0]].Test, results[of[^1]].Test) - results[chosen].Test);
        }
    }

    // y = x·θ₀ + N(0, s²), θ₀ of unit length.
    private static (FloatMatrix X, double[] Y) Rows(int rows, int d, double noise, SeededRandom random)
    {
        var x = new float[rows * d];
        var y = new double[rows];
        for (var i = 0; i < rows; i++)
        {
            y[i] = noise * random.NextGaussian();
            for (var j = 0; j < d; j++)
            {
                x[i * d + j] = (float)random.NextGaussian();
                y[i] += x[i * d + j] / Math.Sqrt(d);
            }
        }
        return (new FloatMatrix(x, rows, d), y);
    }

    // y = sin 2x₁ + x₂x₃ + ½x₄ + N(0, 0.3²), four further features without meaning.
    private static (FloatMatrix X, double[] Y) Wave(int rows, SeededRandom random)
    {
        var x = new float[rows * 8];
        var y = new double[rows];
        for (var i = 0; i < rows; i++)
        {
            var row = x.AsSpan(i * 8, 8);
            foreach (ref var v in row)
                v = (float)random.NextGaussian();
            y[i] = Math.Sin(2 * row[0]) + row[1] * row[2] + .5 * row[3] + .3 * random.NextGaussian();
        }
        return (new FloatMatrix(x, rows, 8), y);
    }
}
