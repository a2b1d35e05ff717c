using System.Text;
using System.Text.RegularExpressions;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Rewords English questions by rules, without a model: question frames, passive voice, order of clauses, contractions, synonyms, lead-ins and
/// punctuation. Each place that a rule could change is changed with probability μ (at most 1); a larger μ changes a superset of the places
/// that a smaller one does with the same seed. Numbers, quoted text, code, negations and single capital letters are never touched.
/// </summary>
[Method("rule-rephraser", Paper = 59, Kind = MethodKind.Transform)]
public sealed partial class RuleRephraser : Rephraser
{
    /// <inheritdoc/>
    protected override Task<string> ProposeAsync(string question, double mu, long seed, CancellationToken cancellation) => Task.FromResult(Reword(question, mu, seed));

    /// <summary>Rewords a question without any check.</summary>
    public static string Reword(string question, double mu, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (mu == 0)
            return question;
        bool Chance(int rule) => SeededRandom.At(seed, rule).NextDouble() < mu;
        var text = question;
        if (Chance(1))
            text = ReorderClauses(text);
        if (Chance(2))
            text = Passive(text);
        if (Chance(3))
            text = RewordingRules.ReplaceFrame(text);
        text = ReplaceWords(text, mu, SeededRandom.At(seed, 4));
        if (Chance(5) && text.Length > 0)
            text = $"{RewordingRules.LeadIns[SeededRandom.At(seed, 6).Next(RewordingRules.LeadIns.Length)]} {text}";
        if (Chance(7))
            text = Spaces().Replace(text, " ?").Replace("  ", " ", StringComparison.Ordinal);
        return text;
    }

    // "If A, B?" becomes "B, if A?"
    private static string ReorderClauses(string text)
    {
        var match = Conditional().Match(text);
        if (!match.Success)
            return text;
        var (condition, main, end) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        return $"{char.ToUpperInvariant(main[0])}{main[1..]}, {char.ToLowerInvariant(condition[0])}{condition[1..]}{end}";
    }

    // "Who wrote X?" becomes "By whom was X written?"
    private static string Passive(string text)
    {
        var match = Active().Match(text);
        return match.Success && RewordingRules.Participles.TryGetValue(match.Groups[1].Value, out var participle)
            ? $"By whom was {match.Groups[2].Value} {participle}?"
            : text;
    }

    private static string ReplaceWords(string text, double mu, SeededRandom random)
    {
        var result = new StringBuilder();
        var last = 0;
        foreach (Match match in LockedOrWord().Matches(text))
        {
            result.Append(text, last, match.Index - last);
            last = match.Index + match.Length;
            var word = match.Value;
            // Drawn for every word, so that what one word becomes does not move the others' chances.
            var (chance, choice) = (random.NextDouble(), random.NextDouble());
            result.Append(match.Groups["word"].Success && chance < mu ? RewordingRules.Replace(word, choice) : word);
        }
        return result.Append(text, last, text.Length - last).ToString();
    }

    [GeneratedRegex(@"^((?:If|When|After|Before|Because|While|Although) [^,?.]+), ([^?.]+)([?.])$")]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^Who (\w+) ([^?,]+)\?$")]
    private static partial Regex Active();

    [GeneratedRegex(@"(?<=\w)\?$")]
    private static partial Regex Spaces();

    // What is locked comes first, so that no rule sees a part of it.
    [GeneratedRegex("\"[^\"]*\"|“[^”]*”|`[^`]*`|\\d+(?:[.,]\\d+)*|\\b[A-Z]\\b|\\b\\p{L}+n['’]t\\b|(?<word>\\b\\p{L}+(?:['’]\\p{L}+)?\\b)")]
    private static partial Regex LockedOrWord();
}
