using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab;

/// <summary>Writes what a training records into its run as it happens, and reports progress.</summary>
/// <param name="run">The run.</param>
/// <param name="progress">Takes reports, or null.</param>
/// <param name="label">What the progress calls the training.</param>
public sealed class RunRecorder(RunWriter run, IProgress<ProgressUpdate>? progress = null, string label = "training") : TrainerHook
{
    /// <inheritdoc/>
    public override void OnStart(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        run.ReplaceCurves(state.Points); // empty, or those up to the checkpoint that a resumed run goes on from
    }

    /// <inheritdoc/>
    public override void OnRecord(TrainerState state, in CurvePoint point) => run.Append(point);

    /// <inheritdoc/>
    public override void OnStep(TrainerState state, double loss)
    {
        ArgumentNullException.ThrowIfNull(state);
        progress?.Report(new ProgressUpdate(label, state.Step, state.TotalSteps, string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"epoch {state.Epoch + 1} of {state.Options.Epochs}, loss {loss:0.####}")));
    }
}
