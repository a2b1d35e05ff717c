using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class LearningCurveTests
{
    private static readonly LearningCurve Truth = LearningCurve.Of(12, -0.3, 0.05);

    private static LearningCurvePoint[] Points(Func<double, double> error, int count = 12, double first = 1e3) =>
        [.. Enumerable.Range(0, count).Select(i => first * Math.Pow(2, i)).Select(m => new LearningCurvePoint(m, error(m)))];

    [Theory]
    [InlineData(2, 0.25)]
    [InlineData(4, 0.1875)]
    [InlineData(10, 0.1230469)]
    [InlineData(100, 0.0397946)]
    public void Counting_learner_errs_as_the_closed_form_says(int m, double error)
    {
        Assert.Equal(error, CountingLearner.ExpectedError(m), 1e-7);
        if (m == 100)
            Assert.Equal(0.0398942, 1 / Math.Sqrt(2 * Math.PI * m), 1e-7);
    }

    [Fact]
    public void Counting_learner_has_the_slope_of_one_half()
    {
        double[] m = [.. Enumerable.Range(0, 14).Select(i => 10.0 * (1 << i))];
        var line = LogLogLine.FitTo(m, [.. m.Select(v => CountingLearner.ExpectedError((int)v))]);
        Assert.Equal(-0.5, line.Slope.Value, 0.005);
        Assert.Equal(CountingLearner.ExpectedError(1000), CountingLearner.Simulate(1000, 4000, 1), 0.0006);
    }

    [Fact]
    public void Values_and_plans_of_a_curve()
    {
        Assert.Equal(1.5607105, Truth.Value(1e3), 1e-7);
        Assert.Equal(0.8071488, Truth.Value(1e4), 1e-7);
        Assert.Equal(0.4294733, Truth.Value(1e5), 1e-7);
        Assert.Equal(0.2401872, Truth.Value(1e6), 1e-7);
        Assert.Equal(8.5908764e7, Truth.DataFor(0.1)!.Value, 10.0);
        Assert.Null(Truth.DataFor(0.05));
        Assert.Null(Truth.PlanFor(0.04));
        Assert.Equal(10.08, Truth.DataToHalve, 0.01);
        Assert.Equal(38804, LearningCurve.Of(1, -0.0656, 0).DataToHalve, 5.0);
        var (a, b, c) = (Truth.Value(1e3), Truth.Value(1e4), Truth.Value(1e5));
        Assert.Equal(0.05, (a * c - b * b) / (a + c - 2 * b), 1e-9); // three log-equidistant points give γ
    }

    [Fact]
    public void Exact_points_return_the_constants()
    {
        var law = LearningCurve.FitTo(Points(m => Truth.Value(m)));
        Assert.Equal(12, law.Alpha, 12e-6);
        Assert.Equal(-0.3, law.Beta, 1e-6);
        Assert.Equal(0.05, law.Gamma, 1e-6);
        Assert.True(law.PrefersFloor);
    }

    [Fact]
    public void Ignoring_the_floor_biases_the_slope()
    {
        double[] m = [1e3, 1e5];
        Assert.Equal(-0.2802, LogLogLine.FitTo(m, [.. m.Select(v => Truth.Value(v))]).Slope.Value, 1e-4);
        var law = LearningCurve.FitTo(Points(v => Truth.Value(v)), new LearningCurveOptions { Irreducible = IrreducibleTerm.No });
        Assert.True(law.Beta > -0.29);
    }

    [Fact]
    public void Scaling_the_data_changes_the_scale_alone()
    {
        var law = LearningCurve.FitTo(Points(m => Truth.Value(m), first: 7e3).Select(p => p with { M = p.M, Error = Truth.Value(p.M / 7) }));
        Assert.Equal(12 * Math.Pow(7, 0.3), law.Alpha, 1e-4);
        Assert.Equal(-0.3, law.Beta, 1e-6);
        Assert.Equal(0.05, law.Gamma, 1e-6);
    }

    [Theory]
    [InlineData(-0.5, -0.5, 1)]
    [InlineData(-0.5, -1, 0.5)]
    public void Envelope_of_capacities_has_the_laws_of_error_and_size(double dataSlope, double capacitySlope, double sizeSlope)
    {
        var trials = from i in Enumerable.Range(0, 9)
                     let m = 1e3 * Math.Pow(4, i)
                     from j in Enumerable.Range(0, 60)
                     let s = 10 * Math.Pow(2, j * 0.5)
                     // A slight cost of size: among equals the smallest is the best.
                     select new LearningTrial(m, s, 0, Math.Max(3 * Math.Pow(m, dataSlope), 2 * Math.Pow(s, capacitySlope)));
        var points = LearningCurvePoint.Envelope(trials);
        var law = LearningCurve.FitTo(points, new LearningCurveOptions { Irreducible = IrreducibleTerm.No });
        Assert.Equal(-0.5, law.Beta, 0.01);
        Assert.Equal(sizeSlope, law.SizeLaw!.Slope.Value, 0.03);
    }

    [Fact]
    public void Data_worth_of_a_method_with_half_the_scale()
    {
        var better = LearningCurve.Of(6, -0.3, 0.05);
        Assert.Equal(10.08, LearningCurveComparison.Of(Truth, better).DataWorth.Value, 0.01);
        var random = new SeededRandom(2);
        LearningCurve Fitted(LearningCurve law) => LearningCurve.FitTo(Points(m => law.Value(m) * Math.Exp(0.01 * random.NextGaussian())));
        var comparison = LearningCurveComparison.Of(Fitted(Truth), Fitted(better));
        Assert.True(comparison.SlopeDifference.Interval.Contains(0));
        Assert.False(comparison.ScaleRatio.Interval.Contains(1));
        Assert.Equal(2, comparison.ScaleRatio.Value, 0.3);
        var steeper = LearningCurveComparison.Of(Fitted(Truth), Fitted(LearningCurve.Of(40, -0.45, 0.05)));
        Assert.False(steeper.SlopeDifference.Interval.Contains(0));
    }

    [Fact]
    public void Regions_of_the_smooth_curve_are_found_and_it_is_fitted_whole()
    {
        var smooth = LearningCurve.Of(12, -0.3, 0.05, priorError: 0.9);
        LearningCurvePoint[] points = [.. ((double[])[1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]).Select(m => new LearningCurvePoint(m, smooth.Value(m)))];
        var law = LearningCurve.FitTo(points, new LearningCurveOptions { PriorError = 0.9 });
        Assert.Equal(points.Select(p => p.M <= 1e3), law.Regions.Select(r => r == LearningRegion.SmallData));
        Assert.Equal(LearningRegion.Irreducible, law.Regions[^1]);
        Assert.Equal(LearningRegion.PowerLaw, law.Regions[4]);
        var whole = LearningCurve.FitTo(points, new LearningCurveOptions { PriorError = 0.9, Smooth = true });
        Assert.Equal(12, whole.Alpha, 1e-3);
        Assert.Equal(-0.3, whole.Beta, 1e-5);
        Assert.Equal(0.05, whole.Gamma, 1e-6);
    }

    [Fact]
    public void Measurement_climbs_the_ladder_until_the_best_is_inside_and_goes_on_where_it_stopped()
    {
        var calls = 0;
        double Train(double size, double m, int seed)
        {
            calls++;
            return Math.Abs(Math.Log(size / (m / 10))) + 0.1 + 0.01 * seed;
        }
        var trials = LearningCurveMeasurement.Measure(Train, [100, 1000], [5, 10, 20, 40, 80, 160, 320], seeds: 2);
        var points = LearningCurvePoint.Envelope(trials);
        Assert.Equal([10, 80], points.Select(p => p.Size));
        Assert.Equal(2 * 4 + 2 * 7, calls); // 5, 10, 20, 40 at m = 100; all at m = 1000, where 160 and 320 are the two that end it
        calls = 0;
        LearningCurveMeasurement.Measure(Train, [100, 1000], [5, 10, 20, 40, 80, 160, 320], seeds: 2, done: trials.Take(10));
        Assert.Equal(12, calls);
        Assert.Equal([60, 120, 240], LearningCurveMeasurement.Shards(300, 60));
        Assert.Equal(LearningCurveMeasurement.Rows(300, 60, 1), LearningCurveMeasurement.Rows(300, 120, 1)[..60]);
    }

    [Fact]
    public void Degenerate_points_say_what_is_missing()
    {
        void Fails(IEnumerable<LearningCurvePoint> points, string word, LearningCurveOptions? options = null) =>
            Assert.Contains(word, Assert.Throws<ArgumentException>(() => LearningCurve.FitTo(points, options)).Message, StringComparison.Ordinal);
        Fails(Points(_ => 0.3), "without a change");
        Fails(Points(m => Truth.Value(m)).Take(2), "at least 3");
        Fails(Points(m => m > 1e6 ? 0 : 0.3 + 1 / m), "½");
        Fails(Points(m => 0.89 + 1e-3 / m), "best-guess", new LearningCurveOptions { PriorError = 0.9 });
        Fails(Points(m => Truth.Value(m), 3), "at least 4", new LearningCurveOptions { Irreducible = IrreducibleTerm.Yes });
        var rising = LearningCurve.FitTo(Points(m => 0.1 * Math.Pow(m, 0.1)));
        Assert.Contains(rising.Warnings, w => w.Contains("rises", StringComparison.Ordinal) || w.Contains("ends higher", StringComparison.Ordinal));
    }
}
