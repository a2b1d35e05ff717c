using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class ZLossTests
{
    private static readonly double[] Scores = [2, .5, -1, .5];

    [Theory]
    [InlineData(1, 1, .507335)]
    [InlineData(1, 0, .217622)]
    [InlineData(10, 1, .00157640)]
    [InlineData(.1, 10, 12.118827)]
    public void Values_of_the_worked_example(double a, double b, double expected) =>
        Assert.Equal(expected, Value(new ZLoss(a, b), Scores, 0), 1e-6);

    [Fact]
    public void The_gradient_of_the_worked_example_is_orthogonal_to_ones_and_to_the_scores()
    {
        using var scope = NewDisposeScope();
        var o = tensor(Scores).view(1, 4).requires_grad_();
        new ZLoss(1, 1).call(o, tensor(new long[] { 0 })).backward();
        var g = o.grad!.data<double>().ToArray();
        double[] expected = [-.093786, .093786, -.093786, .093786];
        for (var i = 0; i < 4; i++)
            Assert.Equal(expected[i], g[i], 1e-6);
        Assert.Equal(0, g.Sum(), 1e-12);
        Assert.Equal(0, g.Zip(Scores, (x, y) => x * y).Sum(), 1e-12);
        var z = ZLoss.Standardize(o.detach()).data<double>().ToArray();
        Assert.Equal(1.414214, z[0], 1e-6);
        Assert.Equal(0, z[1], 1e-12);
    }

    [Fact]
    public void Baselines_of_the_worked_example()
    {
        Assert.Equal(.318454, Value(new SphericalSoftmaxLoss(0), Scores, 0), 1e-6);
        Assert.Equal(.559616, Value(new TaylorSoftmaxLoss(), Scores, 0), 1e-6);
        Assert.Equal(1.25, Value(new SphericalSquaredLoss(), Scores, 0), 1e-12);
        using var scope = NewDisposeScope();
        Assert.Equal(.402827, new CrossEntropyLoss().call(tensor(Scores).view(1, 4), tensor(new long[] { 0 })).ToDouble(), 1e-6);
    }

    [Fact]
    public void It_is_invariant_to_shift_and_positive_scale_and_a_negative_scale_flips_z()
    {
        var loss = new ZLoss(1, 1);
        Assert.Equal(Value(loss, Scores, 0), Value(loss, [.. Scores.Select(o => 3.7 * o + 41)], 0), 1e-9);
        var z = Math.Sqrt(2);
        Assert.Equal(Math.Log(1 + Math.Exp(1 + z)), Value(loss, [.. Scores.Select(o => -2 * o + 1)], 0), 1e-9);
    }

    [Theory]
    [InlineData(10, 3)]
    [InlineData(10_000, 99.995)]
    public void A_one_hot_row_has_the_greatest_z(int classes, double expected)
    {
        using var scope = NewDisposeScope();
        var o = zeros(1, classes, dtype: ScalarType.Float64);
        o[0, 0] = 1;
        Assert.Equal(expected, ZLoss.Standardize(o)[0, 0].ToDouble(), 1e-5);
    }

    [Fact]
    public void A_great_sharpness_gives_the_hinge_and_nothing_overflows()
    {
        Assert.Equal(3 - Math.Sqrt(2), Value(new ZLoss(1000, 3), Scores, 0), 1e-3);
        Assert.Equal(0, Value(new ZLoss(1000, 1), Scores, 0), 1e-3);
        Assert.Equal(500, Value(new ZLoss(1, 500 + Math.Sqrt(2)), Scores, 0), 1e-3);
        Assert.True(Value(new ZLoss(1, -500 + Math.Sqrt(2)), Scores, 0) is >= 0 and < 1e-100);
    }

    [Fact]
    public void A_masked_class_counts_for_nothing()
    {
        using var scope = NewDisposeScope();
        var loss = new ZLoss(1, 1);
        var o = tensor(new double[] { 2, .5, 1e300, -1, .5 }).view(1, 5).requires_grad_();
        var keep = tensor(new[] { true, true, false, true, true }).view(1, 5);
        var value = loss.Masked(o, tensor(new long[] { 0 }), keep);
        value.backward();
        Assert.Equal(.507335, value.ToDouble(), 1e-6);
        Assert.Equal(0, o.grad![0, 2].ToDouble());
        Assert.Throws<ArgumentException>(() => loss.Masked(o, tensor(new long[] { 2 }), keep));
    }

    [Fact]
    public void One_class_and_a_bad_sharpness_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZLoss(0));
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => new ZLoss().call(zeros(3, 1), zeros(3, dtype: ScalarType.Int64)));
    }

    public static TheoryData<string> Spherical => ["z-loss(a: 1, b: 2)", "taylor-softmax", "spherical-softmax", "spherical-mse"];

    [Theory]
    [MemberData(nameof(Spherical))]
    public void The_fast_output_layer_equals_dense_descent(string name)
    {
        const int D = 50, Features = 8;
        using var scope = NewDisposeScope();
        var loss = MethodCatalog.Of(typeof(ZLoss).Assembly).Create<SphericalLoss>(name);
        var random = new SeededRandom(3);
        var start = Enumerable.Range(0, D * Features).Select(_ => 0.3 * random.NextGaussian()).ToArray();
        var fast = new FastSphericalOutput<double>([.. start], D, Features, loss);
        var w = tensor(start).view(D, Features).requires_grad_();
        var g = new double[Features];
        for (var step = 0; step < 200; step++)
        {
            var h = Enumerable.Range(0, Features).Select(_ => random.NextGaussian()).ToArray();
            var label = random.Next(D);
            var value = fast.StepInPlace(h, label, 0.02, g);
            using var inner = NewDisposeScope();
            var input = tensor(h).view(1, Features).requires_grad_();
            var dense = loss.call(input.matmul(w.t()), tensor(new long[] { label }));
            dense.backward();
            Assert.Equal(dense.ToDouble(), value, 1e-8 * Math.Max(1, Math.Abs(value)));
            var expected = input.grad!.data<double>().ToArray();
            for (var j = 0; j < Features; j++)
                Assert.Equal(expected[j], g[j], 1e-8 * Math.Max(1, Math.Abs(expected[j])));
            using (no_grad())
            {
                w.sub_(w.grad!.mul(0.02));
                w.grad!.zero_();
            }
        }
        var difference = tensor(fast.Weights()).view(D, Features).sub(w.detach()).abs().max().ToDouble();
        Assert.True(difference < 1e-8 * Math.Max(1, w.detach().abs().max().ToDouble()), $"{difference}");
    }

    [Fact]
    public void The_fast_output_layer_in_single_precision_stays_within_1e_4_through_refactorings()
    {
        var loss = new ZLoss(1, 2);
        var random = new SeededRandom(4);
        var start = Enumerable.Range(0, 40 * 6).Select(_ => (float)(0.3 * random.NextGaussian())).ToArray();
        var single = new FastSphericalOutput<float>([.. start], 40, 6, loss);
        var twice = new FastSphericalOutput<double>([.. start.Select(x => (double)x)], 40, 6, loss);
        var g = new double[6];
        for (var step = 0; step < 2500; step++)
        {
            var h = Enumerable.Range(0, 6).Select(_ => random.NextGaussian()).ToArray();
            var label = random.Next(40);
            Assert.Equal(twice.StepInPlace(h, label, 0.01, g), single.StepInPlace(h, label, 0.01, g), 1e-4);
        }
        Assert.True(single.Refactorings >= 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => single.StepInPlace(new double[6], 40, 0.1, g));
        Assert.Throws<ArgumentException>(() => single.StepInPlace(new double[5], 4, 0.1, g));
        Assert.Throws<ArgumentOutOfRangeException>(() => single.StepInPlace(new double[6], 4, 0, g));
    }

    [Fact]
    public void A_step_that_would_make_the_factors_singular_is_made_densely()
    {
        // η β |h|² = 1 exactly: the one-hot squared loss has β = 1.
        var fast = new FastSphericalOutput<double>([1, 2, 3, 4, 5, 6], 3, 2, new SphericalSquaredLoss());
        fast.StepInPlace([1, 0], 1, 1, new double[2]);
        Assert.Equal([0, 2, 1, 4, 0, 6], fast.Weights()); // w ← w − (o − e_c) hᵀ
    }

    [Fact]
    public void The_hierarchical_softmax_is_a_distribution_and_its_loss_is_its_logarithm()
    {
        using var scope = NewDisposeScope();
        var frequencies = Enumerable.Range(0, 11).Select(i => 1.0 / (1 + (i * 7 % 11))).ToArray();
        using var loss = new HierarchicalSoftmaxLoss(5, frequencies, new SeededRandom(1));
        var h = Initialization.Normal(empty(4, 5), 1, new SeededRandom(2));
        var p = loss.LogProbabilities(h);
        Assert.Equal([4L, 11], p.shape);
        Assert.True(p.exp().sum([1]).sub(1).abs().max().item<float>() < 1e-5);
        var y = tensor(new long[] { 0, 3, 10, 5 });
        Assert.Equal(p.gather(1, y.unsqueeze(1)).mean().neg().item<float>(), loss.call(h, y).item<float>(), 1e-5);
        loss.call(h, y).backward();
        Assert.All(loss.parameters(), w => Assert.True(w.grad!.isfinite().all().item<bool>()));
        Assert.Throws<ArgumentException>(() => loss.call(h, tensor(new long[] { 0, 3, 11, 5 })));
    }

    private static double Value(ClassLoss loss, double[] scores, long label)
    {
        using var scope = NewDisposeScope();
        return loss.call(tensor(scores).view(1, -1), tensor(new[] { label })).ToDouble();
    }
}
