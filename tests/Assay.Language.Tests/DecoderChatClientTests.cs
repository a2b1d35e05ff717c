using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Language.Tests;

public sealed class DecoderChatClientTests
{
    private static readonly BpeTokenizer Plain = BpeTraining.Train(["the cat sat on the mat", "user: hello\nassistant: hello"], 280);

    private static DecoderChatClient Client(Decoder model) => new(model, Plain, "tiny");

    private static Decoder Model() => new(DecoderConfig.Small(32, 1, Plain.Vocabulary, 64), new SeededRandom(1));

    [Fact]
    public async Task Answers_are_reproducible_and_streaming_gives_the_same_text()
    {
        using var model = Model();
        using var client = Client(model);
        var options = new ChatOptions { MaxOutputTokens = 20, Seed = 3 };
        var answer = await client.GetResponseAsync("the cat", options);
        Assert.Equal(answer.Text, (await client.GetResponseAsync("the cat", options)).Text);
        Assert.Equal("tiny", answer.ModelId);
        var streamed = "";
        await foreach (var update in client.GetStreamingResponseAsync("the cat", options))
            streamed += update.Text;
        Assert.Equal(answer.Text, streamed.Trim());
        Assert.NotEqual(answer.Text, (await client.GetResponseAsync("the cat", new ChatOptions { MaxOutputTokens = 20, Seed = 4 })).Text);
    }

    [Fact]
    public async Task A_stop_sequence_ends_the_answer_and_is_no_part_of_it()
    {
        using var model = Model();
        using var client = Client(model);
        var options = new ChatOptions { MaxOutputTokens = 24, Seed = 3, Temperature = 0.8f };
        var whole = (await client.GetResponseAsync("the cat", options)).Text;
        var stop = whole[5].ToString();
        options.StopSequences = [stop];
        var cut = await client.GetResponseAsync("the cat", options);
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)].Trim(), cut.Text);
        Assert.Equal(ChatFinishReason.Stop, cut.FinishReason);
    }

    [Fact]
    public void A_long_conversation_loses_its_oldest_turns_but_not_the_systems()
    {
        using var model = Model();
        using var client = Client(model);
        ChatMessage[] messages =
        [
            new(ChatRole.System, "be brief"), .. Enumerable.Range(0, 9).Select(i => new ChatMessage(i % 2 == 0 ? ChatRole.User : ChatRole.Assistant, $"turn {i}")),
        ];
        var text = Plain.Decode(client.Prompt(messages, 50));
        Assert.Contains("be brief", text, StringComparison.Ordinal);
        Assert.Contains("turn 8", text, StringComparison.Ordinal);
        Assert.DoesNotContain("turn 0", text, StringComparison.Ordinal);
        Assert.EndsWith("assistant:", text, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => client.Prompt([new ChatMessage(ChatRole.User, new string('x', 400))], 50));
        Assert.Throws<ArgumentException>(() => client.Prompt([], 50));
    }
}
