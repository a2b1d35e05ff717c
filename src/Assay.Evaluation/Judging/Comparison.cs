using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Two or more models on the same examples: every metric with the interval of each difference, the tests that fit, and a verdict in words.
/// Serialises as JSON.
/// </summary>
public sealed record Comparison
{
    /// <summary>The models, in the order given; the first is the one that others are measured against.</summary>
    public required ImmutableArray<string> Models { get; init; }

    /// <summary>The number of common examples.</summary>
    public required int Count { get; init; }

    /// <summary>Every metric that all models allow.</summary>
    public required ImmutableArray<MetricComparison> Metrics { get; init; }

    /// <summary>Cochran's Q over three or more classifiers; null for two, and for regression.</summary>
    public TestResult? AllModels { get; init; }

    /// <summary>McNemar's test of each pair of classifiers; empty for regression.</summary>
    public required ImmutableArray<PairedTest> Pairs { get; init; }

    /// <summary>What can be said, in a sentence for each pair.</summary>
    public required ImmutableArray<string> Verdicts { get; init; }

    /// <summary>The procedure that fits this question, and why.</summary>
    public required SelectionPlan Advice { get; init; }

    /// <summary>The comparison of that metric.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public MetricComparison this[string metric] => Metrics.FirstOrDefault(m => m.Name == metric)
        ?? throw new ArgumentException($"there is no metric '{metric}'; there are: {string.Join(", ", Metrics.Select(m => m.Name))}", nameof(metric));

    /// <summary>Compares models.</summary>
    /// <param name="models">Predictions of two or more models of the same examples, matched by <see cref="ExampleMatching.Match"/>.</param>
    /// <param name="metrics">The metrics, or null for the defaults that all models allow.</param>
    /// <param name="level">The confidence level of intervals; 1 − level is the level of the tests.</param>
    /// <param name="resamples">The number of bootstrap resamples.</param>
    /// <param name="seed">The seed of the bootstrap.</param>
    /// <exception cref="ArgumentException">The models cannot be matched, or a metric cannot be computed from all of them.</exception>
    public static Comparison Of(IReadOnlyList<Predictions> models, IEnumerable<Metric>? metrics = null, double level = 0.95, int resamples = 1000, long seed = 0)
    {
        var matched = ExampleMatching.Match(models);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var chosen = metrics?.ToArray() ?? [.. Metric.Defaults.Where(m => matched.All(p => m.AppliesTo(p.Kind)))];
        if (chosen.Length == 0)
            throw new ArgumentException("at least one metric was expected", nameof(metrics));
        if (Array.Find(chosen, m => !matched.All(p => m.AppliesTo(p.Kind))) is { } unfit)
            throw new ArgumentException($"{unfit.Name} needs {unfit.Input.ToString().ToLowerInvariant()}, which not all models give", nameof(metrics));
        var compared = MetricComparison.Of(matched, chosen, level, resamples, seed);
        ImmutableArray<PairedTest> pairs = matched[0].IsRegression ? [] : PairedTest.Of(matched, level);
        return new Comparison
        {
            Models = [.. matched.Select(m => m.Model)],
            Count = matched[0].Count,
            Metrics = compared,
            AllModels = matched[0].IsRegression || matched.Length == 2 ? null : CochranQTest.Of([.. matched.Select(PairedTest.Correct)]),
            Pairs = pairs,
            Verdicts = ComparisonVerdict.Of(compared, pairs, 1 - level),
            Advice = Advisor.Plan(Math.Max(2, matched[0].Count), SelectionQuestion.CompareModels, contestants: matched.Length),
        };
    }
}

/// <summary>One metric of all models.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="HigherIsBetter">Whether more is better.</param>
/// <param name="Values">The value of each model with its interval.</param>
/// <param name="Differences">The difference of each pair.</param>
/// <param name="Method">How the intervals of the differences were found.</param>
public sealed record MetricComparison(
    string Name, string Title, bool HigherIsBetter, ImmutableArray<Estimate> Values, ImmutableArray<MetricDifference> Differences, string Method)
{
    internal static ImmutableArray<MetricComparison> Of(ImmutableArray<Predictions> models, Metric[] metrics, double level, int resamples, long seed)
    {
        var accumulators = models.Select(m => MetricAccumulator.Over(m, metrics)).ToArray();
        var values = accumulators.Select(a => a.Result(level)).ToArray();
        var resampled = new PairedResampling(models, resamples, seed).Values(metrics);
        var ranking = metrics.OfType<RankMetric>().Any() ? new PairedRanking(models, resamples, seed, m => accumulators[m].TallyOf<RankTally>(typeof(RankTally))!.Summarise().Influence) : null;
        var results = ImmutableArray.CreateBuilder<MetricComparison>();
        for (var m = 0; m < metrics.Length; m++)
        {
            var differences =
                from a in Enumerable.Range(0, models.Length)
                from b in Enumerable.Range(a + 1, models.Length - a - 1)
                let value = values[b][m].Estimate.Value - values[a][m].Estimate.Value
                select new MetricDifference(models[a].Model, models[b].Model, new Estimate(value,
                    metrics[m] is RankMetric rank ? ranking!.Difference(rank, a, b, value, level)
                    : resampled[m] is { } r ? Percentiles(r[a], r[b], level)
                    : Interval.Unknown with { Level = level }));
            results.Add(new MetricComparison(
                metrics[m].Name, metrics[m].Title, metrics[m].HigherIsBetter, [.. values.Select(v => v[m].Estimate)], [.. differences],
                metrics[m] is RankMetric ? ranking!.Method : resampled[m] is null ? "none" : $"paired bootstrap, {resamples} resamples"));
        }
        return results.ToImmutable();
    }

    private static Interval Percentiles(double[] first, double[] second, double level)
    {
        double[] differences = [.. second.Zip(first, static (b, a) => b - a)];
        return differences.All(double.IsNaN) ? Interval.Unknown with { Level = level } : BootstrapInterval.Percentile(differences, level);
    }
}

/// <summary>The difference of two models in one metric.</summary>
/// <param name="First">The model that is measured against.</param>
/// <param name="Second">The other model.</param>
/// <param name="Difference">The metric of the second minus that of the first, with the interval of the paired difference.</param>
public sealed record MetricDifference(string First, string Second, Estimate Difference)
{
    /// <summary>Whether the interval leaves out 0.</summary>
    public bool IsReal => Difference.Interval.Low > 0 || Difference.Interval.High < 0;
}

/// <summary>The answers of two classifiers compared item by item.</summary>
/// <param name="First">The model that is measured against.</param>
/// <param name="Second">The other model.</param>
/// <param name="Outcomes">How often both, only one, or neither was right.</param>
/// <param name="Test">McNemar's test: exact for few disagreements, else with continuity correction.</param>
/// <param name="MidP">The mid-p value, less conservative where disagreements are few.</param>
/// <param name="AdjustedPValue">The test's p-value after Holm's correction for the number of pairs.</param>
/// <param name="OddsRatio">How many times more often only the first is right than only the second; null without disagreement.</param>
public sealed record PairedTest(string First, string Second, PairedOutcomes Outcomes, TestResult Test, double MidP, double AdjustedPValue, Estimate? OddsRatio)
{
    internal static bool[] Correct(Predictions model) => [.. model.PredictedClasses().Zip(model.Labels, static (p, y) => p == y)];

    internal static ImmutableArray<PairedTest> Of(ImmutableArray<Predictions> models, double level)
    {
        var correct = models.Select(Correct).ToArray();
        var pairs =
            (from a in Enumerable.Range(0, models.Length)
             from b in Enumerable.Range(a + 1, models.Length - a - 1)
             let outcomes = PairedOutcomes.Of(correct[a], correct[b])
             select (First: models[a].Model, Second: models[b].Model, Outcomes: outcomes, Test: McNemarTest.Of(outcomes))).ToArray();
        var adjusted = MultipleComparisons.Adjust([.. pairs.Select(p => p.Test.PValue)]);
        return
        [
            .. pairs.Select((p, i) => new PairedTest(p.First, p.Second, p.Outcomes, p.Test, McNemarTest.Of(p.Outcomes, McNemarVariant.MidP).PValue, adjusted[i],
                p.Outcomes.Disagreements == 0 ? null : EffectSize.OddsRatio(p.Outcomes, level))),
        ];
    }
}
