using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab;

/// <summary>The same terms for every method of a federation.</summary>
public sealed record FederationComparisonOptions
{
    /// <summary>The methods as a recipe names them, the baseline first.</summary>
    public ImmutableArray<string> Methods { get; init; } = ["fedavg", "fedprox", "scaffold", "fednova"];

    /// <summary>The federation: model, split, clients, rounds, faults. Its method does not count.</summary>
    public required FederatedTrainingOptions Federation { get; init; }

    /// <summary>The seeds: each divides the data anew.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [0, 1, 2];

    /// <summary>The share that judges the global model after every round.</summary>
    public double TestShare { get; init; } = 0.2;

    /// <summary>The accuracy whose round is reported, or null for nine tenths of the best of the first seed.</summary>
    public double? Target { get; init; }

    /// <summary>Whether to train once on all data together too: the upper bound, with as many epochs as a client sees in all.</summary>
    public bool Central { get; init; }

    /// <summary>Hears of what is being done.</summary>
    public IProgress<ProgressUpdate>? Progress { get; init; }

    /// <summary>Hears of warnings.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Ends the comparison.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>One method's figures.</summary>
/// <param name="Method">The method.</param>
/// <param name="Accuracy">The mean test accuracy over the last tenth of the rounds and the seeds.</param>
/// <param name="Low">The 95 % interval's lower end; NaN with one seed.</param>
/// <param name="High">Its upper end.</param>
/// <param name="Difference">The mean difference to the baseline, seed by seed.</param>
/// <param name="RoundsToTarget">The median round that reaches the target; null where fewer than half of the seeds do.</param>
/// <param name="Drift">The mean drift of clients.</param>
/// <param name="MegabytesUp">Megabytes from clients to server, mean over seeds.</param>
/// <param name="MegabytesDown">Megabytes from server to clients.</param>
/// <param name="Lost">The share of requests without a usable answer in time.</param>
/// <param name="Accuracies">The accuracy of each seed.</param>
/// <param name="Curve">The mean accuracy after each round.</param>
public sealed record FederatedFigures(
    string Method, double Accuracy, double Low, double High, double Difference, int? RoundsToTarget, double Drift, double MegabytesUp, double MegabytesDown, double Lost,
    ImmutableArray<double> Accuracies, ImmutableArray<double> Curve);

/// <summary>What a comparison of federated methods gave.</summary>
/// <param name="Data">The data's name.</param>
/// <param name="Clients">The number of clients.</param>
/// <param name="Examples">The least, median and greatest number of a client's examples, first seed.</param>
/// <param name="Target">The accuracy whose round is reported.</param>
/// <param name="Central">The accuracy of training on all data together; NaN where it was not asked for.</param>
/// <param name="Methods">The methods, in the given order.</param>
public sealed record FederationComparison(string Data, int Clients, ImmutableArray<int> Examples, double Target, double Central, ImmutableArray<FederatedFigures> Methods)
{
    /// <summary>Runs every method with every seed on the same clients.</summary>
    /// <exception cref="ArgumentException">The data has no classes, or a method is unknown.</exception>
    public static FederationComparison Run(Dataset data, MethodCatalog catalog, FederationComparisonOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        if (!data.HasLabels)
            throw new ArgumentException($"'{data.Name}' has no class labels, by which clients differ");
        if (options.Methods.IsEmpty || options.Seeds.IsEmpty)
            throw new ArgumentException("at least one method and one seed were expected");
        ImmutableArray<FederatedMethod> methods = [.. options.Methods.Select(m => catalog.Create<FederatedMethod>(m))];
        var results = new Dictionary<(int Method, long Seed), ImmutableArray<FederatedRound>>();
        var central = new List<double>();
        var sizes = ImmutableArray<int>.Empty;
        var done = 0;
        foreach (var seed in options.Seeds)
        {
            var split = DatasetSplit.Of(data, options.TestShare, 0, seed);
            var scaling = FeatureScaling.Fit(split.Train);
            using var train = TensorDataset.From(scaling.Apply(split.Train));
            using var test = TensorDataset.From(scaling.Apply(split.Test));
            if (sizes.IsEmpty)
            {
                int[] sorted = [.. options.Federation.Split.Divide(split.Train.Labels.AsSpan(), options.Federation.Clients, seed).Select(p => p.Length).Order()];
                sizes = [sorted[0], sorted[sorted.Length / 2], sorted[^1]];
            }
            for (var m = 0; m < methods.Length; m++)
            {
                var method = methods[m];
                var place = done++;
                using var result = new FederatedTraining(options.Federation with { Method = method }).Run(train, test, new TrainingContext { Seed = seed, Cancellation = options.Cancellation, Warn = options.Warn }, round =>
                    options.Progress?.Report(new ProgressUpdate($"{method.Name}, seed {seed}", place + round.Round / (double)options.Federation.Rounds, options.Seeds.Length * methods.Length, $"round {round.Round}")));
                results[(m, seed)] = result.Rounds;
            }
            if (options.Central)
            {
                var epochs = Math.Max(1, (int)Math.Round(options.Federation.Rounds * options.Federation.LocalEpochs * options.Federation.Fraction));
                using var trained = new Backprop(options.Federation.Model, new TrainingOptions { Epochs = epochs, BatchSize = options.Federation.Batch, Optimizer = options.Federation.Optimizer ?? new Sgd(0.05, momentum: 0) })
                    .Fit(train, null, new TrainingContext { Seed = seed, Cancellation = options.Cancellation });
                central.Add(trained.Accuracy(test));
            }
        }
        var target = options.Target ?? Math.Round(0.9 * methods.Index().Max(m => Final(results[(m.Index, options.Seeds[0])])), 3);
        return new FederationComparison(data.Name, options.Federation.Clients, sizes, target, central.Count > 0 ? central.Average() : double.NaN,
            [.. methods.Select((method, m) => Figures(method.Name, [.. options.Seeds.Select(s => results[(m, s)])], [.. options.Seeds.Select(s => Final(results[(0, s)]))], target))]);
    }

    /// <summary>The comparison as a report.</summary>
    public Report ToReport(DateTimeOffset now) => new($"Federated training on {Data}", $"{Clients} clients, {string.Join(", ", Methods.Select(m => $"{m.Method} {ReportNumbers.Percent(m.Accuracy)}"))}.", now,
    [
        new TableSection("Methods", ["method", "#accuracy", "#95 % interval", "#to the first", $"#rounds to {ReportNumbers.Value(Target)}", "#drift", "#MB up", "#MB down", "#lost"],
            [.. Methods.Select(m => (ImmutableArray<string>)
            [
                m.Method, ReportNumbers.Value(m.Accuracy), double.IsNaN(m.Low) ? "" : $"[{ReportNumbers.Value(m.Low)}, {ReportNumbers.Value(m.High)}]", ReportNumbers.Value(m.Difference),
                m.RoundsToTarget?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "never", ReportNumbers.Value(m.Drift), ReportNumbers.Value(m.MegabytesUp), ReportNumbers.Value(m.MegabytesDown), ReportNumbers.Percent(m.Lost),
            ])]),
        new CurvesSection("Accuracy of the global model", "round", "test accuracy", [.. Methods.Select(m => new ReportCurve(m.Method, [.. Enumerable.Range(1, m.Curve.Length).Select(r => (double)r)], m.Curve))]),
    ]);

    // The mean of the last tenth of the rounds: a single round jumps about.
    private static double Final(ImmutableArray<FederatedRound> rounds)
    {
        var real = rounds.Where(r => r.Round > 0).ToArray();
        return real[^Math.Max(1, real.Length / 10)..].Average(r => r.Accuracy);
    }

    private static FederatedFigures Figures(string name, ImmutableArray<FederatedRound>[] runs, double[] baseline, double target)
    {
        double[] finals = [.. runs.Select(Final)];
        Interval? interval = finals.Length > 1 ? MeanInterval.Of(finals).Interval : null;
        int?[] reached = [.. runs.Select(r => r.FirstOrDefault(x => x.Accuracy >= target)?.Round).OrderBy(r => r ?? int.MaxValue)];
        var rounds = runs.Select(r => r.Where(x => x.Round > 0).ToArray()).ToArray();
        return new FederatedFigures(
            name, finals.Average(), interval?.Low ?? double.NaN, interval?.High ?? double.NaN, finals.Zip(baseline, (a, b) => a - b).Average(), reached[(reached.Length - 1) / 2],
            rounds.SelectMany(r => r).Where(r => !double.IsNaN(r.Drift)).Select(r => r.Drift).DefaultIfEmpty(double.NaN).Average(),
            runs.Average(r => r[^1].BytesUp / 1e6), runs.Average(r => r[^1].BytesDown / 1e6),
            rounds.Average(r => (double)r.Sum(x => x.Failed + x.NonFinite + x.Late) / Math.Max(1, r.Sum(x => x.Asked))), [.. finals],
            [.. Enumerable.Range(0, rounds[0].Length).Select(i => rounds.Average(r => r[i].Accuracy))]);
    }
}
