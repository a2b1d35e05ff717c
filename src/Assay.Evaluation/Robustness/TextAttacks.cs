using System.Globalization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What an attack tries on a word.</summary>
public enum WordEdit
{
    /// <summary>Synonyms.</summary>
    Synonym,
    /// <summary>Two letters change places.</summary>
    CharacterSwap,
    /// <summary>Other inflections: -s, -ed, -ing (in the manner of Morpheus, Tan et al. 2020).</summary>
    Inflection,
}

/// <summary>
/// An untargeted attack on rows that the model has right: words are ranked by the drop of P(label) when they are left out; from the most
/// salient on the edit that lowers P(label) most is kept, until the predicted class changes or the budget of queries is spent.
/// </summary>
/// <param name="edit">What is tried on a word.</param>
/// <param name="rows">The most rows that are attacked.</param>
/// <param name="budget">The most queries for each row.</param>
[Method("word-attack", Paper = 50, Kind = MethodKind.Transform)]
public sealed class WordAttack(WordEdit edit = WordEdit.Synonym, int rows = 200, int budget = 200) : SliceBuilder
{
    /// <inheritdoc/>
    public override bool NeedsModel => true;

    /// <inheritdoc/>
    public override IEnumerable<PanelSlice> Build(Panel panel, TextModel? model, long seed)
    {
        ArgumentNullException.ThrowIfNull(panel);
        if (model is null)
            throw new ArgumentException("an attack needs a model that can be asked", nameof(model));
        var scores = model(panel.Texts());
        int[] right = [.. Enumerable.Range(0, panel.Count).Where(i => Predictions.ArgMax(scores.Row(i)) == panel.Labels[i]).Take(rows)];
        var (texts, flipped, words, queries) = (new string[right.Length], 0, 0, 0);
        for (var r = 0; r < right.Length; r++)
        {
            var result = Attack(panel.Texts()[right[r]], panel.Labels[right[r]], model, SeededRandom.At(seed, right[r]));
            texts[r] = result.Text;
            queries += result.Queries;
            flipped += result.IsFlipped ? 1 : 0;
            words += result.IsFlipped ? result.Changed : 0;
        }
        var name = edit switch { WordEdit.Synonym => "synonym", WordEdit.CharacterSwap => "character swap", _ => "inflection" };
        yield return new PanelSlice($"{name} attack", SliceCategory.Attack, [.. right], [.. texts], string.Create(CultureInfo.InvariantCulture,
            $"success {(right.Length == 0 ? 0 : 100.0 * flipped / right.Length):0.#} %, {(flipped == 0 ? 0 : (double)words / flipped):0.##} words changed, {(right.Length == 0 ? 0 : (double)queries / right.Length):0.#} queries"));
    }

    /// <summary>Attacks one text whose label the model predicts.</summary>
    /// <returns>The text after the attack, whether the class changed, how many words were changed, and how many queries were made.</returns>
    public (string Text, bool IsFlipped, int Changed, int Queries) Attack(string text, int label, TextModel model, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(model);
        var words = text.Split(' ');
        var queries = 0;
        var current = Ask(words);
        if (current.Class != label)
            return (text, false, 0, queries);
        var saliency = new List<(int At, double Drop)>();
        for (var i = 0; i < words.Length && queries < budget; i++)
            saliency.Add((i, current.Probability - Ask([.. words[..i], .. words[(i + 1)..]]).Probability));
        var changed = 0;
        foreach (var (at, _) in saliency.OrderByDescending(s => s.Drop))
        {
            var (best, kept) = (current, words[at]);
            foreach (var candidate in Candidates(words[at], random))
            {
                if (queries >= budget)
                    return (string.Join(' ', words), false, changed, queries);
                string[] tried = [.. words];
                tried[at] = candidate;
                if (Ask(tried) is var outcome && outcome.Probability < best.Probability)
                    (best, kept) = (outcome, candidate);
                if (best.Class != label)
                    break;
            }
            if (kept == words[at])
                continue;
            words[at] = kept;
            changed++;
            current = best;
            if (current.Class != label)
                return (string.Join(' ', words), true, changed, queries);
        }
        return (string.Join(' ', words), false, changed, queries);

        (double Probability, int Class) Ask(string[] asked)
        {
            queries++;
            var scores = model([string.Join(' ', asked)]);
            return (scores[0, label], Predictions.ArgMax(scores.Row(0)));
        }
    }

    private IEnumerable<string> Candidates(string word, SeededRandom random) => edit switch
    {
        WordEdit.Synonym => SynonymList.BuiltIn.Of(word),
        WordEdit.CharacterSwap => word.Length > 3 ? Enumerable.Range(0, 3).Select(_ => SurfaceTransformation.SwapLetters(word, random)).Distinct().ToArray() : [],
        _ => word.Length > 3 ? [$"{word}s", $"{word}ed", $"{word}ing", .. word.EndsWith('s') ? [word[..^1]] : Array.Empty<string>()] : [],
    };
}
