using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>What a lifelong metric measures.</summary>
public enum LifelongMetric
{
    /// <summary>PM: change of evaluations since the task was trained; at least 0 means that nothing was forgotten.</summary>
    PerformanceMaintenance,
    /// <summary>FT as a ratio: above 1, training another task helps a task not yet trained.</summary>
    ForwardTransferRatio,
    /// <summary>FT as a contrast (q − p)/(q + p): above 0 helps. The better choice where evaluations begin near zero.</summary>
    ForwardTransferContrast,
    /// <summary>BT as a ratio: above 1, training another task helps a task trained before.</summary>
    BackwardTransferRatio,
    /// <summary>BT as a contrast.</summary>
    BackwardTransferContrast,
    /// <summary>RP: area under the learning curve over that of a single-task expert.</summary>
    RelativePerformance,
    /// <summary>SE: (saturation over the expert's) × (the expert's experiences to saturation over the learner's).</summary>
    SampleEfficiency,
    /// <summary>PR: minus the Theil–Sen slope of recovery times; above 0 means that recovery becomes quicker.</summary>
    PerformanceRecovery,
    /// <summary>The mean of training regimes.</summary>
    AverageTraining,
    /// <summary>The mean of evaluation regimes.</summary>
    AverageEvaluation,
}

/// <summary>A regime with its quantities, after smoothing and normalising.</summary>
/// <param name="Number">The regime.</param>
/// <param name="Block">Its block.</param>
/// <param name="Type">Whether it trains or tests.</param>
/// <param name="Task">Its task.</param>
/// <param name="Experiences">Its length.</param>
/// <param name="Terminal">TP: the mean of the last tenth of a training regime, of all of an evaluation.</param>
/// <param name="Saturation">The largest value of the smoothed curve.</param>
/// <param name="ExperiencesToSaturation">The index of that value.</param>
/// <param name="Mean">The mean of all values.</param>
/// <param name="RecoveryTime">Experiences until the terminal performance of the task's previous training is reached, or null.</param>
public sealed record RegimeResult(
    int Number, int Block, BlockType Type, string Task, int Experiences, double Terminal, double Saturation, int ExperiencesToSaturation, double Mean, int? RecoveryTime);

/// <summary>The change of one task's evaluation around the training of another.</summary>
/// <param name="From">The trained task a.</param>
/// <param name="To">The evaluated task b.</param>
/// <param name="IsForward">Whether b was not yet trained.</param>
/// <param name="Before">TP of the evaluation before.</param>
/// <param name="After">TP of the evaluation after.</param>
public sealed record TransferResult(string From, string To, bool IsForward, double Before, double After)
{
    /// <summary>After / Before, or null where Before is 0.</summary>
    public double? Ratio => Before == 0 ? null : After / Before;

    /// <summary>(After − Before)/(After + Before), or null where the sum is 0.</summary>
    public double? Contrast => After + Before == 0 ? null : (After - Before) / (After + Before);
}

/// <summary>The metrics of one task; null where a metric is not defined.</summary>
/// <param name="Task">The task.</param>
/// <param name="Values">The metrics of the task. Transfer metrics belong to pairs of tasks and stand in <see cref="LifelongReport.Transfers"/>.</param>
/// <param name="Maintenance">Each evaluation's difference to its reference.</param>
/// <param name="RecoveryTimes">The recovery times of the task's trainings from the second on.</param>
/// <param name="Range">The range that the values were scaled by.</param>
/// <param name="Missing">Why metrics are missing.</param>
public sealed record LifelongTaskResult(
    string Task, ImmutableSortedDictionary<LifelongMetric, double> Values, ImmutableArray<double> Maintenance, ImmutableArray<int> RecoveryTimes,
    TaskRange Range, ImmutableArray<string> Missing);

/// <summary>The range of a task's performance.</summary>
/// <param name="Min">The least value.</param>
/// <param name="Max">The largest value.</param>
public readonly record struct TaskRange(double Min, double Max);

/// <summary>All metrics of one run.</summary>
/// <param name="Run">The run's name.</param>
/// <param name="Lifetime">The metrics of the run: means (or medians) over tasks, for transfer over the first value of each ordered pair.</param>
/// <param name="Tasks">The metrics of each task.</param>
/// <param name="Transfers">All transfers in order of time.</param>
/// <param name="Regimes">All regimes.</param>
/// <param name="Classic">The accuracy matrix of the raw evaluations with its usual summaries, or null where nothing is evaluated after training.</param>
/// <param name="LearningExperiences">The number of learning experiences.</param>
/// <param name="EvaluationExperiences">The number of evaluation experiences.</param>
/// <param name="Warnings">What makes the result doubtful.</param>
public sealed record LifelongReport(
    string Run, ImmutableSortedDictionary<LifelongMetric, double> Lifetime, ImmutableArray<LifelongTaskResult> Tasks, ImmutableArray<TransferResult> Transfers,
    ImmutableArray<RegimeResult> Regimes, AccuracyMatrix? Classic, int LearningExperiences, int EvaluationExperiences, ImmutableArray<string> Warnings);
