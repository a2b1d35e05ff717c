using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A model whose last layer is linear, z = h Wᵀ + b: it can give the features h that this layer reads.</summary>
public interface IFeatureExtractor
{
    /// <summary>Features and outputs of a batch in one pass.</summary>
    /// <param name="input">(B, …).</param>
    /// <returns>h (B, m) and z (B, k).</returns>
    (Tensor Features, Tensor Outputs) Extract(Tensor input);
}
