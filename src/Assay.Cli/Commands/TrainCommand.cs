using System.Collections.Immutable;
using System.CommandLine;
using Assay.Lab;
using Assay.Training;

namespace Assay.Cli;

/// <summary><c>assay train</c>: trains what a recipe says.</summary>
internal static class TrainCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var recipe = new Argument<string?>("recipe") { Description = "The recipe, a YAML file.", Arity = ArgumentArity.ZeroOrOne };
        var set = new Option<string[]>("--set") { Description = "Replace a value of the recipe; may be given several times.", HelpName = "key=value", AllowMultipleArgumentsPerToken = false };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was killed, cancelled or failed.", HelpName = "run" };
        var runs = new Option<string?>("--runs") { Description = "The folder of the runs; the recipe's output, or runs.", HelpName = "folder" };
        var dry = new Option<bool>("--dry-run") { Description = "Check the recipe and the data, train nothing." };
        var schema = new Option<bool>("--schema") { Description = "Print the JSON schema of recipes, for editors." };
        var command = new Command("train", "Train a model by a recipe and keep the run: curves, checkpoints, predictions, report.") { recipe, set, resume, runs, dry, schema };
        command.Example("assay train digits.yaml", "a recipe: 'data: digits' and 'model: mlp(256)' are enough");
        command.Example("assay train digits.yaml --set epochs=50 --set \"optimizer=sgd(learningRate: 0.1)\"", "other values than the file's");
        command.Example("assay train digits.yaml --set \"seeds=[0, 1, 2]\"", "three runs and their spread");
        command.Example("assay train --resume last", "go on after Ctrl-C or a power cut");
        command.Example("assay train --schema > recipe.schema.json", "completion and checks in an editor");
        command.Handle(environment, session =>
        {
            if (session.Get(schema))
            {
                session.Raw(RecipeSchema.Write(environment.Catalog));
                return CliHost.Done;
            }
            var (name, resumed, overrides) = (session.Get(recipe), session.Get(resume), session.Get(set) ?? []);
            if (name is null == resumed is null)
                throw new ArgumentException("give a recipe to train or a run to --resume");
            if (resumed is not null)
            {
                if (overrides.Length > 0)
                    throw new ArgumentException("a resumed run keeps its recipe: --set does not go with --resume");
                return Resume(session, Store(session, session.Get(runs), null), resumed);
            }
            var read = Recipe.Read(environment.PathOf(name!), environment.Catalog, overrides);
            var training = new RecipeTraining(read, environment.Catalog, Store(session, session.Get(runs), read.Output), environment.Time);
            if (session.Get(dry))
                return DryRun(session, read, training);
            var line = CommandLine(name!, overrides);
            return Run(session, read.Seeds, (seed, progress) => training.Run(seed, line, progress, session.Warn, null, session.Cancellation));
        });
        return command;
    }

    private static int Resume(CommandSession session, RunStore store, string id)
    {
        var run = store.Find(id);
        if (run.Info.Recipe is not { } text)
            throw new ArgumentException($"run '{run.Id}' was not made by a recipe");
        var source = run.Info.RecipeFile ?? "recipe.yaml";
        var read = Recipe.Parse(text, Path.GetFileName(source), session.Environment.Catalog, run.Info.Overrides, Path.GetDirectoryName(source)) with { Source = source };
        var training = new RecipeTraining(read, session.Environment.Catalog, store, session.Environment.Time);
        return Run(session, [run.Info.Seed ?? 0], (seed, progress) => training.Run(seed, run.Info.Command, progress, session.Warn, run.Id, session.Cancellation));
    }

    private static int Run(CommandSession session, ImmutableArray<long> seeds, Func<long, IProgress<Assay.Statistics.ProgressUpdate>, TrainingOutcome> train)
    {
        var outcomes = ImmutableArray.CreateBuilder<TrainingOutcome>();
        foreach (var seed in seeds)
        {
            try
            {
                outcomes.Add(session.WithProgress(progress => train(seed, progress)));
            }
            catch (NonFiniteLossException e)
            {
                session.Error($"seed {seed}", e);
            }
            catch (OperationCanceledException)
            {
                session.Note("the last checkpoint is kept; go on with: assay train --resume last");
                throw;
            }
        }
        if (outcomes.Count > 0)
            session.Show(TrainResult.Of(outcomes.ToImmutable()), TrainRendering.Result);
        return outcomes.Count == seeds.Length ? CliHost.Done : CliHost.Failed;
    }

    private static int DryRun(CommandSession session, Recipe recipe, RecipeTraining training)
    {
        var algorithm = training.CreateAlgorithm();
        var data = training.Data;
        session.Show(
            new TrainPlan(recipe.Name, data.Name, data.Train.Count, data.Validation?.Count ?? 0, data.Test?.Count ?? 0, data.Train.FeatureShape, data.Train.ClassCount, algorithm.Name, recipe.Model?.ToString(), recipe.Seeds),
            TrainRendering.Plan);
        return CliHost.Done;
    }

    private static RunStore Store(CommandSession session, string? option, string? output) =>
        new(session.Environment.PathOf(option ?? output ?? RunStore.DefaultFolder), session.Environment.Time);

    private static string CommandLine(string recipe, string[] overrides) =>
        string.Join(' ', ["assay train", Quoted(recipe), .. overrides.Select(o => $"--set {Quoted(o)}")]);

    private static string Quoted(string word) => word.All(c => char.IsLetterOrDigit(c) || "-_./=,:\\".Contains(c, StringComparison.Ordinal)) ? word : $"\"{word.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
