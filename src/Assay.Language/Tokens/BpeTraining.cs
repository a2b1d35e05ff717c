using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Assay.Language;

/// <summary>
/// Learns a byte-level BPE vocabulary: the most frequent pair of neighbouring symbols within words is merged, again and again, until the
/// vocabulary is full or no pair occurs twice. Equal counts are decided by the smaller token numbers, so the result depends on the texts
/// alone.
/// </summary>
public static class BpeTraining
{
    /// <summary>The token that ends a document.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>Trains a tokenizer.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="vocabulary">The number of tokens: 256 bytes, the end of text, and what is learnt.</param>
    /// <param name="separateDigits">Whether digits never merge.</param>
    /// <param name="progress">Hears the share done, 0 to 1.</param>
    /// <param name="cancellation">Ends the training.</param>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is smaller than 257.</exception>
    public static BpeTokenizer Train(IEnumerable<string> texts, int vocabulary, bool separateDigits = false, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (vocabulary < 257)
            throw new ArgumentOutOfRangeException(nameof(vocabulary), vocabulary, "257 or more was expected: 256 bytes and the end of text");
        var tokens = new List<string>(vocabulary);
        foreach (var symbol in BpeTokenizer.ByteSymbols)
            tokens.Add(symbol.ToString());
        tokens.Add(EndOfText);
        var words = CountWords(texts, separateDigits, tokens, cancellation);
        var merges = ImmutableArray.CreateBuilder<(string, string)>();
        var pairs = new PairCounts(words);
        while (tokens.Count < vocabulary && pairs.TryTakeMost(out var first, out var second))
        {
            cancellation.ThrowIfCancellationRequested();
            merges.Add((tokens[first], tokens[second]));
            tokens.Add(tokens[first] + tokens[second]);
            pairs.Merge(first, second, tokens.Count - 1);
            progress?.Report((double)(tokens.Count - 257) / Math.Max(1, vocabulary - 257));
        }
        return new BpeTokenizer([.. tokens], merges.ToImmutable(), TokenAlphabet.Bytes, [EndOfText], separateDigits);
    }

    private static List<Word> CountWords(IEnumerable<string> texts, bool separateDigits, List<string> tokens, CancellationToken cancellation)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var word in BpeTokenizer.ByteWords(text, separateDigits))
                CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        }
        var ids = tokens.Take(256).Select((t, i) => (t[0], i)).ToDictionary(p => p.Item1, p => p.i);
        return [.. counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => new Word([.. c.Key.Select(s => ids[s])], c.Value))];
    }

    private sealed class Word(List<int> symbols, long count)
    {
        public List<int> Symbols { get; } = symbols;

        public long Count { get; } = count;
    }

    // How often each pair occurs, and in which words; the heap may hold old counts, which are put right when they come up.
    private sealed class PairCounts
    {
        private readonly List<Word> words;
        private readonly Dictionary<(int, int), long> counts = [];
        private readonly Dictionary<(int, int), HashSet<int>> places = [];
        private readonly PriorityQueue<(int First, int Second), (long MinusCount, int First, int Second)> heap = new();

        public PairCounts(List<Word> words)
        {
            this.words = words;
            for (var w = 0; w < words.Count; w++)
            {
                var symbols = words[w].Symbols;
                for (var i = 0; i + 1 < symbols.Count; i++)
                    Add((symbols[i], symbols[i + 1]), words[w].Count, w);
            }
            foreach (var pair in counts.Keys)
                Offer(pair);
        }

        public bool TryTakeMost(out int first, out int second)
        {
            while (heap.TryDequeue(out var pair, out var priority))
            {
                var count = counts.GetValueOrDefault(pair);
                if (count < 2)
                    continue;
                if (count != -priority.MinusCount)
                {
                    Offer(pair);
                    continue;
                }
                (first, second) = pair;
                return true;
            }
            (first, second) = (0, 0);
            return false;
        }

        public void Merge(int first, int second, int whole)
        {
            var fresh = new HashSet<(int, int)>();
            foreach (var w in places.Remove((first, second), out var where) ? where : [])
            {
                var (symbols, count) = (words[w].Symbols, words[w].Count);
                for (var i = 0; i + 1 < symbols.Count; i++)
                {
                    if (symbols[i] != first || symbols[i + 1] != second)
                        continue;
                    if (i > 0)
                        Replace((symbols[i - 1], first), (symbols[i - 1], whole));
                    if (i + 2 < symbols.Count)
                        Replace((second, symbols[i + 2]), (whole, symbols[i + 2]));
                    symbols[i] = whole;
                    symbols.RemoveAt(i + 1);
                }

                void Replace((int, int) old, (int, int) made)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, old, out _) -= count;
                    Add(made, count, w);
                    fresh.Add(made);
                }
            }
            counts.Remove((first, second));
            foreach (var pair in fresh)
                Offer(pair);
        }

        private void Add((int, int) pair, long count, int word)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) += count;
            if (!places.TryGetValue(pair, out var set))
                places.Add(pair, set = []);
            set.Add(word);
        }

        private void Offer((int First, int Second) pair) => heap.Enqueue(pair, (-counts[pair], pair.First, pair.Second));
    }
}
