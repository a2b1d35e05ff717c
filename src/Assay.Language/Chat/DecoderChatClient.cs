using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Assay.Language;

/// <summary>
/// A <see cref="Decoder"/> as a chat client, so that whatever talks to chat models can talk to a model trained here. A tokenizer with
/// ChatML's marks (<c>&lt;|im_start|&gt;</c>) gets that template; any other a plain one, <c>role: text</c> a line. A conversation too long for
/// the context loses its oldest turns, never the system's.
/// </summary>
/// <param name="model">The model; the client does not own it.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="name">The model's name in responses.</param>
public sealed class DecoderChatClient(Decoder model, BpeTokenizer tokenizer, string name = "assay") : IChatClient
{
    private const string Begin = "<|im_start|>", End = "<|im_end|>";
    private readonly Decoder model = model ?? throw new ArgumentNullException(nameof(model));
    private readonly BpeTokenizer tokenizer = tokenizer ?? throw new ArgumentNullException(nameof(tokenizer));

    private bool HasMarks => tokenizer.IdOf(Begin) is not null && tokenizer.IdOf(End) is not null;

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var text = new StringBuilder();
        ChatFinishReason? reason = null;
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            text.Append(update.Text);
            reason = update.FinishReason ?? reason;
        }
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, text.ToString().Trim())) { ModelId = name, FinishReason = reason };
    }

    /// <inheritdoc/>
    /// <remarks>Temperature, TopK, TopP, MaxOutputTokens (128), StopSequences and Seed are followed; the rest of the options has no meaning here.</remarks>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var limit = options?.MaxOutputTokens ?? 128;
        var prompt = Prompt([.. messages], Math.Max(1, model.Config.Context - limit));
        var generation = new GenerationOptions
        {
            MaxTokens = limit, Temperature = options?.Temperature ?? 0.8, TopK = options?.TopK ?? 50, TopP = options?.TopP ?? 1, Seed = options?.Seed ?? 0,
            Stop = [.. new[] { tokenizer.EndOfText, HasMarks ? tokenizer.IdOf(End) : null }.OfType<int>()],
        };
        string[] ends = [.. options?.StopSequences ?? [], .. HasMarks ? Array.Empty<string>() : ["\nuser:", "\nsystem:", "\nassistant:"]];
        var (made, shown) = (new List<int>(), 0);
        using var tokens = TextGeneration.Generate(model, prompt, generation, cancellationToken).GetEnumerator();
        var reason = ChatFinishReason.Stop;
        // A token can end in the middle of a character, and a stop sequence can begin in one: what might still change is held back.
        var hold = ends.Length == 0 ? 0 : ends.Max(e => e.Length) - 1;
        while (await Task.Run(tokens.MoveNext, cancellationToken).ConfigureAwait(false))
        {
            made.Add(tokens.Current);
            var text = tokenizer.Decode([.. made]);
            var stop = ends.Select(e => text.IndexOf(e, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
            if (stop >= 0)
            {
                if (stop > shown)
                    yield return Update(text[shown..stop]);
                shown = -1;
                break;
            }
            var ready = text.Length - hold;
            while (ready > shown && text[ready - 1] == '\uFFFD')
                ready--;
            if (ready > shown)
            {
                yield return Update(text[shown..ready]);
                shown = ready;
            }
        }
        if (shown >= 0)
        {
            var text = tokenizer.Decode([.. made]);
            if (text.Length > shown)
                yield return Update(text[shown..]);
            reason = made.Count >= limit ? ChatFinishReason.Length : ChatFinishReason.Stop;
        }
        yield return new ChatResponseUpdate(ChatRole.Assistant, "") { ModelId = name, FinishReason = reason };
    }

    private ChatResponseUpdate Update(string text) => new(ChatRole.Assistant, text) { ModelId = name };

    /// <summary>The conversation as tokens, ready for the assistant's turn, in at most <paramref name="room"/> tokens.</summary>
    /// <exception cref="ArgumentException">There is no message, or the last one alone is too long.</exception>
    internal int[] Prompt(IReadOnlyList<ChatMessage> messages, int room)
    {
        if (messages.Count == 0)
            throw new ArgumentException("a conversation needs at least one message", nameof(messages));
        var system = messages.Where(m => m.Role == ChatRole.System).ToArray();
        var turns = messages.Where(m => m.Role != ChatRole.System).ToList();
        while (true)
        {
            var tokens = Encode([.. system, .. turns]);
            if (tokens.Length <= room)
                return tokens;
            if (turns.Count <= 1)
                throw new ArgumentException($"the message takes {tokens.Length} tokens; the context of {model.Config.Context} leaves room for {room}", nameof(messages));
            turns.RemoveAt(0);
        }
    }

    private int[] Encode(IReadOnlyList<ChatMessage> messages)
    {
        if (HasMarks)
            return tokenizer.Encode(string.Concat(messages.Select(m => $"{Begin}{m.Role.Value}\n{m.Text}{End}\n")) + $"{Begin}assistant\n", parseSpecials: true);
        int[] begin = tokenizer.EndOfText is { } end ? [end] : [];
        return [.. begin, .. tokenizer.Encode(string.Concat(messages.Select(m => $"{m.Role.Value}: {m.Text}\n")) + "assistant:")];
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("assay", defaultModelId: name)
        : serviceKey is null && serviceType?.IsInstanceOfType(this) == true ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The model belongs to the caller.
    }
}
