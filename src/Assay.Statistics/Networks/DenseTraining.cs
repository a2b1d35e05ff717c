using System.Numerics;

namespace Assay.Statistics;

/// <summary>How a <see cref="DenseNetwork"/> is trained: Adam (Kingma and Ba 2015) on shuffled mini-batches.</summary>
public sealed record DenseTraining
{
    /// <summary>The hidden widths.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [64];

    /// <summary>The activation of hidden layers.</summary>
    public DenseActivation Activation { get; init; } = DenseActivation.Relu;

    /// <summary>The learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>The number of rows of a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>The passes over the data.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>The L2 penalty, applied to the weights apart from the gradient (AdamW).</summary>
    public double WeightDecay { get; init; }

    /// <summary>The seed of weights and order.</summary>
    public long Seed { get; init; }

    /// <summary>Trains a classifier; its outputs are class scores.</summary>
    /// <param name="features">n rows of features, scaled to about unit size.</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <param name="cancellation">Ends the training.</param>
    /// <exception cref="ArgumentException">There are no rows, or lengths do not fit.</exception>
    public DenseNetwork Fit(FloatMatrix features, ReadOnlySpan<int> labels, int classCount, CancellationToken cancellation = default) =>
        Fit(features, DenseLoss.CrossEntropy, labels.ToArray(), null, classCount, cancellation);

    /// <summary>Trains a regression of one or more targets.</summary>
    /// <param name="features">n rows of features, scaled to about unit size.</param>
    /// <param name="targets">n rows of targets.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="cancellation">Ends the training.</param>
    /// <exception cref="ArgumentException">There are no rows, or lengths do not fit.</exception>
    public DenseNetwork Fit(FloatMatrix features, FloatMatrix targets, DenseLoss loss = DenseLoss.AbsoluteError, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return Fit(features, loss, [], targets, targets.Columns, cancellation);
    }

    private DenseNetwork Fit(FloatMatrix features, DenseLoss loss, int[] labels, FloatMatrix? targets, int outputs, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BatchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Epochs);
        if (features.Rows == 0)
            throw new ArgumentException("there are no rows to train on", nameof(features));
        var network = new DenseNetwork([features.Columns, .. Hidden, outputs], Activation, Seed);
        var optimizer = new DenseAdam(network.Parameters.Length, LearningRate, WeightDecay);
        var gradient = new float[network.Parameters.Length];
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            cancellation.ThrowIfCancellationRequested();
            var order = SeededRandom.At(Seed, 1, epoch).Permutation(features.Rows);
            for (var start = 0; start < order.Length; start += BatchSize)
            {
                network.Gradient(features, order.AsSpan(start, Math.Min(BatchSize, order.Length - start)), loss, labels, targets, gradient);
                optimizer.Step(network.Parameters, gradient);
            }
        }
        return network;
    }
}

/// <summary>Adam's state for a <see cref="DenseNetwork"/>.</summary>
/// <param name="count">The number of parameters.</param>
/// <param name="learningRate">The learning rate.</param>
/// <param name="weightDecay">The decoupled L2 penalty.</param>
public sealed class DenseAdam(int count, double learningRate, double weightDecay = 0)
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f;
    private readonly float[] mean = new float[count];
    private readonly float[] square = new float[count];
    private int steps;

    /// <summary>One step: θ ← θ − η·m̂/(√v̂ + ε) − η·λ·θ.</summary>
    /// <exception cref="ArgumentException">The lengths differ from the state's.</exception>
    public void Step(Span<float> parameters, ReadOnlySpan<float> gradient)
    {
        if (parameters.Length != mean.Length || gradient.Length != mean.Length)
            throw new ArgumentException($"{mean.Length} parameters and gradients were expected, not {parameters.Length} and {gradient.Length}", nameof(gradient));
        steps++;
        var root = (float)Math.Sqrt(1 - Math.Pow(Beta2, steps));
        var rate = (float)(learningRate / (1 - Math.Pow(Beta1, steps))) * root;
        var (epsilon, keep, i) = (Epsilon * root, (float)(1 - learningRate * weightDecay), 0);
        for (; i <= parameters.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var g = new Vector<float>(gradient[i..]);
            var m = new Vector<float>(mean, i) * Beta1 + g * (1 - Beta1);
            var v = new Vector<float>(square, i) * Beta2 + g * g * (1 - Beta2);
            m.CopyTo(mean, i);
            v.CopyTo(square, i);
            (new Vector<float>(parameters[i..]) * keep - rate * m / (Vector.SquareRoot(v) + new Vector<float>(epsilon))).CopyTo(parameters[i..]);
        }
        for (; i < parameters.Length; i++)
        {
            mean[i] = Beta1 * mean[i] + (1 - Beta1) * gradient[i];
            square[i] = Beta2 * square[i] + (1 - Beta2) * gradient[i] * gradient[i];
            parameters[i] = parameters[i] * keep - rate * mean[i] / (MathF.Sqrt(square[i]) + epsilon);
        }
    }
}
