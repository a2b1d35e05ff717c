namespace Assay.Statistics;

/// <summary>
/// One report of long work, for an <see cref="IProgress{T}"/> sink. Work reports as often as it likes: the sink throttles.
/// Only the latest report of a stage counts, and a report with a new stage ends the stage before.
/// </summary>
/// <param name="Stage">What is being done, in a few words: "epoch 3 of 20", "bootstrap".</param>
/// <param name="Done">How much is done, in any unit, from 0 to <paramref name="Total"/>.</param>
/// <param name="Total">How much there is to do, or 0 where nobody knows.</param>
/// <param name="Note">A short remark beside the bar ("loss 0.31"), or null.</param>
public readonly record struct ProgressUpdate(string Stage, double Done = 0, double Total = 0, string? Note = null)
{
    /// <summary>The fraction done, 0 to 1; NaN where the total is unknown.</summary>
    public double Fraction => Total > 0 ? Math.Clamp(Done / Total, 0, 1) : double.NaN;
}
