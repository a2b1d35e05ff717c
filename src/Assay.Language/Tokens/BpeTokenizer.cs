using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Language;

/// <summary>How text becomes the symbols that byte-pair encoding merges.</summary>
public enum TokenAlphabet
{
    /// <summary>UTF-8 bytes, each written as a printable character, within words found by GPT-2's pattern: nothing is ever unknown.</summary>
    Bytes,
    /// <summary>Characters with <c>▁</c> for the space (SentencePiece, LLaMA); a character outside the vocabulary becomes its bytes, <c>&lt;0x0A&gt;</c>.</summary>
    Characters,
}

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016): a word's symbols are merged, pair by pair, in the order in which training found the pairs.
/// Reads and writes the <c>tokenizer.json</c> of Hugging Face (<see cref="TokenizerFile"/>); <see cref="BpeTraining"/> makes a new one.
/// Safe to use from several threads.
/// </summary>
public sealed partial class BpeTokenizer
{
    private const int CachedWords = 1 << 16, LongestCachedWord = 64;
    private static readonly (char[] OfByte, Dictionary<char, byte> OfChar) Printable = PrintableBytes();
    private readonly ImmutableArray<string> tokens;
    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<(int, int), (int Rank, int Id)> merges;
    private readonly ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private readonly bool separateDigits;
    private readonly Regex? specialPattern;

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="tokens">The tokens by number, in the alphabet's writing.</param>
    /// <param name="merges">The pairs to merge, the most important first.</param>
    /// <param name="alphabet">How text becomes symbols.</param>
    /// <param name="specials">Tokens that stand for no text, such as <c>&lt;|endoftext|&gt;</c>; they are among the tokens.</param>
    /// <param name="separateDigits">Whether every digit is a word of its own.</param>
    /// <exception cref="ArgumentException">A token is given twice, or a merge's part or result is no token.</exception>
    public BpeTokenizer(
        ImmutableArray<string> tokens, ImmutableArray<(string First, string Second)> merges, TokenAlphabet alphabet = TokenAlphabet.Bytes,
        ImmutableArray<string> specials = default, bool separateDigits = false)
    {
        (this.tokens, Merges, Alphabet, Specials, this.separateDigits) = (tokens, merges, alphabet, specials.IsDefault ? [] : specials, separateDigits);
        ids = new(tokens.Length, StringComparer.Ordinal);
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!ids.TryAdd(tokens[i], i))
                throw new ArgumentException($"the token '{tokens[i]}' is given twice, as {ids[tokens[i]]} and {i}", nameof(tokens));
        }
        this.merges = new(merges.Length);
        for (var i = 0; i < merges.Length; i++)
        {
            var (first, second) = merges[i];
            if (!ids.TryGetValue(first, out var a) || !ids.TryGetValue(second, out var b) || !ids.TryGetValue(first + second, out var whole))
                throw new ArgumentException($"merge {i}, '{first}' with '{second}': both and their union must be tokens", nameof(merges));
            this.merges.TryAdd((a, b), (i, whole));
        }
        foreach (var special in Specials)
        {
            if (!ids.ContainsKey(special))
                throw new ArgumentException($"the special token '{special}' is not among the tokens", nameof(specials));
        }
        if (!Specials.IsEmpty)
            specialPattern = new Regex("(" + string.Join('|', Specials.OrderByDescending(s => s.Length).Select(Regex.Escape)) + ")", RegexOptions.CultureInvariant);
    }

    /// <summary>The number of tokens.</summary>
    public int Vocabulary => tokens.Length;

    /// <summary>The tokens by number, in the alphabet's writing.</summary>
    public ImmutableArray<string> Tokens => tokens;

    /// <summary>The pairs to merge, the most important first.</summary>
    public ImmutableArray<(string First, string Second)> Merges { get; }

    /// <summary>How text becomes symbols.</summary>
    public TokenAlphabet Alphabet { get; }

    /// <summary>The tokens that stand for no text.</summary>
    public ImmutableArray<string> Specials { get; }

    /// <summary>Whether every digit is a word of its own.</summary>
    public bool SeparatesDigits => separateDigits;

    /// <summary>The token that ends a document: <c>&lt;|endoftext|&gt;</c>, <c>&lt;/s&gt;</c> or the last special token; null without special tokens.</summary>
    public int? EndOfText => (Specials.FirstOrDefault(s => s is "<|endoftext|>" or "</s>" or "<|im_end|>") ?? Specials.LastOrDefault()) is { } name ? ids[name] : null;

    /// <summary>The number of a token, or null.</summary>
    public int? IdOf(string token) => ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecials">Whether special tokens written in the text count as such; off for texts from outside.</param>
    /// <exception cref="InvalidDataException">A character cannot be written in this vocabulary.</exception>
    public int[] Encode(string text, bool parseSpecials = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new List<int>(text.Length / 3 + 1);
        if (!parseSpecials || specialPattern is null)
        {
            EncodePlain(text, result);
            return [.. result];
        }
        foreach (var part in specialPattern.Split(text))
        {
            if (Specials.Contains(part))
                result.Add(ids[part]);
            else if (part.Length > 0)
                EncodePlain(part, result);
        }
        return [.. result];
    }

    /// <summary>The text of tokens. Special tokens are left out; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is no token's.</exception>
    public string Decode(ReadOnlySpan<int> numbers)
    {
        var bytes = new List<byte>(numbers.Length * 4);
        foreach (var number in numbers)
            AppendBytes(number, bytes);
        var text = Encoding.UTF8.GetString([.. bytes]);
        return Alphabet == TokenAlphabet.Characters && text.StartsWith(' ') ? text[1..] : text;
    }

    /// <summary>The bytes that one token stands for; none for a special token.</summary>
    public byte[] BytesOf(int number)
    {
        var bytes = new List<byte>();
        AppendBytes(number, bytes);
        return [.. bytes];
    }

    /// <summary>The words of a text within which bytes are merged, each in the alphabet's writing.</summary>
    internal static List<string> ByteWords(string text, bool separateDigits)
    {
        var words = new List<string>(text.Length / 5 + 1);
        foreach (var match in Words().EnumerateMatches(text))
        {
            var word = text.AsSpan(match.Index, match.Length);
            if (!separateDigits || !word.ContainsAnyInRange('0', '9'))
            {
                words.Add(Write(word));
                continue;
            }
            foreach (var digit in Digits().EnumerateMatches(word))
                words.Add(Write(word.Slice(digit.Index, digit.Length)));
        }
        return words;
    }

    /// <summary>The printable character of every byte, by byte.</summary>
    internal static ReadOnlySpan<char> ByteSymbols => Printable.OfByte;

    private void EncodePlain(string text, List<int> result)
    {
        var words = Alphabet == TokenAlphabet.Bytes ? ByteWords(text, separateDigits) : [("▁" + text).Replace(' ', '▁')];
        foreach (var word in words)
        {
            if (cache.TryGetValue(word, out var known))
            {
                result.AddRange(known);
                continue;
            }
            var merged = Merge(Symbols(word));
            if (word.Length <= LongestCachedWord && cache.Count < CachedWords)
                cache.TryAdd(word, merged);
            result.AddRange(merged);
        }
    }

    private List<int> Symbols(string word)
    {
        var symbols = new List<int>(word.Length);
        foreach (var rune in word.EnumerateRunes())
        {
            if (ids.TryGetValue(rune.ToString(), out var id))
            {
                symbols.Add(id);
                continue;
            }
            foreach (var value in Encoding.UTF8.GetBytes(rune.ToString()))
                symbols.Add(ids.TryGetValue($"<0x{value:X2}>", out var fallback) ? fallback
                    : ids.TryGetValue("<unk>", out var unknown) ? unknown
                    : throw new InvalidDataException($"the character '{rune}' (U+{rune.Value:X4}) cannot be written in this vocabulary"));
        }
        return symbols;
    }

    // The pair of the least rank first, the leftmost of equals; a heap keeps long texts without words (▁) from costing their length squared.
    private int[] Merge(List<int> symbols)
    {
        if (symbols.Count < 2)
            return [.. symbols];
        var (id, next, previous) = (symbols.ToArray(), new int[symbols.Count], new int[symbols.Count]);
        var heap = new PriorityQueue<(int Left, int First, int Second, int Whole), (int Rank, int Left)>();
        for (var i = 0; i < id.Length; i++)
            (next[i], previous[i]) = (i + 1, i - 1);
        for (var i = 0; i + 1 < id.Length; i++)
            Offer(i);
        while (heap.TryDequeue(out var pair, out _))
        {
            var right = next[pair.Left];
            if (id[pair.Left] != pair.First || right >= id.Length || id[right] != pair.Second)
                continue; // one of the two was merged meanwhile
            id[pair.Left] = pair.Whole;
            id[right] = -1;
            next[pair.Left] = next[right];
            if (next[right] < id.Length)
                previous[next[right]] = pair.Left;
            if (previous[pair.Left] >= 0)
                Offer(previous[pair.Left]);
            if (next[pair.Left] < id.Length)
                Offer(pair.Left);
        }
        return [.. id.Where(i => i >= 0)];

        void Offer(int left)
        {
            var (first, second) = (id[left], id[next[left]]);
            if (merges.TryGetValue((first, second), out var merge))
                heap.Enqueue((left, first, second, merge.Id), (merge.Rank, left));
        }
    }

    private void AppendBytes(int number, List<byte> bytes)
    {
        if (number < 0 || number >= tokens.Length)
            throw new ArgumentOutOfRangeException(nameof(number), number, $"a token number from 0 to {tokens.Length - 1} was expected");
        var token = tokens[number];
        if (Specials.Contains(token))
            return;
        if (Alphabet == TokenAlphabet.Bytes)
        {
            foreach (var c in token)
            {
                if (Printable.OfChar.TryGetValue(c, out var value))
                    bytes.Add(value);
                else
                    bytes.AddRange(Encoding.UTF8.GetBytes([c]));
            }
        }
        else if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal))
        {
            bytes.Add(Convert.ToByte(token[3..5], 16));
        }
        else
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(token.Replace('▁', ' ')));
        }
    }

    private static string Write(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        return string.Create(bytes.Length, bytes, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = Printable.OfByte[source[i]];
        });
    }

    // GPT-2's writing: printable Latin-1 stands for itself, the other bytes for U+0100 upwards.
    private static (char[], Dictionary<char, byte>) PrintableBytes()
    {
        var (ofByte, ofChar, extra) = (new char[256], new Dictionary<char, byte>(), 0x100);
        for (var b = 0; b < 256; b++)
        {
            ofByte[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)extra++;
            ofChar[ofByte[b]] = (byte)b;
        }
        return (ofByte, ofChar);
    }

    [GeneratedRegex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    [GeneratedRegex(@"[0-9]|[^0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
