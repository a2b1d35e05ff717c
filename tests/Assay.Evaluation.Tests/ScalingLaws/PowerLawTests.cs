using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class PowerLawTests
{
    private static double[] Sizes => [1e5, 3e5, 1e6, 3e6, 1e7, 3e7];

    [Fact]
    public void Exact_data_return_the_constants()
    {
        var law = PowerLaw.FitTo(Sizes, [.. Sizes.Select(n => 12 * Math.Pow(n, -0.3) + 1.5)]);
        Assert.Equal(12, law.A, 12 * 1e-6);
        Assert.Equal(0.3, law.Alpha, 1e-7);
        Assert.Equal(1.5, law.E, 1e-6);
    }

    [Fact]
    public void Irreducible_loss_is_kept_only_where_the_criterion_prefers_it()
    {
        var random = new SeededRandom(1);
        double[] x = [.. Enumerable.Range(0, 14).Select(i => 1e4 * Math.Pow(2, i))];
        double[] Noisy(double floor) => [.. x.Select(n => (20 * Math.Pow(n, -0.2) + floor) * (1 + 0.002 * random.NextGaussian()))];
        Assert.Equal(0, PowerLaw.FitTo(x, [.. x.Select(n => 20 * Math.Pow(n, -0.2))], IrreducibleTerm.No).E);
        Assert.True(PowerLaw.FitTo(x, Noisy(1.5), IrreducibleTerm.Auto).E > 1);
        Assert.True(Enumerable.Range(0, 40).Count(_ => PowerLaw.FitTo(x, Noisy(0), IrreducibleTerm.Auto).PrefersIrreducible == true) <= 12);
    }

    [Fact]
    public void Intervals_of_constants_and_predictions_cover_the_truth_as_often_as_they_say()
    {
        var (alphas, predictions, curves, runs) = (0, 0, 0, 300);
        for (var r = 0; r < runs; r++)
        {
            var random = new SeededRandom(r);
            var law = PowerLaw.FitTo(Sizes, [.. Sizes.Select(n => 12 * Math.Pow(n, -0.3) + 1.5 + 0.002 * random.NextGaussian())]);
            var truth = 12 * Math.Pow(1e9, -0.3) + 1.5;
            alphas += law.Parameters[1].Estimate.Interval.Contains(0.3) ? 1 : 0;
            curves += law.Predict([1e9], ofCurve: true).Interval.Contains(truth) ? 1 : 0;
            predictions += law.Predict([1e9]).Interval.Contains(truth + 0.002 * random.NextGaussian()) ? 1 : 0;
        }
        // 95 % give or take four standard errors of 300 repetitions.
        Assert.InRange((double)alphas / runs, 0.90, 1);
        Assert.InRange((double)curves / runs, 0.90, 1);
        Assert.InRange((double)predictions / runs, 0.90, 1);
    }

    [Fact]
    public void Bootstrap_intervals_hold_the_truth_and_are_reproducible()
    {
        var random = new SeededRandom(5);
        double[] x = [.. Enumerable.Range(0, 20).Select(i => 1e4 * Math.Pow(1.7, i))];
        double[] y = [.. x.Select(n => 20 * Math.Pow(n, -0.2) + 1 + 0.005 * random.NextGaussian())];
        var law = PowerLaw.FitTo(x, y, resamples: 200);
        Assert.True(law.Parameters[1].Estimate.Interval.Contains(0.2));
        Assert.Equal(law.Predict([1e9]).Interval, PowerLaw.FitTo(x, y, resamples: 200).Predict([1e9]).Interval);
        Assert.True(law.Predict([1e9]).Interval.Width > law.Predict([1e6]).Interval.Width);
    }

    [Fact]
    public void Target_is_solved_and_one_below_the_floor_is_not()
    {
        var law = PowerLaw.FitTo(Sizes, [.. Sizes.Select(n => 12 * Math.Pow(n, -0.3) + 1.5)]);
        Assert.Equal(1.6, law.Value(law.Solve(1.6)!.Value), 1e-9);
        Assert.Null(law.Solve(1.4));
        Assert.Equal(33.333, law.Reach([1e9])[0].Factor, 1e-3);
    }

    [Fact]
    public void Degenerate_data_say_what_is_missing()
    {
        Assert.Contains("2 distinct values", Assert.Throws<ArgumentException>(() => PowerLaw.FitTo([1, 2, 2], [3, 2, 2.1])).Message, StringComparison.Ordinal);
        Assert.Contains("without a change", Assert.Throws<ArgumentException>(() => PowerLaw.FitTo([1, 2, 3], [2, 2, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("run 2", Assert.Throws<ArgumentException>(() => PowerLaw.FitTo([1, -2, 3], [3, 2, 1])).Message, StringComparison.Ordinal);
        Assert.Contains("run 3", Assert.Throws<ArgumentException>(() => PowerLaw.FitTo([1, 2, 3], [3, 2, double.NaN])).Message, StringComparison.Ordinal);
        Assert.Contains("no interval", PowerLaw.FitTo([1, 2, 4], [3, 2, 1.6]).Warnings[0], StringComparison.Ordinal);
    }
}
