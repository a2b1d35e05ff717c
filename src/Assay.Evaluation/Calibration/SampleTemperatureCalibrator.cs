using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Evaluation;

/// <summary>softmax(z / T(x)) with a temperature for each example, which a small network gives. No predicted class changes.</summary>
public abstract class SampleTemperatureCalibrator : Calibrator
{
    private readonly TemperatureTraining training;
    private TemperatureNetwork? network;
    private (double Low, double Mean, double High) range;

    private protected SampleTemperatureCalibrator(TemperatureTraining training, int hidden, double lowest, double highest)
    {
        this.training = training;
        Steps = training.Steps >= 1 ? training.Steps : throw new ArgumentOutOfRangeException(nameof(training), training.Steps, "at least 1 step was expected");
        BatchSize = training.BatchSize >= 1 ? training.BatchSize : throw new ArgumentOutOfRangeException(nameof(training), training.BatchSize, "a batch of at least 1 was expected");
        LearningRate = training.LearningRate > 0 && double.IsFinite(training.LearningRate) ? training.LearningRate : throw new ArgumentOutOfRangeException(nameof(training), training.LearningRate, "a positive learning rate was expected");
        Hidden = hidden is >= 1 and <= 1000 ? hidden : throw new ArgumentOutOfRangeException(nameof(hidden), hidden, "1 to 1000 hidden units were expected");
        if (!(lowest > 0 && lowest < highest && double.IsFinite(highest)))
            throw new ArgumentOutOfRangeException(nameof(lowest), lowest, $"0 < lowest < highest was expected, highest is {highest.ToString(CultureInfo.InvariantCulture)}");
        (Lowest, Highest) = (lowest, highest);
    }

    /// <summary>What is minimised.</summary>
    public TemperatureObjective Objective => training.Objective;

    /// <summary>How the network is trained.</summary>
    public TemperatureOptimizer Optimizer => training.Optimizer;

    /// <summary>The number of steps of Adam, or the most of L-BFGS.</summary>
    public int Steps { get; }

    /// <summary>The batch of Adam.</summary>
    public int BatchSize { get; }

    /// <summary>The learning rate of Adam.</summary>
    public double LearningRate { get; }

    /// <summary>The seed of the first weights and of the order of examples.</summary>
    public long Seed => training.Seed;

    /// <summary>The number of hidden units.</summary>
    public int Hidden { get; }

    /// <summary>The lowest temperature.</summary>
    public double Lowest { get; }

    /// <summary>The highest temperature.</summary>
    public double Highest { get; }

    /// <inheritdoc/>
    public sealed override bool KeepsPredictions => true;

    /// <inheritdoc/>
    public sealed override string Summary => string.Create(CultureInfo.InvariantCulture, $"T from {range.Low:0.###} to {range.High:0.###}, {range.Mean:0.###} on average");

    /// <summary>The temperature of each example.</summary>
    /// <inheritdoc cref="Calibrator.Apply"/>
    public double[] Temperatures(Predictions predictions, IReadOnlyList<Predictions>? transformed = null) => Temperatures(Prepare(predictions, transformed));

    private protected abstract int InputCount(int classes, int transforms);

    /// <summary>The network's inputs for one example.</summary>
    private protected abstract void Features(CalibrationData data, int row, Span<double> features);

    private protected sealed override ImmutableSortedDictionary<string, double[]> State =>
        ImmutableSortedDictionary<string, double[]>.Empty.Add("network", network!.Parameters).Add("temperatures", [range.Low, range.Mean, range.High]);

    private protected sealed override void Restore(CalibratorParameters parameters)
    {
        var inputs = InputCount(ClassCount, TransformCount);
        network = new TemperatureNetwork(inputs, Hidden, Lowest, Highest, parameters.Take("network", TemperatureNetwork.Size(inputs, Hidden)));
        var saved = parameters.Take("temperatures", 3);
        range = (saved[0], saved[1], saved[2]);
    }

    private protected sealed override void FitCore(CalibrationData data)
    {
        var inputs = InputCount(data.Classes, data.Transformed.Length);
        var features = Enumerable.Range(0, data.Count).Select(_ => new double[inputs]).ToArray();
        CalibrationData.ForBlocks(data.Count, (first, end) =>
        {
            for (var i = first; i < end; i++)
                Features(data, i, features[i]);
        });
        for (var attempt = 0; ; attempt++)
        {
            network = TemperatureNetwork.Create(inputs, Hidden, Lowest, Highest, Seed + 1000 * attempt);
            network.Train(data, features, training);
            if (!network.IsDead(features))
                break;
            Warnings = Warnings.Add(attempt == 0 ? "no hidden unit was active after training: trained again from other weights" : "no hidden unit is active: every example has the same temperature");
            if (attempt == 1)
                break;
        }
        var right = Enumerable.Range(0, data.Count).Count(data.IsRight);
        if (Objective == TemperatureObjective.CorrectnessAware && (right == 0 || right == data.Count))
            Warnings = Warnings.Add($"every validation example is {(right == 0 ? "wrong" : "right")}: there is nothing to tell right from wrong by");
        var temperatures = Array.ConvertAll(features, f => network.Of(f));
        range = (temperatures.Min(), temperatures.Average(), temperatures.Max());
    }

    private protected sealed override void ApplyRow(CalibrationData data, int row, Span<double> probabilities) => data.Softmax(row, Temperature(data, row), probabilities);

    private double[] Temperatures(CalibrationData data)
    {
        var result = new double[data.Count];
        CalibrationData.ForBlocks(data.Count, (first, end) =>
        {
            for (var i = first; i < end; i++)
                result[i] = Temperature(data, i);
        });
        return result;
    }

    private double Temperature(CalibrationData data, int row)
    {
        var features = new double[InputCount(data.Classes, data.Transformed.Length)];
        Features(data, row, features);
        return network!.Of(features);
    }
}
