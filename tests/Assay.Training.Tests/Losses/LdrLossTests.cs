using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class LdrLossTests
{
    private static readonly double[] Right = [2, 1, 0, -1], Wrong = [.5, 2, 0, -1];

    [Theory]
    [InlineData(true, 1, 0, -.946105)]
    [InlineData(true, 1, .1, -.909339)]
    [InlineData(true, 10, .1, -1.366351)]
    [InlineData(true, 1e4, 1, -.749966)]
    [InlineData(true, .01, 1, -.00693147)]
    [InlineData(false, 1, 0, .456055)]
    [InlineData(false, 1, .1, .540862)]
    [InlineData(false, 10, .1, .00914218)]
    [InlineData(false, .01, 1, 2.486137)]
    public void Values_of_the_worked_examples(bool right, double lambda, double margin, double expected) =>
        Assert.Equal(expected, Value(new LdrKlLoss(lambda, margin), right ? Right : Wrong), 1e-6);

    [Fact]
    public void With_lambda_1_it_is_cross_entropy_less_log_K_and_its_gradient_is_p_less_the_label()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(.440190 - Math.Log(4), Value(new LdrKlLoss(1, 0), Right), 1e-6);
        var z = tensor(Right).view(1, 4).requires_grad_();
        new LdrKlLoss(1, 0).call(z, tensor(new long[] { 0 })).backward();
        double[] expected = [.643914 - 1, .236883, .087144, .032059];
        for (var k = 0; k < 4; k++)
            Assert.Equal(expected[k], z.grad![0, k].ToDouble(), 1e-6);
    }

    [Fact]
    public void It_falls_with_lambda_and_does_not_see_a_shift()
    {
        var values = new[] { .01, .1, 1, 10, 100 }.Select(l => Value(new LdrKlLoss(l, .5), Wrong)).ToArray();
        Assert.Equal(values.OrderDescending(), values);
        Assert.Equal(values[2], Value(new LdrKlLoss(1, .5), [.. Wrong.Select(f => f + 7)]), 1e-12);
    }

    public static TheoryData<double[], double, double> Adaptive => new()
    {
        { [2, 1, 0, -1], .841752, -.871729 }, { [.5, 2, 0, -1], .777594, .784518 }, { [5, 0, 0, 0], .594435, -1.049566 }, { [1, 1, 1, 1], 1, .0759218 },
    };

    [Theory]
    [MemberData(nameof(Adaptive))]
    public void Adaptive_values_of_the_worked_examples(double[] scores, double lambda, double expected)
    {
        using var scope = NewDisposeScope();
        var loss = new AdaptiveLdrKlLoss(5, 1, .1, 2, floor: 0);
        var value = loss.forward(tensor(scores).view(1, 4), tensor(new long[] { 0 }), tensor(new long[] { 3 })).ToDouble();
        Assert.Equal(expected, value, 1e-6);
        Assert.Equal(lambda, loss.Temperatures[3], 1e-6);
        Assert.All(loss.Temperatures.RemoveAt(3), t => Assert.Equal(1, t));
        Assert.Equal(value, Value(new AdaptiveLdrKlLoss(0, 1, .1, 2, floor: 0), [.. scores.Select(f => 17 * f)]), 1e-9); // invariant to scale
    }

    [Fact]
    public void Temperatures_stay_in_their_interval_and_follow_their_rows()
    {
        using var scope = NewDisposeScope();
        var loss = new AdaptiveLdrKlLoss(0, 10, alpha: 2);
        var z = Initialization.Normal(empty(50, 6), 5, new SeededRandom(1));
        for (var visit = 0; visit < 5; visit++)
            loss.forward(z, arange(50).remainder(6).to(ScalarType.Int64), arange(50).to(ScalarType.Int64).flip(0));
        Assert.All(loss.Temperatures.Take(50), t => Assert.InRange(t, 5, 10));
        Assert.Throws<ArgumentException>(() => loss.forward(z, zeros(50, dtype: ScalarType.Int64), zeros(50, dtype: ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => loss.forward(z, zeros(50, dtype: ScalarType.Int64), arange(49).to(ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => new AdaptiveLdrKlLoss(10).forward(z, zeros(50, dtype: ScalarType.Int64), arange(50).to(ScalarType.Int64)));
    }

    [Fact]
    public void A_great_alpha_gives_the_loss_of_one_temperature()
    {
        var normalised = Wrong.Select(f => f / Wrong.Average(Math.Abs)).ToArray();
        Assert.Equal(Value(new LdrKlLoss(3, .1), normalised), Value(new AdaptiveLdrKlLoss(0, 3, .1, 1e7), Wrong), 1e-5);
    }

    [Fact]
    public void The_trainer_tells_it_the_rows()
    {
        using var scope = NewDisposeScope();
        using var data = new TensorDataset(Initialization.Normal(empty(30, 4), 1, new SeededRandom(1)), arange(30).remainder(3).to(ScalarType.Int64), 3);
        using var loss = new AdaptiveLdrKlLoss(30, 1);
        using var model = new Mlp([4, 8, 3], new SeededRandom(2));
        new Trainer(new TrainingOptions { Epochs = 1, BatchSize = 8, AccumulationSteps = 2, Loss = loss }).Fit(model, data, data);
        Assert.All(loss.Temperatures, t => Assert.NotEqual(1, t));
    }

    [Fact]
    public void Generalised_cross_entropy_lies_between_cross_entropy_and_the_error()
    {
        var p = Math.Exp(Wrong[0]) / Wrong.Sum(Math.Exp);
        Assert.Equal(-Math.Log(p), Value(new GeneralizedCrossEntropyLoss(1e-7), Wrong), 1e-6);
        Assert.Equal(1 - p, Value(new GeneralizedCrossEntropyLoss(1), Wrong), 1e-12);
        Assert.Equal((1 - Math.Sqrt(.5)) / .5, Value(new GeneralizedCrossEntropyLoss(.5, .5), Wrong), 1e-12); // p is below the cut
    }

    [Fact]
    public void Baselines_have_their_closed_forms()
    {
        var exp = Wrong.Select(Math.Exp).ToArray();
        var p = exp.Select(e => e / exp.Sum()).ToArray();
        Assert.Equal(1 + 2 - .5, Value(new CrammerSingerLoss(), Wrong), 1e-12);
        Assert.Equal((2.5 + .5) / 4, Value(new WestonWatkinsLoss(), Wrong), 1e-12);
        Assert.Equal(2 - 2 * p[0], Value(new MeanAbsoluteProbabilityLoss(), Wrong), 1e-12);
        Assert.Equal(Math.Pow(1 - p[0], 2) + p.Skip(1).Sum(x => x * x), Value(new BrierLoss(), Wrong), 1e-12);
        Assert.Equal(.5 * -Math.Log(p[0]) + .5 * 4 * (1 - p[0]), Value(new SymmetricCrossEntropyLoss(), Wrong), 1e-12);
        Assert.Equal(Math.Log(p[0]) / p.Sum(Math.Log), Value(new NormalizedCrossEntropyLoss(), Wrong), 1e-12);
        Assert.Equal((1 - p[0]) * Math.Log(1e4), Value(new ReverseCrossEntropyLoss(), Wrong), 1e-12);
        Assert.Equal(
            3 * Math.Log(p[0]) / p.Sum(Math.Log) + 7 * (Math.Pow(4, 1.5) - Math.Pow(3 + p[0], 1.5)) / 1.5,
            Value(new NormalizedCrossEntropyLoss(PassivePart.Agce, 3, 7), Wrong), 1e-12);
        Assert.Equal(Value(new AsymmetricUnhingedLoss(), Wrong), Value(new NormalizedCrossEntropyLoss(PassivePart.Aul, 0, 1), Wrong), 1e-12);
        Assert.Equal(Value(new AsymmetricGeneralizedCrossEntropyLoss(), Wrong), Value(new NormalizedCrossEntropyLoss(PassivePart.Agce, 0, 1), Wrong), 1e-12);
    }

    [Fact]
    public void The_jensen_shannon_loss_equals_its_definition()
    {
        var exp = Wrong.Select(Math.Exp).ToArray();
        var p = exp.Select(e => e / exp.Sum()).ToArray();
        foreach (var pi in new[] { .1, .5, .9 })
        {
            var m = p.Select((x, k) => (k == 0 ? pi : 0) + (1 - pi) * x).ToArray();
            var expected = (pi * -Math.Log(m[0]) + (1 - pi) * p.Select((x, k) => x * Math.Log(x / m[k])).Sum()) / (-(1 - pi) * Math.Log(1 - pi));
            Assert.Equal(expected, Value(new JensenShannonLoss(pi), Wrong), 1e-12);
        }
    }

    [Fact]
    public void Symmetric_losses_add_up_to_a_constant_over_the_labels()
    {
        foreach (var loss in new ClassLoss[] { new MeanAbsoluteProbabilityLoss(), new ReverseCrossEntropyLoss(), new NormalizedCrossEntropyLoss(), new RobustLogLoss() })
        {
            double Sum(double[] z) => Enumerable.Range(0, 4).Sum(y => Value(loss, z, y));
            Assert.Equal(Sum(Right), Sum(Wrong), 1e-9);
        }
    }

    [Fact]
    public void Bad_parameters_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LdrKlLoss(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LdrKlLoss(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdaptiveLdrKlLoss(alpha: .9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GeneralizedCrossEntropyLoss(0));
    }

    private static double Value(ClassLoss loss, double[] scores, long label = 0)
    {
        using var scope = NewDisposeScope();
        return loss.call(tensor(scores).view(1, -1), tensor(new[] { label })).ToDouble();
    }
}
