using System.Collections.Immutable;
using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>A text to judge against its grounding.</summary>
/// <param name="Id">The item's id.</param>
/// <param name="Grounding">What is known: a document, a dialogue, another sentence.</param>
/// <param name="Text">The text that may or may not agree with it.</param>
public sealed record GroundedItem(string Id, string Grounding, string Text);

/// <summary>How chat models are asked.</summary>
public sealed record ChatJudgeOptions
{
    /// <summary>The prompts, with {grounding} and {text}; each asks for the single digit 1 (consistent) or 0.</summary>
    public ImmutableArray<string> Prompts { get; init; } = ChatJudges.DefaultPrompts;

    /// <summary>How often each prompt is asked at temperature 1 where the client gives no token probabilities; the share of 1 is the judge's probability.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Reads P(1) from a response, or gives null; null for P("1")/(P("0") + P("1")) where the client gives <see cref="TokenProbabilities"/>.</summary>
    public Func<ChatResponse, double?>? ReadProbability { get; init; }

    /// <summary>The most requests at a time.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>How often a failed request is tried again.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>The wait before the first of them; see <see cref="GuardedChatOptions.FirstDelay"/>.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most characters of a grounding; the rest is cut and counted.</summary>
    public int MostCharacters { get; init; } = 24_000;

    /// <summary>A file of answers (<see cref="ChatCache"/>) that grows while asking; a run that finds its answers there asks only for the rest. Null for none.</summary>
    public string? CachePath { get; init; }
}

/// <summary>What chat models answered.</summary>
/// <param name="Judgements">P(1), one row for each item and one column for each model and prompt; NaN for no usable answer.</param>
/// <param name="Judges">The columns' names, MODEL/PROMPT.</param>
/// <param name="Asked">The requests that were made.</param>
/// <param name="Cached">The answers that the cache held.</param>
/// <param name="Failures">The requests without an answer, and the answers that were neither 0 nor 1.</param>
/// <param name="Truncated">The items whose grounding was cut.</param>
public sealed record ChatJudgeResult(FloatMatrix Judgements, ImmutableArray<string> Judges, int Asked, int Cached, int Failures, int Truncated);

/// <summary>Asks chat models for judgements: models × prompts, through <see cref="GuardedChatClient"/> with its cache, retries and limit of requests.</summary>
public static class ChatJudges
{
    /// <summary>Four neutral wordings of the same question.</summary>
    public static ImmutableArray<string> DefaultPrompts { get; } =
    [
        "Source:\n{grounding}\n\nStatement:\n{text}\n\nIs every claim of the statement supported by the source? Answer with one digit: 1 for yes, 0 for no.",
        "Read the source, then the statement. If the statement says anything that the source does not support, answer 0; otherwise answer 1. Give only the digit.\n\nSource:\n{grounding}\n\nStatement:\n{text}",
        "Premise:\n{grounding}\n\nHypothesis:\n{text}\n\nDoes the hypothesis follow from the premise? Reply 1 if it does and 0 if it does not, nothing else.",
        "You check facts. Reference:\n{grounding}\n\nText to check:\n{text}\n\nReply with a single digit, 1 if the text agrees with the reference in all it says, 0 if not.",
    ];

    /// <summary>Asks all judges about all items.</summary>
    /// <param name="items">The items.</param>
    /// <param name="models">The chat models by name. One that is a <see cref="GuardedChatClient"/> keeps its own cache, retries and budget.</param>
    /// <param name="options">How they are asked, or null for the defaults.</param>
    /// <param name="progress">Takes the fraction done.</param>
    /// <param name="cancellation">Ends the asking; answers so far are in the cache.</param>
    /// <exception cref="ArgumentException">There are no items, models or prompts, or a prompt lacks {text}.</exception>
    /// <exception cref="InvalidDataException">The cache holds a line that is no answer (a torn last line is ignored).</exception>
    public static async Task<ChatJudgeResult> AskAsync(
        IReadOnlyList<GroundedItem> items, IReadOnlyList<(string Name, IChatClient Client)> models, ChatJudgeOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(models);
        options ??= new ChatJudgeOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Concurrency);
        if (items.Count == 0 || models.Count == 0 || options.Prompts.IsEmpty)
            throw new ArgumentException($"{items.Count} items, {models.Count} models and {options.Prompts.Length} prompts: at least one of each was expected", nameof(items));
        if (options.Prompts.FirstOrDefault(p => !p.Contains("{text}", StringComparison.Ordinal)) is { } lacking)
            throw new ArgumentException($"the prompt '{lacking[..Math.Min(40, lacking.Length)]}' lacks {{text}}", nameof(options));
        using var cache = options.CachePath is null ? null : ChatCache.Open(options.CachePath);
        var guard = new GuardedChatOptions { Cache = cache, Retries = options.Retries, FirstDelay = options.FirstDelay, Concurrency = options.Concurrency };
        GuardedChatClient[] clients = [.. models.Select(m => m.Client as GuardedChatClient ?? new GuardedChatClient(m.Client, m.Name, guard))];
        var before = clients.Sum(c => c.Cached);
        var columns = models.Count * options.Prompts.Length;
        var judgements = new float[items.Count * columns];
        Array.Fill(judgements, float.NaN);
        var (failures, done) = (0, 0);
        await Parallel.ForEachAsync(Enumerable.Range(0, judgements.Length), new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellation }, async (cell, stop) =>
        {
            var (item, column) = (items[cell / columns], cell % columns);
            var grounding = item.Grounding.Length > options.MostCharacters ? item.Grounding[..options.MostCharacters] : item.Grounding;
            var prompt = options.Prompts[column % options.Prompts.Length].Replace("{grounding}", grounding, StringComparison.Ordinal).Replace("{text}", item.Text, StringComparison.Ordinal);
            var (sum, answers) = (0.0, 0);
            for (var sample = 0; sample < options.Samples; sample++)
            {
                if (await AskOnceAsync(clients[column / options.Prompts.Length], prompt, sample, options, stop).ConfigureAwait(false) is { } p)
                    (sum, answers) = (sum + p, answers + 1);
                else
                    Interlocked.Increment(ref failures);
            }
            judgements[cell] = answers == 0 ? float.NaN : (float)(sum / answers);
            progress?.Report((double)Interlocked.Increment(ref done) / judgements.Length);
        }).ConfigureAwait(false);
        var cached = (int)(clients.Sum(c => c.Cached) - before);
        return new ChatJudgeResult(
            new FloatMatrix(judgements, items.Count, columns), [.. models.SelectMany(m => options.Prompts.Select((_, i) => $"{m.Name}/{i + 1}"))],
            judgements.Length * options.Samples - cached, cached, failures, items.Count(i => i.Grounding.Length > options.MostCharacters));
    }

    /// <summary>The digit that an answer gives: its first 0 or 1 that stands alone; null where there is none, or where it is followed by other numbers.</summary>
    public static double? ReadAnswer(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsDigit(text[i]))
                continue;
            var end = i + 1;
            while (end < text.Length && (char.IsDigit(text[end]) || (text[end] is '.' && end + 1 < text.Length && char.IsDigit(text[end + 1]))))
                end++;
            return text[i..end] switch { "0" => 0, "1" => 1, _ => null };
        }
        return null;
    }

    private static async Task<double?> AskOnceAsync(GuardedChatClient client, string prompt, int sample, ChatJudgeOptions options, CancellationToken cancellation)
    {
        var chat = TokenProbabilities.Ask(new ChatOptions { Temperature = options.Samples > 1 ? 1 : 0, MaxOutputTokens = 16 });
        try
        {
            var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, prompt)], options.Samples > 1 ? GuardedChatClient.Sample(chat, sample) : chat, cancellation).ConfigureAwait(false);
            var probability = options.ReadProbability is { } read ? read(response) : TokenProbabilities.Of(response, ["0", "1"])?[1];
            return probability is >= 0 and <= 1 ? probability : ReadAnswer(response.Text);
        }
        catch (Exception e) when (e is not OperationCanceledException && client.Passes(e))
        {
            return null; // Still failing after all retries: left out, and counted.
        }
    }
}
