using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>How a cluster of questions behaves over the small models.</summary>
public enum ClusterKind
{
    /// <summary>Its pass rate rises and the fitted law keeps its thresholds: it carries the prediction.</summary>
    Extrapolatable,
    /// <summary>It is at chance with every model: nothing is known of it yet.</summary>
    NonEmergent,
    /// <summary>It does not rise, saturates early, or the law breaks its thresholds.</summary>
    NonExtrapolatable,
}

/// <summary>A cluster with its law.</summary>
/// <param name="Kind">How it behaves.</param>
/// <param name="Centre">Its mean pass rate with each model.</param>
/// <param name="Members">Its questions, by row.</param>
/// <param name="Law">Its law, or null where none could be fitted.</param>
public sealed record ScalingCluster(ClusterKind Kind, ImmutableArray<double> Centre, ImmutableArray<int> Members, PassRateLaw? Law);

/// <summary>
/// Clustering on difficulty (COD): predicts the benchmark score of a model too large to train yet from the pass rates of small ones. Questions are
/// clustered by their pass rates, each cluster that scales cleanly is extrapolated by <see cref="PassRateLaw"/>, and the score of these questions is
/// mapped to that of the whole benchmark. (Xu et al. 2025, arXiv 2502.17262; the radius's choice is ours.)
/// </summary>
[Method("clustering-on-difficulty", Paper = 35, Kind = MethodKind.ScalingLaw)]
public sealed record DifficultyScaling : ScalingLaw
{
    /// <summary>All clusters, the largest first.</summary>
    public ImmutableArray<ScalingCluster> Clusters { get; init; } = [];

    /// <summary>The questions of no cluster, by row.</summary>
    public ImmutableArray<int> Outliers { get; init; } = [];

    /// <summary>The map from the subset's score to the whole's.</summary>
    public SubsetMapping Mapping { get; init; } = SubsetMapping.Identity;

    /// <summary>The number of questions.</summary>
    public int QuestionCount { get; init; }

    /// <summary>The radius R of the clusters.</summary>
    public double Radius { get; init; }

    /// <summary>The scores of models on the subset and on the whole, anchors last.</summary>
    public ImmutableArray<LawPoint> Pairs { get; init; } = [];

    /// <summary>The clusters that carry the prediction.</summary>
    [JsonIgnore]
    public IEnumerable<ScalingCluster> Subset => Clusters.Where(c => c.Kind == ClusterKind.Extrapolatable);

    /// <summary>The share of questions in the predictable subset.</summary>
    [JsonIgnore]
    public double SubsetShare => QuestionCount == 0 ? 0 : (double)Subset.Sum(c => c.Members.Length) / QuestionCount;

    /// <summary>Whether any cluster can be extrapolated; without one there is no prediction.</summary>
    [JsonIgnore]
    public bool IsPredictable => Subset.Any();

    /// <inheritdoc/>
    [JsonIgnore]
    public override ImmutableArray<string> Variables => ["compute"];

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Response => "score";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Formula => "score = f(mean over clusters of g + (1 − g)·exp(−a·(compute/unit)^(−b) − c))";

    /// <inheritdoc/>
    protected internal override ImmutableArray<(string Name, bool IsLog)> Theta => [];

    /// <summary>Fits the framework to the small models' pass rates.</summary>
    /// <param name="table">The pass rates of the small models; the target is never part of it.</param>
    /// <param name="options">The chance of guessing, the radius, thresholds, the mapping; the defaults where null.</param>
    /// <param name="anchors">Models of other families, which only fix the mapping: their pass rates on the same questions.</param>
    /// <exception cref="ArgumentException">Fewer than four models of different compute, or malformed rates.</exception>
    public static DifficultyScaling FitTo(PassRateTable table, DifficultyOptions? options = null, PassRateTable? anchors = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        options ??= new DifficultyOptions();
        table = table.Checked();
        if (table.Models.Select(m => m.Compute).Distinct().Count() is < 4 and var count)
            throw new ArgumentException($"{count} models of different compute: at least 4 small models are needed");
        var rates = table.Rates.Select(r => r.Average()).ToArray();
        if (rates.All(r => r == 1))
            throw new ArgumentException("every model solves every question: nothing is left to predict");
        if (rates.All(r => r == 0))
            throw new ArgumentException("no model solves any question: there is nothing to extrapolate yet");
        if (anchors is not null && !anchors.Questions.SequenceEqual(table.Questions))
            throw new ArgumentException("the anchors' pass rates are of other questions than the small models'");
        var radius = options.Radius ?? Radii(table, options);
        return Fitted(table, options, anchors, radius);
    }

    /// <summary>Predicts the largest small model from the others; its pass rates are used for nothing else.</summary>
    /// <param name="table">The pass rates.</param>
    /// <param name="options">As in <see cref="FitTo"/>.</param>
    /// <returns>The prediction and the actual score; the prediction is undefined where nothing can be extrapolated.</returns>
    public static DifficultyBacktest Backtest(PassRateTable table, DifficultyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        table = table.Checked();
        if (table.Models.Length < 5)
            throw new ArgumentException($"{table.Models.Length} models: leaving out the largest needs at least 5");
        var last = table.Models.Length - 1;
        var law = FitTo(table.Select([.. Enumerable.Range(0, last)]), options);
        return new DifficultyBacktest(table.Models[last].Name, law.Predict([table.Models[last].Compute]), table.Mean(last));
    }

    /// <summary>The prediction for the predictable subset alone.</summary>
    public double SubsetScore(double compute) => IsPredictable ? Subset.Sum(c => c.Members.Length * c.Law!.Value(compute)) / Subset.Sum(c => c.Members.Length) : double.NaN;

    /// <inheritdoc/>
    public override Estimate Predict(ReadOnlySpan<double> at, bool ofCurve = false, double level = 0.95)
    {
        var score = Value(at);
        if (!IsPredictable)
            return Estimate.Undefined;
        // Clusters err independently; the mapping's own error is added.
        var (total, below, above) = (Subset.Sum(c => c.Members.Length), 0.0, 0.0);
        foreach (var cluster in Subset)
        {
            var estimate = cluster.Law!.Predict(at, ofCurve: true, level);
            var share = (double)cluster.Members.Length / total;
            var (low, high) = double.IsFinite(estimate.Interval.Low) ? (estimate.Interval.Low, estimate.Interval.High) : (0, 1);
            below += Math.Pow(share * (estimate.Value - low), 2);
            above += Math.Pow(share * (high - estimate.Value), 2);
        }
        var subset = SubsetScore(at[0]);
        var mapping = double.IsFinite(Mapping.RootMeanSquareError) ? Tails.NormalQuantile(0.5 + level / 2) * Mapping.RootMeanSquareError : 0;
        var lower = score - Mapping.At(Math.Clamp(subset - Math.Sqrt(below), 0, 1));
        var upper = Mapping.At(Math.Clamp(subset + Math.Sqrt(above), 0, 1)) - score;
        return new Estimate(score, new Interval(score - Math.Sqrt(lower * lower + mapping * mapping), score + Math.Sqrt(upper * upper + mapping * mapping), level).Clip(0, 1));
    }

    /// <summary>During a training: the actual score of a checkpoint against the predicted one.</summary>
    /// <param name="compute">The checkpoint's compute.</param>
    /// <param name="score">Its score on the whole benchmark.</param>
    public DifficultyBacktest Monitor(double compute, double score) => new("checkpoint", Predict([compute]), score);

    /// <inheritdoc/>
    protected internal override double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient) => IsPredictable ? Mapping.At(SubsetScore(at[0])) : double.NaN;

    // The radius that predicts the largest small model best from the smaller ones.
    private static double Radii(PassRateTable table, DifficultyOptions options)
    {
        var root = Math.Sqrt(table.Models.Length);
        if (table.Models.Length < 5)
            return 0.1 * root;
        var last = table.Models.Length - 1;
        var smaller = table.Select([.. Enumerable.Range(0, last)]);
        var best = (Radius: 0.1, Error: double.PositiveInfinity);
        foreach (var candidate in DifficultyOptions.Radii)
        {
            var law = Fitted(smaller, options with { Mapping = MappingForm.Identity }, null, candidate * Math.Sqrt(last));
            // Judged on the subset, and a subset that is next to nothing is no answer.
            if (law.SubsetShare < 0.2)
                continue;
            var error = Math.Abs(law.SubsetScore(table.Models[last].Compute) - table.Mean(last, law.Subset.SelectMany(c => c.Members)));
            if (error < best.Error)
                best = (candidate, error);
        }
        return best.Radius * root;
    }

    private static DifficultyScaling Fitted(PassRateTable table, DifficultyOptions options, PassRateTable? anchors, double radius)
    {
        double[][] features = [.. table.Rates.Select(r => r.ToArray())];
        double[] compute = [.. table.Models.Select(m => m.Compute)];
        var found = DifficultyClusters.Find(features, radius, options.MinimumSize, options.Seed);
        var clusters = found.Select(c => Judge(c, table, compute, options)).ToImmutableArray();
        int[] subset = [.. clusters.Where(c => c.Kind == ClusterKind.Extrapolatable).SelectMany(c => c.Members)];
        var pairs = subset.Length == 0 ? [] : PairsOf(table, subset).Concat(anchors is null ? [] : PairsOf(anchors, subset)).ToImmutableArray();
        var mapping = SubsetMapping.Identity;
        if (subset.Length > 0)
        {
            var small = table.Models.Length;
            // Items at chance with every model and anchor may never be solved: the top of the map can say so.
            var dead = options.LowerCeiling ? DeadShare(table, anchors, options.Guess) : 0;
            IEnumerable<(double, double, double)> guessing = options.Guess > 0 && options.PinGuess ? [(options.Guess, options.Guess, 1.0)] : [];
            mapping = SubsetMapping.FitTo([.. pairs.Select((p, i) => (p.At[0], p.Value, i < small ? 1.0 : options.AnchorWeight)), .. guessing], options.Mapping, 1 - dead);
        }
        return new DifficultyScaling
        {
            Fit = LawFit.Exact(),
            Clusters = [.. clusters.OrderByDescending(c => c.Members.Length)],
            Outliers = [.. Enumerable.Range(0, features.Length).Except(found.SelectMany(c => c.Members))],
            Mapping = mapping,
            QuestionCount = features.Length,
            Radius = radius,
            Pairs = pairs,
            Points = [.. compute.Select((c, j) => new LawPoint([c], table.Mean(j), table.Models[j].Name))],
            Warnings = [.. WarningsOf(table, anchors, subset.Length, features.Length, options)],
        };
    }

    private static IEnumerable<LawPoint> PairsOf(PassRateTable table, int[] subset) =>
        table.Models.Select((m, j) => new LawPoint([table.Mean(j, subset)], table.Mean(j), m.Name));

    private static ScalingCluster Judge(DifficultyCluster cluster, PassRateTable table, double[] compute, DifficultyOptions options)
    {
        double[] rates = [.. Enumerable.Range(0, compute.Length).Select(j => table.Mean(j, cluster.Members))];
        var samples = cluster.Members.Length * Math.Max(1, table.Models.Min(m => m.Trials));
        // Three standard errors of guessing, and never less than a hundredth.
        var chance = options.Guess + Math.Max(0.01, 3 * Math.Sqrt(Math.Max(options.Guess * (1 - options.Guess), 1.0 / samples) / samples));
        if (rates.All(r => r <= chance))
            return new ScalingCluster(ClusterKind.NonEmergent, [.. rates], cluster.Members, null);
        var law = PassRateLaw.FitTo(compute, rates, options.Guess, options.FitGuess && compute.Length > 4, options.FitCeiling, compute.Min());
        var rise = rates[^1] - rates[0];
        var rising = rise > 0.02 && rates[^1] >= rates[..^1].Max() - 0.05;
        var within = law.A > options.LeastA && law.B > options.LeastB && law.C < options.MostC && law.Ceiling >= options.LeastCeiling;
        return new ScalingCluster((rising || options.KeepFalling) && within ? ClusterKind.Extrapolatable : ClusterKind.NonExtrapolatable, [.. rates], cluster.Members, law);
    }

    private static double DeadShare(PassRateTable table, PassRateTable? anchors, double guess)
    {
        var count = 0;
        for (var q = 0; q < table.Rates.Length; q++)
        {
            bool AtChance(PassRateTable t) => t.Rates[q].Select((r, j) => r <= guess + 3 * Math.Sqrt(Math.Max(guess * (1 - guess), 0.01) / Math.Max(1, t.Models[j].Trials))).All(b => b);
            if (AtChance(table) && (anchors is null || AtChance(anchors)))
                count++;
        }
        return Math.Min(0.9, (double)count / table.Rates.Length);
    }

    private static IEnumerable<string> WarningsOf(PassRateTable table, PassRateTable? anchors, int subset, int questions, DifficultyOptions options)
    {
        if (!table.Dropped.IsEmpty)
            yield return $"{table.Dropped.Length} questions without a pass rate for every model were dropped: {string.Join(", ", table.Dropped.Take(5))}{(table.Dropped.Length > 5 ? ", …" : "")}";
        for (var j = 0; j < table.Models.Length; j++)
        {
            var error = Math.Sqrt(options.Guess * (1 - options.Guess) / (questions * Math.Max(1.0, table.Models[j].Trials)));
            if (options.Guess > 0 && table.Mean(j) < options.Guess - 3 * error)
                yield return $"{table.Models[j].Name} scores {table.Mean(j):g3}, below the chance of guessing {options.Guess:g3}: is that right?";
        }
        if (subset == 0)
            yield return "not predictable yet: no cluster of questions rises over the small models as the law asks";
        else if (subset < 0.2 * questions)
            yield return $"only {100.0 * subset / questions:0} % of the questions can be extrapolated: the mapping carries the prediction";
        if (anchors is not null && anchors.Models.Max(m => m.Compute) < table.Models.Max(m => m.Compute))
            yield return "no anchor is larger than the small models: it does not help the mapping where the prediction lies";
        if (table.Rates.All(r => r.All(v => v is 0 or 1)))
            yield return "all pass rates are 0 or 1: clusters are noisy, sample each question several times";
    }
}

/// <summary>How <see cref="DifficultyScaling"/> clusters, judges and maps.</summary>
public sealed record DifficultyOptions
{
    /// <summary>The radii that are tried where none is given, times √models.</summary>
    public static ImmutableArray<double> Radii { get; } = [0.06, 0.08, 0.1, 0.13, 0.17];

    /// <summary>The chance of guessing.</summary>
    public double Guess { get; init; }

    /// <summary>R, or null for the value that predicts the largest small model best.</summary>
    public double? Radius { get; init; }

    /// <summary>K, the least size of a cluster.</summary>
    public int MinimumSize { get; init; } = 10;

    /// <summary>Whether each cluster's g is fitted (the paper) instead of held at the chance of guessing.</summary>
    public bool FitGuess { get; init; }

    /// <summary>Whether c is fitted.</summary>
    public bool FitCeiling { get; init; } = true;

    /// <summary>A cluster's a must be above this, in units of the smallest model's compute.</summary>
    public double LeastA { get; init; } = 1;

    /// <summary>A cluster's b must be above this.</summary>
    public double LeastB { get; init; } = 0.1;

    /// <summary>A cluster's c must be below this.</summary>
    public double MostC { get; init; } = 1;

    /// <summary>The pass rate that a cluster's law must reach with unlimited compute.</summary>
    public double LeastCeiling { get; init; } = 0.3;

    /// <summary>Whether clusters that do not rise are kept too: an ablation, which the method does without.</summary>
    public bool KeepFalling { get; init; }

    /// <summary>The form of the mapping.</summary>
    public MappingForm Mapping { get; init; } = MappingForm.Quartic;

    /// <summary>The weight of an anchor against that of a small model.</summary>
    public double AnchorWeight { get; init; } = 5;

    /// <summary>Whether f passes through (g, g).</summary>
    public bool PinGuess { get; init; } = true;

    /// <summary>Whether f(1) is 1 less the share of questions that no model solves above chance.</summary>
    public bool LowerCeiling { get; init; }

    /// <summary>The seed of starting points for very many questions.</summary>
    public long Seed { get; init; }
}

/// <summary>A prediction beside what came true.</summary>
/// <param name="Model">The model.</param>
/// <param name="Predicted">The prediction with its interval.</param>
/// <param name="Actual">The actual score.</param>
public sealed record DifficultyBacktest(string Model, Estimate Predicted, double Actual)
{
    /// <summary>|predicted − actual|.</summary>
    public double Error => Math.Abs(Predicted.Value - Actual);
}
