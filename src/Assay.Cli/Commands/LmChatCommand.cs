using System.CommandLine;
using Assay.Language;
using Microsoft.Extensions.AI;

namespace Assay.Cli;

/// <summary><c>assay lm chat</c>: a conversation with a model.</summary>
internal static class LmChatCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var model = new Argument<string>("model") { Description = "A model's folder (config.json, model.safetensors, tokenizer.json)." };
        var message = new Option<string>("--message", "-m") { Description = "Answer this one message and end; without it, every line from standard input is a message." };
        var system = new Option<string>("--system") { Description = "What the model is told before the conversation." };
        var tokens = new Option<int>("--tokens", "-n") { Description = "The most tokens of an answer.", DefaultValueFactory = _ => 128 };
        var temperature = new Option<float>("--temperature", "-t") { Description = "Below 1 sharper, above 1 flatter; 0 always takes the most probable token.", DefaultValueFactory = _ => 0.8f };
        var seed = new Option<long>("--seed") { Description = "Decides the draws.", DefaultValueFactory = _ => 0 };
        var command = new Command("chat", "Talk with a language model. A tokenizer with ChatML's marks gets that template, any other a plain one.") { model, message, system, tokens, temperature, seed };
        command.Example("assay lm chat SmolLM-135M-Instruct", "line by line; an empty line ends");
        command.Example("assay lm chat SmolLM-135M-Instruct -m \"What is a list?\" --json", "one answer for a script");
        command.Handle(environment, session =>
        {
            var folder = LmCommand.ModelFolder(environment, session.Require(model));
            using var decoder = HuggingFaceFolder.ReadModel(folder);
            using var client = new DecoderChatClient(decoder, HuggingFaceFolder.ReadTokenizer(folder), Path.GetFileName(folder));
            var options = new ChatOptions { MaxOutputTokens = session.Get(tokens), Temperature = session.Get(temperature), Seed = session.Get(seed) };
            var conversation = new List<ChatMessage>();
            if (session.Get(system) is { Length: > 0 } said)
                conversation.Add(new ChatMessage(ChatRole.System, said));
            var only = session.Get(message);
            foreach (var line in only is not null ? [only] : Lines(environment))
            {
                session.Cancellation.ThrowIfCancellationRequested();
                conversation.Add(new ChatMessage(ChatRole.User, line));
                var answer = client.GetResponseAsync(conversation, options, session.Cancellation).GetAwaiter().GetResult();
                conversation.AddRange(answer.Messages);
                session.Show(new { message = line, answer = answer.Text, finish = answer.FinishReason?.Value }, r => new Spectre.Console.Text(r.answer));
            }
            return CliHost.Done;
        });
        return command;
    }

    private static IEnumerable<string> Lines(CliEnvironment environment)
    {
        while (environment.Input.ReadLine() is { Length: > 0 } line)
            yield return line;
    }
}
