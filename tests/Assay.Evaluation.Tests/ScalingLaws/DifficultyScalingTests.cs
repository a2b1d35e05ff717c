using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class DifficultyScalingTests
{
    private static readonly double[] Compute = [1, 3, 10, 30, 100, 300];

    // Four groups that scale, one that falls, one at chance.
    private static double[][] World(int each, int trials, long seed, double[]? compute = null)
    {
        var random = new SeededRandom(seed);
        var rows = new List<double[]>();
        foreach (var (a, b, c) in ((double, double, double)[])[(1.5, 0.4, 0), (5, 0.45, 0.1), (20, 0.5, 0), (80, 0.5, 0.1)])
        {
            for (var q = 0; q < each; q++)
            {
                var shift = Math.Exp(0.15 * random.NextGaussian());
                rows.Add([.. (compute ?? Compute).Select(x => Sample(random, Math.Exp(-a * shift * Math.Pow(x, -b) - c), trials))]);
            }
        }
        for (var q = 0; q < each / 2; q++)
            rows.Add([.. (compute ?? Compute).Select((_, j) => Sample(random, 0.7 - 0.08 * j, trials))]);
        for (var q = 0; q < each / 2; q++)
            rows.Add([.. (compute ?? Compute).Select(_ => 0.0)]);
        return [.. rows];
    }

    private static double Sample(SeededRandom random, double p, int trials) => (double)Enumerable.Range(0, trials).Count(_ => random.NextDouble() < p) / trials;

    [Fact]
    public void Pass_rate_law_at_given_constants()
    {
        var law = PassRateLaw.Of(0.25, 3, 0.3, 0.1);
        double[] expected = [0.2837869, 0.4008840, 0.5694201, 0.7151666, 0.8971165];
        double[] compute = [1, 10, 100, 1000, 1e6];
        for (var i = 0; i < compute.Length; i++)
            Assert.Equal(expected[i], law.Value(compute[i]), 1e-7);
        Assert.Equal(0.9286281, law.Ceiling, 1e-7);
    }

    [Fact]
    public void Exact_rates_return_the_constants_in_units_of_the_smallest_model()
    {
        var truth = PassRateLaw.Of(0.25, 3, 0.3, 0.1);
        double[] rates = [.. Compute.Select(c => truth.Value(c))];
        var law = PassRateLaw.FitTo(Compute, rates, 0.25);
        Assert.Equal(3, law.A, 3e-6);
        Assert.Equal(0.3, law.B, 1e-6);
        Assert.Equal(0.1, law.C, 1e-6);
        var scaled = PassRateLaw.FitTo([.. Compute.Select(c => 1e20 * c)], rates, 0.25);
        Assert.Equal(3, scaled.A, 1e-4);
        Assert.Equal(truth.Value(1e4), scaled.Value(1e24), 1e-6);
        // With a known c, ln(−ln((y−g)/(1−g)) − c) is a line in ln C of slope −b.
        var line = LogLogLine.FitTo(Compute, [.. rates.Select(y => -Math.Log((y - 0.25) / 0.75) - 0.1)]);
        Assert.Equal(-0.3, line.Slope.Value, 1e-9);
        Assert.Equal(1, line.RSquared, 1e-9);
    }

    [Fact]
    public void Spread_of_losses_raises_the_mean_pass_rate()
    {
        var mean = (Math.Exp(-0.5) + Math.Exp(-1.5)) / 2;
        Assert.Equal(0.4148304, mean, 1e-7);
        Assert.Equal(0.3678794, Math.Exp(-1), 1e-7);
        Assert.Equal(0.4138644, Math.Exp(-1) * (1 + 0.25 / 2), 1e-7);
    }

    [Fact]
    public void Quartic_mapping_through_given_pairs()
    {
        var map = SubsetMapping.FitTo([(0.1, 0.06, 1), (0.3, 0.2, 1), (0.5, 0.38, 1), (0.8, 0.7, 1)]);
        Assert.Equal([-0.5012245, 0.3090028, -0.5713226], map.Coefficients.Select(c => Math.Round(c, 7)), (a, b) => Math.Abs(a - b) < 2e-6);
        double[] at = [0.1, 0.3, 0.5, 0.8, 0.9];
        double[] expected = [0.0571566, 0.2034120, 0.3776116, 0.7008530, 0.8382696];
        for (var i = 0; i < at.Length; i++)
            Assert.Equal(expected[i], map.At(at[i]), 1e-6);
        Assert.Equal(0, map.At(0));
        Assert.Equal(1, map.At(1));
    }

    [Theory]
    [InlineData(MappingForm.Quartic)]
    [InlineData(MappingForm.Spline)]
    public void Mapping_of_the_diagonal_is_the_diagonal_and_none_falls(MappingForm form)
    {
        var diagonal = SubsetMapping.FitTo([(0.1, 0.1, 1), (0.3, 0.3, 1), (0.6, 0.6, 1), (0.7, 0.7, 1)], form);
        Assert.All(Enumerable.Range(0, 11), i => Assert.Equal(i / 10.0, diagonal.At(i / 10.0), 1e-7));
        var steep = SubsetMapping.FitTo([(0.1, 0.4, 1), (0.3, 0.45, 1), (0.5, 0.41, 1), (0.8, 0.42, 1)], form, 0.9);
        var values = Enumerable.Range(0, 101).Select(i => steep.At(i / 100.0)).ToArray();
        for (var i = 1; i < values.Length; i++)
            Assert.True(values[i] >= values[i - 1] - 1e-6, $"falls at {i}");
        Assert.Equal(0.9, values[^1], 1e-12);
    }

    [Fact]
    public void Spline_adds_knots_until_it_is_near()
    {
        var pairs = Enumerable.Range(1, 12).Select(i => i / 13.0).Select(x => (x, Math.Clamp(x < 0.5 ? 0.2 * x : 0.1 + 1.8 * (x - 0.5), 0, 1), 1.0)).ToArray();
        var map = SubsetMapping.FitTo(pairs, MappingForm.Spline);
        Assert.NotEmpty(map.Knots);
        Assert.True(map.RootMeanSquareError < SubsetMapping.FitTo(pairs).RootMeanSquareError);
        Assert.Equal((0.0, 1.0), (map.At(0), Math.Round(map.At(1), 12)));
    }

    [Fact]
    public void Clusters_of_seven_points_in_any_order()
    {
        double[][] points = [[0, .1], [.05, .15], [.1, .2], [.5, .9], [.55, .95], [.9, 1], [.3, .35]];
        foreach (var order in (int[][])[[0, 1, 2, 3, 4, 5, 6], [6, 3, 1, 5, 0, 4, 2], [5, 4, 3, 2, 1, 0, 6]])
        {
            var clusters = DifficultyClusters.Find([.. order.Select(i => points[i])], 0.2, 2);
            Assert.Equal(2, clusters.Length);
            Assert.Equal([0, 1, 2], clusters[0].Members.Select(m => order[m]).Order());
            Assert.Equal([3, 4], clusters[1].Members.Select(m => order[m]).Order());
            Assert.Equal(0.05, clusters[0].Centre[0], 1e-9);
            Assert.Equal(0.15, clusters[0].Centre[1], 1e-9);
            Assert.Equal(0.525, clusters[1].Centre[0], 1e-9);
            Assert.Equal(0.925, clusters[1].Centre[1], 1e-9);
        }
    }

    [Fact]
    public void Kinds_of_clusters_and_a_prediction_near_the_truth()
    {
        var table = PassRateTable.Of(World(60, 64, 1), Compute, 64);
        var law = DifficultyScaling.FitTo(table, new DifficultyOptions { LowerCeiling = true });
        var falling = law.Clusters.Where(c => c.Members.Count(m => m is >= 240 and < 270) > c.Members.Length / 2).ToArray();
        Assert.NotEmpty(falling);
        Assert.All(falling, c => Assert.Equal(ClusterKind.NonExtrapolatable, c.Kind));
        Assert.True(law.SubsetShare > 0.3);
        var truth = Enumerable.Average(World(60, 2000, 9, [1e4]), r => r[0]);
        var flat = table.Mean(5);
        Assert.True(Math.Abs(law.Value(1e4) - truth) < Math.Abs(flat - truth));
        Assert.True(law.Predict([1e4]).Interval.Width > 0);
        Assert.Equal(law.Value(1e4), law.Monitor(1e4, 0.5).Predicted.Value);
    }

    [Fact]
    public void Backtest_uses_nothing_of_the_model_it_predicts()
    {
        var table = PassRateTable.Of(World(40, 32, 2), Compute, 32);
        var poisoned = table with { Rates = [.. table.Rates.Select(r => r.SetItem(5, 1 - r[5]))] };
        var (clean, other) = (DifficultyScaling.Backtest(table), DifficultyScaling.Backtest(poisoned));
        Assert.Equal(clean.Predicted.Value, other.Predicted.Value);
        Assert.NotEqual(clean.Actual, other.Actual);
        Assert.True(clean.Error < 0.1);
    }

    [Fact]
    public void Binary_rates_work_and_laws_are_read_back()
    {
        var table = PassRateTable.Of(World(40, 1, 3), Compute);
        var law = DifficultyScaling.FitTo(table, new DifficultyOptions { Radius = 0.5 });
        Assert.Contains(law.Warnings, w => w.Contains("0 or 1", StringComparison.Ordinal));
        var path = Path.Combine(Path.GetTempPath(), $"assay-{Guid.NewGuid():N}.json");
        try
        {
            ScalingLawFile.Write(path, law);
            Assert.Equal(law.Predict([1e4]), ScalingLawFile.Read(path).Predict([1e4]));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Degenerate_tables_say_what_is_missing()
    {
        double[][] Rates(double value) => [.. Enumerable.Range(0, 30).Select(_ => Compute.Select(_ => value).ToArray())];
        void Fails(PassRateTable table, string word) => Assert.Contains(word, Assert.Throws<ArgumentException>(() => DifficultyScaling.FitTo(table)).Message, StringComparison.Ordinal);
        Fails(PassRateTable.Of(Rates(1), Compute), "solves every question");
        Fails(PassRateTable.Of(Rates(0), Compute), "no model solves");
        Fails(PassRateTable.Of([[0.1, 0.2, 0.3]], [1, 2, 3]), "at least 4");
        Assert.Contains("1.2", Assert.Throws<ArgumentException>(() => PassRateTable.Of([[0.1, 1.2]], [1, 2])).Message, StringComparison.Ordinal);
        var flat = DifficultyScaling.FitTo(PassRateTable.Of(Rates(0.25), Compute), new DifficultyOptions { Guess = 0.25 });
        Assert.False(flat.IsPredictable);
        Assert.All(flat.Clusters, c => Assert.Equal(ClusterKind.NonEmergent, c.Kind));
        Assert.False(flat.Predict([1e4]).IsDefined);
        Assert.Contains(flat.Warnings, w => w.StartsWith("not predictable yet", StringComparison.Ordinal));
        var gap = PassRateTable.Of([[0.1, double.NaN, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]], [1, 2, 3, 4]);
        Assert.Equal(["q1"], gap.Dropped);
    }
}
