using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;
using MathNet.Numerics.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Rows whose score lies in an interval, ends included. A limit is a number, or a percentile of the scores such as <c>10%</c> (linear
/// interpolation). Limits come in pairs.
/// </summary>
public abstract class ScoreSlices : SliceBuilder
{
    private readonly string[] limits;

    /// <summary>Creates the builder.</summary>
    /// <param name="limits">Pairs of limits; none means the lowest and the highest tenth.</param>
    /// <exception cref="ArgumentException">The limits are no pairs of numbers or percentages.</exception>
    private protected ScoreSlices(string[] limits)
    {
        this.limits = limits.Length == 0 ? ["0%", "10%", "90%", "100%"] : limits;
        if (this.limits.Length % 2 != 0)
            throw new ArgumentException($"limits come in pairs, not {this.limits.Length}", nameof(limits));
        foreach (var limit in this.limits)
            _ = Parse(limit);
    }

    /// <summary>The name with its column, for identifiers.</summary>
    protected abstract string Title { get; }

    /// <summary>The score of each row.</summary>
    public abstract double[] Score(Panel panel);

    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed)
    {
        var scores = Score(panel);
        for (var i = 0; i < limits.Length; i += 2)
        {
            var (low, high) = (Limit(limits[i], scores), Limit(limits[i + 1], scores));
            yield return new PanelSlice($"{Title} {limits[i]} to {limits[i + 1]}", SliceCategory.SubPopulation, [.. Enumerable.Range(0, scores.Length).Where(r => scores[r] >= low && scores[r] <= high)]);
        }
    }

    /// <summary>A limit as a number.</summary>
    internal static double Limit(string limit, double[] scores)
    {
        var (value, isPercentile) = Parse(limit);
        return isPercentile ? scores.QuantileCustom(value / 100, QuantileDefinition.R7) : value;
    }

    private static (double Value, bool IsPercentile) Parse(string limit)
    {
        var isPercentile = limit.TrimEnd().EndsWith('%');
        return double.TryParse(limit.TrimEnd(' ', '%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && (!isPercentile || value is >= 0 and <= 100)
            ? (value, isPercentile)
            : throw new ArgumentException($"a number or a percentile such as 10% was expected, not '{limit}'", nameof(limit));
    }
}

/// <summary>Rows by their number of words.</summary>
/// <param name="limits">Pairs of limits.</param>
[Method("length-slices", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class LengthSlices(params string[] limits) : ScoreSlices(limits)
{
    /// <inheritdoc/>
    protected override string Title => "words";

    /// <inheritdoc/>
    public override double[] Score(Panel panel) => [.. panel.Tokens().Select(t => (double)t.Length)];
}

/// <summary>Rows by their number of characters over all columns.</summary>
/// <param name="limits">Pairs of limits.</param>
[Method("character-slices", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class CharacterSlices(params string[] limits) : ScoreSlices(limits)
{
    /// <inheritdoc/>
    protected override string Title => "characters";

    /// <inheritdoc/>
    public override double[] Score(Panel panel) => [.. Enumerable.Range(0, panel.Count).Select(i => (double)panel.Columns.Sum(c => c.Values[i].Length))];
}

/// <summary>Rows by the share of common words of two columns, |A ∩ B|/|A ∪ B| on lower-cased words; 0 for two empty texts.</summary>
/// <param name="first">A column.</param>
/// <param name="second">Another column.</param>
/// <param name="limits">Pairs of limits.</param>
[Method("overlap-slices", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class OverlapSlices(string first, string second, params string[] limits) : ScoreSlices(limits)
{
    /// <inheritdoc/>
    protected override string Title => $"overlap of {first} and {second}";

    /// <inheritdoc/>
    public override double[] Score(Panel panel) => [.. panel.Tokens(first).Zip(panel.Tokens(second), (a, b) => Of(a, b))];

    /// <summary>The overlap of two lists of words.</summary>
    public static double Of(IEnumerable<string> a, IEnumerable<string> b)
    {
        var (x, y) = (a.ToHashSet(StringComparer.Ordinal), b.ToHashSet(StringComparer.Ordinal));
        var common = x.Count(y.Contains);
        return x.Count + y.Count == 0 ? 0 : (double)common / (x.Count + y.Count - common);
    }
}

/// <summary>Rows that hold any of some phrases: one word must stand as a word, several words are found as a part of the text, without regard to case.</summary>
/// <param name="phrases">The phrases.</param>
[Method("phrase-slice", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class PhraseSlice(params string[] phrases) : SliceBuilder
{
    private readonly string[] phrases = phrases.Length > 0 ? phrases : throw new ArgumentException("at least one phrase was expected", nameof(phrases));

    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed) => [Matching(panel, $"phrase {string.Join(" | ", phrases)}", phrases)];

    internal static PanelSlice Matching(Panel panel, string identifier, IReadOnlyList<string> phrases)
    {
        var (tokens, texts) = (panel.Tokens(), panel.Texts());
        var words = phrases.Where(p => !p.Contains(' ', StringComparison.Ordinal)).Select(p => p.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);
        string[] longer = [.. phrases.Where(p => p.Contains(' ', StringComparison.Ordinal))];
        return new PanelSlice(identifier, SliceCategory.SubPopulation, [.. Enumerable.Range(0, panel.Count)
            .Where(i => tokens[i].Any(words.Contains) || longer.Any(p => texts[i].Contains(p, StringComparison.OrdinalIgnoreCase)))]);
    }
}

/// <summary>A list of words that texts are sliced by.</summary>
public enum WordList
{
    /// <summary>not, never, nobody …</summary>
    Negation,
    /// <summary>I, you, she …</summary>
    Pronouns,
    /// <summary>my, your, their …</summary>
    Possessives,
    /// <summary>who, what, when …</summary>
    Questions,
    /// <summary>all, every, some …</summary>
    Quantifiers,
    /// <summary>and, or, but …</summary>
    Conjunctions,
    /// <summary>more, less, better …</summary>
    Comparatives,
}

/// <summary>Rows that hold a word of a built-in list.</summary>
/// <param name="list">The list.</param>
[Method("word-list-slice", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class WordListSlice(WordList list) : SliceBuilder
{
    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed) => [PhraseSlice.Matching(panel, $"words of {list.ToString().ToLowerInvariant()}", Words(list))];

    /// <summary>The words of a list.</summary>
    public static ImmutableArray<string> Words(WordList list) => list switch
    {
        WordList.Negation => ["not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "can't", "don't", "doesn't", "didn't", "isn't", "aren't", "wasn't", "weren't", "won't", "without"],
        WordList.Pronouns => ["i", "you", "he", "she", "it", "we", "they", "me", "him", "her", "us", "them"],
        WordList.Possessives => ["my", "your", "his", "her", "its", "our", "their", "mine", "yours", "hers", "ours", "theirs"],
        WordList.Questions => ["who", "what", "when", "where", "why", "how", "which", "whom", "whose"],
        WordList.Quantifiers => ["all", "every", "each", "any", "some", "many", "few", "most", "several", "both", "half"],
        WordList.Conjunctions => ["and", "or", "but", "because", "although", "while", "if", "unless", "since"],
        _ => ["more", "less", "better", "worse", "larger", "smaller", "higher", "lower", "than"],
    };
}

/// <summary>Rows that hold a digit.</summary>
[Method("digit-slice", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class DigitSlice : SliceBuilder
{
    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed) =>
        [new PanelSlice("digits", SliceCategory.SubPopulation, [.. Enumerable.Range(0, panel.Count).Where(i => panel.Texts()[i].Any(char.IsAsciiDigit))])];
}

/// <summary>Rows by the value of a column: one slice for each of its most frequent values.</summary>
/// <param name="column">The column.</param>
/// <param name="most">The most slices.</param>
[Method("value-slices", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class ValueSlices(string column, int most = 20) : SliceBuilder
{
    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed) => Enumerable.Range(0, panel.Count).GroupBy(i => panel.Texts(column)[i]).OrderByDescending(g => g.Count()).Take(most)
        .Select(g => new PanelSlice($"{column} = {g.Key}", SliceCategory.SubPopulation, [.. g]));
}

/// <summary>Rows by how frequent the value of a column (an entity, a category) is: head, torso and tail.</summary>
/// <param name="column">The column.</param>
/// <param name="torso">From how many occurrences on a value is no tail.</param>
/// <param name="head">From how many on it is a head.</param>
/// <param name="counts">Where occurrences are counted: a table with that column (the training set), or null for the panel itself.</param>
[Method("frequency-slices", Paper = 50, Kind = MethodKind.Diagnostic)]
public sealed class FrequencySlices(string column, int torso = 5, int head = 50, string? counts = null) : SliceBuilder
{
    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed)
    {
        var values = panel.Texts(column);
        var from = counts is null ? values : ((Data.TextColumn)Data.TableFile.Read(counts, new Data.TableReadOptions { TextColumns = [column] })[column]).Values;
        var times = from.GroupBy(v => v).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return Enumerable.Range(0, values.Length).GroupBy(i => times.GetValueOrDefault(values[i]) is var n && n >= head ? "head" : n >= torso ? "torso" : "tail")
            .Select(g => new PanelSlice($"{column} frequency: {g.Key}", SliceCategory.SubPopulation, [.. g]));
    }
}

/// <summary>Slices of a user's own, in code.</summary>
public static class CustomSlices
{
    /// <summary>The rows that a predicate takes.</summary>
    public static SliceBuilder Where(string name, Func<Panel, int, bool> predicate) => new Builder((panel, _) => [new PanelSlice(name, SliceCategory.SubPopulation, [.. Enumerable.Range(0, panel.Count).Where(i => predicate(panel, i))])]);

    /// <summary>The rows whose score lies in given intervals.</summary>
    public static SliceBuilder Score(string name, Func<Panel, int, double> score, params string[] limits) => new CustomScore(name, score, limits);

    /// <summary>All rows with a changed text; a row whose change is null is left out.</summary>
    public static SliceBuilder Transform(string name, Func<string, SeededRandom, string?> change) => new Builder((panel, seed) => [TextTransformation.Apply(panel, name, change, seed)]);

    private sealed class Builder(Func<Panel, long, IEnumerable<PanelSlice>> build) : SliceBuilder
    {
        public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed) => build(panel, seed);
    }

    private sealed class CustomScore(string name, Func<Panel, int, double> score, string[] limits) : ScoreSlices(limits)
    {
        protected override string Title => name;

        public override double[] Score(Panel panel) => [.. Enumerable.Range(0, panel.Count).Select(i => score(panel, i))];
    }
}
