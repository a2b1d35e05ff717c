using System.Collections.Immutable;

namespace Assay.Training;

/// <summary>Runs independent trainings side by side, each on a thread of its own with one torch thread, which uses the cores better than one training on all of them.</summary>
public static class ParallelTrials
{
    /// <summary>Runs all trials.</summary>
    /// <param name="trials">What the trials are told apart by.</param>
    /// <param name="run">Runs one trial; it must take its random numbers from the trial, not from process-wide state.</param>
    /// <param name="workers">How many run at a time; 0 takes one a core.</param>
    /// <param name="cancellation">Stops the trials that have not begun; those that run see the same token.</param>
    /// <returns>The results in the order of the trials.</returns>
    /// <exception cref="AggregateException">Trials failed; the others were finished.</exception>
    public static ImmutableArray<TResult> Run<TTrial, TResult>(
        ImmutableArray<TTrial> trials, Func<TTrial, CancellationToken, TResult> run, int workers = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        TorchRuntime.EnsureLoaded();
        var results = new TResult[trials.Length];
        var failures = new List<Exception>();
        var next = -1;
        var threads = Enumerable.Range(0, Math.Min(workers > 0 ? workers : Environment.ProcessorCount, trials.Length)).Select(_ => new Thread(Work)).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        cancellation.ThrowIfCancellationRequested();
        return failures.Count == 0 ? [.. results] : throw new AggregateException(failures);

        void Work()
        {
            // The number of threads is a setting of the calling thread, so that the rest of the process keeps its own.
            TorchSharp.torch.set_num_threads(1);
            int i;
            while ((i = Interlocked.Increment(ref next)) < trials.Length && !cancellation.IsCancellationRequested)
            {
                try
                {
                    results[i] = run(trials[i], cancellation);
                }
                catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
                {
                    return;
                }
#pragma warning disable CA1031 // One failed trial does not take the others with it; all failures are thrown together.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    lock (failures)
                        failures.Add(e);
                }
            }
        }
    }
}
