using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay bench aggregate</c>: one ranking of sparse results of any metric.</summary>
internal static class BenchAggregateCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var path = new Argument<string>("results") { Description = "Results: columns model, sample, score (and dataset, text, …); or model_a, model_b, winner; or model and one column for each sample; or a folder with results.parquet and instances.json." };
        var aggregator = new Option<string>("--aggregator", "-a") { Description = $"How scores are found: {string.Join(", ", Enum.GetValues<Aggregator>().Select(LabJson.Name))}.", HelpName = "name", DefaultValueFactory = _ => "plackett-luce" };
        var alpha = new Option<double>("--alpha") { Description = "Virtual wins between all models, where the comparisons do not identify all strengths (0.01 to 0.05).", HelpName = "α", DefaultValueFactory = _ => 0 };
        var query = new Option<string?>("--query") { Description = "Rank on a capability: only the samples whose text is most like this.", HelpName = "text" };
        var top = new Option<int?>("--top") { Description = "The most samples that --query finds; 10 unless --threshold is given.", HelpName = "k" };
        var threshold = new Option<double?>("--threshold") { Description = "The similarity (0 to 1) that a sample must exceed for --query.", HelpName = "x" };
        var where = new Option<string[]>("--where") { Description = "Only samples that fulfil 'field operator value'; operators eq ne gt ge lt le contains len. May be given several times.", HelpName = "condition" };
        var missing = new Option<bool>("--missingness") { Description = "Also measure how the ranking changes when results are removed." };
        var resamples = new Option<int>("--resamples", "-r") { Description = "The number of bootstrap resamples of the samples; 0 for no intervals.", HelpName = "count", DefaultValueFactory = _ => 200 };
        var level = new Option<double>("--level") { Description = "The confidence level.", HelpName = "0…1", DefaultValueFactory = _ => 0.95 };
        var seed = new Option<long>("--seed") { Description = "The seed of the bootstrap.", HelpName = "number" };
        var html = new Option<string?>("--html") { Description = "Write a report with plots.", HelpName = "file" };
        var command = new Command("aggregate", "Rank models from sparse results of mixed metrics, with intervals for scores and ranks (ONEBench).")
        {
            path, aggregator, alpha, query, top, threshold, where, missing, resamples, level, seed, html,
        };
        command.Example("assay bench aggregate results.csv", "Plackett–Luce scores and ranks of all samples");
        command.Example("assay bench aggregate results.csv --alpha 0.01 --html ranking.html", "sparse results that do not link all models, as a page");
        command.Example("assay bench aggregate data/llm/all --query \"organic chemistry\" --top 50", "a capability in a released pool");
        command.Example("assay bench aggregate results.csv --where \"dataset eq mmlu\" --where \"year ge 2020\"", "samples by their metadata");
        command.Example("assay bench aggregate battles.parquet -a arena-mle --json", "the arena's rating of pairwise votes, for a script");
        command.Handle(environment, session =>
        {
            var options = new AggregationOptions
            {
                Aggregator = Choice.Of<Aggregator>(session.Require(aggregator), "--aggregator"), Alpha = session.Get(alpha), Resamples = session.Get(resamples), Level = session.Get(level), Seed = session.Get(seed),
            };
            var pool = PoolFile.Load(environment.PathOf(session.Require(path)));
            var hits = ImmutableArray<BenchHit>.Empty;
            if (session.Get(query) is not null || session.Get(where) is { Length: > 0 })
            {
                var asked = new SampleQuery
                {
                    Text = session.Get(query), Top = session.Get(top) ?? (session.Get(threshold) is null ? 10 : null), Threshold = session.Get(threshold),
                    Filters = [.. (session.Get(where) ?? []).Select(SampleFilter.Parse)],
                };
                var found = pool.Find(asked);
                hits = [.. found.Take(50).Select(h => new BenchHit(pool.SampleId(h.Sample), pool.MetadataOf(h.Sample, "dataset"), h.Similarity, pool.MetadataOf(h.Sample, "text")))];
                pool = pool.Select([.. found.Select(h => h.Sample)]);
            }
            session.Cancellation.ThrowIfCancellationRequested();
            var result = session.WithProgress(progress =>
            {
                progress.Report(new ProgressUpdate("ranking"));
                var ranking = Aggregate(pool, options);
                return new BenchAggregateResult(ranking, hits, session.Get(missing) ? MissingnessCurve.Of(pool, options) : []);
            });
            foreach (var warning in result.Ranking.Warnings)
                session.Warn(warning);
            session.Show(result, BenchRendering.Aggregate);
            if (session.Get(html) is { } file)
                session.WriteReport(file, Report(result, environment.Time.GetUtcNow()), options.Seed);
            return CliHost.Done;
        });
        return command;
    }

    // The library speaks of α; here it is an option.
    private static PoolRanking Aggregate(SamplePool pool, AggregationOptions options)
    {
        try
        {
            return pool.Aggregate(options);
        }
        catch (ArgumentException e) when (e.Message.Contains("do not identify", StringComparison.Ordinal) && options.Aggregator == Aggregator.PlackettLuce)
        {
            throw new ArgumentException($"{e.Message}: --alpha 0.01", e);
        }
    }

    private static Report Report(BenchAggregateResult result, DateTimeOffset now)
    {
        var ranking = result.Ranking;
        var first = ranking.Models[0];
        var verdict = $"{first.Model} leads{(double.IsNaN(first.RankLow) ? "" : $", on ranks {first.RankLow} to {first.RankHigh}")}; {ranking.Models.Length} models, {ranking.SampleCount} samples, {ReportNumbers.Percent(ranking.Density)} of the cells measured.";
        return new Report("One ranking of many measurements", verdict, now, PoolRankingSections.Of(ranking, result.Missingness))
        {
            Tone = ranking.Warnings.IsEmpty ? ReportTone.Neutral : ReportTone.Warning,
        };
    }
}

/// <summary>What <c>assay bench aggregate</c> prints.</summary>
/// <param name="Ranking">The ranking.</param>
/// <param name="Hits">The samples that a query found, the most similar first; at most 50.</param>
/// <param name="Missingness">What removing results does, where asked for.</param>
public sealed record BenchAggregateResult(PoolRanking Ranking, ImmutableArray<BenchHit> Hits, ImmutableArray<MissingnessPoint> Missingness);

/// <summary>A sample that a query found.</summary>
public sealed record BenchHit(string Sample, string Dataset, double Similarity, string Text);
