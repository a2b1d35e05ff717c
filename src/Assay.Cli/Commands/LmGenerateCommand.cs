using System.CommandLine;
using Assay.Language;
using Spectre.Console;

namespace Assay.Cli;

/// <summary><c>assay lm generate</c>: continues a text.</summary>
internal static class LmGenerateCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var model = new Argument<string>("model") { Description = "A model's folder (config.json, model.safetensors, tokenizer.json)." };
        var prompt = new Argument<string>("prompt") { Description = "The beginning of the text; empty for a new document.", DefaultValueFactory = _ => "" };
        var tokens = new Option<int>("--tokens", "-n") { Description = "The most new tokens.", DefaultValueFactory = _ => 100 };
        var temperature = new Option<double>("--temperature", "-t") { Description = "Below 1 sharper, above 1 flatter; 0 always takes the most probable token.", DefaultValueFactory = _ => 0.8 };
        var topK = new Option<int>("--top-k") { Description = "Draw from the k most probable tokens only; 0 for all.", DefaultValueFactory = _ => 50 };
        var topP = new Option<double>("--top-p") { Description = "Draw from the most probable tokens that together reach this probability.", DefaultValueFactory = _ => 1 };
        var beams = new Option<int>("--beams") { Description = "Beam search over this many sequences instead of sampling.", DefaultValueFactory = _ => 0 };
        var seed = new Option<long>("--seed") { Description = "Decides the draws.", DefaultValueFactory = _ => 0 };
        var command = new Command("generate", "Continue a text with a language model.") { model, prompt, tokens, temperature, topK, topP, beams, seed };
        command.Example("assay lm generate small \"Returns the\"", "sampled");
        command.Example("assay lm generate small \"Returns the\" --temperature 0", "the most probable token at every step");
        command.Example("assay lm generate SmolLM-135M \"The sea\" --beams 4 -n 40", "beam search");
        command.Handle(environment, session =>
        {
            var folder = LmCommand.ModelFolder(environment, session.Require(model));
            var result = session.WithProgress(progress =>
            {
                progress.Report(new Statistics.ProgressUpdate("loading the model"));
                using var decoder = HuggingFaceFolder.ReadModel(folder);
                var tokenizer = HuggingFaceFolder.ReadTokenizer(folder);
                int[] input = [.. tokenizer.EndOfText is { } begin ? new[] { begin } : [], .. tokenizer.Encode(session.Get(prompt) ?? "")];
                progress.Report(new Statistics.ProgressUpdate("generating"));
                var watch = System.Diagnostics.Stopwatch.StartNew();
                int[] made = session.Get(beams) > 0
                    ? [.. TextGeneration.Beam(decoder, input, session.Get(beams), session.Get(tokens), tokenizer.EndOfText)[0].Tokens]
                    : [.. TextGeneration.Generate(decoder, input, new GenerationOptions
                    {
                        MaxTokens = session.Get(tokens), Temperature = session.Get(temperature), TopK = session.Get(topK), TopP = session.Get(topP), Seed = session.Get(seed),
                        Stop = tokenizer.EndOfText is { } end ? [end] : [],
                    }, session.Cancellation)];
                return new { prompt = session.Get(prompt), text = tokenizer.Decode(made), tokens = made.Length, seconds = watch.Elapsed.TotalSeconds };
            });
            session.Show(result, r => new Text(r.prompt + r.text));
            return CliHost.Done;
        });
        return command;
    }
}
