using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>The same terms for every algorithm of a comparison.</summary>
public sealed record FairComparisonOptions
{
    /// <summary>The seeds; each sets weights, data order and negatives of one run of every algorithm.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [0, 1, 2];

    /// <summary>How many learning rates each algorithm may try on the validation data before the runs; 0 takes each as it is given.</summary>
    public int TuningTrials { get; init; }

    /// <summary>The least learning rate that tuning tries.</summary>
    public double LowestLearningRate { get; init; } = 1e-5;

    /// <summary>The greatest learning rate that tuning tries.</summary>
    public double HighestLearningRate { get; init; } = 1e-2;

    /// <summary>How energy is measured; one source for all.</summary>
    public EnergyOptions Energy { get; init; } = new();

    /// <summary>Hears of what is being done, with the fraction done.</summary>
    public Action<string, double>? Progress { get; init; }

    /// <summary>Ends the comparison.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>One training run of a comparison.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Accuracy">The accuracy on the test data, 0 to 1, evaluated once.</param>
/// <param name="Cost">Time, energy and memory of training, validation included.</param>
/// <param name="Trace">The curves.</param>
/// <param name="ForwardFlops">Floating-point operations of predicting one example (2 × multiply–accumulates).</param>
/// <param name="UpdateFlops">Floating-point operations of one update for one example.</param>
/// <param name="Scores">The class scores on the test data, row-major (n × K).</param>
public sealed record ComparisonRun(
    string Algorithm, long Seed, double Accuracy, EnergyReading Cost, TrainingTrace Trace, long ForwardFlops, long UpdateFlops, FloatMatrix Scores);

/// <summary>The differences of an algorithm to the first one, seed by seed.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="AccuracyPoints">Accuracy in percentage points.</param>
/// <param name="TimePercent">Time in percent of the first's.</param>
/// <param name="EnergyPercent">Energy in percent of the first's.</param>
/// <param name="MemoryPercent">Peak memory in percent of the first's.</param>
public sealed record ComparisonDelta(
    string Algorithm, ImmutableArray<double> AccuracyPoints, ImmutableArray<double> TimePercent, ImmutableArray<double> EnergyPercent, ImmutableArray<double> MemoryPercent);

/// <summary>What a comparison gave.</summary>
/// <param name="Runs">All runs.</param>
/// <param name="Deltas">The differences to the first algorithm.</param>
/// <param name="TunedLearningRates">The learning rate that tuning chose for each algorithm; empty without tuning.</param>
public sealed record ComparisonReport(ImmutableArray<ComparisonRun> Runs, ImmutableArray<ComparisonDelta> Deltas, ImmutableDictionary<string, double> TunedLearningRates);

/// <summary>
/// Trains several algorithms on the same data, with the same seeds and the same tuning budget, and reports accuracy, time, energy, peak
/// memory and FLOPs side by side; the first algorithm is the baseline of the differences.
/// </summary>
public static class FairComparison
{
    /// <summary>Runs the comparison.</summary>
    /// <param name="train">The training data.</param>
    /// <param name="validation">The validation data: early stopping and tuning see only this.</param>
    /// <param name="test">The test data: seen once by each run.</param>
    /// <param name="algorithms">The algorithms, the baseline first.</param>
    /// <param name="options">The terms.</param>
    public static ComparisonReport Run(
        TensorDataset train, TensorDataset validation, TensorDataset test, ImmutableArray<TrainingAlgorithm> algorithms, FairComparisonOptions options)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(options);
        if (algorithms.IsDefaultOrEmpty)
            throw new ArgumentException("at least one algorithm is needed", nameof(algorithms));
        if (options.Seeds.IsDefaultOrEmpty)
            throw new ArgumentException("at least one seed is needed", nameof(options));
        var rates = ImmutableDictionary.CreateBuilder<string, double>();
        var runs = ImmutableArray.CreateBuilder<ComparisonRun>();
        var total = (double)algorithms.Length * (options.TuningTrials + options.Seeds.Length);
        var done = 0;
        foreach (var given in algorithms)
        {
            var algorithm = given;
            if (options.TuningTrials > 0)
            {
                var rate = Tune(given, train, validation, options, note => options.Progress?.Invoke(note, done++ / total));
                rates[given.Name] = rate;
                algorithm = given.WithLearningRate(rate);
            }
            foreach (var seed in options.Seeds)
            {
                options.Cancellation.ThrowIfCancellationRequested();
                options.Progress?.Invoke($"{algorithm.Name}, seed {seed}", done++ / total);
                runs.Add(RunOnce(algorithm, train, validation, test, seed, options));
            }
        }
        var all = runs.ToImmutable();
        return new ComparisonReport(all, Deltas(all), rates.ToImmutable());
    }

    private static ComparisonRun RunOnce(TrainingAlgorithm algorithm, TensorDataset train, TensorDataset validation, TensorDataset test, long seed, FairComparisonOptions options)
    {
        var trained = default(TrainedModel);
        var cost = EnergyMeter.Measure(
            () => trained = algorithm.Fit(train, validation, new TrainingContext { Seed = seed, Cancellation = options.Cancellation }), options.Energy);
        using (trained)
        {
            using var scope = NewDisposeScope();
            var scores = trained!.Scores(test.Inputs).cpu();
            var accuracy = scores.argmax(1).eq(test.Targets.cpu()).to(ScalarType.Float64).mean().item<double>();
            var matrix = new FloatMatrix(scores.data<float>().ToArray(), (int)scores.shape[0], (int)scores.shape[1]);
            return new ComparisonRun(algorithm.Name, seed, accuracy, cost, trained.Trace, 2 * trained.ForwardMacs, 2 * trained.UpdateMacs, matrix);
        }
    }

    // Tree-structured Parzen search of log(rate) by validation accuracy, the same number of trials for everyone.
    private static double Tune(TrainingAlgorithm algorithm, TensorDataset train, TensorDataset validation, FairComparisonOptions options, Action<string> progress)
    {
        var search = new ParzenSearch(Math.Log(options.LowestLearningRate), Math.Log(options.HighestLearningRate), new SeededRandom(options.Seeds[0]));
        for (var trial = 0; trial < options.TuningTrials; trial++)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            var rate = Math.Exp(search.Next());
            progress($"tuning {algorithm.Name}: trial {trial + 1} of {options.TuningTrials}, learning rate {rate:g3}");
            search.Tell(Math.Log(rate), Score(algorithm.WithLearningRate(rate), train, validation, options));
        }
        return Math.Exp(search.Best);
    }

    private static double Score(TrainingAlgorithm algorithm, TensorDataset train, TensorDataset validation, FairComparisonOptions options)
    {
        try
        {
            using var trained = algorithm.Fit(train, validation, new TrainingContext { Seed = options.Seeds[0], Cancellation = options.Cancellation });
            return trained.Accuracy(validation);
        }
        catch (NonFiniteLossException)
        {
            // A rate at which training breaks is the worst rate.
            return 0;
        }
    }

    private static ImmutableArray<ComparisonDelta> Deltas(ImmutableArray<ComparisonRun> runs)
    {
        var baseline = runs.Where(r => r.Algorithm == runs[0].Algorithm).ToDictionary(r => r.Seed);
        if (runs.Any(r => r.Cost.Source != runs[0].Cost.Source))
            throw new InvalidOperationException("the energy source changed between runs; figures of different sources cannot be compared: choose one source");
        return [.. runs.GroupBy(r => r.Algorithm).Where(g => g.Key != runs[0].Algorithm).Select(g => new ComparisonDelta(
            g.Key,
            [.. g.Select(r => 100 * (r.Accuracy - baseline[r.Seed].Accuracy))],
            [.. g.Select(r => Percent(r.Cost.Seconds, baseline[r.Seed].Cost.Seconds))],
            [.. g.Select(r => Percent(r.Cost.Joules, baseline[r.Seed].Cost.Joules))],
            [.. g.Select(r => Percent(r.Cost.PeakBytes, baseline[r.Seed].Cost.PeakBytes))]))];
    }

    private static double Percent(double value, double reference) => 100 * (value / reference - 1);
}
