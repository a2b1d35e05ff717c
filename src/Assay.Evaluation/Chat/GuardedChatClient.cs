using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>What a <see cref="GuardedChatClient"/> allows.</summary>
public sealed record GuardedChatOptions
{
    /// <summary>Where answers are kept and looked up, or null. Several clients may share one.</summary>
    public ChatCache? Cache { get; init; }

    /// <summary>How often a request that failed for a passing reason is tried again.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>The wait before the first retry; it doubles each time, less a random share of up to half.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most requests at a time.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>The most requests in all, retries included; cached answers are free.</summary>
    public long MostRequests { get; init; } = long.MaxValue;

    /// <summary>The most tokens in all, of prompts and answers, as the model reports them.</summary>
    public long MostTokens { get; init; } = long.MaxValue;

    /// <summary>
    /// Whether a failure passes: null where it does not (a wrong key, an unknown model), else how long the server asks to wait, zero where it does not
    /// say. By default network failures, timeouts, and the HTTP states 408, 429 and 500 or more pass.
    /// </summary>
    public Func<Exception, TimeSpan?> WaitAfter { get; init; } = GuardedChatClient.DefaultWait;

    /// <summary>The clock of the waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>A budget of requests or tokens is spent. What was answered is in the cache.</summary>
public sealed class ChatBudgetException(string message) : Exception(message);

/// <summary>
/// A chat client that answers from a cache on disk where it can, and else asks the inner client: few at a time, again after passing failures with growing
/// waits, and not beyond a budget. Equal requests are equal by model, messages and options; to draw several samples of one prompt, number them with
/// <see cref="Sample"/>.
/// </summary>
public sealed class GuardedChatClient : DelegatingChatClient
{
    private const string SampleProperty = "assay.sample";

    private readonly string model;
    private readonly GuardedChatOptions options;
    private readonly SemaphoreSlim slots;
    private long requests, tokens, cached, failed;

    /// <summary>Guards a client.</summary>
    /// <param name="inner">The client that is asked.</param>
    /// <param name="model">The model's name, which tells its answers from those of other models in a shared cache.</param>
    /// <param name="options">What is allowed, or null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">Retries are negative, or concurrency or a budget is not positive.</exception>
    public GuardedChatClient(IChatClient inner, string model, GuardedChatOptions? options = null)
        : base(inner)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        this.options = options ?? new GuardedChatOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(this.options.Retries);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(this.options.Concurrency);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(this.options.MostRequests);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(this.options.MostTokens);
        slots = new SemaphoreSlim(this.options.Concurrency);
    }

    /// <summary>The model's name.</summary>
    public string Model => model;

    /// <summary>The requests that were made, retries included.</summary>
    public long Requests => Interlocked.Read(ref requests);

    /// <summary>The tokens that they took, where the model reports them.</summary>
    public long Tokens => Interlocked.Read(ref tokens);

    /// <summary>The answers that came from the cache.</summary>
    public long Cached => Interlocked.Read(ref cached);

    /// <summary>The requests that failed for good.</summary>
    public long Failed => Interlocked.Read(ref failed);

    /// <summary>Whether a failure is one that passes, so that a request which met it to the end may be left out and counted.</summary>
    public bool Passes(Exception failure) => options.WaitAfter(failure) is not null;

    /// <summary>Options for one of several samples of a prompt, which the cache tells apart by its number.</summary>
    public static ChatOptions Sample(ChatOptions options, int number)
    {
        ArgumentNullException.ThrowIfNull(options);
        var numbered = options.Clone();
        (numbered.AdditionalProperties ??= [])[SampleProperty] = number;
        return numbered;
    }

    /// <summary>Whether a failure passes: see <see cref="GuardedChatOptions.WaitAfter"/>.</summary>
    public static TimeSpan? DefaultWait(Exception failure) => failure switch
    {
        HttpRequestException { StatusCode: null } => TimeSpan.Zero,
        HttpRequestException { StatusCode: { } state } => (int)state is 408 or 429 or >= 500 ? TimeSpan.Zero : null,
        IOException or TimeoutException or TaskCanceledException => TimeSpan.Zero, // HttpClient's timeout is a cancellation
        _ => null,
    };

    /// <inheritdoc/>
    /// <exception cref="ChatBudgetException">The budget is spent.</exception>
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var asked = messages.ToArray();
        var key = Key(asked, options);
        if (this.options.Cache?.Find(key) is { } known)
        {
            Interlocked.Increment(ref cached);
            return known;
        }
        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var response = await AskAsync(asked, Plain(options), SeededRandom.At(Convert.ToInt64(key[..15], 16)), cancellationToken).ConfigureAwait(false);
            this.options.Cache?.Add(key, response);
            return response;
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>The whole answer as updates: an answer that streams is cached and retried as one.</summary>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false)).ToChatResponseUpdates())
            yield return update;
    }

    private async Task<ChatResponse> AskAsync(ChatMessage[] messages, ChatOptions? chat, SeededRandom random, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            Spend();
            TimeSpan wait;
            try
            {
                var response = await InnerClient.GetResponseAsync(messages, chat, cancellation).ConfigureAwait(false);
                Interlocked.Add(ref tokens, response.Usage?.TotalTokenCount ?? 0);
                return response;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                if (attempt >= options.Retries || options.WaitAfter(e) is not { } asked)
                {
                    Interlocked.Increment(ref failed);
                    throw;
                }
                var backoff = options.FirstDelay * Math.Pow(2, Math.Min(attempt, 20)) * (1 - random.NextDouble() / 2);
                wait = asked > TimeSpan.Zero ? asked : backoff;
            }
            await Task.Delay(wait < options.LongestDelay ? wait : options.LongestDelay, options.Time, cancellation).ConfigureAwait(false);
        }
    }

    private void Spend()
    {
        if (Interlocked.Read(ref tokens) >= options.MostTokens)
            throw new ChatBudgetException($"{model}: the budget of {options.MostTokens} tokens is spent{Kept}");
        if (Interlocked.Increment(ref requests) > options.MostRequests)
        {
            Interlocked.Decrement(ref requests);
            throw new ChatBudgetException($"{model}: the budget of {options.MostRequests} requests is spent{Kept}");
        }
    }

    private string Kept => options.Cache is { } cache ? $"; {cache.Count} answers are kept in {cache.Path}, and a larger budget goes on from there" : "";

    // The number of the sample is ours alone.
    private static ChatOptions? Plain(ChatOptions? options)
    {
        if (options?.AdditionalProperties?.ContainsKey(SampleProperty) != true)
            return options;
        var plain = options.Clone();
        plain.AdditionalProperties!.Remove(SampleProperty);
        if (plain.AdditionalProperties.Count == 0)
            plain.AdditionalProperties = null;
        return plain;
    }

    private string Key(ChatMessage[] messages, ChatOptions? chat)
    {
        var request = new
        {
            model,
            messages = messages.Select(m => new { role = m.Role.Value, m.Contents }),
            chat?.ModelId, chat?.Temperature, chat?.TopP, chat?.TopK, chat?.MaxOutputTokens, chat?.Seed, chat?.StopSequences, chat?.FrequencyPenalty, chat?.PresencePenalty, chat?.Instructions,
            extra = chat?.AdditionalProperties?.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"),
        };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, AIJsonUtilities.DefaultOptions)))[..32];
    }
}
