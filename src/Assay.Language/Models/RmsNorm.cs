using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019): w·x / √(mean(x²) + ε), computed in single precision.</summary>
public static class RmsNorm
{
    /// <summary>Normalises the last dimension.</summary>
    /// <param name="x">(…, d).</param>
    /// <param name="weight">w, (d).</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>(…, d), in the type of <paramref name="x"/>.</returns>
    public static Tensor Apply(Tensor x, Tensor weight, double epsilon)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = wide.square().mean([-1], keepdim: true).add(epsilon).rsqrt(); // (…, 1)
        return wide.mul(scale).mul(weight).to(x.dtype).MoveToOuterDisposeScope();
    }
}

/// <summary>Rotary position embedding (Su et al. 2021) in the half-split layout.</summary>
public static class Rotary
{
    /// <summary>cos and sin of t·base^(−2i/d_h) for every position t and every entry of a head, (T, d_h).</summary>
    public static (Tensor Cosines, Tensor Sines) Tables(int context, int headWidth, double ropeBase)
    {
        using var scope = NewDisposeScope();
        var exponents = arange(0, headWidth, 2, dtype: ScalarType.Float64).div(headWidth); // 2i/d_h
        var frequencies = pow(ropeBase, exponents.neg()); // (d_h/2)
        var angles = outer(arange(context, dtype: ScalarType.Float64), frequencies); // (T, d_h/2)
        var both = cat([angles, angles], 1); // (T, d_h)
        return (both.cos().to(ScalarType.Float32).MoveToOuterDisposeScope(), both.sin().to(ScalarType.Float32).MoveToOuterDisposeScope());
    }

    /// <summary>x·cos + (−x₂, x₁)·sin with (x₁, x₂) the halves of the last dimension.</summary>
    /// <param name="x">(B, h, T, d_h).</param>
    /// <param name="cos">(T, d_h).</param>
    /// <param name="sin">(T, d_h).</param>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = NewDisposeScope();
        var half = x.shape[^1] / 2;
        var (first, second) = (x.narrow(-1, 0, half), x.narrow(-1, half, half));
        return x.mul(cos).add(cat([second.neg(), first], -1).mul(sin)).MoveToOuterDisposeScope();
    }
}
