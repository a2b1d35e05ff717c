using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Lab.Tests;

/// <summary>A study whose truth is known: a coin that falls on heads with probability 0.7, and the exact value of 1 + 1.</summary>
public sealed class CoinStudy : Study
{
    public override StudyInfo Info { get; } = new("coin", 91, "On coins (2001)", "Throws a coin a thousand times for each seed.", DefaultSeeds: 8);

    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("heads", "The coin falls on heads more often than not.", "0.7 in 10 throws", "The share of heads", "share", ClaimDirection.AtLeast, 0.5),
        new("fair", "The coin is fair.", "0.5", "The share of heads", "share", ClaimDirection.Within, 0.48, 0.52),
        new("sum", "One and one is two.", "2", "1 + 1", "", ClaimDirection.AtMost, 2),
        new("forgotten", "Nobody measures this.", "–", "–", "", ClaimDirection.AtLeast, 0),
    ];

    public override void Run(StudyContext context)
    {
        foreach (var seed in context.Seeds)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var random = new SeededRandom(seed);
            var throws = context.Scale == StudyScale.Quick ? 100 : 1000;
            var share = Enumerable.Range(0, throws).Count(_ => random.NextDouble() < 0.7) / (double)throws;
            context.Measure("heads", seed, share);
            context.Measure("fair", seed, share);
            context.Observe("throws", throws);
            context.Progress("thrown", (seed + 1.0) / context.Seeds.Count);
        }
        context.Measure("sum", context.Seeds[0], 1 + 1);
    }
}
