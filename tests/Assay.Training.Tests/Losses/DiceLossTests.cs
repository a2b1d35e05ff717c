using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class DiceLossTests
{
    private static readonly double[] P = [.9, .4, .2, .1], Y = [1, 1, 0, 0];

    [Theory]
    [InlineData(0, .9, 1, .034483)]
    [InlineData(0, .5, 1, .200000)]
    [InlineData(0, .1, 1, .428571)]
    [InlineData(0, .9, 0, .473684)]
    [InlineData(0, .5, 0, .333333)]
    [InlineData(0, .1, 0, .090909)]
    [InlineData(0, .01, 0, .009901)]
    [InlineData(1, .9, 1, .435407)]
    [InlineData(1, .5, 1, .333333)]
    [InlineData(1, .1, 1, .435407)]
    [InlineData(1, .9, 0, .082569)]
    [InlineData(1, .5, 0, .200000)]
    [InlineData(1, .01, 0, .009803)]
    public void Examples_of_the_paper_formula(double alpha, double p, double y, double expected) =>
        Assert.Equal(expected, Of(new DiceLoss(alpha, 1, false, OverlapReduction.Example), [p], [y]), 1e-6);

    [Theory]
    [InlineData(0, 1, false, .217391)]
    [InlineData(.5, 1, false, .434132)]
    [InlineData(1, 1, false, .536313)]
    [InlineData(0, 1, true, .104478)]
    [InlineData(.5, 1, true, .319799)]
    [InlineData(1, 1, true, .464412)]
    [InlineData(0, 1e-4, false, .277770)]
    public void Sets_of_the_worked_example(double alpha, double gamma, bool squared, double expected) =>
        Assert.Equal(expected, Of(new DiceLoss(alpha, gamma, squared), P, Y), 1e-6);

    [Theory]
    [InlineData(.5, .5, 0, .277778)]
    [InlineData(.3, .7, 0, .308511)]
    [InlineData(.5, .5, 1, .178571)]
    public void Tversky_of_the_worked_example(double a, double b, double gamma, double expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, new TverskyLoss(a, b, gamma).OfProbabilities(tensor(P), tensor(Y)).ToDouble(), 1e-6);
    }

    [Fact]
    public void Tversky_of_half_and_half_is_the_dice_loss_with_twice_the_smoothing()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Of(new DiceLoss(0, 2, false), P, Y), new TverskyLoss(gamma: 1).OfProbabilities(tensor(P), tensor(Y)).ToDouble(), 1e-12);
    }

    [Fact]
    public void Of_hard_predictions_it_is_one_minus_f1()
    {
        double[] p = [1, 1, 0, 0, 1], y = [1, 0, 1, 0, 1]; // TP 2, FP 1, FN 1
        Assert.Equal(1 - 2 * 2.0 / (2 * 2 + 1 + 1), Of(new DiceLoss(0, 0, false), p, y), 1e-12);
        Assert.Equal(0, Of(new DiceLoss(0, 0, false), y, y), 1e-12);
    }

    [Fact]
    public void Without_positives_smoothing_gives_a_gradient()
    {
        Assert.Equal(0, Of(new DiceLoss(0, 1, false), [0, 0], [0, 0]));
        Assert.Equal(0, Of(new DiceLoss(0, 0, false), [0, 0], [0, 0])); // 0/0
        using var scope = NewDisposeScope();
        var p = tensor(new[] { .2, .1 }).requires_grad_();
        var loss = new DiceLoss(0, 1, false).OfProbabilities(p, zeros(2, dtype: ScalarType.Float64));
        loss.backward();
        Assert.True(loss.ToDouble() > 0);
        Assert.All(p.grad!.data<double>().ToArray(), g => Assert.True(g > 0));
    }

    [Theory]
    [InlineData(1, .5)]
    [InlineData(.3, .769231)]
    [InlineData(.05, .952381)]
    public void Self_adjustment_peaks_at_one_over_one_plus_alpha(double alpha, double expected)
    {
        // The loss of a positive is least where (1 − p)^α p is greatest.
        var loss = new DiceLoss(alpha, 1, false, OverlapReduction.Example);
        var best = Enumerable.Range(1, 9999).Select(i => i / 10_000.0).MinBy(p => -Math.Pow(1 - p, alpha) * p);
        Assert.Equal(expected, best, 1e-4);
        using var scope = NewDisposeScope();
        var q = tensor(new[] { expected }).requires_grad_();
        loss.OfProbabilities(q, ones(1, dtype: ScalarType.Float64)).backward();
        Assert.Equal(0, q.grad![0].ToDouble(), 1e-5);
    }

    [Fact]
    public void Positions_left_out_change_nothing()
    {
        using var scope = NewDisposeScope();
        var loss = new DiceLoss();
        var z = tensor(new float[] { 1, -1, .5f, 2, -2, .3f, 0, 1, 1 }).view(1, 3, 3);
        var y = tensor(new long[] { 0, 2, 1 }).view(1, 3);
        var mask = tensor(new[] { true, false, true }).view(1, 3);
        var other = z.clone();
        other[0, 1] = tensor(new[] { 9f, float.NaN, 7 });
        Assert.Equal(loss.Masked(z, y, mask).item<float>(), loss.Masked(other, y, mask).item<float>(), 1e-7);
        Assert.Equal(loss.Masked(z, y, mask).item<float>(), loss.call(z.view(3, 3).index_select(0, tensor(new long[] { 0, 2 })), tensor(new long[] { 0, 1 })).item<float>(), 1e-6);
        var leaf = z.clone().requires_grad_();
        loss.Masked(leaf, y, mask).backward();
        Assert.Equal(0, leaf.grad![0, 1].abs().max().item<float>());
        Assert.Throws<ArgumentException>(() => loss.Masked(z, y, mask.logical_and(false)));
        Assert.Throws<ArgumentException>(() => loss.Masked(z, y, mask.view(3)));
    }

    [Fact]
    public void Hard_negative_mining_keeps_exactly_the_highest_scored()
    {
        using var scope = NewDisposeScope();
        // 3 positives, ratio 2: 6 of 9 negatives stay, those of the highest scores.
        var z = tensor(new[] { 1f, 2, 3, .9f, .8f, .7f, .6f, .5f, .4f, -3, -4, -5 }).requires_grad_();
        var y = tensor(new long[] { 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 });
        new DiceLoss(0, 1, false, ohemRatio: 2).call(z, y).backward();
        Assert.Equal([0, 0, 0], z.grad!.data<float>().ToArray()[9..]);
        Assert.All(z.grad.data<float>().ToArray()[..9], g => Assert.NotEqual(0, g));
    }

    [Fact]
    public void Two_classes_are_two_binary_losses_and_the_order_of_the_batch_does_not_matter()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[] { 1.0, -1, .5, 2, -2, .3, 0, 1 }).view(4, 2);
        var y = tensor(new long[] { 0, 1, 1, 0 });
        var loss = new DiceLoss(0.3, 1, true);
        var difference = z.select(1, 1).sub(z.select(1, 0));
        var sum = loss.call(difference, y).ToDouble() + loss.call(difference.neg(), y.neg().add(1)).ToDouble();
        Assert.Equal(sum, loss.call(z, y).ToDouble(), 1e-9);
        var order = tensor(new long[] { 2, 0, 3, 1 });
        Assert.Equal(sum, loss.call(z.index_select(0, order), y.index_select(0, order)).ToDouble(), 1e-9);
    }

    public static TheoryData<double, bool, ClassReduction> Fused => new()
    {
        { 0, false, ClassReduction.Sum }, { 0, true, ClassReduction.Mean }, { 1, false, ClassReduction.Mean }, { 1, true, ClassReduction.Sum }, { .3, true, ClassReduction.Sum },
        { .05, false, ClassReduction.Sum }, { 2, true, ClassReduction.Sum },
    };

    [Theory]
    [MemberData(nameof(Fused))]
    public void The_fused_pass_equals_autograd(double alpha, bool squared, ClassReduction classes)
    {
        using var scope = NewDisposeScope();
        var loss = new DiceLoss(alpha, 1, squared, OverlapReduction.Set, classes);
        var z = Initialization.Normal(empty(40, 7), 2, new Assay.Statistics.SeededRandom(1));
        var y = arange(40).remainder(7).to(ScalarType.Int64);
        y[3] = OverlapLoss.IgnoredLabel;
        var leaf = z.clone().requires_grad_();
        var value = loss.call(leaf, y);
        value.backward();
        var (closed, gradient) = loss.LossAndGradient(z, y);
        Assert.Equal(value.ToDouble(), closed, 1e-5);
        Assert.True(gradient.sub(leaf.grad!).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void The_reference_reduction_divides_examples_by_the_batch()
    {
        using var scope = NewDisposeScope();
        // mean_i [1 − (2 p_i y_i + γ)/(Σp + Σy + γ)]
        Assert.Equal(1 - (2 * (.9 + .4) + 4) / 4 / (1.6 + 2 + 1), Of(new DiceLoss(0, 1, false, OverlapReduction.Reference), P, Y), 1e-9);
    }

    [Fact]
    public void Bad_parameters_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DiceLoss(-.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DiceLoss(gamma: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DiceLoss(ohemRatio: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TverskyLoss(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FocalLoss(-1));
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => new FocalLoss(2, 1, 2).call(zeros(2, 3), zeros(2, dtype: ScalarType.Int64)));
    }

    [Fact]
    public void Weights_of_the_paper_favour_rare_classes()
    {
        var w = WeightedCrossEntropyLoss.LogFrequencyWeights([900, 100], 2);
        Assert.Equal(Math.Log10(100.0 / 900 + 2), w[0], 1e-12);
        Assert.Equal(Math.Log10(11), w[1], 1e-12);
    }

    private static double Of(DiceLoss loss, double[] p, double[] y)
    {
        using var scope = NewDisposeScope();
        return loss.OfProbabilities(tensor(p), tensor(y)).ToDouble();
    }
}
