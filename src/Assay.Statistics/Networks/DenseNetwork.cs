using System.Numerics.Tensors;

namespace Assay.Statistics;

/// <summary>What a hidden unit does with its weighted sum.</summary>
public enum DenseActivation
{
    /// <summary>max(0, x).</summary>
    Relu,
    /// <summary>x for x &gt; 0, else eˣ − 1.</summary>
    Elu,
}

/// <summary>What a <see cref="DenseNetwork"/> minimises.</summary>
public enum DenseLoss
{
    /// <summary>−ln softmax of the label's output.</summary>
    CrossEntropy,
    /// <summary>|output − target|, averaged over outputs.</summary>
    AbsoluteError,
    /// <summary>½(output − target)², averaged over outputs.</summary>
    SquaredError,
}

/// <summary>
/// A small fully connected network in plain C#, for tables, bags of words and studies that must run without libtorch: hidden layers of one
/// activation, linear outputs. Inputs that are zero cost nothing. Deterministic; the training room has the networks for larger work.
/// </summary>
public sealed class DenseNetwork
{
    private readonly int[] sizes;
    private readonly int[] offsets; // of each layer's weights (in × out), followed by its biases
    private readonly DenseActivation activation;

    /// <summary>Creates a network with random weights: He's normal deviation √(2/in), biases 0.</summary>
    /// <param name="sizes">The widths: inputs, hidden layers, outputs.</param>
    /// <param name="activation">The activation of hidden layers.</param>
    /// <param name="seed">The seed of the weights.</param>
    /// <exception cref="ArgumentException">There are fewer than two widths, or one is not positive.</exception>
    public DenseNetwork(ReadOnlySpan<int> sizes, DenseActivation activation = DenseActivation.Relu, long seed = 0)
    {
        if (sizes.Length < 2 || sizes.ContainsAnyInRange(int.MinValue, 0))
            throw new ArgumentException($"at least two positive widths were expected, not [{string.Join(", ", sizes.ToArray())}]", nameof(sizes));
        this.sizes = sizes.ToArray();
        this.activation = activation;
        offsets = new int[sizes.Length];
        for (var l = 1; l < sizes.Length; l++)
            offsets[l] = offsets[l - 1] + (sizes[l - 1] + 1) * sizes[l];
        Parameters = new float[offsets[^1]];
        var random = new SeededRandom(seed);
        for (var l = 0; l + 1 < sizes.Length; l++)
        {
            var weights = Weights(Parameters, l);
            var deviation = Math.Sqrt(2.0 / sizes[l]);
            for (var i = 0; i < weights.Length; i++)
                weights[i] = (float)(random.NextGaussian() * deviation);
        }
    }

    /// <summary>The number of inputs.</summary>
    public int Inputs => sizes[0];

    /// <summary>The number of outputs.</summary>
    public int OutputCount => sizes[^1];

    /// <summary>All weights and biases: for each layer in × out weights, then out biases. A user's own loop may change them.</summary>
    public float[] Parameters { get; }

    /// <summary>The outputs, n × outputs: scores of classes, or values.</summary>
    /// <exception cref="ArgumentException">The features have another width.</exception>
    public FloatMatrix Outputs(FloatMatrix features) => Layer(features, sizes.Length - 1);

    /// <summary>What the last hidden layer holds, n × its width; the features themselves where there is none.</summary>
    /// <exception cref="ArgumentException">The features have another width.</exception>
    public FloatMatrix Embeddings(FloatMatrix features) => Layer(features, sizes.Length - 2);

    /// <summary>The mean loss over rows and its gradient.</summary>
    /// <param name="features">All features.</param>
    /// <param name="rows">The rows of the batch.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="labels">The class of every row of the features, for cross-entropy.</param>
    /// <param name="targets">The targets of every row of the features, for the other losses.</param>
    /// <param name="gradient">Takes ∂loss/∂parameters; its content is replaced.</param>
    /// <param name="inputGradient">Takes Σ ∂loss/∂input over the batch where it is not empty; its content is replaced.</param>
    /// <exception cref="ArgumentException">A length does not fit, or the batch is empty.</exception>
    public double Gradient(FloatMatrix features, ReadOnlySpan<int> rows, DenseLoss loss, ReadOnlySpan<int> labels, FloatMatrix? targets, Span<float> gradient, Span<float> inputGradient = default)
    {
        Check(features);
        if (rows.IsEmpty || gradient.Length != Parameters.Length || (loss == DenseLoss.CrossEntropy ? labels.Length != features.Rows : targets?.Rows != features.Rows || targets.Columns != OutputCount))
            throw new ArgumentException($"the batch is empty, or labels, targets ({targets?.Rows}×{targets?.Columns}) or gradient ({gradient.Length}) do not fit", nameof(rows));
        gradient.Clear();
        inputGradient.Clear();
        var values = sizes.Select(s => new float[s]).ToArray();
        var errors = sizes.Select(s => new float[s]).ToArray();
        var total = 0.0;
        foreach (var row in rows)
        {
            features.Row(row).CopyTo(values[0]);
            for (var l = 0; l + 1 < sizes.Length; l++)
                Forward(l, values[l], values[l + 1]);
            total += loss == DenseLoss.CrossEntropy ? CrossEntropy(values[^1], labels[row], errors[^1]) : Regression(loss, values[^1], targets!.Row(row), errors[^1]);
            TensorPrimitives.Multiply(errors[^1], 1f / rows.Length, errors[^1]);
            for (var l = sizes.Length - 2; l >= 0; l--)
                Backward(l, values[l], errors[l + 1], errors[l], gradient, l > 0 || !inputGradient.IsEmpty);
            if (!inputGradient.IsEmpty)
                TensorPrimitives.Add(inputGradient, errors[0], inputGradient);
        }
        return total / rows.Length;
    }

    private FloatMatrix Layer(FloatMatrix features, int layer)
    {
        Check(features);
        var result = new float[(long)features.Rows * sizes[layer]];
        Parallel.For(0, (features.Rows + 255) / 256, block =>
        {
            var values = sizes.Select(s => new float[s]).ToArray();
            for (var row = block * 256; row < Math.Min(features.Rows, (block + 1) * 256); row++)
            {
                features.Row(row).CopyTo(values[0]);
                for (var l = 0; l < layer; l++)
                    Forward(l, values[l], values[l + 1]);
                values[layer].CopyTo(result.AsSpan(row * sizes[layer]));
            }
        });
        return new FloatMatrix(result, features.Rows, sizes[layer]);
    }

    private void Forward(int layer, float[] input, float[] output)
    {
        var weights = Weights(Parameters, layer);
        var width = output.Length;
        Biases(Parameters, layer).CopyTo(output);
        for (var i = 0; i < input.Length; i++)
        {
            if (input[i] != 0)
                TensorPrimitives.MultiplyAdd(weights.Slice(i * width, width), input[i], output, output);
        }
        if (layer + 2 == sizes.Length)
            return;
        if (activation == DenseActivation.Relu)
            TensorPrimitives.Max(output, 0f, output);
        else
        {
            for (var j = 0; j < output.Length; j++)
                output[j] = output[j] > 0 ? output[j] : MathF.Exp(output[j]) - 1;
        }
    }

    private void Backward(int layer, float[] input, float[] outputError, float[] inputError, Span<float> gradient, bool needsInput)
    {
        var weights = Weights(Parameters, layer);
        var slope = Weights(gradient, layer);
        var width = outputError.Length;
        var biases = Biases(gradient, layer);
        TensorPrimitives.Add(biases, outputError, biases);
        for (var i = 0; i < input.Length; i++)
        {
            var part = slope.Slice(i * width, width);
            if (input[i] != 0)
                TensorPrimitives.MultiplyAdd(outputError, input[i], part, part);
            if (!needsInput)
                continue;
            // ReLU'(x) = 1 where its value is positive; ELU'(x) = value + 1 below 0. Inputs have no activation.
            var derivative = layer == 0 || input[i] > 0 ? 1 : activation == DenseActivation.Relu ? 0 : input[i] + 1;
            inputError[i] = derivative == 0 ? 0 : derivative * TensorPrimitives.Dot(weights.Slice(i * width, width), outputError);
        }
    }

    private static double CrossEntropy(float[] scores, int label, float[] error)
    {
        if ((uint)label >= (uint)scores.Length)
            throw new ArgumentException($"label {label} is outside 0 … {scores.Length - 1}", nameof(label));
        TensorPrimitives.SoftMax(scores, error);
        var probability = Math.Max(error[label], 1e-30f);
        error[label] -= 1;
        return -Math.Log(probability);
    }

    private static double Regression(DenseLoss loss, float[] outputs, ReadOnlySpan<float> targets, float[] error)
    {
        var total = 0.0;
        for (var j = 0; j < outputs.Length; j++)
        {
            var difference = outputs[j] - targets[j];
            total += loss == DenseLoss.AbsoluteError ? Math.Abs(difference) : 0.5 * difference * difference;
            error[j] = (loss == DenseLoss.AbsoluteError ? Math.Sign(difference) : difference) / outputs.Length;
        }
        return total / outputs.Length;
    }

    private Span<float> Weights(Span<float> all, int layer) => all.Slice(offsets[layer], sizes[layer] * sizes[layer + 1]);

    private Span<float> Biases(Span<float> all, int layer) => all.Slice(offsets[layer] + sizes[layer] * sizes[layer + 1], sizes[layer + 1]);

    private void Check(FloatMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Columns != Inputs)
            throw new ArgumentException($"{Inputs} features were expected, not {features.Columns}", nameof(features));
    }
}
