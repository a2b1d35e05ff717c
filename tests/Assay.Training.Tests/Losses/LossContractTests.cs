using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

/// <summary>What every loss of the catalog must do, whatever it computes.</summary>
public sealed class LossContractTests
{
    private static readonly MethodCatalog Catalog = MethodCatalog.Of(typeof(CrossEntropyLoss).Assembly);

    public static TheoryData<string> Losses =>
        [.. Catalog.Entries.Where(e => e.Kind == MethodKind.Loss && e.CanCreate && typeof(ClassLoss).IsAssignableFrom(e.Type)).Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Extreme_logits_give_finite_values_and_gradients(string name)
    {
        using var scope = NewDisposeScope();
        using var loss = Create(name);
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            var x = Values(loss, [1e4f, -1e4f, -1e4f, 1e4f, 1e4f, 1e4f, 0, 1e4f, -1e4f, -1e4f, -1e4f, 0]).to(type);
            var y = Labels(loss, [0, 0, 1, 1, 0, 1]);
            var leaf = x.clone().requires_grad_();
            var value = loss.call(leaf, y);
            value.backward();
            Assert.True(double.IsFinite(value.ToDouble()), $"{type}: {value.ToDouble()}");
            Assert.True(leaf.grad!.isfinite().all().item<bool>(), $"{type}: gradient");
            var (closed, gradient) = ((IClosedFormLoss)loss).LossAndGradient(x, y);
            Assert.True(double.IsFinite(closed) && gradient.isfinite().all().item<bool>(), $"{type}: closed form");
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void The_closed_form_equals_autograd(string name)
    {
        using var scope = NewDisposeScope();
        using var loss = Create(name);
        using var same = Create(name); // a loss that draws random numbers draws the same ones
        var x = Values(loss, [0.3f, -0.2f, 1.1f, 0.4f, -0.9f, 0.8f, 0.15f, -0.35f, 2f, -1.5f, 0.6f, 0.7f]);
        var y = Labels(loss, [0, 1, 1, 0, 1, 0]);
        var leaf = x.clone().requires_grad_();
        var value = loss.call(leaf, y);
        value.backward();
        var (closed, gradient) = ((IClosedFormLoss)same).LossAndGradient(x, y);
        Assert.Equal(value.ToDouble(), closed, 1e-5 * Math.Max(1, Math.Abs(closed)));
        Assert.True(gradient.sub(leaf.grad!).abs().max().item<float>() < 1e-5, name);
        Assert.Equal(leaf.grad!.shape, gradient.shape);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Gradients_equal_finite_differences_in_double_precision(string name)
    {
        using var scope = NewDisposeScope();
        if (name is "ens-loss")
            return; // its value is no potential of its gradient: EnsLossTests check the gradient itself
        using var probe = Create(name);
        if (probe is AdaptiveLdrKlLoss)
            return; // its temperatures are held constant in the backward pass: LdrLossTests compare with the formula
        var x = Values<double>(probe, [0.3, -0.2, 1.1, 0.4, -0.9, 0.8, 0.15, -0.35, 2, -1.5, 0.6, 0.7]);
        var y = Labels(probe, [0, 1, 1, 0, 1, 0]);
        double At(long i, double step)
        {
            using var fresh = Create(name);
            using var inner = NewDisposeScope();
            var moved = x.flatten().clone();
            moved[i] += step;
            return fresh.call(moved.view(x.shape), y).ToDouble();
        }
        var leaf = x.clone().requires_grad_();
        using (var fresh = Create(name))
            fresh.call(leaf, y).backward();
        var gradient = leaf.grad!.flatten().data<double>().ToArray();
        for (var i = 0; i < gradient.Length; i++)
            Assert.Equal((At(i, 1e-5) - At(i, -1e-5)) / 2e-5, gradient[i], 1e-6 * Math.Max(1, Math.Abs(gradient[i])));
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void A_score_that_is_nan_is_never_hidden(string name)
    {
        using var scope = NewDisposeScope();
        using var loss = Create(name);
        var x = Values(loss, [0.3f, float.NaN, 1.1f, 0.4f, -0.9f, 0.8f, 0.15f, -0.35f, 2f, -1.5f, 0.6f, 0.7f]);
        var y = Labels(loss, [0, 1, 1, 0, 1, 0]);
        Assert.False(double.IsFinite(loss.call(x, y).ToDouble()));
        Assert.False(double.IsFinite(((IClosedFormLoss)loss).LossAndGradient(x, y).Loss));
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Bad_input_is_refused(string name)
    {
        using var scope = NewDisposeScope();
        using var loss = Create(name);
        var x = Values(loss, [0.3f, -0.2f, 1.1f, 0.4f, -0.9f, 0.8f, 0.15f, -0.35f, 2f, -1.5f, 0.6f, 0.7f]);
        Assert.ThrowsAny<ArgumentException>(() => loss.call(x, Labels(loss, [0, 1, 1, 0, 1])));
        Assert.ThrowsAny<ArgumentException>(() => loss.call(x, tensor(new long[] { 0, 1, 1, 0, 1, 7 })));
        Assert.ThrowsAny<ArgumentException>(() => loss.call(x, tensor(new long[] { 0, 1, 1, 0, 1, -1 })));
        Assert.ThrowsAny<ArgumentException>(() => loss.call(x.narrow(0, 0, 0), tensor(Array.Empty<long>())));
        Assert.ThrowsAny<ArgumentException>(() => loss.call(x.view(-1, 2, 1, 1), Labels(loss, [0, 1, 1, 0, 1, 0])));
        Assert.ThrowsAny<ArgumentException>(() => ((IClosedFormLoss)loss).LossAndGradient(x, tensor(new long[] { 0, 1, 1, 0, 1, 7 })));
    }

    private static ClassLoss Create(string name) => Catalog.Create<ClassLoss>(name);

    // Binary losses get the numbers as two columns, the others with a third one that is their half.
    private static Tensor Values<T>(ClassLoss loss, T[] numbers)
    {
        var two = tensor(Array.ConvertAll(numbers, n => Convert.ToDouble(n, System.Globalization.CultureInfo.InvariantCulture))).view(-1, 2);
        var all = loss is BinaryLoss ? two : cat([two, two.select(1, 0).mul(0.5).unsqueeze(1)], 1);
        return typeof(T) == typeof(double) ? all : all.to(ScalarType.Float32);
    }

    private static Tensor Labels(ClassLoss loss, long[] labels) => tensor(loss is BinaryLoss ? labels : [.. labels.Select((l, i) => i == 4 && l < 2 ? 2 : l)]);
}
