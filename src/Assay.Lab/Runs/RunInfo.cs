using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>How a run stands.</summary>
public enum RunStatus
{
    /// <summary>A process is writing it.</summary>
    Running,
    /// <summary>Its process is gone without having ended it: it was killed, or the machine went down. It can be resumed or removed.</summary>
    Unfinished,
    /// <summary>It was cancelled with Ctrl-C; its last checkpoint is whole.</summary>
    Cancelled,
    /// <summary>It ended with an error.</summary>
    Failed,
    /// <summary>It is complete.</summary>
    Finished,
}

/// <summary>What <c>run.json</c> holds: all that is needed to understand a run and to do it again.</summary>
public sealed record RunInfo
{
    /// <summary>The run's id, which is its folder's name: the UTC time and the name, so that ids sort by time.</summary>
    public required string Id { get; init; }

    /// <summary>A name for people, for example the recipe's file name.</summary>
    public required string Name { get; init; }

    /// <summary>The command line that repeats it.</summary>
    public required string Command { get; init; }

    /// <summary>How it stands. On disk <see cref="RunStatus.Unfinished"/> never occurs: it is what a reader makes of a running run without a process.</summary>
    public RunStatus Status { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>The seconds of work, those before a resume included.</summary>
    public double Seconds { get; init; }

    /// <summary>The seed, or null where nothing was drawn.</summary>
    public long? Seed { get; init; }

    /// <summary>The machine in words.</summary>
    public string Machine { get; init; } = Lab.Machine.Description;

    /// <summary>The versions of what computed it.</summary>
    public ImmutableSortedDictionary<string, string> Versions { get; init; } = Lab.Machine.Versions;

    /// <summary>The settings, by their names in the recipe.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The recipe's text, or null.</summary>
    public string? Recipe { get; init; }

    /// <summary>The recipe's file, or null.</summary>
    public string? RecipeFile { get; init; }

    /// <summary>The overrides of the recipe.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    /// <summary>The key figures, by name.</summary>
    public ImmutableSortedDictionary<string, double> Metrics { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>What went wrong, or null.</summary>
    public string? Failure { get; init; }
}
