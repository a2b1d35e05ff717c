using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class KaplanLawTests
{
    private static readonly KaplanLaw Law = KaplanLaw.Published;

    private static TrainingCurve[] Simulate(double noise, int seed = 0, double floor = 0, double[]? sizes = null)
    {
        var law = KaplanLaw.Of(1.5e14, 0.076, 2.6e3, 0.67, 1.7e8, 0.205, floor);
        var random = new SeededRandom(seed);
        ImmutableArray<double> steps = [.. Enumerable.Range(0, 12).Select(i => Math.Pow(10, 3 + 2 * i / 11.0))];
        return
        [
            .. from n in sizes ?? [1e6, 3e6, 1e7, 3e7, 6e7]
               from batch in (double[])[2e4, 1e5, 5e5, 1e6, 2e6, 4e6]
               select new TrainingCurve(n, batch, steps, [.. steps.Select(s => law.Value(n, s, batch) * Math.Exp(noise * random.NextGaussian()))]),
        ];
    }

    [Theory]
    [InlineData(1e6, 4.1819895)]
    [InlineData(6e7, 3.0636803)]
    [InlineData(3.3e10, 1.8966006)]
    public void Converged_loss_of_a_size(double n, double loss) => Assert.Equal(loss, Law.MinLoss(n), 1e-7);

    [Theory]
    [InlineData(2, 5781092)]
    [InlineData(2.5, 1946606)]
    [InlineData(3, 799886)]
    [InlineData(4, 196594)]
    public void Critical_batch_size_of_a_loss(double loss, double tokens) => Assert.Equal(tokens, Law.CriticalBatchSize(loss), 1.0);

    [Fact]
    public void Steps_and_tokens_to_a_loss_and_back()
    {
        var steps = Law.MinSteps(6e7, 3.4)!.Value;
        Assert.Equal(13222.487, steps, 1e-3);
        Assert.Equal(5.7435708e9, Law.MinTokens(6e7, 3.4)!.Value, 1e2);
        Assert.Equal(3.4, Law.Value(6e7, 2 * steps, Law.CriticalBatchSize(3.4)), 1e-10);
        Assert.Equal(2 * steps, Law.StepsFor(6e7, 3.4, Law.CriticalBatchSize(3.4))!.Value, 1e-6);
        Assert.Null(Law.MinSteps(6e7, 3.0));
    }

    [Theory]
    [InlineData(6e7, 1e4, 1e6, 3.5589451)]
    [InlineData(6e7, 1e5, 1e6, 3.1824597)]
    [InlineData(6e7, 1e5, 5e5, 3.2085934)]
    [InlineData(6e7, 1e5, 4e6, 3.1591930)]
    [InlineData(3.3e10, 1e5, 1e6, 2.1527548)]
    public void Trajectory(double n, double steps, double batch, double loss)
    {
        Assert.Equal(loss, Law.Value(n, steps, batch), 1e-7);
        Assert.Equal(loss, Law.Trajectory(n, batch, [steps])[0], 1e-7);
    }

    [Fact]
    public void Trajectory_falls_in_steps_batch_and_size()
    {
        var random = new SeededRandom(1);
        for (var i = 0; i < 200; i++)
        {
            var (n, s, b) = (Math.Pow(10, random.NextDouble(6, 11)), Math.Pow(10, random.NextDouble(2, 6)), Math.Pow(10, random.NextDouble(4, 7)));
            var loss = Law.Value(n, s, b);
            Assert.True(Law.Value(1.1 * n, s, b) < loss && Law.Value(n, 1.1 * s, b) < loss && Law.Value(n, s, 1.1 * b) < loss);
        }
    }

    [Fact]
    public void Gradient_of_the_implicit_loss_is_that_of_differences()
    {
        double[] theta = [.. Law.Fit.Theta];
        theta[6] = 0.3;
        var (gradient, unused) = (new double[7], new double[7]);
        double[] at = [6e7, 3e4, 5e5];
        KaplanLaw.Loss(at, theta, gradient);
        for (var p = 0; p < 7; p++)
        {
            double Shifted(double by) => KaplanLaw.Loss(at, theta.Select((t, i) => i == p ? t + by : t).ToArray(), unused);
            Assert.Equal((Shifted(1e-5) - Shifted(-1e-5)) / 2e-5, gradient[p], 1e-6 * Math.Max(1, Math.Abs(gradient[p])));
        }
    }

    [Fact]
    public void Trade_off_of_steps_and_tokens()
    {
        var trade = CriticalBatch.FitTo(3, [.. ((double[])[3e4, 1e5, 3e5, 1e6]).Select(b => (b, 1000 + 1e8 / b))]);
        Assert.Equal(1000, trade.MinSteps, 1e-6);
        Assert.Equal(1e8, trade.MinTokens, 1.0);
        Assert.Equal(2000, trade.StepsAt(1e5), 1e-6);
        Assert.Equal(2e8, trade.TokensAt(1e5), 1.0);
        Assert.Equal(1000, trade.StepsAt(1e15), 1e-3);
        Assert.Equal(1e8, trade.TokensAt(1e-9), 1.0);
        Assert.Equal(1, (trade.StepsAt(7e4) / trade.MinSteps - 1) * (trade.TokensAt(7e4) / trade.MinTokens - 1), 1e-9);
        Assert.Contains("at least 3", Assert.Throws<ArgumentException>(() => CriticalBatch.FitTo(3, [(1e4, 10), (1e5, 5)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cheapest_plan_for_a_loss_is_that_of_a_scan_over_sizes()
    {
        var plan = Law.PlanForLoss(2.5)!;
        Assert.Equal(2.2453083, Law.MinLoss(plan.N), 1e-7);
        Assert.Equal(3.5812846e9, plan.N, 1e4);
        Assert.Equal(8.3750363e20, plan.Compute, 1e14);
        var scanned = Enumerable.Range(0, 4001).Select(i => Math.Pow(10, 9 + i / 2000.0)).Where(n => Law.MinLoss(n) < 2.5).MinBy(n => 6 * n * Law.MinTokens(n, 2.5)!.Value);
        Assert.Equal(1, plan.N / scanned, 0.002);
        Assert.Equal(2.5, Law.PlanForCompute(plan.Compute).Loss, 1e-9);
    }

    [Fact]
    public void Exact_trajectories_return_all_six_constants()
    {
        var law = new KaplanEstimation { Resamples = 0, Irreducible = IrreducibleTerm.No }.Estimate(Simulate(0));
        Assert.Equal(1, law.Nc / 1.5e14, 1e-6);
        Assert.Equal(1, law.AlphaN / 0.076, 1e-6);
        Assert.Equal(1, law.Sc / 2.6e3, 1e-6);
        Assert.Equal(1, law.AlphaS / 0.67, 1e-6);
        Assert.Equal(1, law.Bstar / 1.7e8, 1e-5);
        Assert.Equal(1, law.AlphaB / 0.205, 1e-6);
    }

    [Fact]
    public void Noisy_small_runs_forecast_the_large_one()
    {
        var law = new KaplanEstimation { Resamples = 0 }.Estimate(Simulate(0.003, 1));
        Assert.Equal(0, law.E);
        Assert.Equal(0.076, law.AlphaN, 0.001);
        Assert.Equal(0.67, law.AlphaS, 0.02);
        Assert.Equal(0.205, law.AlphaB, 0.01);
        Assert.Equal(1, law.Value(3.3e10, 1e5, 1e6) / 2.1527548, 0.005);
        Assert.True(law.Steps!.CriticalBatches.Count(t => t.RSquared > 0.9) >= 0.7 * law.Steps.CriticalBatches.Length);
    }

    [Fact]
    public void Irreducible_loss_is_detected()
    {
        var law = new KaplanEstimation { Resamples = 0 }.Estimate(Simulate(0.003, 2, floor: 1.5));
        Assert.True(law.Steps!.PrefersIrreducible);
        Assert.Equal(1.5, law.E, 0.2);
        var forced = new KaplanEstimation { Resamples = 0, Irreducible = IrreducibleTerm.No }.Estimate(Simulate(0.003, 2, floor: 1.5));
        Assert.True(forced.Fit.SquaredError > law.Fit.SquaredError);
    }

    [Fact]
    public void Warm_up_and_decay_are_cut_and_curves_are_read_by_interpolation()
    {
        var curve = new TrainingCurve(1e6, 1e5, [1, 10, 100, 1000], [9, 5, 3, 2]);
        Assert.Equal([10, 100], curve.Between(5, 0.5).Steps);
        Assert.Equal(Math.Sqrt(1000), curve.StepAt(4)!.Value, 1e-9);
        Assert.Null(curve.StepAt(1.9));
        Assert.Null(curve.StepAt(9.5));
        Assert.Equal(50, new TrainingCurve(1e6, 1e5, [10, 50, 100, 200], [5, 3, 4, 2]).StepAt(3.5)!.Value, 1e-9); // 3 and 4 pool to 3.5
    }

    [Fact]
    public void Degenerate_runs_say_what_is_missing()
    {
        void Fails(IEnumerable<TrainingCurve> curves, string word) =>
            Assert.Contains(word, Assert.Throws<ArgumentException>(() => new KaplanEstimation().Estimate(curves)).Message, StringComparison.Ordinal);
        Fails(Simulate(0, sizes: [1e6]), "one model size");
        Fails(Simulate(0).Select(c => c with { Loss = [.. c.Loss.Select(_ => 2.0)] }), "without a change");
        Fails(Simulate(0, sizes: [1e6, 3e6]).Where(c => c.Batch == 1e6).Select(c => c with { Steps = [100], Loss = [c.N == 1e6 ? 3 : 2] }), "at least 4");
        Fails([new TrainingCurve(1e6, 1e5, [10, 5], [3, 2])], "rise");
        var oneBatch = new KaplanEstimation { Resamples = 0 }.Estimate(Simulate(0.001).Where(c => c.Batch == 4e6));
        Assert.False(oneBatch.HasCriticalBatch);
        Assert.Contains(oneBatch.Warnings, w => w.Contains("one batch size", StringComparison.Ordinal));
        Assert.DoesNotContain(oneBatch.Parameters, p => p.Name == "B*");
    }
}
