using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>The keys and values of the tokens that a decoder has seen, one slot for each block; room for the whole context is taken once.</summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly Slot[] slots;

    private KeyValueCache(KeyValueCache source, Tensor rows)
    {
        slots = [.. source.slots.Select(s => s.Select(this, rows))];
        Length = source.Length;
    }

    /// <summary>Creates an empty cache.</summary>
    /// <param name="config">The decoder's sizes.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <param name="type">The decoder's compute type.</param>
    /// <param name="device">The decoder's device.</param>
    public KeyValueCache(DecoderConfig config, int batch, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        long[] shape = [batch, config.KeyValueHeads, config.Context, config.HeadWidth];
        slots = [.. Enumerable.Range(0, config.Layers).Select(_ => new Slot(
            this, empty(shape, dtype: type, device: device).DetachFromDisposeScope(), empty(shape, dtype: type, device: device).DetachFromDisposeScope()))];
    }

    /// <summary>The number of tokens seen.</summary>
    public int Length { get; private set; }

    /// <summary>A new cache with the given sequences of this one, in the given order; a sequence may come several times (beam search).</summary>
    public KeyValueCache Rows(ReadOnlySpan<int> rows)
    {
        using var index = tensor(rows.ToArray().Select(r => (long)r).ToArray());
        using var there = index.to(slots[0].Device);
        return new KeyValueCache(this, there);
    }

    internal Slot Layer(int index) => slots[index];

    internal void Advance(int tokens) => Length += tokens;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in slots)
            slot.Dispose();
    }

    internal sealed class Slot(KeyValueCache cache, Tensor keys, Tensor values) : IDisposable
    {
        /// <summary>Takes up the keys and values of new tokens (B, n_kv, T, d_h); gives those of all, (B, n_kv, S + T, d_h).</summary>
        public (Tensor Keys, Tensor Values) Append(Tensor k, Tensor v)
        {
            var length = k.shape[2];
            using (no_grad())
            {
                keys.narrow(2, cache.Length, length).copy_(k);
                values.narrow(2, cache.Length, length).copy_(v);
            }
            return (keys.narrow(2, 0, cache.Length + length), values.narrow(2, 0, cache.Length + length));
        }

        public Device Device => keys.device;

        public Slot Select(KeyValueCache owner, Tensor rows) =>
            new(owner, keys.index_select(0, rows).DetachFromDisposeScope(), values.index_select(0, rows).DetachFromDisposeScope());

        public void Dispose()
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}
