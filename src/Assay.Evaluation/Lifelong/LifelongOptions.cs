using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>What values are scaled by before metrics are computed.</summary>
public enum LifelongNormalization
{
    /// <summary>Each task by its own range.</summary>
    Task,
    /// <summary>All tasks by the range of the whole run.</summary>
    Run,
    /// <summary>Not at all.</summary>
    None,
}

/// <summary>What a task's later evaluations are compared with.</summary>
public enum MaintenanceReference
{
    /// <summary>The most recent evaluation directly after the task's training (mrlep), the default.</summary>
    Evaluation,
    /// <summary>The end of the most recent training itself (mrtlp).</summary>
    Training,
}

/// <summary>How several single-task experts of one task are used.</summary>
public enum ExpertAveraging
{
    /// <summary>The metric is computed against each and averaged, the default.</summary>
    Metrics,
    /// <summary>Their curves are averaged first.</summary>
    Time,
}

/// <summary>Settings of <see cref="LifelongMetrics"/>; the defaults are those of the released tool.</summary>
public sealed record LifelongOptions
{
    /// <summary>The defaults.</summary>
    public static LifelongOptions Default { get; } = new();

    /// <summary>The smoothing of training curves.</summary>
    public SmoothingWindow Smoothing { get; init; } = SmoothingWindow.Flat;

    /// <summary>The window's length, or null for min(⌊0.2n⌋, 100).</summary>
    public int? SmoothingLength { get; init; }

    /// <summary>Whether evaluation regimes are smoothed too.</summary>
    public bool SmoothsEvaluations { get; init; }

    /// <summary>Whether values are clamped to the task's range where one is given, else to the 10th and 90th percentile of the task.</summary>
    public bool Clamps { get; init; }

    /// <summary>What values are scaled by to 1 … 101.</summary>
    public LifelongNormalization Normalization { get; init; } = LifelongNormalization.Task;

    /// <summary>The range of each task, or null to take it from the data.</summary>
    public ImmutableDictionary<string, (double Min, double Max)>? Ranges { get; init; }

    /// <summary>What maintenance compares with.</summary>
    public MaintenanceReference Maintenance { get; init; } = MaintenanceReference.Evaluation;

    /// <summary>How experts are averaged.</summary>
    public ExpertAveraging Experts { get; init; } = ExpertAveraging.Metrics;

    /// <summary>Whether lifetime values are medians over tasks instead of means.</summary>
    public bool UsesMedian { get; init; }

    /// <summary>Whether variants of a task (what follows "_" in its name) count as one task.</summary>
    public bool MergesVariants { get; init; }
}
