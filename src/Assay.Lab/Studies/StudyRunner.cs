using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>How a study ended: with a result, or with a failure.</summary>
/// <param name="Study">The study.</param>
/// <param name="Result">The result, or null after a failure.</param>
/// <param name="Failure">What went wrong, or null.</param>
public sealed record StudyOutcome(Study Study, StudyResult? Result, Exception? Failure);

/// <summary>Runs studies.</summary>
/// <param name="time">The clock that measures their seconds; the system's when null.</param>
public sealed class StudyRunner(TimeProvider? time = null)
{
    private readonly TimeProvider clock = time ?? TimeProvider.System;

    /// <summary>The most seeds of a quick run.</summary>
    public const int QuickSeeds = 3;

    /// <summary>Runs a study. Whatever the study throws becomes the outcome's failure, except for cancellation.</summary>
    /// <param name="study">The study.</param>
    /// <param name="scale">How much work to do.</param>
    /// <param name="seeds">The number of seeds, from 0 on; null for the study's own number (at most <see cref="QuickSeeds"/> at quick scale).</param>
    /// <param name="progress">Takes reports, or null.</param>
    /// <param name="cancellation">Cancels the study.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of seeds is below 1.</exception>
    /// <exception cref="OperationCanceledException">The study was cancelled.</exception>
    public StudyOutcome Run(
        Study study, StudyScale scale, int? seeds = null, IProgress<ProgressUpdate>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(study);
        var info = study.Info;
        var count = seeds ?? (scale == StudyScale.Quick ? Math.Min(QuickSeeds, info.DefaultSeeds) : info.DefaultSeeds);
        if (count < 1)
            throw new ArgumentOutOfRangeException(nameof(seeds), seeds, "a study needs at least one seed");
        var name = StudyCatalog.FileName(info);
        var context = new StudyContext
        {
            Scale = scale,
            Seeds = [.. Enumerable.Range(0, count)],
            Cancellation = cancellation,
            Progress = (line, fraction) => progress?.Report(new ProgressUpdate(name, fraction, 1, line)),
        };
        progress?.Report(new ProgressUpdate(name, 0, 1, info.Title));
        var start = clock.GetTimestamp();
        try
        {
            CheckClaims(study.Claims);
            study.Run(context);
            cancellation.ThrowIfCancellationRequested();
            return new StudyOutcome(study, Result(study, context, clock.GetElapsedTime(start)), null);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            return new StudyOutcome(study, null, e);
        }
    }

    private static void CheckClaims(ImmutableArray<Claim> claims)
    {
        if (claims.IsDefaultOrEmpty)
            throw new InvalidOperationException("the study declares no claim");
        if (claims.GroupBy(c => c.Id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InvalidOperationException($"claim '{twice.Key}' is declared twice");
        foreach (var claim in claims)
        {
            if (!double.IsFinite(claim.Bound) || (claim.Direction == ClaimDirection.Within) != claim.UpperBound.HasValue || claim.UpperBound < claim.Bound)
                throw new InvalidOperationException($"claim '{claim.Id}' has bounds that cannot be judged: {claim.Direction} {claim.Bound} {claim.UpperBound}");
        }
    }

    private static StudyResult Result(Study study, StudyContext context, TimeSpan elapsed)
    {
        if (context.Measurements.Keys.Except(study.Claims.Select(c => c.Id)).FirstOrDefault() is { } undeclared)
            throw new InvalidOperationException($"'{undeclared}' was measured but no such claim is declared");
        return new StudyResult(
            study.Info.Slug, study.Info.Paper, context.Scale, [.. context.Seeds], Math.Round(elapsed.TotalSeconds, 2), Machine.Description, Machine.Versions,
            StudySource.HashOf(study.GetType()),
            [.. study.Claims.Select(c => Judge(study, c, context))],
            [.. context.Observations.GroupBy(o => o.Name).Select(g => new StudyObservation(g.Key, g.Average(o => o.Value), g.Count()))]);
    }

    private static ClaimResult Judge(Study study, Claim claim, StudyContext context)
    {
        var measurements = context.Measurements.TryGetValue(claim.Id, out var list) ? list : [];
        var judged = ClaimVerdict.Of(claim, measurements, [.. context.Seeds], study.Info.DefaultSeeds);
        return new ClaimResult(
            claim.Id, claim.Statement, claim.Paper, judged.Value, judged.Low, judged.High, claim.Unit, judged.Verdict, judged.Reason, [.. measurements.Select(m => m.Value)]);
    }
}
