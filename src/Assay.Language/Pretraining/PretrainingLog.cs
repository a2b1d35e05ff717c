using System.Collections.Immutable;
using System.Text.Json;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>One step of a pretraining as its log holds it.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Loss">The batch's loss, nats per token.</param>
/// <param name="LearningRate">η.</param>
/// <param name="GradientNorm">‖g‖₂ before clipping.</param>
/// <param name="TokensPerSecond">Of this step alone.</param>
/// <param name="Validation">The loss on held-out text where it was evaluated at this step.</param>
/// <param name="Resumed">Whether a process began with this step, going on from a checkpoint.</param>
public sealed record PretrainingStep(long Step, double Loss, double LearningRate, double GradientNorm, double TokensPerSecond, double? Validation = null, bool Resumed = false);

/// <summary>The log of a pretraining: one JSON object a line. A run that resumes drops the steps after its checkpoint and goes on.</summary>
public static class PretrainingLog
{
    /// <summary>The log's name in a run's folder.</summary>
    public const string FileName = "log.jsonl";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingDefault,
    };

    /// <summary>Reads a log.</summary>
    /// <param name="path">The file, or a folder with a <see cref="FileName"/>.</param>
    /// <exception cref="InvalidDataException">A line is no step, or steps do not rise.</exception>
    public static ImmutableArray<PretrainingStep> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        var steps = ImmutableArray.CreateBuilder<PretrainingStep>();
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            PretrainingStep? step;
            try
            {
                step = JsonSerializer.Deserialize<PretrainingStep>(line, Json);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{file}, line {number}: {e.Message}", e);
            }
            if (step is null || step.Step < 1 || (steps.Count > 0 && step.Step <= steps[^1].Step))
                throw new InvalidDataException($"{file}, line {number}: a step after {(steps.Count > 0 ? steps[^1].Step : 0)} was expected");
            steps.Add(step);
        }
        return steps.ToImmutable();
    }

    internal static string Line(PretrainingStep step) => JsonSerializer.Serialize(step, Json);
}

/// <summary>Keeps the log of a pretraining, in memory and, where a file is named, on disk.</summary>
/// <param name="tokensPerStep">The tokens of one step.</param>
/// <param name="file">The log's file, or null.</param>
public sealed class PretrainingLogger(long tokensPerStep, string? file = null) : TrainerHook
{
    private readonly System.Diagnostics.Stopwatch watch = new();
    private readonly List<PretrainingStep> steps = [];
    private long resumedAt = -1;
    private double norm;
    private double? validation;
    private int written;

    /// <summary>What has been logged.</summary>
    public IReadOnlyList<PretrainingStep> Steps => steps;

    /// <inheritdoc/>
    public override void OnStart(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        steps.Clear();
        if (file is not null && File.Exists(file))
        {
            steps.AddRange(PretrainingLog.Read(file).Where(s => s.Step <= state.Step));
            File.WriteAllLines(file, steps.Select(PretrainingLog.Line));
        }
        written = steps.Count;
        resumedAt = state.Step > 0 ? state.Step : -1;
        watch.Restart();
    }

    /// <inheritdoc/>
    public override void OnGradients(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        norm = state.Optimizer.Parameters.GradientNorm();
    }

    /// <inheritdoc/>
    public override void OnStep(TrainerState state, double loss)
    {
        ArgumentNullException.ThrowIfNull(state);
        steps.Add(new PretrainingStep(
            state.Step, loss, state.Optimizer.LearningRate, norm, tokensPerStep / Math.Max(1e-9, watch.Elapsed.TotalSeconds), validation, state.Step == resumedAt + 1 && resumedAt > 0));
        validation = null;
        watch.Restart();
        if (steps.Count - written >= 50)
            Flush();
    }

    /// <inheritdoc/>
    public override void OnRecord(TrainerState state, in CurvePoint point)
    {
        if (point.Name != "validation/loss")
            return;
        // Recorded after the step's own line when the evaluator is a hook behind this one, before it otherwise.
        if (steps.Count > written && steps[^1].Step == point.Step)
            steps[^1] = steps[^1] with { Validation = point.Value };
        else
            validation = point.Value;
        watch.Restart(); // an evaluation is no training time
    }

    /// <inheritdoc/>
    public override void OnEnd(TrainerState state) => Flush();

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Value)> SaveState()
    {
        Flush(); // the log is never behind a checkpoint
        return [];
    }

    private void Flush()
    {
        if (file is not null && steps.Count > written)
            File.AppendAllLines(file, steps.Skip(written).Select(PretrainingLog.Line));
        written = steps.Count;
    }
}
