using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>Answers a multiple-choice question.</summary>
/// <param name="item">The item, for its options.</param>
/// <param name="wording">The question's wording.</param>
/// <param name="cancellation">Cancels.</param>
/// <returns>The index of the chosen option, or −1 where the answer names none: it counts as wrong.</returns>
public delegate Task<int> Answerer(QuestionItem item, string wording, CancellationToken cancellation);

/// <summary>Chat models as answerers.</summary>
public static partial class Answering
{
    /// <summary>Asks a chat model for the letter of an option, at temperature 0.</summary>
    /// <param name="client">The chat model.</param>
    /// <param name="modelId">The model's id, or null for the client's own.</param>
    public static Answerer ByChat(IChatClient client, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        return async (item, wording, cancellation) =>
        {
            var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, Prompt(item, wording))], new ChatOptions { Temperature = 0, ModelId = modelId }, cancellation).ConfigureAwait(false);
            return Parse(response.Text, item.Choices.Length);
        };
    }

    /// <summary>The question with lettered options and what is asked for.</summary>
    public static string Prompt(QuestionItem item, string wording)
    {
        ArgumentNullException.ThrowIfNull(item);
        var text = new StringBuilder(wording).Append('\n');
        for (var i = 0; i < item.Choices.Length; i++)
            text.Append((char)('A' + i)).Append(". ").Append(item.Choices[i]).Append('\n');
        return text.Append("Answer with the letter of one option.\nAnswer:").ToString();
    }

    /// <summary>The option that a reply names: a letter alone, or after "answer", or the first letter that stands for itself; −1 where there is none.</summary>
    public static int Parse(string reply, int options)
    {
        ArgumentNullException.ThrowIfNull(reply);
        var match = Named().Match(reply);
        if (!match.Success)
            match = Alone().Match(reply);
        var at = match.Success ? char.ToUpperInvariant((match.Groups[1].Success ? match.Groups[1] : match.Groups[2]).Value[0]) - 'A' : -1;
        return at >= 0 && at < options ? at : -1;
    }

    /// <summary>Answers all items in their original wording and in another one.</summary>
    /// <param name="answerer">The model.</param>
    /// <param name="items">The items.</param>
    /// <param name="rephraser">Gives the other wordings; those that fail the check leave the item out.</param>
    /// <param name="mu">The distortion.</param>
    /// <param name="seed">The seed of the rephraser.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="options">How the outcomes are tested.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ArgumentException">No item could be reworded.</exception>
    public static async Task<(CbodResult Result, int Invalid, int Unparsable)> DetectAsync(
        Answerer answerer, IReadOnlyList<QuestionItem> items, Rephraser rephraser, double mu, long seed = 0, string model = "", CbodOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(answerer);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(rephraser);
        var (original, rephrased, subjects) = (new List<bool>(), new List<bool>(), new List<string>());
        var (invalid, unparsable) = (0, 0);
        for (var i = 0; i < items.Count; i++)
        {
            var wording = await rephraser.RephraseAsync(items[i].Question, mu, unchecked(seed * 1_000_003 + i), cancellation).ConfigureAwait(false);
            if (!wording.IsValid)
            {
                invalid++;
                continue;
            }
            var first = await answerer(items[i], items[i].Question, cancellation).ConfigureAwait(false);
            var second = await answerer(items[i], wording.Text, cancellation).ConfigureAwait(false);
            unparsable += (first < 0 ? 1 : 0) + (second < 0 ? 1 : 0);
            original.Add(items[i].Correct.Contains(first));
            rephrased.Add(items[i].Correct.Contains(second));
            subjects.Add(items[i].Subject);
        }
        return original.Count == 0
            ? throw new ArgumentException($"none of {items.Count} items could be reworded", nameof(items))
            : (Cbod.Of([.. original], [.. rephrased], subjects, model, options), invalid, unparsable);
    }

    [GeneratedRegex(@"(?:answer|option|choice)\s*(?:is|:)?\s*\(?\*{0,2}([A-Za-z])\b", RegexOptions.IgnoreCase)]
    private static partial Regex Named();

    [GeneratedRegex(@"^\W*([A-Za-z])(?=\W*$|[.):])|\b([B-HJ-Z])\b")]
    private static partial Regex Alone();
}
