using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Parameterised temperature scaling (Tomani, Cremers and Buettner 2022): a temperature for each example from its own sorted logits by a
/// small network. The inputs are the highest k logits less the highest one, so that a constant added to all logits changes nothing; one
/// hidden layer here, where the original has two.
/// </summary>
[Method("adaptive-temperature-scaling", Kind = MethodKind.Calibrator)]
public sealed class AdaptiveTemperatureScaling : SampleTemperatureCalibrator
{
    // Logits are an order larger than probabilities; the network starts with inputs of order one.
    private const double Scale = 0.1;

    /// <summary>Creates the calibrator.</summary>
    /// <param name="topK">The number of logits, cut to the number of classes.</param>
    /// <param name="objective">What is minimised.</param>
    /// <param name="hidden">The number of hidden units.</param>
    /// <param name="optimizer">How the network is trained.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="batchSize">The batch of Adam.</param>
    /// <param name="learningRate">The learning rate of Adam.</param>
    /// <param name="lowest">The lowest temperature.</param>
    /// <param name="highest">The highest temperature.</param>
    /// <param name="seed">The seed of the first weights and of the order of examples.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public AdaptiveTemperatureScaling(
        int topK = 10, TemperatureObjective objective = TemperatureObjective.CrossEntropy, int hidden = 5, TemperatureOptimizer optimizer = TemperatureOptimizer.LimitedMemoryBfgs,
        int steps = 200, int batchSize = 1000, double learningRate = 1e-3, double lowest = 0.1, double highest = 10, long seed = 0)
        : base(new TemperatureTraining(objective, false, optimizer, steps, batchSize, learningRate, seed), hidden, lowest, highest) =>
        TopK = topK >= 2 ? topK : throw new ArgumentOutOfRangeException(nameof(topK), topK, "at least 2 logits were expected");

    /// <summary>The number of logits.</summary>
    public int TopK { get; }

    private protected override int InputCount(int classes, int transforms) => Math.Min(TopK, classes) - 1;

    private protected override void Features(CalibrationData data, int row, Span<double> features)
    {
        Span<int> top = new int[features.Length + 1];
        CorrectnessAwareCalibrator.Top(data.Scores(row), top);
        var z = new double[data.Classes];
        data.Logits(row, z);
        for (var j = 0; j < features.Length; j++)
            features[j] = Scale * (z[top[j + 1]] - z[top[0]]);
    }
}
