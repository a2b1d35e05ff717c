using Microsoft.Extensions.AI;

namespace Assay.Evaluation.Tests.Chat;

public sealed class GuardedChatClientTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("chat").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static readonly GuardedChatOptions Quick = new() { FirstDelay = TimeSpan.FromMilliseconds(1) };

    private static Task<ChatResponse> Ask(IChatClient client, string text, ChatOptions? options = null) => client.GetResponseAsync([new ChatMessage(ChatRole.User, text)], options, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Equal_requests_are_asked_once_and_everything_that_changes_an_answer_tells_them_apart()
    {
        using var inner = new Scripted(n => $"answer {n}");
        using var cache = ChatCache.Open(Path.Combine(folder, "c.jsonl"));
        using var client = new GuardedChatClient(inner, "m", Quick with { Cache = cache });
        Assert.Equal("answer 1", (await Ask(client, "a")).Text);
        Assert.Equal("answer 1", (await Ask(client, "a")).Text);
        Assert.Equal("answer 2", (await Ask(client, "b")).Text);
        Assert.Equal("answer 3", (await Ask(client, "a", new ChatOptions { Temperature = 1 })).Text);
        Assert.Equal("answer 4", (await Ask(client, "a", new ChatOptions { Seed = 1 })).Text);
        Assert.Equal("answer 5", (await Ask(client, "a", GuardedChatClient.Sample(new ChatOptions(), 1))).Text);
        Assert.Equal("answer 6", (await Ask(client, "a", GuardedChatClient.Sample(new ChatOptions(), 2))).Text);
        Assert.Equal("answer 5", (await Ask(client, "a", GuardedChatClient.Sample(new ChatOptions(), 1))).Text);
        Assert.All(inner.Options, o => Assert.Null(o?.AdditionalProperties)); // the sample's number is not sent
        using var other = new GuardedChatClient(inner, "n", Quick with { Cache = cache });
        Assert.Equal("answer 7", (await Ask(other, "a")).Text);
        Assert.Equal((6, 2, 0), (client.Requests, client.Cached, client.Failed));
        Assert.Equal(7 * 3, client.Tokens + other.Tokens);
    }

    [Fact]
    public async Task A_cache_survives_a_crash_and_gives_back_all_of_an_answer()
    {
        var path = Path.Combine(folder, "c.jsonl");
        using (var cache = ChatCache.Open(path))
        {
            using var client = new GuardedChatClient(new Scripted(n => $"ñ {n}\n"), "m", Quick with { Cache = cache });
            _ = await Ask(client, "a", TokenProbabilities.Ask(new ChatOptions()));
            Assert.Throws<IOException>(() => ChatCache.Open(path).Dispose()); // one process at a time
        }
        File.AppendAllText(path, "{\"key\":\"to");
        using var again = ChatCache.Open(path);
        Assert.Equal(1, again.Count);
        using var second = new GuardedChatClient(new Scripted(_ => throw new InvalidOperationException("asked")), "m", Quick with { Cache = again });
        var response = await Ask(second, "a", TokenProbabilities.Ask(new ChatOptions()));
        Assert.Equal("ñ 1\n", response.Text);
        Assert.Equal([("yes", -0.5)], TokenProbabilities.Read(response));
        Assert.Equal(3, response.Usage?.TotalTokenCount);
        again.Dispose();
        File.WriteAllText(path, "nonsense\n{}\n");
        Assert.Contains("c.jsonl(1)", Assert.Throws<InvalidDataException>(() => ChatCache.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passing_failures_are_retried_with_growing_waits_and_lasting_ones_are_not()
    {
        using var shaky = new Scripted(n => n <= 3 ? throw new HttpRequestException("busy", null, System.Net.HttpStatusCode.TooManyRequests) : "ok");
        using var client = new GuardedChatClient(shaky, "m", Quick with { Retries = 3 });
        Assert.Equal("ok", (await Ask(client, "a")).Text);
        Assert.Equal((4, 0), (client.Requests, client.Failed));
        using var worn = new GuardedChatClient(new Scripted(_ => throw new IOException("cut")), "m", Quick with { Retries = 2 });
        await Assert.ThrowsAsync<IOException>(() => Ask(worn, "a"));
        Assert.Equal((3, 1), (worn.Requests, worn.Failed));
        using var closed = new GuardedChatClient(new Scripted(_ => throw new HttpRequestException("no", null, System.Net.HttpStatusCode.Unauthorized)), "m", Quick);
        await Assert.ThrowsAsync<HttpRequestException>(() => Ask(closed, "a"));
        Assert.Equal(1, closed.Requests);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("x", cancellationToken: stopped.Token));
    }

    [Fact]
    public async Task No_more_requests_run_at_a_time_than_allowed()
    {
        using var inner = new Scripted(n => $"{n}") { Delay = 3 };
        using var client = new GuardedChatClient(inner, "m", Quick with { Concurrency = 3 });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Ask(client, $"{i}")));
        Assert.InRange(inner.MostAtOnce, 2, 3);
    }

    [Fact]
    public async Task Budgets_of_requests_and_tokens_hold_and_cached_answers_are_free()
    {
        using var cache = ChatCache.Open(Path.Combine(folder, "c.jsonl"));
        using var client = new GuardedChatClient(new Scripted(n => $"{n}"), "m", Quick with { Cache = cache, MostRequests = 2 });
        _ = await Ask(client, "a");
        _ = await Ask(client, "b");
        var spent = await Assert.ThrowsAsync<ChatBudgetException>(() => Ask(client, "c"));
        Assert.Contains("2 answers are kept in", spent.Message, StringComparison.Ordinal);
        Assert.Equal("1", (await Ask(client, "a")).Text);
        using var tokens = new GuardedChatClient(new Scripted(n => $"{n}"), "m", Quick with { MostTokens = 4 });
        _ = await Ask(tokens, "a"); // 3 tokens
        _ = await Ask(tokens, "b"); // 6
        await Assert.ThrowsAsync<ChatBudgetException>(() => Ask(tokens, "c"));
    }

    [Fact]
    public async Task A_stream_is_the_whole_answer()
    {
        using var client = new GuardedChatClient(new Scripted(n => $"answer {n}"), "m", Quick);
        var text = "";
        await foreach (var update in client.GetStreamingResponseAsync("a", cancellationToken: TestContext.Current.CancellationToken))
            text += update.Text;
        Assert.Equal("answer 1", text);
    }

    [Fact]
    public void Token_probabilities_are_renormalised_over_the_answers()
    {
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, "1"));
        Assert.Null(TokenProbabilities.Of(response, ["0", "1"]));
        TokenProbabilities.Put(response, [("1", Math.Log(0.25)), (" 1", Math.Log(0.05)), ("0", Math.Log(0.1)), ("yes", Math.Log(0.6))]);
        Assert.Equal(0.75, TokenProbabilities.Of(response, ["0", "1"])![1], 1e-9); // P("1") = .30, P("0") = .10
        Assert.Null(TokenProbabilities.Of(response, ["a"]));
    }

    private sealed class Scripted(Func<int, string> answer) : IChatClient
    {
        private int calls, open;

        public int Delay { get; init; }

        public int MostAtOnce { get; private set; }

        public List<ChatOptions?> Options { get; } = [];

        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref open));
            try
            {
                if (Delay > 0)
                    await Task.Delay(Delay, cancellationToken);
                Options.Add(options);
                var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, answer(Interlocked.Increment(ref calls)))) { Usage = new UsageDetails { TotalTokenCount = 3 } };
                if (options?.AdditionalProperties?.ContainsKey(TokenProbabilities.Request) == true)
                    TokenProbabilities.Put(response, [("yes", -0.5)]);
                return response;
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
