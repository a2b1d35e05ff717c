using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab;

/// <summary>How <see cref="InfluenceAudit"/> scores and prunes.</summary>
public sealed record InfluenceAuditOptions
{
    /// <summary>The model as a recipe names it.</summary>
    public string Model { get; init; } = "mlp(128)";

    /// <summary>The optimiser as a recipe names it.</summary>
    public string Optimizer { get; init; } = "adamw";

    /// <summary>The passes over the data.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>The examples of one step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Scores, runs, looks and the first seed.</summary>
    public InfluenceOptions Scoring { get; init; } = new();

    /// <summary>How many of the hardest examples are named for each score.</summary>
    public int Top { get; init; } = 5;

    /// <summary>The fractions of the data to train on again; none leaves that out.</summary>
    public ImmutableArray<double> Prune { get; init; } = [];

    /// <summary>The ways of keeping a fraction.</summary>
    public ImmutableArray<SelectionPolicy> Policies { get; init; } = [SelectionPolicy.Hard, SelectionPolicy.Easy];

    /// <summary>The number of trainings of each point.</summary>
    public int PruneSeeds { get; init; } = 3;

    /// <summary>The share of the examples that judges what was trained on a part; it is not scored.</summary>
    public double TestShare { get; init; } = 0.2;

    /// <summary>Hears of what is being done.</summary>
    public IProgress<ProgressUpdate>? Progress { get; init; }
}

/// <summary>One score over the data.</summary>
/// <param name="Score">The score.</param>
/// <param name="Mean">Its mean.</param>
/// <param name="Deviation">Its standard deviation.</param>
/// <param name="ToEl2n">The rank correlation of its hardness with EL2N's; NaN without EL2N.</param>
/// <param name="Hardest">The ids of the hardest examples.</param>
public sealed record InfluenceSummary(InfluenceScore Score, double Mean, double Deviation, double ToEl2n, ImmutableArray<string> Hardest);

/// <summary>Training on a part of the data.</summary>
/// <param name="Arm">How the part was chosen.</param>
/// <param name="Fraction">Its share.</param>
/// <param name="Accuracy">The mean test accuracy (for regression the negative mean squared error).</param>
/// <param name="Difference">The mean difference to training on all data.</param>
/// <param name="Deviation">The deviation of that difference over the seeds; NaN with one.</param>
public sealed record PrunedTraining(string Arm, double Fraction, double Accuracy, double Difference, double Deviation);

/// <summary>What an audit by influence scores found.</summary>
/// <param name="Data">The data's name.</param>
/// <param name="Count">The number of examples scored.</param>
/// <param name="Model">The model.</param>
/// <param name="Scores">One line for each score.</param>
/// <param name="Full">The test accuracy of training on all data; NaN without pruning.</param>
/// <param name="Pruning">Training on parts.</param>
public sealed record InfluenceAuditResult(string Data, int Count, string Model, ImmutableArray<InfluenceSummary> Scores, double Full, ImmutableArray<PrunedTraining> Pruning);

/// <summary>Scores every example of a data set by how it is learnt, and shows how much of the data a training can do without.</summary>
/// <param name="Result">The figures.</param>
/// <param name="Scored">The examples that were scored.</param>
/// <param name="Table">All scores.</param>
public sealed record InfluenceAudit(InfluenceAuditResult Result, Dataset Scored, ScoreTable Table)
{
    /// <summary>Scores and, where fractions are given, prunes.</summary>
    /// <param name="data">The data: features, or texts (as hashed words), with labels or targets.</param>
    /// <param name="catalog">The methods that model and optimiser are named from.</param>
    /// <param name="options">How; null takes the defaults.</param>
    /// <exception cref="ArgumentException">The data cannot be scored so.</exception>
    public static InfluenceAudit Run(Dataset data, MethodCatalog catalog, InfluenceAuditOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(catalog);
        options ??= new InfluenceAuditOptions();
        if (data.Features is null && !data.Texts.IsEmpty)
            data = data.WithFeatures(new HashedBagOfWords().Features(data.Texts));
        if (!data.HasLabels && !data.HasTargets)
            throw new ArgumentException($"'{data.Name}' has neither labels nor targets; name the column with --label or --target");
        var split = options.Prune.IsEmpty ? null : DatasetSplit.Of(data, options.TestShare, 0, options.Scoring.Seed);
        var scored = split?.Train ?? data;
        var scaling = FeatureScaling.Fit(scored);
        using var train = TensorDataset.From(scaling.Apply(scored));
        var model = catalog.Create<ModelSpec>(options.Model);
        var training = new TrainingOptions { Epochs = options.Epochs, BatchSize = options.BatchSize, Optimizer = catalog.Create<OptimizerSpec>(options.Optimizer) };
        var table = InfluenceRun.Compute(model, training, train, options.Scoring with { Progress = (note, f) => options.Progress?.Report(new ProgressUpdate("scoring", f, 1, note)) });
        ImmutableArray<InfluenceSummary> summaries = [.. table.Scores.Keys.Select(s => Summary(s, table, scored, options.Top))];
        if (split is null)
            return new InfluenceAudit(new InfluenceAuditResult(data.Name, scored.Count, options.Model, summaries, double.NaN, []), scored, table);
        using var test = TensorDataset.From(scaling.Apply(split.Test));
        var curve = PruningCurve.Run(model, training, train, test, table, PruningCurve.Arms(table, options.Policies.AsSpan()), new PruningOptions
        {
            Fractions = options.Prune,
            Seeds = [.. Enumerable.Range(0, options.PruneSeeds).Select(s => options.Scoring.Seed + 100 + s)],
            Cancellation = options.Scoring.Cancellation,
            Progress = (note, f) => options.Progress?.Report(new ProgressUpdate("training on parts", f, 1, note)),
        });
        return new InfluenceAudit(
            new InfluenceAuditResult(data.Name, scored.Count, options.Model, summaries, curve.Full.Average(), [.. curve.Points.Select(p => Pruned(p, curve)).OrderBy(p => p.Fraction).ThenByDescending(p => p.Accuracy)]), scored, table);
    }

    /// <summary>All scores as a table: id, label, one column for each score, and its class-normalised VoG.</summary>
    public Table ToTable(string source)
    {
        var columns = ImmutableArray.CreateBuilder<TableColumn>();
        columns.Add(new TextColumn("id", Scored.Ids));
        if (Scored.HasLabels)
            columns.Add(new TextColumn("label", [.. Scored.Labels.Select(l => Scored.ClassNames[l])]));
        columns.AddRange(Table.Scores.Select(s => new DoubleColumn(LabJson.Name(s.Key), [.. s.Value])));
        if (Scored.HasLabels && Table.Scores.ContainsKey(InfluenceScore.Vog))
            columns.Add(new DoubleColumn("vog_normalized", Table.Hardness(InfluenceScore.Vog)));
        return new Table(source, columns.ToImmutable());
    }

    /// <summary>The audit as a report.</summary>
    /// <param name="now">When it was made.</param>
    /// <param name="most">How many of the hardest examples are shown.</param>
    public Report ToReport(DateTimeOffset now, int most = 60)
    {
        var images = FeatureImage.Of(Scored);
        var first = Table.Scores.Keys.First(s => s != InfluenceScore.Random);
        var hardness = Table.Hardness(first);
        var order = Enumerable.Range(0, hardness.Length).OrderByDescending(i => hardness[i]).Take(most);
        return new Report($"How {Result.Data} is learnt", $"{Result.Count} examples scored by {Result.Scores.Length} scores over {Table.Runs} trainings of {Result.Model}.", now,
        [
            new TableSection("Scores", ["score", "#mean", "#deviation", "#rank correlation with el2n", "hardest"],
                [.. Result.Scores.Select(s => (ImmutableArray<string>)[LabJson.Name(s.Score), ReportNumbers.Value(s.Mean), ReportNumbers.Value(s.Deviation), ReportNumbers.Value(s.ToEl2n), string.Join(", ", s.Hardest)])]),
            new CurvesSection("Training on a part of the data", "share of the data kept", "test accuracy",
                [.. Result.Pruning.GroupBy(p => p.Arm).Select(g => new ReportCurve(g.Key, [.. g.Select(p => p.Fraction).Append(1)], [.. g.Select(p => p.Accuracy).Append(Result.Full)]))])
            {
                Explanation = "Every training makes as many updates as one on all data.",
            },
            new ExamplesSection($"The hardest by {LabJson.Name(first)}", [.. order.Select(i => new ReportExample($"{Scored.Ids[i]}{(Scored.HasLabels ? $": {Scored.ClassNames[Scored.Labels[i]]}" : "")}")
            {
                Lines = [ReportNumbers.Value(Table.Scores[first][i])],
                Image = images?.ToPng(i),
                Text = Scored.Texts.IsEmpty ? null : Scored.Texts[i],
            })])
            {
                Explanation = "Hard, atypical, or wrongly labelled: only a look tells.",
            },
        ]);
    }

    private static InfluenceSummary Summary(InfluenceScore score, ScoreTable table, Dataset data, int top)
    {
        var values = table.Scores[score];
        var mean = values.Average();
        var hardness = table.Hardness(score);
        return new InfluenceSummary(
            score, mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))), table.Scores.ContainsKey(InfluenceScore.El2n) ? table.Correlation(score, InfluenceScore.El2n) : double.NaN,
            [.. Enumerable.Range(0, values.Length).OrderByDescending(i => hardness[i]).Take(top).Select(i => data.Ids[i])]);
    }

    private static PrunedTraining Pruned(PruningPoint point, PruningCurve curve)
    {
        double[] differences = [.. point.Accuracies.Zip(curve.Full, (a, f) => a - f)];
        var mean = differences.Average();
        return new PrunedTraining(
            point.Arm, point.Fraction, point.Mean, mean, differences.Length > 1 ? Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / (differences.Length - 1)) : double.NaN);
    }
}
