using System.Collections.Frozen;

namespace Assay.Evaluation;

/// <summary>The tables of <see cref="RuleRephraser"/>: words and phrases that may stand for each other in a question.</summary>
internal static class RewordingRules
{
    public static readonly string[] LeadIns = ["Consider this question:", "Please answer this:", "Here is a question:", "Think about this:"];

    public static readonly FrozenDictionary<string, string> Participles = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["wrote"] = "written", ["painted"] = "painted", ["invented"] = "invented", ["discovered"] = "discovered", ["founded"] = "founded", ["composed"] = "composed",
        ["directed"] = "directed", ["built"] = "built", ["designed"] = "designed", ["developed"] = "developed", ["proposed"] = "proposed",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Longer frames first.
    private static readonly (string From, string To)[] Frames =
    [
        ("Which of the following is ", "Which one of these is "), ("Which of the following ", "Which one of these "), ("Which of these ", "Which one of the following "),
        ("What is the name of ", "Which name belongs to "), ("What is ", "Which of these is "), ("What are ", "Which of these are "), ("What was ", "Which of these was "), ("Who is ", "Which person is "),
        ("Who was ", "Which person was "), ("Who ", "Which person "), ("Where is ", "In which place is "), ("Where was ", "In which place was "), ("Where ", "In which place "),
        ("When did ", "At what time did "), ("When was ", "At what time was "), ("How many ", "What number of "), ("Why does ", "For what reason does "), ("Why do ", "For what reason do "),
        ("Why is ", "For what reason is "), ("How does ", "In what way does "), ("How do ", "In what way do "), ("In which ", "In what "),
    ];

    private static readonly FrozenDictionary<string, string[]> Words = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase)
    {
        ["large"] = ["big"], ["big"] = ["large"], ["small"] = ["little"], ["largest"] = ["biggest"], ["biggest"] = ["largest"], ["smallest"] = ["littlest"], ["quick"] = ["fast"], ["fast"] = ["quick", "rapid"],
        ["begin"] = ["start"], ["start"] = ["begin"], ["begins"] = ["starts"], ["starts"] = ["begins"], ["began"] = ["started"], ["end"] = ["finish"], ["ends"] = ["finishes"], ["make"] = ["produce"],
        ["makes"] = ["produces"], ["produce"] = ["make"], ["produces"] = ["makes"], ["usually"] = ["normally", "generally"], ["often"] = ["frequently"], ["mainly"] = ["mostly", "chiefly"],
        ["main"] = ["chief", "principal"], ["primary"] = ["main"], ["known"] = ["recognised"], ["called"] = ["named", "termed"], ["named"] = ["called"], ["show"] = ["demonstrate"], ["shows"] = ["demonstrates"],
        ["help"] = ["assist"], ["helps"] = ["assists"], ["need"] = ["require"], ["needs"] = ["requires"], ["require"] = ["need"], ["requires"] = ["needs"], ["use"] = ["employ"], ["uses"] = ["employs"],
        ["happen"] = ["occur"], ["happens"] = ["occurs"], ["occur"] = ["happen"], ["occurs"] = ["happens"], ["purpose"] = ["aim"], ["near"] = ["close to"], ["about"] = ["concerning"], ["correct"] = ["right"],
        ["statement"] = ["claim"], ["describes"] = ["characterises"], ["describe"] = ["characterise"], ["likely"] = ["probably"], ["contains"] = ["includes"], ["contain"] = ["include"],
        ["reason"] = ["cause"], ["result"] = ["outcome"], ["person"] = ["individual"], ["people"] = ["persons"], ["kind"] = ["type", "sort"], ["type"] = ["kind", "sort"], ["region"] = ["area"], ["area"] = ["region"],
        ["author"] = ["writer"], ["writer"] = ["author"], ["film"] = ["movie"], ["movie"] = ["film"], ["city"] = ["town"], ["job"] = ["occupation"], ["build"] = ["construct"], ["buy"] = ["purchase"], ["choose"] = ["select"],
        ["give"] = ["provide"], ["gives"] = ["provides"], ["get"] = ["obtain"], ["gets"] = ["obtains"], ["keep"] = ["retain"], ["change"] = ["alter"], ["changes"] = ["alters"], ["animal"] = ["creature"], ["animals"] = ["creatures"],
        ["it's"] = ["it is"], ["what's"] = ["what is"], ["that's"] = ["that is"], ["who's"] = ["who is"], ["they're"] = ["they are"], ["you're"] = ["you are"], ["we're"] = ["we are"], ["there's"] = ["there is"],
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The question with another frame, or as it is.</summary>
    public static string ReplaceFrame(string text)
    {
        // The frame of the last sentence is the question's own.
        var at = Math.Max(text.LastIndexOf(". ", StringComparison.Ordinal) + 2, 0);
        at = at == 1 ? 0 : at;
        foreach (var (from, to) in Frames)
        {
            if (string.CompareOrdinal(text, at, from, 0, from.Length) == 0)
                return $"{text[..at]}{to}{text[(at + from.Length)..]}";
        }
        return text;
    }

    /// <summary>A word that may stand for another, with its capital kept; the word itself where there is none.</summary>
    public static string Replace(string word, double choice)
    {
        if (!Words.TryGetValue(word.Replace('’', '\''), out var others) || word.Length > 1 && word.Skip(1).Any(char.IsUpper))
            return word;
        var other = others[Math.Min(others.Length - 1, (int)(choice * others.Length))];
        return char.IsUpper(word[0]) ? char.ToUpperInvariant(other[0]) + other[1..] : other;
    }
}
