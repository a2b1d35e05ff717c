using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;
using Microsoft.Extensions.AI;

namespace Assay.Cli;

/// <summary>The options of all commands that can ask a chat model behind an OpenAI-compatible endpoint.</summary>
internal sealed class EndpointOptions
{
    private readonly Option<string?> endpoint = new("--endpoint") { Description = "An OpenAI-compatible endpoint: https://api.openai.com/v1, or a local server such as http://localhost:11434/v1.", HelpName = "url" };
    private readonly Option<string[]> models = new("--model") { Description = "With --endpoint: the model's name there; where several are of use, it may be given several times.", HelpName = "name" };
    private readonly Option<string?> key = new("--api-key-env") { Description = "The environment variable that holds the key; OPENAI_API_KEY by default, if it is set.", HelpName = "variable" };
    private readonly Option<string> cache = new("--cache") { Description = "Where answers are kept, so that a run that was stopped asks only for the rest.", HelpName = "file", DefaultValueFactory = _ => "chat-cache.jsonl" };
    private readonly Option<bool> noCache = new("--no-cache") { Description = "Keep no answers." };
    private readonly Option<int> concurrency = new("--concurrency") { Description = "The most requests at a time.", HelpName = "n", DefaultValueFactory = _ => 4 };
    private readonly Option<int> retries = new("--retries") { Description = "How often a request is tried again after network failures, timeouts, and HTTP 408, 429 and 5xx, with growing waits.", HelpName = "n", DefaultValueFactory = _ => 4 };
    private readonly Option<long?> budget = new("--budget") { Description = "Stop after this many requests to a model; cached answers are free.", HelpName = "requests" };

    public void AddTo(Command command)
    {
        Option[] all = [endpoint, models, key, cache, noCache, concurrency, retries, budget];
        foreach (var option in all)
            command.Add(option);
    }

    /// <summary>Whether a chat model is to be asked.</summary>
    public bool AreGiven(CommandSession session) => session.Get(endpoint) is not null;

    /// <summary>How many requests may run at a time.</summary>
    public int Concurrency(CommandSession session) => session.Get(concurrency) >= 1 ? session.Get(concurrency) : throw new ArgumentException($"--concurrency must be at least 1, not {session.Get(concurrency)}");

    /// <summary>Opens the models.</summary>
    /// <param name="session">The invocation.</param>
    /// <param name="most">The most models that the command has a use for.</param>
    /// <exception cref="ArgumentException">The endpoint is no http(s) address, a model is missing, or the variable of the key is not set.</exception>
    public ChatModels Open(CommandSession session, int most = 1)
    {
        var text = session.Get(endpoint)!;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new ArgumentException($"--endpoint must be an http or https address, not '{text}'");
        string[] names = session.Get(models) ?? [];
        if (names.Length == 0 || names.Length > most || names.Any(string.IsNullOrWhiteSpace) || names.Distinct().Count() < names.Length)
            throw new ArgumentException($"--endpoint needs --model with the name of {(most == 1 ? "one model" : "each model once")}; {(names.Length == 0 ? "none was given" : string.Join(", ", names) + " was given")}");
        var secret = session.Get(key) is { } variable
            ? Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : throw new ArgumentException($"--api-key-env: the environment variable '{variable}' is not set")
            : Environment.GetEnvironmentVariable("OPENAI_API_KEY");
        if (session.Get(retries) < 0)
            throw new ArgumentException($"--retries must be 0 or more, not {session.Get(retries)}");
        if (session.Get(budget) is < 1 and var none)
            throw new ArgumentException($"--budget must be at least 1, not {none}");
        var kept = session.Get(noCache) ? null : ChatCache.Open(session.Environment.PathOf(session.Require(cache)));
        var options = new GuardedChatOptions
        {
            Cache = kept, Concurrency = Concurrency(session), Retries = session.Get(retries), MostRequests = session.Get(budget) ?? long.MaxValue, WaitAfter = EndpointChatClient.WaitAfter, Time = session.Environment.Time,
        };
        // The endpoint is part of a model's name in the cache: the same name elsewhere may be another model.
        return new ChatModels(kept, [.. names.Select(n => (n, new GuardedChatClient(new EndpointChatClient(uri, n, secret), $"{uri.GetLeftPart(UriPartial.Path).TrimEnd('/')} {n}", options)))]);
    }
}

/// <summary>Chat models with their cache.</summary>
internal sealed class ChatModels(ChatCache? cache, ImmutableArray<(string Name, GuardedChatClient Client)> models) : IDisposable
{
    public ImmutableArray<(string Name, GuardedChatClient Client)> All => models;

    public string Name => models[0].Name;

    public IChatClient Client => models[0].Client;

    /// <summary>Says what was asked.</summary>
    public void Report(CommandSession session) =>
        session.Note($"chat: {models.Sum(m => m.Client.Requests)} requests, {models.Sum(m => m.Client.Cached)} answers from the cache{(models.Sum(m => m.Client.Tokens) is > 0 and var tokens ? $", {tokens} tokens" : "")}{(cache is null ? "" : $"; kept in {cache.Path}")}");

    public void Dispose()
    {
        foreach (var (_, client) in models)
            client.Dispose();
        cache?.Dispose();
    }
}
