using System.Collections.Immutable;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary>One finished training.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Seconds">The seconds that it took.</param>
/// <param name="Verdict">The result in words.</param>
/// <param name="Metrics">The key figures.</param>
public sealed record TrainedRun(string Run, string Folder, long Seed, double Seconds, string Verdict, ImmutableSortedDictionary<string, double> Metrics);

/// <summary>A key figure over several seeds.</summary>
/// <param name="Metric">The figure.</param>
/// <param name="Mean">The mean over the seeds.</param>
/// <param name="Low">The lower end of the 95 % interval of the mean; NaN for one seed.</param>
/// <param name="High">The upper end.</param>
public sealed record SeedSummary(string Metric, double Mean, double Low, double High);

/// <summary>What <c>assay train</c> prints.</summary>
/// <param name="Runs">The runs, one for each seed.</param>
/// <param name="Summary">The figures over the seeds; empty for a single one.</param>
public sealed record TrainResult(ImmutableArray<TrainedRun> Runs, ImmutableArray<SeedSummary> Summary)
{
    internal static TrainResult Of(ImmutableArray<TrainingOutcome> outcomes)
    {
        ImmutableArray<TrainedRun> runs = [.. outcomes.Select(o => new TrainedRun(
            o.Run.Id, o.Run.Folder, o.Run.Info.Seed ?? 0, o.Run.Info.Seconds, o.Verdict, o.Run.Info.Metrics))];
        if (runs.Length < 2)
            return new TrainResult(runs, []);
        var common = runs.Select(r => r.Metrics.Keys).Aggregate<IEnumerable<string>>((a, b) => a.Intersect(b));
        return new TrainResult(runs, [.. common.Select(name =>
        {
            var estimate = MeanInterval.Of([.. runs.Select(r => r.Metrics[name])]);
            return new SeedSummary(name, estimate.Value, estimate.Interval.Low, estimate.Interval.High);
        })]);
    }
}

/// <summary>What <c>assay train --dry-run</c> prints.</summary>
/// <param name="Name">The run's name.</param>
/// <param name="Data">The data set.</param>
/// <param name="Train">The examples to train on.</param>
/// <param name="Validation">The examples for choices.</param>
/// <param name="Test">The examples to judge with.</param>
/// <param name="Shape">The shape of one example.</param>
/// <param name="Classes">The number of classes; 0 for real values.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Model">The architecture, or null where the algorithm has its own.</param>
/// <param name="Seeds">The seeds.</param>
public sealed record TrainPlan(
    string Name, string Data, int Train, int Validation, int Test, ImmutableArray<int> Shape, int Classes, string Algorithm, string? Model, ImmutableArray<long> Seeds);
