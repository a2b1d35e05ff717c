using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// Texts as vectors without a vocabulary: the count of each lower-cased word (and pair of neighbouring words) is added at a hashed place,
/// and rows are scaled to length 1. The same word has the same place on every machine.
/// </summary>
/// <param name="width">The width of the vectors.</param>
/// <param name="pairs">Whether pairs of neighbouring words count as well.</param>
public sealed class HashedBagOfWords(int width = 1024, bool pairs = false)
{
    private readonly int width = width > 0 ? width : throw new ArgumentOutOfRangeException(nameof(width), width, "a positive width was expected");

    /// <summary>The lower-cased words of a text: runs of letters, digits, apostrophes and underscores.</summary>
    public static IEnumerable<string> Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var isWord = i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] is '\'' or '_');
            if (isWord && start < 0)
                start = i;
            if (!isWord && start >= 0)
            {
                yield return text[start..i].ToLowerInvariant();
                start = -1;
            }
        }
    }

    /// <summary>One row for each text; a text without words is zero.</summary>
    public FloatMatrix Features(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var values = new float[(long)texts.Count * width];
        Parallel.For(0, texts.Count, i =>
        {
            var row = values.AsSpan(i * width, width);
            var last = 0u;
            foreach (var word in Words(texts[i]))
            {
                var hash = Hash(word);
                row[(int)(hash % (uint)width)]++;
                if (pairs && last != 0)
                    row[(int)((last * 16777619u ^ hash) % (uint)width)]++;
                last = hash;
            }
            var norm = System.Numerics.Tensors.TensorPrimitives.Norm(row);
            if (norm > 0)
                System.Numerics.Tensors.TensorPrimitives.Divide(row, norm, row);
        });
        return new FloatMatrix(values, texts.Count, width);
    }

    // FNV-1a, with a final mix so that the low bits depend on all characters.
    private static uint Hash(string word)
    {
        var hash = 2166136261u;
        foreach (var c in word)
            hash = (hash ^ c) * 16777619u;
        hash ^= hash >> 15;
        return hash * 2246822519u ^ hash >> 13;
    }
}
