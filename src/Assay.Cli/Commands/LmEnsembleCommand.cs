using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Assay.Evaluation;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay lm ensemble</c>: several models of one corpus as one, what infinitely many would reach, and a student of them.</summary>
internal static class LmEnsembleCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var corpus = new Argument<string>("corpus") { Description = "dotnet-docs, a folder of texts, or a table with a text column." };
        var output = new Option<string>("--output", "-o") { Description = "The folder of the members (member-1, member-2, …) and, with --distill, of the student.", HelpName = "folder", Required = true };
        var members = new Option<int>("--members", "-k") { Description = "The number of models, 2 or more.", DefaultValueFactory = _ => 3 };
        var combine = new Option<string>("--combine") { Description = "logits (the softmax of the mean logits) or probabilities.", DefaultValueFactory = _ => "logits" };
        combine.AcceptOnlyFromAmong("logits", "probabilities");
        var distill = new Option<bool>("--distill") { Description = "Train one student on the corpus and as much text again written by the ensemble." };
        var epochs = new Option<int>("--epochs") { Description = "The passes of each member. For an ensemble about twice those that are best for a single model.", DefaultValueFactory = _ => 8 };
        var decay = new Option<double>("--decay") { Description = "The weight decay of the members. Few data ask for much more than the usual 0.1; for an ensemble about half of what is best for a single model.", DefaultValueFactory = _ => 0.8 };
        var rate = new Option<double>("--rate") { Description = "The highest learning rate.", DefaultValueFactory = _ => 3e-3 };
        var width = new Option<int>("--width") { Description = "The width of the models, a multiple of 32.", DefaultValueFactory = _ => 64 };
        var layers = new Option<int>("--layers") { Description = "The number of blocks.", DefaultValueFactory = _ => 2 };
        var vocabulary = new Option<int>("--vocabulary") { Description = "The number of tokens that BPE learns.", DefaultValueFactory = _ => 1024 };
        var context = new Option<int>("--context") { Description = "The tokens of a sequence.", DefaultValueFactory = _ => 128 };
        var limit = new Option<long>("--limit") { Description = "The most characters of the corpus; 0 for all.", DefaultValueFactory = _ => 0 };
        var seed = new Option<long>("--seed") { Description = "Decides split, weights and orders.", DefaultValueFactory = _ => 0 };
        var command = new Command("ensemble", "Train several models on one small corpus, combine them, fit what infinitely many would reach, and distil them into one (paper 06).")
        {
            corpus, output, members, combine, distill, epochs, decay, rate, width, layers, vocabulary, context, limit, seed,
        };
        command.Example("assay lm ensemble texts/ -o many -k 4 --distill", "four models and their student");
        command.Example("assay lm ensemble dotnet-docs -o many --limit 300000 --epochs 16 --decay 1.6", "much compute, few data");
        command.Handle(environment, session =>
        {
            var folder = environment.PathOf(session.Require(output));
            var count = session.Get(members) is var k && k >= 2 ? k : throw new ArgumentException($"--members {k}: 2 or more were expected");
            var texts = LmPretrainCommand.Limited(LmCommand.Corpus(environment, session.Require(corpus)), session.Get(limit), session.Get(seed));
            var result = session.WithProgress(progress =>
            {
                progress.Report(new ProgressUpdate("learning tokens"));
                var tokenizer = BpeTraining.Train(texts.Documents.Where(d => !PackedCorpus.IsHeldOut(d, seed: session.Get(seed))), session.Get(vocabulary), cancellation: session.Cancellation);
                var config = DecoderConfig.Small(session.Get(width), session.Get(layers), tokenizer.Vocabulary, session.Get(context)).Validate();
                var packed = PackedCorpus.Pack(texts, tokenizer, config.Context, seed: session.Get(seed));
                PretrainingOptions Options(string name, long own) => new()
                {
                    Epochs = session.Get(epochs), LearningRate = session.Get(rate), WeightDecay = session.Get(decay), Seed = own, Schedule = new CosineSchedule(warmup: 0.04),
                    Evaluations = 2, CheckpointFolder = Path.Combine(folder, name, "checkpoints"), Progress = new Named(progress, name),
                };
                var models = new List<Decoder>();
                for (var i = 1; i <= count; i++)
                {
                    var model = new Decoder(config, SeededRandom.At(session.Get(seed), 6, i));
                    models.Add(model);
                    new Pretrainer(Options($"member-{i}", SeededRandom.At(session.Get(seed), 60, i).NextSeed())).Run(model, packed, session.Cancellation);
                    HuggingFaceFolder.Write(Path.Combine(folder, $"member-{i}"), model, tokenizer);
                }
                using var ensemble = new LanguageEnsemble(models, session.Get(combine) == "logits" ? EnsembleCombination.Logits : EnsembleCombination.Probabilities);
                progress.Report(new ProgressUpdate("evaluating"));
                var bySize = ensemble.LossBySize(packed, 20_000, session.Get(seed));
                PowerLaw? law = bySize.Length >= 3 ? PowerLaw.FitTo([.. bySize.Select(b => (double)b.Members)], [.. bySize.Select(b => b.Loss)]) : null;
                double? student = null;
                if (session.Get(distill))
                {
                    using var small = new Decoder(config, SeededRandom.At(session.Get(seed), 6, 0));
                    student = EnsembleDistiller.Distill(ensemble, small, packed, tokenizer.EndOfText!.Value, Options("student", session.Get(seed)), 1, progress, session.Cancellation).Final?.Loss;
                    HuggingFaceFolder.Write(Path.Combine(folder, "student"), small, tokenizer);
                }
                return new EnsembleCard(folder, bySize, law?.E, law?.Alpha, student);
            });
            session.Show(result, r => r.Render());
            return CliHost.Done;
        });
        return command;
    }

    private sealed class Named(IProgress<ProgressUpdate> progress, string name) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value) => progress.Report(new ProgressUpdate(
            name, value.Step, value.TotalSteps, string.Create(CultureInfo.InvariantCulture, $"loss {value.Loss:f3}, {value.TokensPerSecond:n0} tokens/s")));
    }
}

/// <summary>What an ensemble reached.</summary>
internal sealed record EnsembleCard(string Folder, ImmutableArray<(int Members, double Loss)> BySize, double? Asymptote, double? Alpha, double? Student)
{
    public IRenderable Render()
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("models", "nats/token");
        foreach (var (members, loss) in BySize)
            table.AddRow(members == 1 ? "1 (mean of all)" : $"{members}", Text(loss));
        if (Asymptote is { } limit)
            table.AddRow("infinitely many (fitted)", Text(limit));
        if (Student is { } student)
            table.AddRow("student", Text(student));
        return new Rows(table, new Text($"models: {Folder}"));

        static string Text(double value) => value.ToString("f4", CultureInfo.InvariantCulture);
    }
}
