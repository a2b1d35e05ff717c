using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>What goes into a checkpoint.</summary>
internal readonly record struct CheckpointContent(
    TrainerState State, EarlyStoppingRule? Stopping, BestWeights? Best, RunningMean TrainLoss, ImmutableArray<TrainerHook> Hooks);

/// <summary>The numbers of a checkpoint that are no tensors.</summary>
internal sealed record CheckpointNotes(
    int Version, long Step, long Seed, long TotalSteps, int StepsPerEpoch, double LossSum, long LossCount, double Best, int Counter, CurvePoint[] Points,
    long? OptimizerSteps = null);

/// <summary>
/// The checkpoints of one run, one safetensors file each, named by step. A file appears whole or not at all; a damaged one is passed
/// over for the one before it.
/// </summary>
internal sealed class CheckpointStore
{
    private const string Prefix = "step-", Suffix = ".safetensors", NotesKey = "assay";
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly CheckpointOptions options;

    public CheckpointStore(CheckpointOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Folder);
        ArgumentOutOfRangeException.ThrowIfNegative(options.EverySteps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Keep);
        this.options = options;
        Directory.CreateDirectory(options.Folder);
    }

    /// <summary>The newest checkpoint's file, or null.</summary>
    public string? Newest() => Files().FirstOrDefault();

    public void Save(in CheckpointContent content)
    {
        var state = content.State;
        var tensors = new List<(string, Tensor)>();
        tensors.AddRange(state.Model.state_dict().Select(p => ($"model.{p.Key}", p.Value)));
        tensors.AddRange(state.Optimizer.State.Select(s => ($"optimizer.{s.Name}", s.Value)));
        if (content.Best is not null)
            tensors.AddRange(content.Best.Tensors.Select(t => ($"best.{t.Name}", t.Value)));
        for (var i = 0; i < content.Hooks.Length; i++)
        {
            foreach (var (name, value) in content.Hooks[i].SaveState())
                tensors.Add(($"hook.{i}.{name}", value));
        }
        var notes = new CheckpointNotes(
            1, state.Step, state.Options.Seed, state.TotalSteps, state.StepsPerEpoch, content.TrainLoss.Sum, content.TrainLoss.Count,
            content.Stopping?.Best ?? double.NaN, content.Stopping?.Counter ?? 0, [.. state.Points], state.Optimizer.Steps);
        var path = Path.Combine(options.Folder, $"{Prefix}{state.Step.ToString("D9", CultureInfo.InvariantCulture)}{Suffix}");
        Safetensors.Write(path, tensors, new Dictionary<string, string> { [NotesKey] = JsonSerializer.Serialize(notes, Json) });
        foreach (var old in Files().Skip(options.Keep))
            File.Delete(old);
    }

    public SavedCheckpoint? LoadNewest()
    {
        foreach (var path in Files())
        {
            try
            {
                var (tensors, metadata) = Safetensors.Read(path);
                var notes = JsonSerializer.Deserialize<CheckpointNotes>(metadata[NotesKey], Json)!;
                return new SavedCheckpoint(path, tensors, notes);
            }
            catch (Exception e) when (e is InvalidDataException or JsonException or KeyNotFoundException)
            {
                // Damaged by something outside: the one before it is as good.
            }
        }
        return null;
    }

    private IEnumerable<string> Files() =>
        Directory.EnumerateFiles(options.Folder, $"{Prefix}*{Suffix}").OrderByDescending(f => f, StringComparer.Ordinal);
}

/// <summary>A checkpoint read back.</summary>
internal sealed class SavedCheckpoint(string path, Dictionary<string, Tensor> tensors, CheckpointNotes notes) : IDisposable
{
    public RunningMean RestoreInto(TrainerState state, EarlyStoppingRule? stopping, BestWeights? best, ImmutableArray<TrainerHook> hooks)
    {
        if (notes.Seed != state.Options.Seed || notes.StepsPerEpoch != state.StepsPerEpoch || notes.TotalSteps != state.TotalSteps)
            throw new InvalidDataException(
                $"{path} belongs to another run (seed {notes.Seed}, {notes.TotalSteps} steps of {notes.StepsPerEpoch} an epoch; this one has seed {state.Options.Seed}, {state.TotalSteps} of {state.StepsPerEpoch}); choose another checkpoint folder or remove it");
        using var _ = no_grad();
        foreach (var (name, value) in state.Model.state_dict())
            value.copy_(Take($"model.{name}", value));
        foreach (var (name, value) in state.Optimizer.State)
            value.copy_(Take($"optimizer.{name}", value));
        foreach (var (name, value) in tensors.Where(t => t.Key.StartsWith("best.", StringComparison.Ordinal)))
            best?.Load(name["best.".Length..], value);
        for (var i = 0; i < hooks.Length; i++)
        {
            var prefix = $"hook.{i}.";
            hooks[i].LoadState(tensors.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], t => t.Value));
        }
        state.Step = notes.Step;
        state.Epoch = (int)(notes.Step / state.StepsPerEpoch);
        state.Optimizer.Steps = notes.OptimizerSteps ?? notes.Step; // fewer where the optimiser began anew on the way
        state.RestorePoints(notes.Points);
        stopping?.Restore(notes.Best, notes.Counter);
        state.StopRequested = stopping?.ShouldStop ?? false;
        return new RunningMean(notes.LossSum, notes.LossCount);
    }

    private Tensor Take(string name, Tensor target)
    {
        if (!tensors.TryGetValue(name, out var value))
            throw new InvalidDataException($"{path} has no tensor '{name}': it was written by another model or optimiser");
        return value.shape.SequenceEqual(target.shape)
            ? value
            : throw new InvalidDataException($"{path}: tensor '{name}' has the shape [{string.Join(", ", value.shape)}], the model needs [{string.Join(", ", target.shape)}]");
    }

    public void Dispose()
    {
        foreach (var tensor in tensors.Values)
            tensor.Dispose();
    }
}
