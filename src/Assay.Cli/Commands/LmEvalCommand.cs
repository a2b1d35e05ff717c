using System.CommandLine;
using Assay.Language;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay lm eval</c>: the loss of a model on texts, by domain.</summary>
internal static class LmEvalCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var model = new Argument<string>("model") { Description = "A model's folder (config.json, model.safetensors, tokenizer.json)." };
        var corpus = new Argument<string>("corpus") { Description = "dotnet-docs, a folder of texts, or a table with a text column." };
        var share = new Option<double>("--share") { Description = "The share of documents read, 1 for all; by default those that pretraining with the same seed holds out.", DefaultValueFactory = _ => PackedCorpus.DefaultHeldOut };
        var tokens = new Option<int>("--tokens") { Description = "The most tokens of each domain; 0 for all.", DefaultValueFactory = _ => 20_000 };
        var seed = new Option<long>("--seed") { Description = "The seed of the division into training and held-out documents.", DefaultValueFactory = _ => 0 };
        var command = new Command("eval", "The loss of a language model on held-out texts: nats per token, bits per byte, perplexity, by domain.") { model, corpus, share, tokens, seed };
        command.Example("assay lm eval small dotnet-docs", "by assembly");
        command.Example("assay lm eval SmolLM-135M texts/ --share 1", "all documents of a folder");
        command.Handle(environment, session =>
        {
            var folder = LmCommand.ModelFolder(environment, session.Require(model));
            var texts = LmCommand.Corpus(environment, session.Require(corpus));
            var result = session.WithProgress(progress =>
            {
                progress.Report(new Statistics.ProgressUpdate("loading the model"));
                using var decoder = HuggingFaceFolder.ReadModel(folder);
                var packed = PackedCorpus.Pack(texts, HuggingFaceFolder.ReadTokenizer(folder), Math.Min(decoder.Config.Context, 1024), session.Get(share), session.Get(seed));
                progress.Report(new Statistics.ProgressUpdate("evaluating"));
                return LanguageEvaluation.Of(decoder, packed, session.Get(tokens));
            });
            session.Show(result, Render);
            return CliHost.Done;
        });
        return command;
    }

    public static IRenderable Render(LanguageEvaluation evaluation)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("domain", "tokens", "nats/token", "perplexity", "bits/byte");
        foreach (var domain in evaluation.Domains.OrderByDescending(d => d.Tokens).Take(20))
            table.AddRow(new Text(domain.Domain), Number($"{domain.Tokens:n0}"), Number($"{domain.Loss:f3}"), Number($"{domain.Perplexity:f1}"), Number($"{domain.BitsPerByte:f3}"));
        table.AddRow(new Markup("[bold]all[/]"), Number($"{evaluation.Domains.Sum(d => (long)d.Tokens):n0}"), Number($"{evaluation.Loss:f3}"), Number($"{Math.Exp(evaluation.Loss):f1}"), Number($"{evaluation.BitsPerByte:f3}"));
        return table;

        static Text Number(FormattableString text) => new(FormattableString.Invariant(text));
    }
}
