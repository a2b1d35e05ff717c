using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A model on the original and the paraphrased items.</summary>
/// <param name="Model">The model.</param>
/// <param name="Items">How many items have the original and at least one paraphrase answered.</param>
/// <param name="Original">A₀, accuracy on the original wording.</param>
/// <param name="Paraphrased">Ā, mean over the items of the share of paraphrases answered rightly.</param>
/// <param name="Drop">D = A₀ − Ā with its interval D ± z·s_d/√N.</param>
/// <param name="DropTest">The paired t test of D = 0; NaN where all differences are equal and not 0.</param>
/// <param name="PermutationPValue">The p-value of the paired permutation test.</param>
/// <param name="ByWording">A_j of each paraphrase.</param>
/// <param name="Spread">The sample deviation of the A_j.</param>
/// <param name="Worst">Share of items right in every paraphrase.</param>
/// <param name="Best">Share of items right in some paraphrase.</param>
/// <param name="Strict">Share of items with the same answer in every paraphrase.</param>
/// <param name="StrictWithOriginal">The same, the original included.</param>
/// <param name="Pairwise">Mean over the items of the share of pairs of paraphrases that agree.</param>
/// <param name="Entropy">Mean entropy of the answers of an item, base the number of different answers to any item; 0 for always the same.</param>
/// <param name="Profile">h_r: the share of items right in exactly r of the P paraphrases, of the items with all of them.</param>
/// <param name="Instability">1 − h₀ − h_P.</param>
public sealed record ReliabilityResult(
    string Model, int Items, double Original, double Paraphrased, Estimate Drop, TestResult DropTest, double PermutationPValue, ImmutableArray<double> ByWording, double Spread, double Worst,
    double Best, double Strict, double StrictWithOriginal, double Pairwise, double Entropy, ImmutableArray<double> Profile, double Instability);

/// <summary>How far the order of the models survives a change of wording.</summary>
/// <param name="Tau">Kendall's τ-b of A₀ and Ā.</param>
/// <param name="Rho">Spearman's ρ of A₀ and Ā.</param>
/// <param name="TauByWording">τ-b of A₀ and each A_j.</param>
/// <param name="TopOverlap">The share of the best five (or half, of fewer than ten) by A₀ that are among the best by Ā.</param>
/// <param name="NoiseTau">The 5 % quantile of τ-b between A₀ and A₀ on resampled items: what sampling alone does.</param>
/// <param name="IsStable">Whether τ is at least that.</param>
/// <param name="Swaps">The pairs of models whose order changes.</param>
/// <param name="SignificantSwaps">Those that differ significantly both before (McNemar) and after (paired t).</param>
/// <param name="Dependability">σ²_model/(σ²_model + σ²_wording + σ²_rest) of a score on one wording, from the models × wordings table.</param>
public sealed record LeaderboardStability(
    double Tau, double Rho, ImmutableArray<double> TauByWording, double TopOverlap, double NoiseTau, bool IsStable, ImmutableArray<(string First, string Second)> Swaps, int SignificantSwaps, double Dependability);

/// <summary>An item and how unstable it is over all models.</summary>
/// <param name="Item">Its id.</param>
/// <param name="Instability">The mean over the models of 4·p(1 − p), p the share of paraphrases answered rightly.</param>
/// <param name="Drop">The mean drop.</param>
public sealed record UnstableItem(string Item, double Instability, double Drop);

/// <summary>The report on several wordings.</summary>
/// <param name="Models">Each model.</param>
/// <param name="Leaderboard">The order of the models, or null for fewer than three.</param>
/// <param name="Items">The items, the most unstable first.</param>
/// <param name="Missing">How many answers are missing.</param>
public sealed record ReliabilityReport(ImmutableArray<ReliabilityResult> Models, LeaderboardStability? Leaderboard, ImmutableArray<UnstableItem> Items, int Missing)
{
    /// <summary>Wilcoxon's signed-rank test of the models' drops: do models as such lose? Null for fewer than two models.</summary>
    public TestResult? AcrossModels { get; init; }

    /// <summary>Each model with only those paraphrases that a judge approved; empty where no judge was asked or none was approved.</summary>
    public ImmutableArray<ReliabilityResult> Approved { get; init; } = [];
}

/// <summary>
/// Reliability of a benchmark under paraphrase (Lunardi, Della Mea, Mizzaro and Roitero 2025): how much accuracy drops, how stable single
/// answers are, and whether the leaderboard keeps its order beyond what the sampling of items would change.
/// </summary>
[Method("paraphrase-reliability", Paper = 37, Kind = MethodKind.Benchmark)]
public static class ParaphraseReliability
{
    /// <summary>Computes the report.</summary>
    /// <param name="results">The answers.</param>
    /// <param name="level">The confidence level.</param>
    /// <param name="resamples">The number of resamples behind the noise of τ.</param>
    /// <param name="seed">Their seed.</param>
    /// <exception cref="ArgumentException">A model has no item with both the original and a paraphrase.</exception>
    public static ReliabilityReport Of(WordingResults results, double level = 0.95, int resamples = 500, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var models = results.Models.Select((name, m) => OfModel(name, results.Answers[m], results.ParaphraseCount, level, seed)).ToImmutableArray();
        var missing = results.Answers.Sum(m => m.Sum(i => i.Count(a => a is null)));
        return new ReliabilityReport(models, models.Length < 3 ? null : WordingLeaderboard.Of(results, models, resamples, seed), Unstable(results), missing)
        {
            AcrossModels = models.Length < 2 ? null : WilcoxonTest.Of([.. models.Select(m => m.Drop.Value)]),
            Approved = results.OnlyApproved() is { } approved
                ? [.. results.Models.Select((name, m) => (name, Answers: approved.Answers[m])).Where(m => m.Answers.Any(HasBoth)).Select(m => OfModel(m.name, m.Answers, results.ParaphraseCount, level, seed))]
                : [],
        };
    }

    private static bool HasBoth(WordedAnswer?[] answers) => answers[0] is not null && answers.Skip(1).Any(a => a is not null);

    private static ReliabilityResult OfModel(string name, WordedAnswer?[][] answers, int paraphrases, double level, long seed)
    {
        var items = answers.Where(HasBoth).Select(a => (Original: a[0]!.Value, Others: a.Skip(1).Where(x => x is not null).Select(x => x!.Value).ToArray())).ToArray();
        if (items.Length == 0)
            throw new ArgumentException($"model '{name}' has no item with answers to the original and to a paraphrase");
        double[] original = [.. items.Select(i => i.Original.Correct ? 1.0 : 0)], mean = [.. items.Select(i => i.Others.Average(o => o.Correct ? 1.0 : 0))];
        double[] differences = [.. original.Zip(mean, (a, b) => a - b)];
        var byWording = Enumerable.Range(1, paraphrases).Select(j => answers.Where(a => a.Length > j && a[j] is not null).Select(a => a[j]!.Value.Correct ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average()).ToImmutableArray();
        var full = items.Where(i => i.Others.Length == paraphrases).ToArray();
        var profile = Enumerable.Range(0, paraphrases + 1).Select(r => full.Length == 0 ? double.NaN : full.Count(i => i.Others.Count(o => o.Correct) == r) / (double)full.Length).ToImmutableArray();
        var kinds = Math.Max(2, items.SelectMany(i => i.Others.Append(i.Original)).Select(Key).Distinct().Count());
        var d = Moments.Of(differences);
        return new ReliabilityResult(
            name, items.Length, original.Average(), mean.Average(), new Estimate(d.Mean, Interval.Normal(d.Mean, items.Length > 1 ? d.StandardError : double.NaN, level)), PairedT(d), PermutationTest.Paired(original, mean, seed: seed).PValue,
            byWording, Moments.Of([.. byWording.Where(double.IsFinite)]).StandardDeviation, items.Average(i => i.Others.All(o => o.Correct) ? 1.0 : 0), items.Average(i => i.Others.Any(o => o.Correct) ? 1.0 : 0),
            items.Average(i => AreSame(i.Others) ? 1.0 : 0), items.Average(i => AreSame([i.Original, .. i.Others]) ? 1.0 : 0), items.Average(i => Agreement(i.Others)), items.Average(i => Entropy(i.Others, kinds)),
            profile, 1 - profile[0] - profile[^1]);
    }

    // Items are independent: the ordinary t test, unlike that of overlapping splits.
    private static TestResult PairedT(Moments d)
    {
        if (d.Count < 2 || d.StandardDeviation <= 1e-12)
            return new TestResult("paired t", d.Mean == 0 ? 0 : double.NaN, d.Mean == 0 ? 1 : double.NaN, [d.Count - 1], d.Mean == 0 ? null : "all differences are equal: t is undefined");
        var t = d.Mean / d.StandardError;
        return new TestResult("paired t", t, Tails.StudentTwoSided(t, d.Count - 1), [d.Count - 1]);
    }

    // The option where it is known, else whether it was right.
    private static string Key(WordedAnswer answer) => answer.Option.Length > 0 ? answer.Option : answer.Correct ? "right" : "wrong";

    private static bool AreSame(IEnumerable<WordedAnswer> answers) => answers.Select(Key).Distinct().Count() == 1;

    private static double Agreement(WordedAnswer[] answers)
    {
        if (answers.Length < 2)
            return 1;
        var pairs = answers.Length * (answers.Length - 1) / 2.0;
        return answers.CountBy(Key).Sum(g => g.Value * (g.Value - 1) / 2.0) / pairs;
    }

    private static double Entropy(WordedAnswer[] answers, int kinds) =>
        answers.CountBy(Key).Sum(g => -(double)g.Value / answers.Length * Math.Log((double)g.Value / answers.Length)) / Math.Log(kinds);

    private static ImmutableArray<UnstableItem> Unstable(WordingResults results) =>
    [
        .. results.Items.Select((item, i) =>
        {
            var models = results.Answers.Select(m => m[i]).Where(a => a[0] is not null && a.Skip(1).Any(x => x is not null))
                .Select(a => (Original: a[0]!.Value.Correct ? 1.0 : 0, Mean: a.Skip(1).Where(x => x is not null).Average(x => x!.Value.Correct ? 1.0 : 0))).ToArray();
            return models.Length == 0 ? new UnstableItem(item, double.NaN, double.NaN) : new UnstableItem(item, models.Average(m => 4 * m.Mean * (1 - m.Mean)), models.Average(m => m.Original - m.Mean));
        }).Where(i => !double.IsNaN(i.Instability)).OrderByDescending(i => i.Instability).ThenByDescending(i => i.Drop),
    ];
}
