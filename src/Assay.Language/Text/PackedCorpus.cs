using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Assay.Data;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>
/// A corpus as token sequences: every document is preceded by the end-of-text token, the documents of a part are joined in a seeded order,
/// and the joined tokens are cut into sequences of one more token than the model reads (input and shifted target).
/// </summary>
public sealed class PackedCorpus
{
    /// <summary>The share of documents held out where none is named.</summary>
    public const double DefaultHeldOut = 0.1;

    private PackedCorpus(int length, ImmutableArray<(string, int[])> train, ImmutableArray<(string, int[], int)> held) => (Length, Train, Held) = (length, train, held);

    /// <summary>T, the tokens that a model reads of one sequence.</summary>
    public int Length { get; }

    /// <summary>
    /// The training part: one stream of all documents, or one for each domain. Sequences are numbered through all streams and never cross
    /// from one into the next.
    /// </summary>
    public ImmutableArray<(string Domain, int[] Tokens)> Train { get; }

    /// <summary>The number of training tokens.</summary>
    public long TrainTokens => Train.Sum(s => (long)s.Tokens.Length);

    /// <summary>The held-out documents of each domain, joined, with the number of UTF-8 bytes of their texts.</summary>
    public ImmutableArray<(string Domain, int[] Tokens, int Bytes)> Held { get; }

    /// <summary>The number of whole training sequences.</summary>
    public int TrainSequences => Train.Sum(s => Sequences(s.Tokens));

    /// <summary>The sequences of every stream: the number of its first one, and how many it has.</summary>
    public ImmutableArray<(string Domain, int First, int Count)> SequenceRanges
    {
        get
        {
            var ranges = ImmutableArray.CreateBuilder<(string, int, int)>(Train.Length);
            var first = 0;
            foreach (var (domain, tokens) in Train)
            {
                ranges.Add((domain, first, Sequences(tokens)));
                first += Sequences(tokens);
            }
            return ranges.MoveToImmutable();
        }
    }

    /// <summary>A corpus of given tokens.</summary>
    /// <param name="length">T, tokens of a sequence.</param>
    /// <param name="train">The streams to train on.</param>
    /// <param name="held">What is held out; texts without bytes give 0 (their loss in bits per byte is then meaningless).</param>
    /// <exception cref="ArgumentException">There is no stream.</exception>
    public static PackedCorpus FromTokens(int length, ImmutableArray<(string Domain, int[] Tokens)> train, ImmutableArray<(string Domain, int[] Tokens, int Bytes)> held)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return train.IsDefaultOrEmpty ? throw new ArgumentException("no tokens to train on", nameof(train)) : new PackedCorpus(length, train, held);
    }

    /// <summary>Packs a corpus.</summary>
    /// <param name="corpus">The documents.</param>
    /// <param name="tokenizer">The tokenizer; it has an end-of-text token.</param>
    /// <param name="length">T, tokens of a sequence.</param>
    /// <param name="validation">The share of documents held out, 0 to 1 (all: to evaluate only). Documents with the same text go to the same side.</param>
    /// <param name="seed">Decides which documents are held out and their order.</param>
    /// <param name="byDomain">Whether every domain is a stream of its own, so that domains can be mixed by weight.</param>
    /// <exception cref="ArgumentException">The tokenizer has no end of text.</exception>
    public static PackedCorpus Pack(TextCorpus corpus, BpeTokenizer tokenizer, int length, double validation = DefaultHeldOut, long seed = 0, bool byDomain = false)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (validation is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(validation), validation, "0 to 1 was expected");
        var end = tokenizer.EndOfText ?? throw new ArgumentException("the tokenizer has no end-of-text token", nameof(tokenizer));
        var encoded = new int[corpus.Count][];
        Parallel.For(0, corpus.Count, i => encoded[i] = tokenizer.Encode(corpus.Documents[i]));
        var order = SeededRandom.At(seed, 31).Permutation(corpus.Count);
        var train = (byDomain ? corpus.Domains.Names : [""]).Select(d => (Domain: d, Tokens: new List<int>())).ToArray();
        var held = corpus.Domains.Names.Select(d => (Domain: d, Tokens: new List<int>(), Bytes: 0)).ToArray();
        foreach (var i in order)
        {
            var isHeld = IsHeldOut(corpus.Documents[i], validation, seed);
            var target = isHeld ? held[corpus.Domains.Codes[i]].Tokens : train[byDomain ? corpus.Domains.Codes[i] : 0].Tokens;
            target.Add(end);
            target.AddRange(encoded[i]);
            if (isHeld)
                held[corpus.Domains.Codes[i]].Bytes += Encoding.UTF8.GetByteCount(corpus.Documents[i]);
        }
        return new PackedCorpus(length, [.. train.Select(s => (s.Domain, s.Tokens.ToArray()))], [.. held.Where(h => h.Tokens.Count > 1).Select(h => (h.Domain, h.Tokens.ToArray(), h.Bytes))]);
    }

    /// <summary>The training sequences as a dataset: inputs (n, T), targets (n, T), each one token later.</summary>
    /// <param name="vocabulary">The number of tokens of the model.</param>
    /// <param name="device">Where the tensors lie.</param>
    /// <exception cref="InvalidOperationException">The training part is shorter than one sequence.</exception>
    public TensorDataset TrainingData(int vocabulary, Device? device = null)
    {
        if (TrainSequences == 0)
            throw new InvalidOperationException($"the training part has {TrainTokens} tokens, fewer than one sequence of {Length}; a larger corpus or a shorter context is needed");
        using var scope = NewDisposeScope();
        var n = TrainSequences;
        var inputs = new long[(long)n * Length];
        var targets = new long[inputs.Length];
        var at = 0;
        foreach (var (_, tokens) in Train)
        {
            var end = at + Sequences(tokens) * Length;
            for (var i = 0; at < end; i++, at++)
                (inputs[at], targets[at]) = (tokens[i], tokens[i + 1]);
        }
        return new TensorDataset(tensor(inputs, n, Length).to(device ?? CPU), tensor(targets, n, Length).to(device ?? CPU), vocabulary);
    }

    private int Sequences(int[] tokens) => Math.Max(0, (tokens.Length - 1) / Length);

    /// <summary>Whether a document is held out. It depends on the text alone: a second copy of a held-out document never trains.</summary>
    /// <param name="text">The document.</param>
    /// <param name="share">The share held out.</param>
    /// <param name="seed">Decides which.</param>
    public static bool IsHeldOut(string text, double share = DefaultHeldOut, long seed = 0)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{text}"));
        return BitConverter.ToUInt32(hash) < share * 4294967296.0;
    }
}
