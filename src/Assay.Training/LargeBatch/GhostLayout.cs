using System.Collections.Immutable;

namespace Assay.Training;

/// <summary>
/// How a batch (B, C, S) falls into ghost batches: ⌊B / ghost size⌋ of them, at least one, equal in size but for a smaller last one, as
/// <c>chunk</c> divides. A last ghost with a single value a channel, whose unbiased variance would not exist, joins the one before it.
/// </summary>
/// <param name="Batch">B.</param>
/// <param name="Channels">C.</param>
/// <param name="Inner">S: the pixels of a channel; 1 for features without any.</param>
/// <param name="Size">The examples of each ghost but the last.</param>
/// <param name="Ghosts">The number of ghosts, k.</param>
internal sealed record GhostLayout(int Batch, int Channels, int Inner, int Size, int Ghosts)
{
    public static GhostLayout Of(ReadOnlySpan<long> shape, int ghostSize)
    {
        var (batch, channels, inner) = ((int)shape[0], (int)shape[1], 1);
        foreach (var d in shape[2..])
            inner *= (int)d;
        if (batch * inner < 2)
            throw new ArgumentException($"batch normalisation in training needs at least 2 values a channel, the batch [{string.Join(", ", shape.ToArray())}] has {batch * inner}");
        var pieces = Math.Max(1, batch / ghostSize);
        var size = (batch + pieces - 1) / pieces;
        var ghosts = (batch + size - 1) / size;
        if (ghosts > 1 && (batch - (ghosts - 1) * size) * inner < 2)
            ghosts--;
        return new GhostLayout(batch, channels, inner, size, ghosts);
    }

    /// <summary>The first example and the number of examples of a ghost.</summary>
    public (int Start, int Count) Rows(int ghost) => (ghost * Size, ghost == Ghosts - 1 ? Batch - ghost * Size : Size);

    /// <summary>The number of examples of each ghost.</summary>
    public ImmutableArray<long> Counts => [.. Enumerable.Range(0, Ghosts).Select(g => (long)Rows(g).Count)];
}
