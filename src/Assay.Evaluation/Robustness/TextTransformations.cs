using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A change of texts that keeps their labels; each copy is a slice of its own.</summary>
public abstract class TextTransformation : SliceBuilder
{
    /// <summary>The name in identifiers.</summary>
    protected abstract string Title { get; }

    /// <summary>The number of changed copies.</summary>
    protected virtual int Copies => 1;

    /// <summary>Changes a text; null leaves the row out.</summary>
    public abstract string? Change(string text, SeededRandom random);

    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed) =>
        Enumerable.Range(0, Copies).Select(copy => Apply(panel, Copies > 1 ? $"{Title} #{copy + 1}" : Title, Change, seed + copy));

    internal static PanelSlice Apply(Panel panel, string title, Func<string, SeededRandom, string?> change, long seed)
    {
        var changed = panel.Texts().Select((t, i) => (Row: i, Text: change(t, SeededRandom.At(seed, i)))).Where(c => c.Text is not null).ToArray();
        return new PanelSlice(title, SliceCategory.Transformation, [.. changed.Select(c => c.Row)], [.. changed.Select(c => c.Text!)]);
    }
}

/// <summary>
/// Easy data augmentation (Wei and Zou 2019): n = max(1, ⌊α·words⌋) words replaced by a synonym, n synonyms inserted, n pairs of words
/// swapped, and every word deleted with a probability (never all). At least one edit of each kind is tried.
/// </summary>
/// <param name="alpha">α of replacement, insertion and swap.</param>
/// <param name="deletion">The probability of deletion.</param>
/// <param name="copies">The number of changed copies.</param>
/// <param name="synonyms">A file of synonyms, one group of words each line, or null for a small built-in list.</param>
[Method("eda", Paper = 50, Kind = MethodKind.Transform)]
public sealed class EasyDataAugmentation(double alpha = 0.1, double deletion = 0.1, int copies = 1, string? synonyms = null) : TextTransformation
{
    private readonly SynonymList list = synonyms is null ? SynonymList.BuiltIn : SynonymList.Read(synonyms);

    /// <inheritdoc/>
    protected override string Title => string.Create(CultureInfo.InvariantCulture, $"eda {alpha}, {deletion}");

    /// <inheritdoc/>
    protected override int Copies => copies;

    /// <summary>n for a text of so many words.</summary>
    public static int Edits(double alpha, int words) => Math.Max(1, (int)(alpha * words));

    /// <inheritdoc/>
    public override string? Change(string text, SeededRandom random)
    {
        List<string> words = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        if (words.Count == 0)
            return null;
        var n = Edits(alpha, words.Count);
        Replace(words, n, random);
        for (var i = 0; i < n; i++)
        {
            string[] known = [.. words.Where(w => list.Of(w).Length > 0)];
            if (known.Length > 0)
                words.Insert(random.Next(words.Count + 1), Pick(list.Of(known[random.Next(known.Length)]), random));
        }
        Swap(words, n, random);
        Delete(words, deletion, random);
        return string.Join(' ', words);
    }

    /// <summary>Swaps n random pairs of words; the words stay the same.</summary>
    public static void Swap(IList<string> words, int n, SeededRandom random)
    {
        for (var i = 0; i < n && words.Count > 1; i++)
        {
            var (a, b) = (random.Next(words.Count), random.Next(words.Count - 1));
            b += b >= a ? 1 : 0;
            (words[a], words[b]) = (words[b], words[a]);
        }
    }

    /// <summary>Deletes each word with a probability; one stays at least.</summary>
    public static void Delete(List<string> words, double probability, SeededRandom random)
    {
        var kept = words[random.Next(words.Count)];
        words.RemoveAll(_ => random.NextDouble() < probability);
        if (words.Count == 0)
            words.Add(kept);
    }

    private void Replace(List<string> words, int n, SeededRandom random)
    {
        int[] places = [.. Enumerable.Range(0, words.Count).Where(i => list.Of(words[i]).Length > 0)];
        random.Shuffle(places.AsSpan());
        foreach (var at in places.Take(n))
            words[at] = Pick(list.Of(words[at]), random);
    }

    private static string Pick(ImmutableArray<string> from, SeededRandom random) => from[random.Next(from.Length)];
}

/// <summary>A way of disturbing the surface of a text.</summary>
public enum SurfaceChange
{
    /// <summary>A letter becomes its neighbour on the keyboard.</summary>
    Typo,
    /// <summary>Two neighbouring letters inside a word change places.</summary>
    Swap,
    /// <summary>All letters become lower case.</summary>
    LowerCase,
    /// <summary>All letters become upper case.</summary>
    UpperCase,
    /// <summary>Punctuation goes.</summary>
    Punctuation,
    /// <summary>"do not" becomes "don't", or the other way.</summary>
    Contraction,
    /// <summary>Diacritics go.</summary>
    Diacritics,
}

/// <summary>Disturbs the surface of texts.</summary>
/// <param name="change">How.</param>
/// <param name="share">The share of words with a typo or a swap; one at least.</param>
[Method("surface-change", Paper = 50, Kind = MethodKind.Transform)]
public sealed class SurfaceTransformation(SurfaceChange change, double share = 0.1) : TextTransformation
{
    // By a table: decomposition needs ICU, which an installation may lack.
    private const string Accented = "ÀÁÂÃÄÅàáâãäåÈÉÊËèéêëÌÍÎÏìíîïÒÓÔÕÖØòóôõöøÙÚÛÜùúûüÇçÑñÝýÿŠšŽž", Plain = "AAAAAAaaaaaaEEEEeeeeIIIIiiiiOOOOOOooooooUUUUuuuuCcNnYyySsZz";
    private static readonly string[] Keyboard = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    private static readonly (string Long, string Short)[] Contractions =
        [("do not", "don't"), ("does not", "doesn't"), ("is not", "isn't"), ("are not", "aren't"), ("was not", "wasn't"), ("cannot", "can't"), ("will not", "won't"), ("it is", "it's"), ("i am", "i'm"), ("we are", "we're")];

    /// <inheritdoc/>
    protected override string Title => change switch
    {
        SurfaceChange.Typo or SurfaceChange.Swap => string.Create(CultureInfo.InvariantCulture, $"{change.ToString().ToLowerInvariant()} {share}"),
        SurfaceChange.LowerCase => "lower case",
        SurfaceChange.UpperCase => "upper case",
        SurfaceChange.Punctuation => "without punctuation",
        SurfaceChange.Diacritics => "without diacritics",
        _ => change.ToString().ToLowerInvariant(),
    };

    /// <inheritdoc/>
    public override string? Change(string text, SeededRandom random) => change switch
    {
        SurfaceChange.LowerCase => text.ToLowerInvariant(),
        SurfaceChange.UpperCase => text.ToUpperInvariant(),
        SurfaceChange.Punctuation => string.Concat(text.Where(c => !char.IsPunctuation(c))),
        SurfaceChange.Diacritics => string.Concat(text.Select(c => Accented.IndexOf(c, StringComparison.Ordinal) is >= 0 and var at ? Plain[at] : c)),
        SurfaceChange.Contraction => Contract(text),
        _ => Letters(text, random),
    };

    // null where the text holds nothing to contract.
    private static string? Contract(string text)
    {
        foreach (var (full, shorter) in Contractions)
        {
            if (text.Contains(full, StringComparison.OrdinalIgnoreCase))
                return text.Replace(full, shorter, StringComparison.OrdinalIgnoreCase);
            if (text.Contains(shorter, StringComparison.OrdinalIgnoreCase))
                return text.Replace(shorter, full, StringComparison.OrdinalIgnoreCase);
        }
        return null;
    }

    private string? Letters(string text, SeededRandom random)
    {
        var words = text.Split(' ');
        int[] places = [.. Enumerable.Range(0, words.Length).Where(i => words[i].Length > 3)];
        if (places.Length == 0)
            return null;
        random.Shuffle(places.AsSpan());
        foreach (var at in places.Take(Math.Max(1, (int)(share * words.Length))))
            words[at] = change == SurfaceChange.Swap ? SwapLetters(words[at], random) : Typo(words[at], random);
        return string.Join(' ', words);
    }

    internal static string SwapLetters(string word, SeededRandom random)
    {
        if (word.Length < 4)
            return word;
        var at = 1 + random.Next(word.Length - 3);
        return string.Concat(word.AsSpan(0, at), [word[at + 1], word[at]], word.AsSpan(at + 2));
    }

    private static string Typo(string word, SeededRandom random)
    {
        var at = random.Next(word.Length);
        var row = Keyboard.FirstOrDefault(r => r.Contains(char.ToLowerInvariant(word[at]), StringComparison.Ordinal));
        if (row is null)
            return word;
        var column = row.IndexOf(char.ToLowerInvariant(word[at]), StringComparison.Ordinal);
        var near = row[column == 0 ? 1 : column == row.Length - 1 || random.Next(2) == 0 ? column - 1 : column + 1];
        return string.Concat(word.AsSpan(0, at), [near], word.AsSpan(at + 1));
    }
}

/// <summary>Words that may stand for each other.</summary>
public sealed class SynonymList
{
    private readonly Dictionary<string, ImmutableArray<string>> groups = new(StringComparer.OrdinalIgnoreCase);

    private SynonymList(IEnumerable<string[]> lines)
    {
        foreach (var line in lines)
        {
            foreach (var word in line)
                groups[word] = [.. line.Where(w => w != word)];
        }
    }

    /// <summary>A small list of common English words.</summary>
    public static SynonymList BuiltIn { get; } = new(new[]
    {
        "good fine great nice", "bad poor awful terrible", "big large huge", "small little tiny", "fast quick rapid", "begin start commence", "end finish stop", "show display present",
        "get obtain receive fetch", "give provide supply", "make create build produce", "change alter modify", "use employ utilize", "find locate discover", "return yield", "value amount quantity",
        "method procedure routine", "object item thing", "list series sequence", "error fault mistake", "new fresh recent", "old former previous", "specified given stated", "represents denotes describes",
        "contains holds includes", "determines decides establishes", "whether if", "movie film picture", "happy glad pleased", "sad unhappy gloomy", "buy purchase", "help assist aid", "important significant major",
        "sets assigns", "gets obtains", "indicates signals", "current present", "initializes prepares", "instance example", "converts transforms", "removes deletes", "adds appends", "text string", "size extent",
    }.Select(l => l.Split(' ')));

    /// <summary>Reads groups of synonyms, one each line, words separated by spaces or commas.</summary>
    /// <exception cref="InvalidDataException">The file holds no group of at least two words.</exception>
    public static SynonymList Read(string path)
    {
        var lines = File.ReadAllLines(path).Select(l => l.Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(l => l.Length > 1).ToArray();
        return lines.Length > 0 ? new SynonymList(lines) : throw new InvalidDataException($"{path}: there is no line with at least two words");
    }

    /// <summary>The other words of a word's group.</summary>
    public ImmutableArray<string> Of(string word) => groups.TryGetValue(word, out var others) ? others : [];
}
