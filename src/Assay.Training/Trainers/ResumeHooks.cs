using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Goes on from a checkpoint's weights without the optimiser's state, as scripts do that save weights only: moments and step count begin
/// anew. Optionally the moments are first filled by passes that move no weight (a warm start), which takes most of the harm away.
/// </summary>
/// <param name="momentPasses">How many batches fill the moments; 0 for none.</param>
public sealed class LostOptimizerState(int momentPasses = 0) : TrainerHook
{
    private readonly int momentPasses = momentPasses >= 0 ? momentPasses : throw new ArgumentOutOfRangeException(nameof(momentPasses), momentPasses, "0 or more was expected");

    /// <inheritdoc/>
    public override void OnStart(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Step == 0)
            return;
        state.Optimizer.Reset();
        state.Model.train();
        var random = SeededRandom.At(state.Options.Seed, 12, state.Step);
        for (var pass = 0; pass < momentPasses; pass++)
        {
            using var scope = NewDisposeScope();
            var rows = tensor(Enumerable.Range(0, state.Options.BatchSize).Select(_ => (long)random.Next(state.Data.Count)).ToArray()).to(state.Data.Inputs.device);
            var (inputs, targets) = state.Data.Batch(rows);
            state.ComputeGradients(new TrainingBatch(inputs, targets, rows));
            if (state.Options.ClipNorm is { } limit && state.Optimizer.Parameters.GradientNorm() is var norm && norm > limit)
                state.Optimizer.Parameters.Gradients.mul_(limit / norm);
            state.Optimizer.LearningRate = 0; // the moments move, the weights do not
            state.Optimizer.Step();
        }
    }
}

/// <summary>Another schedule with a second linear warm-up from a given step on, for runs that resume without their optimiser's state.</summary>
/// <param name="inner">The schedule.</param>
/// <param name="from">The step at which the run resumed, 0 or more.</param>
/// <param name="steps">The length of the second warm-up, 1 or more steps.</param>
[Method("rewarm", Paper = 12, Kind = MethodKind.Schedule)]
public sealed class RewarmSchedule(Schedule inner, long from, int steps = 50) : Schedule
{
    private readonly Schedule inner = inner ?? throw new ArgumentNullException(nameof(inner));
    private readonly long from = from >= 0 ? from : throw new ArgumentOutOfRangeException(nameof(from), from, "0 or more was expected");
    private readonly int steps = steps > 0 ? steps : throw new ArgumentOutOfRangeException(nameof(steps), steps, "1 or more was expected");

    /// <inheritdoc/>
    public override double Factor(long step, long total) => inner.Factor(step, total) * (step < from ? 1 : WarmUp(step - from, steps));
}
