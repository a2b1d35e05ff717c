using System.CommandLine;
using Assay.Data;

namespace Assay.Cli;

/// <summary><c>assay lm</c>: small language models from text to checkpoint.</summary>
internal static class LmCommand
{
    public static Command Create(CliEnvironment environment) =>
        new("lm", "Small language models: train from text, evaluate, generate, talk. Folders are in Hugging Face's layout.")
        {
            LmPretrainCommand.Create(environment), LmEvalCommand.Create(environment), LmGenerateCommand.Create(environment), LmChatCommand.Create(environment),
            LmResumeCheckCommand.Create(environment), LmUpsampleCommand.Create(environment), LmEnsembleCommand.Create(environment),
        };

    /// <summary>The corpus that an argument names: a path, or a corpus by name.</summary>
    public static TextCorpus Corpus(CliEnvironment environment, string given)
    {
        var path = environment.PathOf(given);
        return TextCorpus.Load(Path.Exists(path) ? path : given);
    }

    /// <summary>The folder that an argument names.</summary>
    public static string ModelFolder(CliEnvironment environment, string given)
    {
        var folder = environment.PathOf(given);
        return File.Exists(Path.Combine(folder, "config.json"))
            ? folder
            : throw new FileNotFoundException($"{given}: no model folder (there is no config.json in it)", folder);
    }
}
