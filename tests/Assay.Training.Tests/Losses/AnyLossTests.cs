using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class AnyLossTests
{
    private static readonly double[] P = [.9, .6, .45, .3, .1];
    private static readonly long[] Y = [1, 1, 1, 0, 0];

    [Theory]
    [InlineData(10, .4, .268941)]
    [InlineData(10, .55, .622459)]
    [InlineData(10, .6, .731059)]
    [InlineData(73, .4, .000675083)]
    [InlineData(73, .55, .974667)]
    [InlineData(73, .6, .999325)]
    [InlineData(75, .4, .000552779)]
    public void The_amplifier(double sharpness, double p, double expected)
    {
        using var scope = NewDisposeScope();
        var loss = new AnyLoss(sharpness: sharpness, fromProbabilities: true);
        Assert.Equal(expected, loss.Counts(tensor(new[] { p }), tensor(new long[] { 1 })).TP, 1e-6);
    }

    [Theory]
    [InlineData(10, ConfusionObjective.F1, .799806)]
    [InlineData(10, ConfusionObjective.Accuracy, .790685)]
    [InlineData(10, ConfusionObjective.BalancedAccuracy, .814138)]
    [InlineData(10, ConfusionObjective.GMean, .805648)]
    [InlineData(73, ConfusionObjective.F1, .805889)]
    [InlineData(73, ConfusionObjective.Accuracy, .804931)]
    [InlineData(73, ConfusionObjective.BalancedAccuracy, .837443)]
    [InlineData(73, ConfusionObjective.GMean, .821514)]
    [InlineData(1e6, ConfusionObjective.F1, .8)]
    [InlineData(1e6, ConfusionObjective.Accuracy, .8)]
    [InlineData(1e6, ConfusionObjective.BalancedAccuracy, .833333)]
    [InlineData(1e6, ConfusionObjective.GMean, .816497)]
    public void Metrics_of_the_worked_example(double sharpness, ConfusionObjective metric, double expected)
    {
        // The tolerance covers the 10⁻⁵ in denominators.
        using var scope = NewDisposeScope();
        var loss = new AnyLoss(metric, sharpness, root: true, fromProbabilities: true);
        Assert.Equal(expected, 1 - loss.call(tensor(P), tensor(Y)).ToDouble(), 4e-6);
    }

    [Fact]
    public void Counts_of_the_worked_example_add_up()
    {
        using var scope = NewDisposeScope();
        var (tp, fn, fp, tn) = new AnyLoss(sharpness: 10, fromProbabilities: true).Counts(tensor(P), tensor(Y));
        Assert.Equal(2.090613, tp, 1e-6);
        Assert.Equal(.909387, fn, 1e-6);
        Assert.Equal(.137189, fp, 1e-6);
        Assert.Equal(1.862811, tn, 1e-6);
        Assert.Equal(3, tp + fn, 1e-12);
        Assert.Equal(2, fp + tn, 1e-12);
        Assert.Equal(2.024658, new AnyLoss(sharpness: 73, fromProbabilities: true).Counts(tensor(P), tensor(Y)).TP, 1e-6);
    }

    [Theory]
    [InlineData(.5, 18.25, 1e-9)]
    [InlineData(.45, 1.80244, 1e-5)]
    [InlineData(.9, 1.52e-11, 1e-13)]
    public void The_amplifier_saturates(double p, double slope, double tolerance)
    {
        // The accuracy of one positive is its a, so the gradient is −A′(p).
        using var scope = NewDisposeScope();
        var x = tensor(new[] { p }).requires_grad_();
        new AnyLoss(ConfusionObjective.Accuracy, 73, fromProbabilities: true).call(x, tensor(new long[] { 1 })).backward();
        Assert.Equal(slope, -x.grad![0].ToDouble(), tolerance);
    }

    [Theory]
    [InlineData(ConfusionObjective.Accuracy)]
    [InlineData(ConfusionObjective.F1)]
    [InlineData(ConfusionObjective.BalancedAccuracy)]
    [InlineData(ConfusionObjective.GMean)]
    [InlineData(ConfusionObjective.Jaccard)]
    [InlineData(ConfusionObjective.Mcc)]
    public void Gradients_equal_finite_differences_for_every_metric(ConfusionObjective metric)
    {
        using var scope = NewDisposeScope();
        var loss = new AnyLoss(metric, 5, beta: metric == ConfusionObjective.F1 ? 2 : 1);
        double[] z = [.5, -.3, 1.2, -.8, .1, .4];
        var y = tensor(new long[] { 1, 0, 1, 0, 1, 0 });
        var leaf = tensor(z).requires_grad_();
        loss.call(leaf, y).backward();
        var single = loss.LossAndGradient(tensor(z).to(ScalarType.Float32), y).Gradient.data<float>().ToArray();
        for (var i = 0; i < z.Length; i++)
        {
            double At(double d) => loss.call(tensor([.. z.Select((v, j) => j == i ? v + d : v)]), y).ToDouble();
            var expected = (At(1e-6) - At(-1e-6)) / 2e-6;
            Assert.Equal(expected, leaf.grad![i].ToDouble(), 1e-4 * Math.Abs(expected));
            Assert.Equal(expected, single[i], 1e-4 * Math.Abs(expected) + 1e-6);
        }
    }

    [Fact]
    public void Accuracy_has_the_gradient_one_over_n_and_any_metric_may_be_written_down()
    {
        using var scope = NewDisposeScope();
        // Without an amplifier ∂L/∂p_i = ∓1/n.
        var p = tensor(P).requires_grad_();
        new AnyLoss(ConfusionObjective.Accuracy, amplification: Amplification.None, fromProbabilities: true).call(p, tensor(Y)).backward();
        Assert.Equal([-.2, -.2, -.2, .2, .2], p.grad!.data<double>().ToArray().Select(g => Math.Round(g, 12)));

        var z = tensor(new[] { .5, -.3, 1.2, -.8 });
        var y = tensor(new long[] { 1, 0, 1, 0 });
        var textbook = AnyLoss.For((tp, fn, fp, tn) => tp.mul(2).div(tp.mul(2).add(fn).add(fp)), 20);
        Assert.Equal(textbook.call(z, y).ToDouble(), new AnyLoss(ConfusionObjective.F1, 20).call(z, y).ToDouble(), 1e-5);
    }

    [Fact]
    public void The_order_of_the_batch_and_the_classes_names_do_not_matter()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[] { .5, -.3, 1.2, -.8, .1 });
        var y = tensor(new long[] { 1, 0, 1, 0, 0 });
        var order = tensor(new long[] { 3, 1, 4, 0, 2 });
        foreach (var metric in new[] { ConfusionObjective.BalancedAccuracy, ConfusionObjective.GMean })
        {
            var loss = new AnyLoss(metric);
            var value = loss.call(z, y).ToDouble();
            Assert.Equal(value, loss.call(z.index_select(0, order), y.index_select(0, order)).ToDouble(), 1e-12);
            Assert.Equal(value, loss.call(z.neg(), y.neg().add(1)).ToDouble(), 1e-12);
            Assert.Equal(value, loss.call(stack([z.mul(.25), z.mul(1.25)], 1), y).ToDouble(), 1e-12);
        }
    }

    [Fact]
    public void A_batch_of_one_class_is_skipped_and_counted()
    {
        using var scope = NewDisposeScope();
        var loss = new AnyLoss(ConfusionObjective.BalancedAccuracy);
        var z = tensor(new[] { 1f, 2 }).requires_grad_();
        var value = loss.call(z, tensor(new long[] { 0, 0 }));
        value.backward();
        Assert.Equal(0, value.item<float>());
        Assert.Equal([0, 0], z.grad!.data<float>().ToArray());
        Assert.Equal(0, loss.LossAndGradient(z.detach(), tensor(new long[] { 1, 1 })).Loss);
        Assert.Equal(2, loss.SkippedBatches);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => new AnyLoss(sharpness: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AnyLoss(beta: 0));
        var y = tensor(new long[] { 1, 0 });
        Assert.Throws<ArgumentException>(() => new AnyLoss(fromProbabilities: true).call(tensor(new[] { .5, 1.5 }), y));
        Assert.Throws<ArgumentException>(() => new AnyLoss().call(tensor(new[] { .5, 1.5 }), tensor(new[] { .5, 1 })));
        Assert.Throws<ArgumentException>(() => new AnyLoss().call(zeros(2, 3), y));
    }

    [Fact]
    public void The_ladder_of_types_and_the_score_oriented_loss()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[] { .5, -.3, 1.2, -.8 });
        var y = tensor(new long[] { 1, 0, 1, 0 });
        var pure = new AnyLoss(amplification: Amplification.None).call(z, y).ToDouble();
        Assert.Equal(pure, new ScoreOrientedLoss().call(z, y).ToDouble(), 1e-12); // the uniform prior on [0, 1]
        var p = z.sigmoid();
        Assert.Equal(pure + p.mul(p.neg().add(1)).mean().ToDouble(), new AnyLoss(amplification: Amplification.Splitter).call(z, y).ToDouble(), 1e-12);
        var mixed = new AnyLoss(amplification: Amplification.None, metricShare: .25).call(z, y).ToDouble();
        Assert.Equal(.25 * pure + .75 * new BinaryCrossEntropyLoss(balanced: true).call(z, y).ToDouble(), mixed, 1e-12);
        var narrow = new ScoreOrientedLoss(prior: ThresholdPrior.RaisedCosine, width: .1).Counts(tensor(new[] { 5.0, -5 }), tensor(new long[] { 1, 0 }));
        Assert.Equal((1, 0, 0, 1), (narrow.TP, narrow.FN, Math.Round(narrow.FP, 12), Math.Round(narrow.TN, 12)));
    }
}
