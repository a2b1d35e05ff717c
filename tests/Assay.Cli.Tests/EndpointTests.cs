using System.Text.Json;

namespace Assay.Cli.Tests;

/// <summary>Commands that ask a chat model, against an endpoint in this process.</summary>
public sealed class EndpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("endpoint").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Task<CliRun> Run(string commandLine) => CliRun.Of(commandLine, folder, cancellation: TestContext.Current.CancellationToken);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);

    // Progress and notes go to standard error as well.
    private static void Done(CliRun run)
    {
        Assert.True(run.Exit == 0, run.Error);
        Assert.DoesNotContain("warning", run.Error, StringComparison.Ordinal);
    }

    private const string Questions = """
        {"id":"q1","question":"Which animal lays eggs?","choices":["A dog","A hen","A cow"],"answer":1}
        {"id":"q2","question":"What color is the sky?","choices":["Blue","Green","Red"],"answer":0}
        """;

    private const string Items = "id,grounding,text,label\na,The sky is blue.,It is blue,1\nb,The sky is blue.,It is green,1\nc,Ann is tall.,Ann is small,0\n";

    [Fact]
    public async Task Judges_are_asked_through_an_endpoint_and_a_second_run_asks_nothing()
    {
        Write("items.csv", Items);
        using var server = new ChatServer(r => new ChatReply(r.Prompt.Contains("It is blue", StringComparison.Ordinal) ? "1" : "0", r.Prompt.Contains("It is blue", StringComparison.Ordinal) ? [("1", 0.9), ("0", 0.06), (" no", 0.04)] : [("0", 0.8), ("1", 0.2)]));
        var command = $"audit judges items.csv --endpoint {server.Url} --model small --json --keep judges.csv --concurrency 2";
        var first = await Run(command);
        Done(first);
        Assert.Equal(12, server.Requests.Count); // 3 items × 4 prompts
        Assert.All(server.Requests, r => Assert.True(r.WantsTokens && r.Temperature == 0));
        using var json = JsonDocument.Parse(first.Output);
        var flag = Assert.Single(json.RootElement.GetProperty("flags").EnumerateArray());
        Assert.Equal("b", flag.GetProperty("id").GetString());
        Assert.Equal(0.2, flag.GetProperty("probability").GetDouble(), 1e-6);
        var second = await Run(command);
        Assert.Equal(first.Output, second.Output);
        Assert.Equal(12, server.Requests.Count);
        var kept = await Run("audit judges items.csv --judgements judges.csv --json");
        Assert.Equal(first.Output, kept.Output);
    }

    [Fact]
    public async Task A_budget_stops_a_run_and_a_larger_one_goes_on_from_the_cache()
    {
        Write("items.csv", Items);
        using var server = new ChatServer(_ => new ChatReply("1"));
        var stopped = await Run($"audit judges items.csv --endpoint {server.Url} --model m --budget 5 --concurrency 1");
        Assert.Equal(1, stopped.Exit);
        Assert.Contains("the budget of 5 requests is spent", stopped.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--debug", stopped.Error, StringComparison.Ordinal);
        var whole = await Run($"audit judges items.csv --endpoint {server.Url} --model m --budget 7 --concurrency 1");
        Assert.Equal(0, whole.Exit);
        Assert.Equal(12, server.Requests.Count);
    }

    [Fact]
    public async Task Passing_failures_are_retried_and_lasting_ones_end_the_command_at_once()
    {
        Write("items.csv", Items);
        var calls = 0;
        using var shaky = new ChatServer(_ => Interlocked.Increment(ref calls) % 3 == 1 ? new ChatReply("busy", Status: 429) { RetryAfter = "0.001" } : new ChatReply("1"));
        var run = await Run($"audit judges items.csv --endpoint {shaky.Url} --model m --concurrency 1 --no-cache");
        Assert.Equal(0, run.Exit);
        Assert.Equal(18, shaky.Requests.Count);
        Assert.False(File.Exists(Path.Combine(folder, "chat-cache.jsonl")));
        using var closed = new ChatServer(_ => new ChatReply("wrong key", Status: 401));
        var refused = await Run($"audit judges items.csv --endpoint {closed.Url} --model m --concurrency 1");
        Assert.Equal(1, refused.Exit);
        Assert.Single(closed.Requests);
        Assert.Contains("HTTP 401", refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.StartsWith("assay:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_endpoint_that_does_not_know_token_probabilities_is_asked_without_them()
    {
        Write("items.csv", Items);
        using var server = new ChatServer(r => r.WantsTokens ? new ChatReply("unknown field logprobs", Status: 400) : new ChatReply("0"));
        var run = await Run($"audit judges items.csv --endpoint {server.Url} --model m --concurrency 1 --json");
        Assert.Equal(0, run.Exit);
        Assert.Equal(13, server.Requests.Count); // one refusal, then never again
    }

    [Fact]
    public async Task Questions_are_reworded_judged_asked_and_tested()
    {
        Write("q.jsonl", Questions);
        // Rewords, approves the wording of the sky alone, and always answers B.
        using var server = new ChatServer(r => r.Prompt.Contains("same thing", StringComparison.Ordinal) ? new ChatReply(r.Prompt.Contains("sky", StringComparison.Ordinal) ? "Yes." : "no")
            : r.Prompt.Contains("Answer with the letter", StringComparison.Ordinal) ? new ChatReply("B")
            : new ChatReply(r.Prompt.Contains("eggs", StringComparison.Ordinal) ? "Name the animal that lays eggs, please?" : "The sky has which color?"));
        var reworded = await Run($"bench perturb q.jsonl --out w.jsonl --mu 1.2 --judge --endpoint {server.Url} --model m --json");
        Done(reworded);
        Assert.Contains("Name the animal that lays eggs, please?", File.ReadAllText(Path.Combine(folder, "w.jsonl")), StringComparison.Ordinal);
        Assert.All(server.Requests.Where(r => !r.Prompt.Contains("same thing", StringComparison.Ordinal)), r => Assert.Equal(1.2, r.Temperature, 1e-6));
        var asked = await Run($"bench ask w.jsonl --out a.csv --endpoint {server.Url} --model m --model n");
        Assert.Equal(0, asked.Exit);
        var lines = File.ReadAllLines(Path.Combine(folder, "a.csv"));
        Assert.Equal("model,item,subject,wording,option,correct,approved", lines[0]);
        Assert.Contains("m,q1,,1,B,1,0", lines);
        Assert.Contains("n,q2,,1,B,0,1", lines);
        var tested = await Run("bench perturb-test a.csv --json");
        Assert.Equal(0, tested.Exit);
        using var json = JsonDocument.Parse(tested.Output);
        var approved = json.RootElement.GetProperty("reliability").GetProperty("approved").EnumerateArray().ToArray();
        Assert.Equal([1, 1], approved.Select(m => m.GetProperty("items").GetInt32()));
        Assert.Equal(1, json.RootElement.GetProperty("reliability").GetProperty("acrossModels").GetProperty("pValue").GetDouble());
    }

    [Fact]
    public async Task Answer_distributions_come_from_token_probabilities_or_from_samples()
    {
        Write("q.jsonl", Questions);
        using var server = new ChatServer(r => r.WantsTokens && r.Prompt.Contains("eggs", StringComparison.Ordinal) ? new ChatReply("B", [("B", 0.6), ("A", 0.2), (" D", 0.2)]) : new ChatReply("A"));
        var run = await Run($"bench dcs q.jsonl --endpoint {server.Url} --model m --samples 5 -o d.jsonl --json --concurrency 1");
        Done(run);
        // Eggs: (0.6 − 0.2)(1 − 0.2); the sky, sampled: always right.
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal((0.32 + 1) / 2, json.RootElement.GetProperty("models")[0].GetProperty("dcs").GetProperty("value").GetDouble(), 1e-6);
        Assert.Equal(2 + 5, server.Requests.Count);
        var again = await Run("bench dcs d.jsonl --json");
        Assert.Equal(run.Output, again.Output);
        _ = await Run($"bench dcs q.jsonl --endpoint {server.Url} --model m --samples 3 --sample-only --concurrency 1");
        Assert.Equal(7 + 6 - 3, server.Requests.Count); // the sky's first three samples are known
    }

    [Theory]
    [InlineData("audit judges items.csv --endpoint ftp://x --model m", "http or https")]
    [InlineData("audit judges items.csv --endpoint http://127.0.0.1:9 ", "--model")]
    [InlineData("audit judges items.csv --endpoint http://127.0.0.1:9 --model m --api-key-env ASSAY_NO_SUCH_KEY", "ASSAY_NO_SUCH_KEY")]
    [InlineData("audit judges items.csv", "give --judgements")]
    [InlineData("audit judges items.csv --endpoint http://127.0.0.1:9 --model m --budget 0", "--budget")]
    [InlineData("bench ask q.jsonl -o a.csv", "--endpoint is missing")]
    [InlineData("bench perturb q.jsonl -o w.jsonl --judge", "--judge needs --endpoint")]
    [InlineData("bench dcs q.jsonl --endpoint http://127.0.0.1:9 --model m --samples 0", "--samples")]
    public async Task Bad_options_are_refused(string command, string message)
    {
        Write("items.csv", Items);
        Write("q.jsonl", Questions);
        var run = await Run(command);
        Assert.Equal(2, run.Exit);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_taken_from_the_environment_and_an_endpoint_that_is_down_is_named()
    {
        Write("items.csv", Items);
        Environment.SetEnvironmentVariable("ASSAY_TEST_KEY", "secret");
        using var server = new ChatServer(_ => new ChatReply("1"));
        _ = await Run($"audit judges items.csv --endpoint {server.Url} --model m --api-key-env ASSAY_TEST_KEY");
        Assert.All(server.Keys, k => Assert.Equal("Bearer secret", k));
        var down = await Run("bench ask sample -o a.csv --endpoint http://127.0.0.1:9/v1 --model m --retries 0");
        Assert.Equal(1, down.Exit);
        Assert.Contains("http://127.0.0.1:9", down.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", File.ReadAllText(Path.Combine(folder, "chat-cache.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_model_and_a_program_are_judged_and_attacked_as_classifiers()
    {
        Write("t.csv", "id,text,label\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"s{i},{(i % 2 == 0 ? "this is a terrible film" : "this is a wonderful film")} {i},{(i % 2 == 0 ? "negative" : "positive")}\n")));
        Write("r.yaml", "slices:\n  - phrase-slice(terrible)\nattacks:\n  - \"word-attack(edit: character-swap, rows: 4, budget: 20)\"\n");
        using var server = new ChatServer(r => new ChatReply(r.Prompt.Contains("terrible", StringComparison.Ordinal) ? "A" : "B"));
        var chat = await Run($"robustness t.csv --recipe r.yaml --endpoint {server.Url} --model m --json");
        Done(chat);
        using var json = JsonDocument.Parse(chat.Output);
        Assert.Contains(json.RootElement.GetProperty("rows").EnumerateArray(), r => r.GetProperty("slice").GetString() == "character swap attack");
        if (OperatingSystem.IsWindows())
            return;
        Write("model.sh", "while read -r line; do case \"$line\" in *terrible*) echo negative;; *wonderful*) echo '{\"positive\": 0.9, \"negative\": 0.1}';; *) echo '[0.3, 0.7]';; esac; done\n");
        var program = await CliRun.Of(["robustness", "t.csv", "--recipe", "r.yaml", "--command", "sh model.sh", "--json"], folder);
        Done(program);
        using var other = JsonDocument.Parse(program.Output);
        Assert.Contains(other.RootElement.GetProperty("rows").EnumerateArray(), r => r.GetProperty("slice").GetString() == "character swap attack" && r.GetProperty("accuracy").GetProperty("value").GetDouble() < 1);
        foreach (var (command, message) in new[] { ("echo maybe; cat", "answered 'maybe'"), ("exit 3", "exit code 3"), ("true", "ended") })
        {
            var broken = await CliRun.Of(["robustness", "t.csv", "--recipe", "r.yaml", "--command", command], folder);
            Assert.Equal(2, broken.Exit);
            Assert.Contains(message, broken.Error, StringComparison.Ordinal);
        }
    }
}
