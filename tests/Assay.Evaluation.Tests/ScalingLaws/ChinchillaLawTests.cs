using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class ChinchillaLawTests
{
    private static ScalingRun[] Runs(int count, double noise, int seed = 0)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var (n, d) = (Math.Pow(10, random.NextDouble(7.5, 10)), Math.Pow(10, random.NextDouble(9, 12)));
            return new ScalingRun(n, d, (1.69 + 406.4 * Math.Pow(n, -0.34) + 410.7 * Math.Pow(d, -0.28)) * Math.Exp(noise * random.NextGaussian()));
        })];
    }

    [Fact]
    public void Exact_data_return_the_published_constants()
    {
        var law = ChinchillaLaw.FitTo(Runs(40, 0), resamples: 0);
        Assert.Equal(1, law.A / 406.4, 1e-3);
        Assert.Equal(1, law.B / 410.7, 1e-3);
        Assert.Equal(1.69, law.E, 1e-4);
        Assert.Equal(0.34, law.Alpha, 1e-4);
        Assert.Equal(0.28, law.Beta, 1e-4);
    }

    [Fact]
    public void Outliers_do_not_move_the_fit_and_intervals_hold_the_truth()
    {
        var runs = Runs(60, 0.004, 1);
        for (var i = 0; i < 5; i++)
            runs[i] = runs[i] with { Loss = runs[i].Loss * 1.4 };
        var law = ChinchillaLaw.FitTo(runs, resamples: 60);
        Assert.Equal(1.69, law.E, 0.15);
        Assert.True(law.Predict([7e10, 1.4e12]).Interval.Contains(1.69 + 406.4 * Math.Pow(7e10, -0.34) + 410.7 * Math.Pow(1.4e12, -0.28)));
        Assert.All(law.Parameters, p => Assert.True(p.Estimate.Interval.Width > 0));
    }

    [Fact]
    public void Gradient_is_that_of_differences()
    {
        var runs = Runs(13, 0.05, 2); // not a whole number of vectors
        var problem = new HuberLossFit([.. runs.Select(r => r.N)], [.. runs.Select(r => r.D)], [.. runs.Select(r => r.Loss)], 0.03);
        double[] theta = [6, 6, 0.5, 0.34, 0.28];
        var (gradient, unused) = (new double[5], new double[5]);
        var value = problem.Evaluate(theta, gradient);
        var direct = runs.Sum(r =>
        {
            var residual = Math.Abs(Math.Log(Math.Exp(6) * Math.Pow(r.N, -0.34) + Math.Exp(6) * Math.Pow(r.D, -0.28) + Math.Exp(0.5)) - Math.Log(r.Loss));
            return residual <= 0.03 ? residual * residual / 2 : 0.03 * (residual - 0.015);
        });
        Assert.Equal(direct, value, 1e-12);
        for (var p = 0; p < 5; p++)
        {
            double Shifted(double by) => problem.Evaluate([.. theta.Select((t, i) => i == p ? t + by : t)], unused);
            Assert.Equal((Shifted(1e-6) - Shifted(-1e-6)) / 2e-6, gradient[p], 1e-6);
        }
    }

    [Fact]
    public void Optimal_split_is_that_of_a_numeric_search()
    {
        var law = ChinchillaLaw.Of(406.4, 410.7, 1.69, 0.34, 0.28);
        var best = Enumerable.Range(0, 4001).Select(i => Math.Pow(10, 8 + i / 1000.0)).MinBy(n => law.Value(n, 1e22 / (6 * n)));
        Assert.Equal(1, law.Optimal(1e22).N / best, 0.003);
        Assert.Equal(1e22, law.Optimal(1e22).Compute, 1e14);
        Assert.Equal(1, law.ForLoss(law.Optimal(1e22).Loss.Value)!.Compute / 1e22, 1e-6);
        Assert.Null(law.ForLoss(1.6));
    }

    [Fact]
    public void Laws_are_written_and_read_back_whole()
    {
        var path = Path.Combine(Path.GetTempPath(), $"assay-{Guid.NewGuid():N}.json");
        try
        {
            ScalingLaw law = ChinchillaLaw.FitTo(Runs(30, 0.004, 1), resamples: 20);
            ScalingLawFile.Write(path, law);
            var read = ScalingLawFile.Read(path);
            Assert.IsType<ChinchillaLaw>(read);
            Assert.Equal(law.Predict([1e11, 1e12]), read.Predict([1e11, 1e12]));
            Assert.Equal(law.Points.Length, read.Points.Length);
            File.WriteAllText(path, "{ \"law\": \"unknown\" }");
            Assert.Contains("no fitted law", Assert.Throws<InvalidDataException>(() => ScalingLawFile.Read(path)).Message, StringComparison.Ordinal);
            File.WriteAllText(path, "[1, 2");
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => ScalingLawFile.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
