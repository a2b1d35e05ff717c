using System.Text.Json;
using static TorchSharp.torch;

namespace Assay.Training;

/// <content>What a killed run goes on from: one file, written whole after every round.</content>
internal sealed partial class Federation
{
    private string? CheckpointFile => options.CheckpointFolder is null ? null : Path.Combine(options.CheckpointFolder, "federation.safetensors");

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private sealed record Notes(string Method, long Seed, int Clients, int Round, long Up, long Down, FederatedRound[] Rounds, DelayedNote[] Delayed);

    private sealed record DelayedNote(int Client, int Examples, int Steps, double Loss, int RoundsLate, int Due);

    private void Save(int round)
    {
        if (CheckpointFile is not { } file)
            return;
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(options.CheckpointFolder!);
        var tensors = new List<(string, Tensor)> { ("weights", tensor(weights)) };
        if (buffers.Length > 0)
            tensors.Add(("buffers", tensor(buffers)));
        tensors.AddRange(rule.State.Select(s => ($"rule.{s.Name}", tensor(s.Value))));
        tensors.AddRange(delayed.SelectMany((d, i) => new[] { ($"delayed.{i}.delta", tensor(d.Update.Delta)), ($"delayed.{i}.buffers", tensor(d.Update.Buffers)) }).Where(t => t.Item2.numel() > 0));
        var notes = new Notes(name, options.Seed, clients.Length, round, up, down, [.. rounds],
            [.. delayed.Select(d => new DelayedNote(d.Update.Client, d.Update.Examples, d.Update.Steps, d.Update.Loss, d.Update.RoundsLate, d.Due))]);
        Safetensors.Write(file, tensors, new Dictionary<string, string> { ["federation"] = JsonSerializer.Serialize(notes, Json) });
    }

    private int Load()
    {
        if (CheckpointFile is not { } file || !File.Exists(file))
            return 0;
        using var scope = NewDisposeScope();
        var (tensors, metadata) = Safetensors.Read(file);
        var notes = JsonSerializer.Deserialize<Notes>(metadata["federation"], Json)!;
        if (notes.Method != name || notes.Seed != options.Seed || notes.Clients != clients.Length || tensors["weights"].numel() != weights.Length)
            throw new InvalidDataException($"{file} belongs to another run ({notes.Method}, seed {notes.Seed}, {notes.Clients} clients); choose another folder or remove it");
        float[] Values(string key) => tensors.TryGetValue(key, out var t) ? t.data<float>().ToArray() : [];
        Values("weights").CopyTo(weights, 0);
        buffers = Values("buffers");
        rule.Load(tensors.Keys.Where(k => k.StartsWith("rule.", StringComparison.Ordinal)).ToDictionary(k => k["rule.".Length..], Values));
        (up, down) = (notes.Up, notes.Down);
        rounds.AddRange(notes.Rounds);
        delayed.AddRange(notes.Delayed.Select((d, i) => (new ClientUpdate
        {
            Client = d.Client, Examples = d.Examples, Steps = d.Steps, Loss = d.Loss, RoundsLate = d.RoundsLate, Delta = Values($"delayed.{i}.delta"), Buffers = Values($"delayed.{i}.buffers"),
        }, d.Due)));
        return notes.Round;
    }
}
