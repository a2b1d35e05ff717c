using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class OverTrainingLawTests
{
    private static readonly double[] Sizes = [10569312, 78914048, 153677376, 411616256];

    private static ScalingRun[] Design(Func<double, double, double> loss) =>
        [.. Sizes.Select(n => new ScalingRun(n, 20 * n, loss(n, 20 * n))), new ScalingRun(Sizes[0], 320 * Sizes[0], loss(Sizes[0], 320 * Sizes[0]))];

    private static ScalingRun[] RedPajama()
    {
        double[] losses = [5.38702092, 3.89994299, 3.53114741, 3.14976946, 4.57229261];
        return [.. Design((_, _) => 1).Select((r, i) => r with { Loss = losses[i] })];
    }

    [Fact]
    public void Released_RedPajama_runs_give_the_constants_of_an_independent_fit()
    {
        var law = OverTrainingLaw.FitTo(RedPajama());
        Assert.Equal(166.211, law.A, 0.02);
        Assert.Equal(287.168, law.B, 0.03);
        Assert.Equal(0.2728507, law.Alpha, 5e-6);
        Assert.Equal(1.8366485, law.E, 5e-5);
        Assert.Equal(0.1364254, law.Eta, 5e-6);
        Assert.Equal(212.236, law.SmallA, 0.02);
        Assert.Equal(366.687, law.SmallB, 0.03);
        Assert.Equal(4.2565e-4, law.Fit.SquaredError, 1e-7);
        Assert.Equal(2.5198, law.Value(1439795200, 640.0 * 1439795200), 1e-4);
        Assert.Equal(2.4427, law.Value(6889410560, 20.0 * 6889410560), 1e-4);
        Assert.Equal(2.7657, law.Value(1439795200, 20.0 * 1439795200), 1e-4);
        Assert.Equal(7.419, law.OptimalMultiplier.Value, 2e-3);
        Assert.Contains(law.Warnings, w => w.Contains("one degree of freedom", StringComparison.Ordinal));
    }

    // The losses are figures of the release; the constants are those of an independent fit.
    public static TheoryData<double[], double[], double, double> OtherTrainingSets => new()
    {
        { [5.271892380117802, 3.8609163607427246, 3.517893769129325, 3.1305160505406797, 4.516044718771621], [125.0957, 196.0293, 0.2543948, 1.7344621], 320, 2.5313 }, // RefinedWeb
        { [5.220676313056785, 3.800284412392762, 3.4326457499105776, 3.0417367343404416, 4.506403529656214], [113.6926, 152.5122, 0.2424722, 1.5082604], 20, 2.2799 }, // C4
    };

    [Theory]
    [MemberData(nameof(OtherTrainingSets))]
    public void So_do_the_runs_on_the_other_two_training_sets(double[] losses, double[] constants, double multiplier, double predicted)
    {
        var law = OverTrainingLaw.FitTo(Design((_, _) => 1).Select((r, i) => r with { Loss = losses[i] }));
        Assert.All(new[] { law.A, law.B, law.Alpha, law.E }.Zip(constants), p => Assert.Equal(1, p.First / p.Second, 1e-4));
        var n = multiplier == 20 ? 6889410560 : 1439795200.0;
        Assert.Equal(predicted, law.Value(n, multiplier * n), 1e-4);
        if (multiplier == 320)
            Assert.Equal(8.24e-5, law.Fit.SquaredError, 5e-8);
        else
            Assert.Equal(0.0430, Math.Abs(law.Value(n, multiplier * n) / 2.3822204228774595 - 1), 5e-5);
    }

    [Fact]
    public void Exact_data_of_the_five_point_design_return_the_constants()
    {
        var truth = OverTrainingLaw.Of(166, 287, 0.273, 1.8);
        var law = OverTrainingLaw.FitTo(Design((n, d) => truth.Value(n, d)));
        Assert.Equal(1, law.A / 166, 1e-6);
        Assert.Equal(1, law.B / 287, 1e-6);
        Assert.Equal(1, law.Alpha / 0.273, 1e-6);
        Assert.Equal(1, law.E / 1.8, 1e-6);
    }

    [Fact]
    public void Form_in_compute_and_multiplier_is_the_same_law()
    {
        var law = OverTrainingLaw.Of(166.211, 287.168, 0.2728507, 1.8366485);
        var random = new SeededRandom(3);
        for (var i = 0; i < 50; i++)
        {
            var (n, d) = (Math.Pow(10, random.NextDouble(6, 11)), Math.Pow(10, random.NextDouble(7, 13)));
            Assert.Equal(law.Value(n, d), law.AtCompute(6 * n * d, d / n), 1e-12 * 10);
        }
    }

    [Fact]
    public void Best_multiplier_is_that_of_a_numeric_search_at_any_compute()
    {
        var law = OverTrainingLaw.Of(166.211, 287.168, 0.2728507, 1.8366485);
        var star = law.OptimalMultiplier.Value;
        Assert.Equal(7.419, star, 1e-3);
        foreach (var compute in (double[])[1e17, 1e21])
        {
            var best = Enumerable.Range(0, 4001).Select(i => Math.Pow(10, i / 1000.0 - 1)).MinBy(m => law.AtCompute(compute, m));
            Assert.Equal(1, best / star, 0.003);
            Assert.Equal(law.E + 2 * Math.Sqrt(law.SmallA * law.SmallB) * Math.Pow(compute, -law.Eta), law.AtCompute(compute, star), 1e-9);
            Assert.Equal(1, law.Optimal(compute).Multiplier / star, 1e-9);
        }
    }

    [Fact]
    public void Scaling_sizes_and_data_changes_the_scales_alone()
    {
        var runs = RedPajama();
        var (law, scaled) = (OverTrainingLaw.FitTo(runs), OverTrainingLaw.FitTo(runs.Select(r => r with { N = 7 * r.N, D = 7 * r.D })));
        Assert.Equal(law.Alpha, scaled.Alpha, 1e-6);
        Assert.Equal(law.E, scaled.E, 1e-5);
        Assert.Equal(1, scaled.A / (law.A * Math.Pow(7, law.Alpha)), 1e-4);
        Assert.Equal(1, scaled.B / (law.B * Math.Pow(7, law.Alpha)), 1e-4);
    }

    [Fact]
    public void Intervals_of_the_five_point_design_cover_the_far_prediction()
    {
        var truth = OverTrainingLaw.Of(166, 287, 0.273, 1.8);
        var (n, d) = (1439795200.0, 640 * 1439795200.0);
        var covered = 0;
        for (var r = 0; r < 100; r++)
        {
            var random = new SeededRandom(r);
            var law = OverTrainingLaw.FitTo(Design((a, b) => truth.Value(a, b) + 0.002 * random.NextGaussian()));
            covered += law.Predict([n, d], ofCurve: true).Interval.Contains(truth.Value(n, d)) ? 1 : 0;
        }
        Assert.InRange(covered, 87, 100);
    }

    [Fact]
    public void Trade_off_keeps_the_loss_and_costs_more_training_and_less_use()
    {
        var law = OverTrainingLaw.Of(166.211, 287.168, 0.2728507, 1.8366485);
        var table = law.TradeOff(2.6, 1e12);
        Assert.True(table.Length >= 4);
        Assert.All(table, a => Assert.Equal(2.6, a.Loss.Value, 1e-6));
        for (var i = 1; i < table.Length; i++)
        {
            Assert.True(table[i].Compute > table[i - 1].Compute);
            Assert.True(table[i].Inference < table[i - 1].Inference);
        }
        Assert.Throws<ArgumentException>(() => law.TradeOff(1.8));
    }

    [Fact]
    public void Degenerate_runs_say_what_is_missing()
    {
        var runs = RedPajama();
        void Fails(IEnumerable<ScalingRun> given, string word) => Assert.Contains(word, Assert.Throws<ArgumentException>(() => OverTrainingLaw.FitTo(given)).Message, StringComparison.Ordinal);
        Fails(runs.Take(4), "cannot be told apart");
        Fails(runs.Take(3), "at least 4");
        Fails(runs.Select(r => r with { N = 1e6 }), "one model size");
        Fails(runs.Select(r => r with { Loss = 2 }), "without a change");
        Fails(runs.Select((r, i) => r with { Group = $"g{i % 2}" }), "2 groups");
        Fails(runs.Select(r => r with { Loss = Math.Exp(r.Loss) }), "perplexity");
        Fails(runs.Select(r => r with { Loss = double.NaN }), "run 1");
        Assert.Equal(OverTrainingLaw.FitTo(runs).A, OverTrainingLaw.FitTo(runs.Concat(runs)).A, 1e-9); // duplicates are averaged
    }
}

public sealed class DownstreamErrorLawTests
{
    [Fact]
    public void Exact_data_return_the_constants()
    {
        double[] loss = [2.2, 2.7, 3.2, 3.9, 4.6, 5.4];
        var law = DownstreamErrorLaw.FitTo(loss, [.. loss.Select(l => 0.857 - 2.2065 * Math.Exp(-0.7146 * l))]);
        Assert.Equal(0.857, law.Epsilon, 1e-7);
        Assert.Equal(2.2065, law.K, 1e-5);
        Assert.Equal(0.7146, law.Gamma, 1e-6);
    }

    [Fact]
    public void Error_rises_with_the_loss_to_that_of_guessing()
    {
        var law = DownstreamErrorLaw.Of(0.8569921, 2.2064856, 0.7145897);
        var errors = Enumerable.Range(1, 40).Select(i => law.Value(i * 0.5)).ToArray();
        Assert.Equal(errors.Order(), errors);
        Assert.Equal(0.8569921, law.Value(60), 1e-9);
        Assert.Equal(0.4925, law.Value(2.5198), 1e-4); // RedPajama, 1.4B parameters, M = 640
    }

    [Fact]
    public void Degenerate_data_say_what_is_missing()
    {
        Assert.Contains("at least 3", Assert.Throws<ArgumentException>(() => DownstreamErrorLaw.FitTo([3, 3, 2], [0.5, 0.6, 0.4])).Message, StringComparison.Ordinal);
        Assert.Contains("without a change", Assert.Throws<ArgumentException>(() => DownstreamErrorLaw.FitTo([3, 3, 3], [0.5, 0.6, 0.4])).Message, StringComparison.Ordinal);
        Assert.Contains("share", Assert.Throws<ArgumentException>(() => DownstreamErrorLaw.FitTo([3, 2, 1], [50, 40, 30])).Message, StringComparison.Ordinal);
    }
}
