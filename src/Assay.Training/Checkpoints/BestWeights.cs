using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>A copy of a model's weights and buffers, taken at its best evaluation.</summary>
internal sealed class BestWeights(nn.Module model) : IDisposable
{
    private readonly Dictionary<string, Tensor> kept = new(StringComparer.Ordinal);

    public IEnumerable<(string Name, Tensor Value)> Tensors => kept.Select(p => (p.Key, p.Value));

    public void Keep()
    {
        using var _ = no_grad();
        foreach (var (name, value) in model.state_dict())
        {
            if (kept.TryGetValue(name, out var copy))
                copy.copy_(value);
            else
                kept.Add(name, value.detach().clone().DetachFromDisposeScope());
        }
    }

    public void Restore()
    {
        using var _ = no_grad();
        foreach (var (name, value) in model.state_dict())
        {
            if (kept.TryGetValue(name, out var copy))
                value.copy_(copy);
        }
    }

    public void Load(string name, Tensor value)
    {
        if (kept.Remove(name, out var old))
            old.Dispose();
        kept.Add(name, value.clone().DetachFromDisposeScope());
    }

    public void Dispose()
    {
        foreach (var tensor in kept.Values)
            tensor.Dispose();
        kept.Clear();
    }
}
