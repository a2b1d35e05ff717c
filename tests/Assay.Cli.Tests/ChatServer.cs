using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Assay.Cli.Tests;

/// <summary>An OpenAI-compatible endpoint in this process.</summary>
/// <param name="Model">The model that is asked.</param>
/// <param name="Prompt">The last message.</param>
/// <param name="WantsTokens">Whether token probabilities are asked for.</param>
/// <param name="Temperature">The temperature.</param>
internal sealed record ChatRequest(string Model, string Prompt, bool WantsTokens, double Temperature);

/// <summary>What the endpoint answers.</summary>
/// <param name="Text">The message.</param>
/// <param name="Tokens">The likeliest first tokens with probabilities, or null.</param>
/// <param name="Status">The HTTP state.</param>
internal sealed record ChatReply(string Text, (string Token, double P)[]? Tokens = null, int Status = 200)
{
    public string? RetryAfter { get; init; }
}

/// <inheritdoc cref="ChatRequest"/>
internal sealed class ChatServer : IDisposable
{
    private readonly HttpListener listener;
    private readonly Func<ChatRequest, ChatReply> answer;

    public ChatServer(Func<ChatRequest, ChatReply> answer)
    {
        this.answer = answer;
        for (var port = 20_000 + Environment.ProcessId % 20_000; listener is null; port++)
        {
            var tried = new HttpListener();
            tried.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                tried.Start();
                (listener, Url) = (tried, $"http://127.0.0.1:{port}/v1");
            }
            catch (HttpListenerException) when (port < 60_000)
            {
                // Taken; the next.
            }
        }
        _ = Task.Run(ServeAsync);
    }

    public string Url { get; } = "";

    public ConcurrentQueue<ChatRequest> Requests { get; } = new();

    public ConcurrentQueue<string?> Keys { get; } = new();

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var json = await JsonDocument.ParseAsync(context.Request.InputStream);
            var root = json.RootElement;
            var last = root.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
            var prompt = last.ValueKind == JsonValueKind.String ? last.GetString()! : string.Concat(last.EnumerateArray().Select(p => p.GetProperty("text").GetString()));
            var request = new ChatRequest(root.GetProperty("model").GetString()!, prompt, root.TryGetProperty("logprobs", out var wants) && wants.ValueKind == JsonValueKind.True, root.TryGetProperty("temperature", out var t) ? t.GetDouble() : 1);
            Requests.Enqueue(request);
            Keys.Enqueue(context.Request.Headers["Authorization"]);
            var reply = answer(request);
            context.Response.StatusCode = reply.Status;
            context.Response.ContentType = "application/json";
            if (reply.RetryAfter is { } wait)
                context.Response.Headers["Retry-After"] = wait;
            object body = reply.Status != 200
                ? new { error = new { message = reply.Text, type = "error" } }
                : new
                {
                    id = "x", @object = "chat.completion", created = 1, model = request.Model,
                    choices = new[]
                    {
                        new
                        {
                            index = 0, finish_reason = "stop", message = new { role = "assistant", content = reply.Text },
                            logprobs = reply.Tokens is null || !request.WantsTokens ? null : new
                            {
                                content = new[] { new { token = reply.Tokens[0].Token, logprob = Math.Log(reply.Tokens[0].P), bytes = (int[]?)null, top_logprobs = reply.Tokens.Select(k => new { token = k.Token, logprob = Math.Log(k.P), bytes = (int[]?)null }).ToArray() } },
                                refusal = (object[]?)null,
                            },
                        },
                    },
                    usage = new { prompt_tokens = 10, completion_tokens = 1, total_tokens = 11 },
                };
            try
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(body)));
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // The client has gone.
            }
        }
    }
}
