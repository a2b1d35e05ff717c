namespace Assay.Training;

/// <summary>A loss became infinite or NaN. The parameters are those before the step that failed.</summary>
public sealed class NonFiniteLossException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="step">The step that failed, from 0.</param>
    /// <param name="where">The part of the model, where it is known.</param>
    /// <param name="checkpoint">The last good checkpoint's file, or null.</param>
    /// <param name="cause">The likely cause.</param>
    public NonFiniteLossException(long step, string? where, string? checkpoint, string cause)
        : base($"the loss{(where is null ? "" : $" of {where}")} is not finite at step {step}: {cause}; last good checkpoint: {checkpoint ?? "none"}")
    {
        (Step, Where, Checkpoint, Cause) = (step, where, checkpoint, cause);
    }

    /// <summary>The step that failed, from 0.</summary>
    public long Step { get; }

    /// <summary>The part of the model, where it is known.</summary>
    public string? Where { get; }

    /// <summary>The last good checkpoint's file, or null.</summary>
    public string? Checkpoint { get; }

    /// <summary>The likely cause.</summary>
    public string Cause { get; }
}
