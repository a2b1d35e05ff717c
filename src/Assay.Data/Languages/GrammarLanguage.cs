using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>One rule of a <see cref="GrammarLanguage"/>.</summary>
/// <param name="Left">The symbol that is replaced.</param>
/// <param name="Right">What takes its place.</param>
/// <param name="Probability">The probability among the rules of the same left side.</param>
public sealed record GrammarRule(string Left, ImmutableArray<string> Right, double Probability);

/// <summary>
/// A probabilistic context-free grammar, written as lines <c>S -&gt; NP VP [0.7] | VP [0.3]</c>. Symbols that stand on no left side are
/// words. The first line's left side is the start.
/// </summary>
public sealed class GrammarLanguage
{
    private readonly ImmutableDictionary<string, ImmutableArray<GrammarRule>> rules;

    private GrammarLanguage(string start, ImmutableArray<GrammarRule> all)
    {
        (Start, Rules) = (start, all);
        rules = all.GroupBy(r => r.Left, StringComparer.Ordinal).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);
        Words = [.. all.SelectMany(r => r.Right).Where(s => !rules.ContainsKey(s)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The start symbol.</summary>
    public string Start { get; }

    /// <summary>All rules.</summary>
    public ImmutableArray<GrammarRule> Rules { get; }

    /// <summary>All words.</summary>
    public ImmutableArray<string> Words { get; }

    /// <summary>Reads a grammar.</summary>
    /// <param name="text">The lines; empty lines and those that begin with # do not count. An alternative without a number shares what the others leave.</param>
    /// <exception cref="FormatException">A line is not a rule, or the probabilities of a symbol do not sum to 1.</exception>
    public static GrammarLanguage Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var all = ImmutableArray.CreateBuilder<GrammarRule>();
        var number = 0;
        foreach (var line in text.Split('\n').Select(l => l.Trim()))
        {
            number++;
            if (line.Length == 0 || line.StartsWith('#'))
                continue;
            var parts = line.Split("->", 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
                throw new FormatException($"line {number}: '{line}' is no rule; 'S -> A B [0.7] | C [0.3]' was expected");
            var alternatives = parts[1].Split('|', StringSplitOptions.TrimEntries).Select(a => Alternative(a, number)).ToArray();
            var open = alternatives.Count(a => a.Probability is null);
            var rest = 1 - alternatives.Sum(a => a.Probability ?? 0);
            all.AddRange(alternatives.Select(a => new GrammarRule(parts[0], a.Symbols, a.Probability ?? rest / open)));
        }
        foreach (var group in all.GroupBy(r => r.Left, StringComparer.Ordinal))
        {
            if (group.Any(r => r.Probability < 0) || Math.Abs(group.Sum(r => r.Probability) - 1) > 1e-9)
                throw new FormatException($"the probabilities of '{group.Key}' sum to {group.Sum(r => r.Probability).ToString("g6", CultureInfo.InvariantCulture)}; 1 was expected");
        }
        return all.Count > 0 ? new GrammarLanguage(all[0].Left, all.ToImmutable()) : throw new FormatException("the grammar has no rules");
    }

    /// <summary>Draws a sentence.</summary>
    /// <param name="random">Draws.</param>
    /// <param name="maxWords">The most words.</param>
    /// <exception cref="InvalidOperationException">The sentence grew beyond the most words: the grammar may not end.</exception>
    public ImmutableArray<string> Sample(SeededRandom random, int maxWords = 10_000)
    {
        ArgumentNullException.ThrowIfNull(random);
        var words = ImmutableArray.CreateBuilder<string>();
        var open = new Stack<string>([Start]);
        while (open.TryPop(out var symbol))
        {
            if (!rules.TryGetValue(symbol, out var choices))
            {
                words.Add(symbol);
                continue;
            }
            var weights = choices.Select(c => c.Probability).ToArray();
            var rule = choices[random.NextIndex(weights)];
            for (var i = rule.Right.Length - 1; i >= 0; i--)
                open.Push(rule.Right[i]);
            if (words.Count + open.Count > maxWords)
                throw new InvalidOperationException($"a sentence grew beyond {maxWords} words; the grammar may not end");
        }
        return words.ToImmutable();
    }

    /// <summary>
    /// The entropy of a derivation, nats, and the mean number of words: H(A) = Σ_rules p·(−ln p + Σ H(children)), solved as a linear system.
    /// For an unambiguous grammar it is the entropy of a sentence.
    /// </summary>
    /// <exception cref="InvalidOperationException">The grammar's sentences have no finite mean length.</exception>
    public (double Entropy, double Words) DerivationEntropy()
    {
        var symbols = rules.Keys.Order(StringComparer.Ordinal).ToArray();
        var index = symbols.Select((s, i) => (s, i)).ToDictionary(p => p.s, p => p.i, StringComparer.Ordinal);
        var system = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseIdentity(symbols.Length);
        var right = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(symbols.Length, 2);
        foreach (var rule in Rules.Where(r => r.Probability > 0))
        {
            var i = index[rule.Left];
            right[i, 0] -= rule.Probability * Math.Log(rule.Probability);
            foreach (var child in rule.Right)
            {
                if (index.TryGetValue(child, out var j))
                    system[i, j] -= rule.Probability;
                else
                    right[i, 1] += rule.Probability;
            }
        }
        var solution = system.Solve(right);
        var (entropy, words) = (solution[index[Start], 0], solution[index[Start], 1]);
        return double.IsFinite(words) && words > 0 && entropy >= -1e-9
            ? (Math.Max(0, entropy), words)
            : throw new InvalidOperationException("the grammar's sentences have no finite mean length");
    }

    private static (ImmutableArray<string> Symbols, double? Probability) Alternative(string text, int line)
    {
        double? probability = null;
        var body = text;
        if (text.EndsWith(']') && text.LastIndexOf('[') is >= 0 and var open)
        {
            if (!double.TryParse(text.AsSpan(open + 1, text.Length - open - 2), CultureInfo.InvariantCulture, out var value))
                throw new FormatException($"line {line}: '{text[open..]}' is no probability");
            (probability, body) = (value, text[..open]);
        }
        return ([.. body.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)], probability);
    }
}
