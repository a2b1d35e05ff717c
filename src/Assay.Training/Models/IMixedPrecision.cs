using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>The precision of matrix products in training. Parameters, gradients and optimiser state are always single-precision.</summary>
public enum Precision
{
    /// <summary>Single precision.</summary>
    Fp32,
    /// <summary>bfloat16 products with single-precision master weights; about 2–3 times as fast on CPUs with AVX512-BF16 and on GPUs.</summary>
    Bf16,
}

/// <summary>A model whose matrix products can run in another precision than its parameters.</summary>
public interface IMixedPrecision
{
    /// <summary>The type of matrix products: Float32 or BFloat16. Outputs are Float32 in either case.</summary>
    ScalarType ComputeType { get; set; }
}
