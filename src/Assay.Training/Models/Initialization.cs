using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>Fills tensors from a <see cref="SeededRandom"/>, so that initial parameters do not depend on torch's process-wide seed.</summary>
public static class Initialization
{
    /// <summary>Fills with U(−bound, bound).</summary>
    public static Tensor Uniform(Tensor tensor, double bound, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Fill(tensor, () => (float)random.NextDouble(-bound, bound));
    }

    /// <summary>Fills with N(0, deviation²).</summary>
    public static Tensor Normal(Tensor tensor, double deviation, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Fill(tensor, () => (float)(deviation * random.NextGaussian()));
    }

    /// <summary>He's uniform initialisation for ReLU: U(−b, b) with b = √(6 / fan_in).</summary>
    public static Tensor HeUniform(Tensor tensor, SeededRandom random) => Uniform(tensor, Math.Sqrt(6.0 / FanIn(tensor)), random);

    /// <summary>Glorot's uniform initialisation: U(−b, b) with b = √(6 / (fan_in + fan_out)).</summary>
    public static Tensor XavierUniform(Tensor tensor, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var field = tensor.shape.Skip(2).Aggregate(1L, (a, b) => a * b);
        return Uniform(tensor, Math.Sqrt(6.0 / (FanIn(tensor) + tensor.shape[0] * field)), random);
    }

    /// <summary>PyTorch's default for linear and convolution layers: U(−b, b) with b = 1 / √fan_in, for the weight and its bias.</summary>
    public static Tensor FanInUniform(Tensor tensor, long fanIn, SeededRandom random) => Uniform(tensor, 1 / Math.Sqrt(fanIn), random);

    /// <summary>The number of inputs of one output unit: the product of all sizes but the first.</summary>
    public static long FanIn(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.shape.Skip(1).Aggregate(1L, (a, b) => a * b);
    }

    private static Tensor Fill(Tensor tensor, Func<float> draw)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var values = new float[tensor.numel()];
        for (var i = 0; i < values.Length; i++)
            values[i] = draw();
        using var _ = no_grad();
        using var source = TorchSharp.torch.tensor(values, tensor.shape);
        tensor.copy_(source);
        return tensor;
    }

}
