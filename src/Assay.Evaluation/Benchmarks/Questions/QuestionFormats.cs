using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Assay.Evaluation;

/// <summary>The published formats of <see cref="QuestionFile"/>: each an object with fields of its own.</summary>
internal static class QuestionFormats
{
    public static ImmutableArray<QuestionItem> Read(JsonElement e, string number)
    {
        if (e.ValueKind != JsonValueKind.Object)
            throw new FormatException("an object was expected");
        var id = Has(e, "id") ? e.GetProperty("id").ToString() : Has(e, "ind") ? e.GetProperty("ind").ToString() : number;
        if (Has(e, "article"))
            return Race(e, id);
        return [Single(e, id)];
    }

    private static QuestionItem Single(JsonElement e, string id)
    {
        if (Has(e, "question") && e.GetProperty("question") is { ValueKind: JsonValueKind.Object } stem)
            return Arc(e, stem, id);
        if (Has(e, "endings"))
            return new(id, Text(e, "ctx"), Texts(e, "endings"), [Number(e, "label")]) { Subject = Optional(e, "activity_label") };
        if (Has(e, "mc1_targets"))
            return TruthfulQa(e, id);
        if (Has(e, "correct_answer"))
            return new(id, Text(e, "question"), [Text(e, "correct_answer"), Text(e, "distractor1"), Text(e, "distractor2"), Text(e, "distractor3")], [0]);
        if (Has(e, "sol1"))
            return new(id, Text(e, "goal"), [Text(e, "sol1"), Text(e, "sol2")], [Number(e, "label")]);
        if (Has(e, "premise"))
            return new(id, $"{Text(e, "premise")} What was the {Optional(e, "question")}?", [Text(e, "choice1"), Text(e, "choice2")], [Number(e, "label")]) { Subject = Optional(e, "question") };
        if (Has(e, "option1"))
            return new(id, Text(e, "sentence"), [Text(e, "option1"), Text(e, "option2")], [Number(e, "answer") - 1]);
        if (Has(e, "question") && Has(e, "choices"))
            return Own(e, id);
        throw new FormatException($"no known format of a question; its fields are {string.Join(", ", e.EnumerateObject().Select(p => p.Name).Take(12))}");
    }

    private static QuestionItem Own(JsonElement e, string id)
    {
        var choices = Texts(e, "choices");
        var key = e.GetProperty(Has(e, "answer") ? "answer" : "key");
        int[] correct = key.ValueKind == JsonValueKind.Array ? [.. key.EnumerateArray().Select(k => Index(k, id, choices))] : [Index(key, id, choices)];
        var item = new QuestionItem(id, Text(e, "question"), choices, [.. correct])
        {
            Subject = Has(e, "subject") ? Text(e, "subject") : Optional(e, "benchmark"), Paraphrases = Has(e, "paraphrases") ? Texts(e, "paraphrases") : [],
            Approved = Has(e, "approved") ? [.. e.GetProperty("approved").EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? (bool?)null : v.GetBoolean())] : [],
        };
        return !Has(e, "idk") ? item : e.GetProperty("idk").ValueKind == JsonValueKind.Number ? item with { Idk = Number(e, "idk") } : item.WithIdk(Text(e, "idk"));
    }

    // An index, a letter, or the option's text.
    private static int Index(JsonElement key, string id, ImmutableArray<string> choices)
    {
        if (key.ValueKind == JsonValueKind.Number)
            return key.GetInt32();
        var text = key.GetString() ?? "";
        return choices.IndexOf(text) is >= 0 and var at ? at
            : text is [>= 'A' and <= 'Z' and var letter] ? letter - 'A'
            : throw new FormatException($"item '{id}': the key '{text}' is no index, letter or option");
    }

    private static QuestionItem Arc(JsonElement e, JsonElement stem, string id)
    {
        var choices = stem.GetProperty("choices").EnumerateArray().Select(c => (Label: Text(c, "label"), Text: Text(c, "text"))).ToArray();
        var key = Text(e, "answerKey");
        var at = Array.FindIndex(choices, c => c.Label == key);
        return at < 0
            ? throw new FormatException($"item '{id}': the key '{key}' is none of the labels {string.Join(", ", choices.Select(c => c.Label))}")
            : new(id, Text(stem, "stem"), [.. choices.Select(c => c.Text)], [at]);
    }

    private static QuestionItem TruthfulQa(JsonElement e, string id)
    {
        var targets = e.GetProperty("mc1_targets");
        if (Has(targets, "choices"))
            return new(id, Text(e, "question"), Texts(targets, "choices"), [.. Ones(targets.GetProperty("labels").EnumerateArray())]);
        // The older layout: the options are the names, the labels the values.
        var options = targets.EnumerateObject().ToArray();
        return new(id, Text(e, "question"), [.. options.Select(o => o.Name)], [.. Ones(options.Select(o => o.Value))]);
    }

    private static IEnumerable<int> Ones(IEnumerable<JsonElement> labels) => labels.Select((l, i) => (Label: l.GetInt32(), i)).Where(l => l.Label == 1).Select(l => l.i);

    private static ImmutableArray<QuestionItem> Race(JsonElement e, string id)
    {
        var options = e.GetProperty("options").EnumerateArray().ToArray();
        var answers = Texts(e, "answers");
        var questions = Texts(e, "questions");
        return options.Length != questions.Length || answers.Length != questions.Length
            ? throw new FormatException($"item '{id}': {questions.Length} questions, {options.Length} lists of options and {answers.Length} answers")
            : [.. questions.Select((q, i) => new QuestionItem($"{id}-{i}", $"{Text(e, "article")}\n\n{q}", [.. options[i].EnumerateArray().Select(o => o.GetString()!)], [answers[i][0] - 'A']))];
    }

    private static bool Has(JsonElement e, string name) => e.TryGetProperty(name, out _);

    private static string Text(JsonElement e, string name) => e.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException($"the text '{name}' is missing");

    private static string Optional(JsonElement e, string name) => Has(e, name) ? e.GetProperty(name).ToString() : "";

    private static ImmutableArray<string> Texts(JsonElement e, string name) => e.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Select(t => t.GetString() ?? throw new FormatException($"'{name}' holds null"))]
        : throw new FormatException($"the list '{name}' is missing");

    private static int Number(JsonElement e, string name) => e.TryGetProperty(name, out var value) && int.TryParse(value.ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"the whole number '{name}' is missing");
}
