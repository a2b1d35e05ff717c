using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>
/// The classic companion of the lifelong metrics: R[i, j], the raw performance on task j after the i-th training regime, with its usual
/// summaries (Lopez-Paz and Ranzato 2017; Chaudhry et al. 2018). Cells without an evaluation are NaN.
/// </summary>
/// <param name="Tasks">The tasks, one for each column.</param>
/// <param name="Trained">The task of each training regime, one for each row.</param>
/// <param name="Values">R, row after row.</param>
/// <param name="Average">The mean of the last row.</param>
/// <param name="Forgetting">The mean over tasks trained before the end of (best earlier value − last value).</param>
/// <param name="BackwardTransfer">BWT: the mean over these tasks of (last value − value directly after the task's last training).</param>
public sealed record AccuracyMatrix(
    ImmutableArray<string> Tasks, ImmutableArray<string> Trained, ImmutableArray<ImmutableArray<double>> Values, double Average, double Forgetting, double BackwardTransfer)
{
    /// <summary>Builds the matrix from the evaluations between one training regime and the next; null where there is none.</summary>
    public static AccuracyMatrix? Of(LifelongLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var tasks = log.Tasks;
        var trainings = log.Regimes.Where(r => r.Type == BlockType.Train && !r.IsSleep).ToArray();
        ImmutableArray<ImmutableArray<double>> rows = [.. trainings.Select((training, i) =>
        {
            var until = i + 1 < trainings.Length ? trainings[i + 1].Number : log.Regimes.Length;
            return (ImmutableArray<double>)[.. tasks.Select(task => log.Regimes.Where(r => r.Task == task && r.Type == BlockType.Test && r.Number > training.Number && r.Number < until)
                .SelectMany(r => r.Values).DefaultIfEmpty(double.NaN).Average())];
        })];
        if (rows.Length == 0 || rows[^1].All(double.IsNaN))
            return null;
        var (forgetting, backward) = (new List<double>(), new List<double>());
        for (var j = 0; j < tasks.Length; j++)
        {
            var learned = Array.FindLastIndex(trainings, r => r.Task == tasks[j]);
            if (learned < 0 || learned == trainings.Length - 1 || double.IsNaN(rows[^1][j]))
                continue;
            forgetting.Add(rows.Take(rows.Length - 1).Select(r => r[j]).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Max() - rows[^1][j]);
            backward.Add(rows[^1][j] - rows[learned][j]);
        }
        return new AccuracyMatrix(
            tasks, [.. trainings.Select(r => r.Task)], rows, rows[^1].Where(v => !double.IsNaN(v)).Average(), Mean(forgetting), Mean(backward));
    }

    private static double Mean(List<double> values) => values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average();
}
