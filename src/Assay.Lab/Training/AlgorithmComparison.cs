using System.Collections.Immutable;
using System.Globalization;
using Assay.Data;
using Assay.Evaluation;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab;

/// <summary>Several training algorithms on one dataset: trained on equal terms, judged on the same held-out part, compared.</summary>
/// <param name="Data">The dataset's name.</param>
/// <param name="Parts">The number of examples to train, validate and test.</param>
/// <param name="Costs">Time, energy, memory and curves of every run.</param>
/// <param name="Predictions">The predictions of each algorithm on the test part.</param>
/// <param name="Comparison">The comparison of the predictions.</param>
public sealed record AlgorithmComparison(
    string Data, (int Train, int Validation, int Test) Parts, ComparisonReport Costs, ImmutableArray<Predictions> Predictions, Comparison Comparison)
{
    /// <summary>Trains and judges.</summary>
    /// <param name="dataset">The data, with class labels.</param>
    /// <param name="algorithms">The algorithms, the baseline first.</param>
    /// <param name="seed">Decides the split, the weights and the order of the data.</param>
    /// <param name="progress">Takes reports, or null.</param>
    /// <param name="cancellation">Ends the training.</param>
    public static AlgorithmComparison Run(
        Dataset dataset, ImmutableArray<TrainingAlgorithm> algorithms, long seed, IProgress<ProgressUpdate>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var split = DatasetSplit.Of(dataset, test: 0.2, validation: 0.15, seed: seed);
        var scaling = FeatureScaling.Fit(split.Train);
        using var train = TensorDataset.From(scaling.Apply(split.Train));
        using var validation = TensorDataset.From(scaling.Apply(split.Validation!));
        using var test = TensorDataset.From(scaling.Apply(split.Test));
        var costs = FairComparison.Run(train, validation, test, algorithms, new FairComparisonOptions
        {
            Seeds = [seed],
            Cancellation = cancellation,
            Progress = (note, fraction) => progress?.Report(new ProgressUpdate("training", fraction, 1, note)),
        });
        progress?.Report(new ProgressUpdate("judging"));
        ImmutableArray<Predictions> predictions = [.. costs.Runs.Select(r => new Predictions
        {
            Model = r.Algorithm,
            Kind = ScoreKind.Logits,
            Scores = r.Scores,
            Labels = split.Test.Labels,
            Ids = split.Test.Ids,
            ClassNames = split.Test.ClassNames,
        })];
        return new AlgorithmComparison(dataset.Name, (train.Count, validation.Count, test.Count), costs, predictions, Comparison.Of(predictions, seed: seed));
    }

    /// <summary>The comparison as a report.</summary>
    /// <param name="command">The command line that repeats it.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="now">When it was made.</param>
    public Report ToReport(string command, long seed, DateTimeOffset now)
    {
        var sections = ImmutableArray.CreateBuilder<ReportSection>();
        var accuracy = Comparison["accuracy"];
        sections.Add(new ComparisonSection("Accuracy on held-out examples", "accuracy", [.. Comparison.Models.Select((m, i) => new ComparedValue(m, accuracy.Values[i]))])
        {
            Explanation = $"On the same {Parts.Test} examples; bars are 95 % intervals.",
        });
        sections.Add(new TextSection("Is the difference real?", Comparison.Verdicts)
        {
            IsList = true,
            Explanation = "Answers are compared item by item, which says more than whether the intervals overlap.",
        });
        sections.Add(Cost());
        sections.Add(Curves());
        foreach (var model in Predictions.Take(2))
        {
            var judgement = Judgement.Of(model);
            foreach (var section in JudgementSections.Of(judgement, model.ClassNames).Where(s => s is MetricsSection or ReliabilitySection or ConfusionSection))
                sections.Add(section with { Title = $"{model.Model}: {section.Title.ToLowerInvariant()}" });
        }
        sections.Add(new ReproduceSection(command) { Seeds = [seed] });
        return new Report($"{Comparison.Models.Length} ways to train a classifier, on {Data}", Comparison.Verdicts[0] + ".", now, sections.ToImmutable())
        {
            Subtitle = string.Create(CultureInfo.InvariantCulture, $"{Parts.Train} examples to train, {Parts.Validation} to validate, {Parts.Test} to test, seed {seed}"),
        };
    }

    private TableSection Cost()
    {
        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        return new TableSection("What it cost", ["algorithm", "#seconds", "#joules", "#mg CO2e", "#peak MB", "#kFLOP to predict", "#kFLOP to update"],
        [
            .. Costs.Runs.Select(r => (ImmutableArray<string>)
            [
                r.Algorithm, Number(r.Cost.Seconds, "0.00"), Number(r.Cost.Joules, "0.0"), Number(1000 * r.Cost.Co2Grams, "0.00"), Number(r.Cost.PeakBytes / 1e6, "0"),
                Number(r.ForwardFlops / 1e3, "0"), Number(r.UpdateFlops / 1e3, "0"),
            ]),
        ])
        {
            Caption = $"Training with validation; energy: {Costs.Runs[0].Cost.SourceText}. Peak memory is that of the whole process.",
        };
    }

    private CurvesSection Curves() => new("Validation accuracy while training", "epoch", "accuracy",
    [
        .. Costs.Runs.SelectMany(r => r.Trace.Points.GroupBy(p => p.Name).Where(g => g.Key.EndsWith("validation/accuracy", StringComparison.Ordinal)).Select(g =>
            new ReportCurve(g.Key.Length > "validation/accuracy".Length ? $"{r.Algorithm}, {g.Key[..^"/validation/accuracy".Length]}" : r.Algorithm,
                [.. g.Select(p => p.Epoch)], [.. g.Select(p => p.Value)]))),
    ])
    {
        Explanation = "An algorithm that trains layer by layer has a curve for each layer.",
    };
}
