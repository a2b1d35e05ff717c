using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Net;
using Assay.Evaluation;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Assay.Cli;

/// <summary>An endpoint refused or failed a request.</summary>
internal sealed class ChatEndpointException(string message, Exception inner, HttpStatusCode? state, TimeSpan? retryAfter) : HttpRequestException(message, inner, state)
{
    /// <summary>How long the endpoint asks to wait, or null.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}

/// <summary>
/// A chat model behind an OpenAI-compatible endpoint. Failures become <see cref="HttpRequestException"/> with their state, and the likeliest first tokens
/// become <see cref="TokenProbabilities"/> where the endpoint gives them.
/// </summary>
internal sealed class EndpointChatClient(Uri endpoint, string model, string? key) : DelegatingChatClient(Open(endpoint, model, key))
{
    private volatile bool refusesProbabilities;

    /// <summary>How long to wait after a failure: what the endpoint asks for, else as for any client.</summary>
    public static TimeSpan? WaitAfter(Exception failure) => failure is ChatEndpointException { RetryAfter: { } wait } && GuardedChatClient.DefaultWait(failure) is not null ? wait : GuardedChatClient.DefaultWait(failure);

    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var tokens = options?.AdditionalProperties?.GetValueOrDefault(TokenProbabilities.Request) as int?;
        if (tokens is null || refusesProbabilities)
            return await AskAsync(messages, Without(options), cancellationToken).ConfigureAwait(false);
        var asking = Without(options)!;
        asking.RawRepresentationFactory = _ => new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = Math.Min(20, tokens.Value) };
        try
        {
            return await AskAsync(messages, asking, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatEndpointException e) when (e.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)
        {
            // Not every endpoint knows them.
            var response = await AskAsync(messages, Without(options), cancellationToken).ConfigureAwait(false);
            refusesProbabilities = true;
            return response;
        }
    }

    private static IChatClient Open(Uri endpoint, string model, string? key) => new ChatClient(model, new ApiKeyCredential(key ?? "none"), new OpenAIClientOptions
    {
        Endpoint = endpoint,
        RetryPolicy = new ClientRetryPolicy(0), // GuardedChatClient retries
        NetworkTimeout = TimeSpan.FromMinutes(5),
    }).AsIChatClient();

    private async Task<ChatResponse> AskAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellation)
    {
        try
        {
            var response = await base.GetResponseAsync(messages, options, cancellation).ConfigureAwait(false);
            if (response.RawRepresentation is ChatCompletion { ContentTokenLogProbabilities: [var first, ..] })
                TokenProbabilities.Put(response, [.. first.TopLogProbabilities.Count > 0 ? first.TopLogProbabilities.Select(t => (t.Token, (double)t.LogProbability)) : [(first.Token, first.LogProbability)]]);
            return response;
        }
        catch (ClientResultException e)
        {
            throw new ChatEndpointException($"{endpoint}: model '{model}': {(e.Status == 0 ? "no answer" : $"HTTP {e.Status}")}: {FirstLine(e.Message)}", e, e.Status == 0 ? null : (HttpStatusCode)e.Status, RetryAfter(e));
        }
        catch (HttpRequestException e) when (e is not ChatEndpointException)
        {
            throw new ChatEndpointException($"{endpoint}: {FirstLine(e.Message)}", e, e.StatusCode, null);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException or ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ChatEndpointException($"{endpoint}: model '{model}': the answer is not in the form of OpenAI's chat completions: {FirstLine(e.Message)}", e, HttpStatusCode.NotImplemented, null);
        }
    }

    private static ChatOptions? Without(ChatOptions? options)
    {
        if (options is null)
            return null;
        var plain = options.Clone();
        plain.AdditionalProperties?.Remove(TokenProbabilities.Request);
        return plain;
    }

    private static TimeSpan? RetryAfter(ClientResultException e)
    {
        if (e.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var text) != true)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e6 ? TimeSpan.FromSeconds(seconds)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var at) && at - DateTimeOffset.UtcNow is var wait && wait > TimeSpan.Zero ? wait : null;
    }

    private static string FirstLine(string message) => message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var first, .. var rest]
        ? rest.FirstOrDefault(l => l.Length > 0 && !first.Contains(l, StringComparison.Ordinal)) is { } second && first.Length < 40 ? $"{first} {second}" : first
        : "no message";
}
