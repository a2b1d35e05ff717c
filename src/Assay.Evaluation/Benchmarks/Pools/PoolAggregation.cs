using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Rankings from sparse, heterogeneous results (ONEBench, Ghosh et al. 2024). Each sample gives a comparison of every two models that were
/// measured on it (equal scores: a tie, one win to each side); Plackett–Luce strengths of all comparisons give the ranking, a bootstrap over
/// samples its intervals. Strictly monotone changes of a sample's scores change nothing.
/// </summary>
[Method("onebench", Paper = 89, Kind = MethodKind.Benchmark)]
public static class PoolAggregation
{
    private const double ResampleAlpha = 0.01;
    private const int MostModels = 4096;
    private const double MostEloSteps = 4e9;

    /// <summary>Ranks the models of a pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="options">How, or null for Plackett–Luce with α = 0 and 200 resamples.</param>
    /// <exception cref="ArgumentException">
    /// There are fewer than two models or no comparisons; or α = 0 and the comparisons do not identify the strengths: the message lists the groups.
    /// </exception>
    public static PoolRanking Aggregate(this SamplePool pool, AggregationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pool);
        options ??= new AggregationOptions();
        options.Validate();
        var n = pool.Models.Length;
        if (n is < 2 or > MostModels)
            throw new ArgumentException($"2 to {MostModels} models can be ranked, not {n}{(n == 1 ? $" ('{pool.Models[0]}')" : "")}", nameof(pool));
        var grouped = GroupedWins.Count(pool, options.Seed);
        var wins = grouped.Total();
        var components = ComparisonGraph.StrongComponents(wins);
        var warnings = Warnings(pool, wins, components, options);
        var scores = Scores(pool, wins, components, options);
        var resampled = options.Resamples == 0 ? null
            : Resampler(options, scores) is { } again ? Resample(grouped, again, options) : ResampleSamples(pool, wins, options, warnings);
        return Ranking(pool, options, wins, components, scores, resampled, warnings);
    }

    private static double[] Scores(SamplePool pool, WinMatrix wins, ImmutableArray<ImmutableArray<int>> components, AggregationOptions options)
    {
        switch (options.Aggregator)
        {
            case Aggregator.PlackettLuce or Aggregator.ArenaMle:
                if (components.Length > 1 && (options.Alpha == 0 || options.Aggregator == Aggregator.ArenaMle))
                    throw new ArgumentException(NotIdentified(pool, wins, components, options.Aggregator));
                return options.Aggregator == Aggregator.ArenaMle ? ArenaRating.Fit(wins) : [.. LuceSpectralRanking.Fit(wins, options.Alpha).Theta];
            case Aggregator.WinRate:
                return wins.WinRates();
            case Aggregator.Elo:
                return BaselineScores.Elo(pool, options.Seed);
            case Aggregator.NormalizedMean:
                return BaselineScores.NormalizedMean(pool, BaselineScores.Datasets(pool));
            default:
                return BaselineScores.Mean(pool);
        }
    }

    private static string NotIdentified(SamplePool pool, WinMatrix wins, ImmutableArray<ImmutableArray<int>> components, Aggregator aggregator)
    {
        var groups = string.Join("; ", components.Take(8).Select((c, i) => $"group {i + 1}: {Names(pool, c)}"));
        var isolated = ComparisonGraph.IsolatedGroups(wins).Length;
        var reason = isolated > 1 ? $"there are {isolated} sets of models between which there is no comparison" : "some models never lost to, or never won against, the others, so that their strength is infinite";
        return $"the comparisons do not identify the strengths: {reason}. {groups}{(components.Length > 8 ? $"; and {components.Length - 8} more" : "")}. "
            + (aggregator == Aggregator.ArenaMle ? "The arena's rating has no regularisation: use Plackett–Luce with α > 0" : "Measure models of different groups on the same samples, or regularise with α > 0 (0.01)");
    }

    private static string Names(SamplePool pool, ImmutableArray<int> models) =>
        string.Join(", ", models.Take(6).Select(m => pool.Models[m])) + (models.Length > 6 ? $" and {models.Length - 6} more" : "");

    private static List<string> Warnings(SamplePool pool, WinMatrix wins, ImmutableArray<ImmutableArray<int>> components, AggregationOptions options)
    {
        var warnings = new List<string>();
        if (pool.DuplicateCount > 0)
            warnings.Add($"{pool.DuplicateCount} results were given more than once for a model and sample; their means are used");
        var isolated = ComparisonGraph.IsolatedGroups(wins);
        if (isolated.Length > 1 && options.Aggregator is not Aggregator.MeanScore and not Aggregator.NormalizedMean)
            warnings.Add($"no comparison links these groups, so that their ranks cannot be set against each other: {string.Join("; ", isolated.Take(5).Select(g => Names(pool, g)))}{(isolated.Length > 5 ? "; …" : "")}");
        else if (components.Length > 1 && options.Aggregator == Aggregator.PlackettLuce && options.Alpha > 0)
            warnings.Add($"without α the strengths are not identified ({components.Length} groups); how far apart the groups are is set by α = {options.Alpha}");
        double compared = 0, tied = 0;
        for (var i = 0; i < wins.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                compared += wins.Comparisons(i, j);
                tied += wins.Ties(i, j);
            }
        }
        if (compared == 0)
            throw new ArgumentException("no sample has results of two models: there is nothing to compare", nameof(pool));
        if (compared == tied)
            warnings.Add("every comparison is a tie (all models solve, or fail, the same samples): the samples do not tell the models apart");
        var unmeasured = Enumerable.Range(0, wins.Count).Where(m => wins.Row(m).IndexOfAnyExcept(0) < 0 && Enumerable.Range(0, wins.Count).All(o => wins[o, m] == 0)).ToArray();
        if (unmeasured.Length > 0)
            warnings.Add($"never compared: {Names(pool, [.. unmeasured])}");
        return warnings;
    }

    // Only what follows from counted comparisons can be resampled by groups.
    private static Func<WinMatrix, double[]>? Resampler(AggregationOptions options, double[] scores) => options.Aggregator switch
    {
        // A resample may lose a link that the whole has; a little α keeps the model defined there.
        Aggregator.PlackettLuce => wins => [.. LuceSpectralRanking.Fit(wins, options.Alpha > 0 || ComparisonGraph.StrongComponents(wins).Length == 1 ? options.Alpha : ResampleAlpha, tolerance: 1e-6, start: scores).Theta],
        Aggregator.WinRate => wins => wins.WinRates(),
        // The arena's rating has no α: a resample that loses a link says nothing, and is left out.
        Aggregator.ArenaMle => wins => ComparisonGraph.StrongComponents(wins).Length == 1 ? ArenaRating.Fit(wins) : [],
        _ => null,
    };

    // Means and Elo's sequence need the samples themselves: as many are drawn with replacement, Elo's each time in an order of its own.
    private static double[][]? ResampleSamples(SamplePool pool, WinMatrix wins, AggregationOptions options, List<string> warnings)
    {
        var comparisons = Enumerable.Range(0, wins.Count).Sum(i => Enumerable.Range(0, i).Sum(j => wins.Comparisons(i, j)));
        if (options.Aggregator == Aggregator.Elo && comparisons * options.Resamples > MostEloSteps)
        {
            warnings.Add($"{comparisons:0.##e0} comparisons are too many for {options.Resamples} resamples of Elo's sequence: there are no intervals");
            return null;
        }
        var datasets = options.Aggregator == Aggregator.NormalizedMean ? BaselineScores.Datasets(pool) : [];
        var values = new double[options.Resamples][];
        Parallel.For(0, values.Length, r =>
        {
            var random = SeededRandom.At(options.Seed, 4, r);
            int[] drawn = [.. Enumerable.Range(0, pool.SampleCount).Select(_ => random.Next(pool.SampleCount))];
            if (options.Aggregator == Aggregator.Elo)
            {
                values[r] = BaselineScores.Elo(pool, random, drawn);
                return;
            }
            var times = new int[pool.SampleCount];
            foreach (var s in drawn)
                times[s]++;
            values[r] = options.Aggregator == Aggregator.NormalizedMean ? BaselineScores.NormalizedMean(pool, datasets, times) : BaselineScores.Mean(pool, times);
        });
        return values;
    }

    private static double[][] Resample(GroupedWins grouped, Func<WinMatrix, double[]> score, AggregationOptions options)
    {
        var values = new double[options.Resamples][];
        Parallel.For(0, values.Length, r => values[r] = score(grouped.Resample(SeededRandom.At(options.Seed, 2, r))));
        return Array.FindAll(values, v => v.Length > 0);
    }

    private static PoolRanking Ranking(
        SamplePool pool, AggregationOptions options, WinMatrix wins, ImmutableArray<ImmutableArray<int>> components, double[] scores, double[][]? resampled, List<string> warnings)
    {
        var n = scores.Length;
        var ranks = RanksOf(scores);
        // Fewer than half of the resamples that a rating could be fitted to would be a choice of the lucky ones.
        if (resampled is not null && resampled.Length < Math.Max(2, options.Resamples / 2))
            resampled = null;
        var resampledRanks = resampled?.Select(RanksOf).ToArray();
        var measurements = new int[n];
        var used = 0;
        for (var s = 0; s < pool.SampleCount; s++)
        {
            foreach (var m in pool.ModelsOf(s))
                measurements[m]++;
            used += pool.ModelsOf(s).Length > 0 || pool.PairsOf(s).Length > 0 ? 1 : 0;
        }
        if (pool.Pairs.Length > 0)
        {
            foreach (var pair in pool.Pairs)
            {
                measurements[pair.First]++;
                measurements[pair.Second]++;
            }
        }
        var rows = new RankedModel[n];
        var comparisons = 0.0;
        for (var m = 0; m < n; m++)
        {
            double ties = 0, won = 0, lost = 0;
            for (var o = 0; o < n; o++)
            {
                ties += wins.Ties(m, o);
                won += wins[m, o] - wins.Ties(m, o);
                lost += wins[o, m] - wins.Ties(m, o);
            }
            comparisons += (won + lost + ties) / 2;
            var interval = resampled is null || double.IsNaN(scores[m]) || resampled.All(v => !double.IsFinite(v[m])) ? Interval.Unknown with { Level = options.Level } : BootstrapInterval.Percentile([.. resampled.Select(v => v[m]).Where(double.IsFinite)], options.Level);
            var rank = resampledRanks is null || double.IsNaN(scores[m]) ? Interval.Unknown : BootstrapInterval.Percentile([.. resampledRanks.Select(v => v[m])], options.Level);
            rows[m] = new RankedModel(ranks[m], pool.Models[m], new Estimate(scores[m], interval), Math.Floor(rank.Low), Math.Ceiling(rank.High), measurements[m], won, ties, lost);
        }
        Array.Sort(rows, (a, b) => a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : string.CompareOrdinal(a.Model, b.Model));
        return new PoolRanking(
            options.Aggregator, options.Alpha, [.. rows], used, pool.MeasurementCount, comparisons, pool.Density, [.. components.Select(c => c.Select(m => pool.Models[m]).ToImmutableArray())],
            Separability(rows), [.. warnings]);
    }

    // A model without a score comes last.
    private static double[] RanksOf(double[] scores) =>
        Assay.Statistics.Ranking.Of([.. scores.Select(s => double.IsNaN(s) ? double.NegativeInfinity : s)], descending: true);

    private static double Separability(RankedModel[] rows)
    {
        var known = rows.Where(r => double.IsFinite(r.Score.Interval.Low)).ToArray();
        if (known.Length < 2)
            return double.NaN;
        return Enumerable.Range(0, known.Length - 1).Count(i => known[i + 1].Score.Interval.High < known[i].Score.Interval.Low) / (known.Length - 1.0);
    }
}
