using System.Collections.Immutable;
using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>
/// A chat model as text classifier: asked for the letter of a class, at temperature 0. Where the client gives <see cref="TokenProbabilities"/> the classes
/// have probabilities, else the named one has 1; a reply that names none gives every class the same.
/// </summary>
public static class ChatTextModel
{
    /// <summary>Makes the classifier. Equal texts are asked about once.</summary>
    /// <param name="client">The chat model.</param>
    /// <param name="classes">The names of the classes, 2 to 26.</param>
    /// <param name="concurrency">The most requests at a time.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ArgumentException">There are fewer than 2 classes, or more than 26.</exception>
    public static TextModel Of(IChatClient client, ImmutableArray<string> classes, int concurrency = 4, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concurrency);
        if (classes.Length is < 2 or > 26)
            throw new ArgumentException($"{classes.Length} classes: a chat model is asked for one letter of 2 to 26", nameof(classes));
        string[] letters = [.. classes.Select((_, c) => $"{(char)('A' + c)}")];
        var question = $"Which class does the text belong to?\n{string.Join('\n', classes.Select((name, c) => $"{letters[c]}. {name}"))}\nAnswer with the letter of one class.";
        var known = new Dictionary<string, float[]>(StringComparer.Ordinal);
        return texts =>
        {
            string[] unknown = [.. texts.Where(t => !known.ContainsKey(t)).Distinct(StringComparer.Ordinal)];
            var answers = new float[unknown.Length][];
            Parallel.ForEachAsync(Enumerable.Range(0, unknown.Length), new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellation }, async (i, stop) =>
                answers[i] = await AskAsync(client, $"Text:\n{unknown[i]}\n\n{question}", letters, stop).ConfigureAwait(false)).GetAwaiter().GetResult();
            for (var i = 0; i < unknown.Length; i++)
                known[unknown[i]] = answers[i];
            return new FloatMatrix([.. texts.SelectMany(t => known[t])], texts.Count, classes.Length);
        };
    }

    private static async Task<float[]> AskAsync(IChatClient client, string prompt, string[] letters, CancellationToken cancellation)
    {
        var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, prompt)], TokenProbabilities.Ask(new ChatOptions { Temperature = 0, MaxOutputTokens = 8 }), cancellation).ConfigureAwait(false);
        if (TokenProbabilities.Of(response, letters) is { } probabilities)
            return [.. probabilities.Select(p => (float)p)];
        var named = Answering.Parse(response.Text, letters.Length);
        return [.. letters.Select((_, c) => named < 0 ? 1f / letters.Length : c == named ? 1 : 0)];
    }
}
