using System.CommandLine;
using Assay.Data;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;
using Spectre.Console;
using Spectre.Console.Rendering;
using TorchSharp;

namespace Assay.Cli;

/// <summary><c>assay lm pretrain</c>: tokenizer and model from a corpus.</summary>
internal static class LmPretrainCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var corpus = new Argument<string>("corpus") { Description = "dotnet-docs, a folder of .txt and .md files (subfolder = domain), or a table with a text column." };
        var output = new Option<string>("--output", "-o") { Description = "The model's folder. A run that was cut off goes on from its checkpoints there.", HelpName = "folder", Required = true };
        var width = new Option<int>("--width") { Description = "The width of the residual stream, a multiple of 32.", DefaultValueFactory = _ => 64 };
        var layers = new Option<int>("--layers") { Description = "The number of blocks.", DefaultValueFactory = _ => 2 };
        var vocabulary = new Option<int>("--vocabulary") { Description = "The number of tokens that BPE learns.", DefaultValueFactory = _ => 1024 };
        var context = new Option<int>("--context") { Description = "The tokens of a sequence.", DefaultValueFactory = _ => 128 };
        var epochs = new Option<int>("--epochs") { Description = "The passes over the training part.", DefaultValueFactory = _ => 1 };
        var batch = new Option<int>("--batch") { Description = "The sequences of a step.", DefaultValueFactory = _ => 16 };
        var rate = new Option<double>("--rate") { Description = "The highest learning rate.", DefaultValueFactory = _ => 3e-3 };
        var limit = new Option<long>("--limit") { Description = "The most characters of the corpus, whole documents in seeded order; 0 for all.", DefaultValueFactory = _ => 0 };
        var precision = new Option<string>("--precision") { Description = "float32, or bf16 with float32 master weights.", DefaultValueFactory = _ => "float32" };
        precision.AcceptOnlyFromAmong("float32", "bf16");
        var reweight = new Option<string>("--reweight") { Description = "Weigh the sequences of a batch by their own losses (paper 18): lin-upper, quadratic, extremes, kl-dro, or uniform for none.", DefaultValueFactory = _ => "uniform" };
        reweight.AcceptOnlyFromAmong("uniform", "lin-upper", "quadratic", "extremes", "kl-dro");
        var seed = new Option<long>("--seed") { Description = "Decides weights, split and order.", DefaultValueFactory = _ => 0 };
        var device = new Option<string>("--device") { Description = "cpu, cuda, cuda:N or auto.", DefaultValueFactory = _ => "cpu" };
        var command = new Command("pretrain", "Train a BPE tokenizer and a LLaMA-style decoder on a corpus; writes a Hugging Face folder.")
        {
            corpus, output, width, layers, vocabulary, context, epochs, batch, rate, limit, precision, reweight, seed, device,
        };
        command.Example("assay lm pretrain dotnet-docs -o small --limit 2000000", "a 0.2 M model on 2 MB of API prose, some minutes");
        command.Example("assay lm pretrain texts/ -o mine --width 128 --layers 4 --precision bf16", "a million parameters on your own folder");
        command.Handle(environment, session =>
        {
            var folder = environment.PathOf(session.Require(output));
            var texts = Limited(LmCommand.Corpus(environment, session.Require(corpus)), session.Get(limit), session.Get(seed));
            var small = DecoderConfig.Small(session.Get(width), session.Get(layers), session.Get(vocabulary), session.Get(context)).Validate();
            var result = session.WithProgress(progress =>
            {
                progress.Report(new ProgressUpdate("learning tokens"));
                // Held-out texts must not shape the tokens either.
                var tokenizer = BpeTraining.Train(texts.Documents.Where(d => !PackedCorpus.IsHeldOut(d, seed: session.Get(seed))), small.Vocabulary, cancellation: session.Cancellation);
                var config = small with { Vocabulary = tokenizer.Vocabulary };
                progress.Report(new ProgressUpdate("packing"));
                var packed = PackedCorpus.Pack(texts, tokenizer, config.Context, seed: session.Get(seed));
                using var model = new Decoder(config, SeededRandom.At(session.Get(seed), 0));
                model.to(TorchRuntime.Device(session.Get(device)!));
                Directory.CreateDirectory(folder);
                var logger = new PretrainingLogger((long)session.Get(batch) * config.Context, Path.Combine(folder, PretrainingLog.FileName));
                var reweighted = Reweighted(session.Get(reweight)!);
                var trained = new Pretrainer(new PretrainingOptions
                {
                    Epochs = session.Get(epochs), BatchSize = session.Get(batch), LearningRate = session.Get(rate), Seed = session.Get(seed),
                    Precision = session.Get(precision) == "bf16" ? Precision.Bf16 : Precision.Fp32, CheckpointFolder = Path.Combine(folder, "checkpoints"),
                    Loss = reweighted, Hooks = reweighted is null ? [logger] : [logger, new ReweightingRecorder(reweighted)], Progress = new Forward(progress),
                }).Run(model, packed, session.Cancellation);
                HuggingFaceFolder.Write(folder, model, tokenizer);
                return new PretrainCard(folder, config.ParameterCount, config.Vocabulary, packed.TrainTokens, trained);
            });
            session.Show(result, r => r.Render());
            return CliHost.Done;
        });
        return command;
    }

    // No table of the strategies: a generic type over another room's enumeration would load that room, and libtorch with it, for every command.
    private static ReweightedLoss? Reweighted(string shape) => shape switch
    {
        "lin-upper" => Over(ReweightingStrategy.LinUpper),
        "quadratic" => Over(ReweightingStrategy.Quadratic),
        "extremes" => Over(ReweightingStrategy.Extremes),
        "kl-dro" => Over(ReweightingStrategy.KlDro),
        _ => null,
    };

    private static ReweightedLoss Over(ReweightingStrategy strategy) => ReweightedLoss.Over(new SequenceLoss(), new SampleReweighter(strategy));

    internal static TextCorpus Limited(TextCorpus corpus, long characters, long seed)
    {
        if (characters <= 0 || corpus.CharacterCount <= characters)
            return corpus;
        var rows = new List<int>();
        foreach (var row in SeededRandom.At(seed, 32).Permutation(corpus.Count))
        {
            if (characters <= 0)
                break;
            rows.Add(row);
            characters -= corpus.Documents[row].Length;
        }
        return corpus.Select([.. rows]);
    }

    private sealed class Forward(IProgress<ProgressUpdate> progress) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value) => progress.Report(new ProgressUpdate(
            "training", value.Step, value.TotalSteps,
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"loss {value.Loss:f3}{(double.IsNaN(value.ValidationLoss) ? "" : $", held-out {value.ValidationLoss:f3}")}, {value.TokensPerSecond:n0} tokens/s")));
    }
}

/// <summary>What a pretraining made.</summary>
internal sealed record PretrainCard(string Folder, long Parameters, int Vocabulary, long TrainingTokens, PretrainingResult Result)
{
    public IRenderable Render() => new Rows(
        new Text(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Parameters:n0} parameters, {Vocabulary:n0} tokens; read {Result.Tokens:n0} tokens in {Result.Steps:n0} steps at {Result.TokensPerSecond:n0} tokens/s{(Result.ResumedFrom > 0 ? $", resumed from step {Result.ResumedFrom:n0}" : "")}.")),
        Result.Final is { } final ? LmEvalCommand.Render(final) : Text.Empty,
        new Text($"model: {Folder}"));
}
