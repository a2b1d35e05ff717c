using System.Collections.Immutable;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab;

/// <summary>Makes a <see cref="Recipe"/> of checked values, and checks what concerns several keys at once.</summary>
internal static class RecipeBuilder
{
    public static Recipe Build(RecipeReader values, MethodCatalog catalog, string source, string? folder)
    {
        var algorithm = values.Get<RecipeMethod?>("algorithm", null);
        if (algorithm?.Expression.Name == RecipeFields.Backprop)
            algorithm = null;
        CheckAlgorithm(values, catalog, algorithm);
        return new Recipe
        {
            Name = values.Get("name", Path.GetFileNameWithoutExtension(source)),
            Source = source,
            Text = "",
            Data = Data(values, folder),
            Split = Split(values),
            Standardize = values.Get("standardize", true),
            Algorithm = algorithm,
            Model = values.Get<RecipeMethod?>("model", null),
            Loss = values.Get<RecipeMethod?>("loss", null),
            Optimizer = values.Get<RecipeMethod?>("optimizer", null),
            Schedule = values.Get<RecipeMethod?>("schedule", null),
            Epochs = (int)values.Get("epochs", 20L),
            BatchSize = (int)values.Get("batch", 128L),
            Precision = values.Get("precision", "fp32") == "bf16" ? Precision.Bf16 : Precision.Fp32,
            ClipNorm = values.Get<object>("clip", RecipeReader.None) as double?,
            AccumulationSteps = (int)values.Get("accumulate", 1L),
            EarlyStopping = EarlyStopping(values),
            Seeds = Seeds(values),
            CheckpointEvery = values.IsOff("checkpoint") ? null : (int)values.Get("checkpoint.every", 0L),
            Threads = values.Has("threads") ? (int)values.Get("threads", 1L) : null,
            Device = values.Get("device", "cpu"),
            Output = values.Get<string?>("output", null),
            Settings = values.Settings.ToImmutable(),
        };
    }

    private static void CheckAlgorithm(RecipeReader values, MethodCatalog catalog, RecipeMethod? algorithm)
    {
        if (algorithm is null)
        {
            if (!values.Has("model"))
                throw values.PlaceOf("data").Error($"'model' is missing: backprop needs an architecture, for example model: mlp(256, 128)");
            return;
        }
        if (RecipeFields.OfBackprop.FirstOrDefault(values.Has) is { } stray)
        {
            var own = string.Join(", ", catalog.Find(algorithm.Expression.Name).Parameters.Select(p => p.Name));
            throw values.PlaceOf(stray).Error($"'{stray}' belongs to backprop; {algorithm.Expression.Name} takes its settings as parameters: {algorithm.Expression.Name}({own})");
        }
    }

    private static RecipeData Data(RecipeReader values, string? folder)
    {
        var source = Resolve(values.Get("data.source", ""), folder);
        var test = values.Get<string?>("data.test", null);
        if (test is not null && values.Has("split.test"))
            throw values.PlaceOf("split.test").Error("'data.test' names the examples to judge with; 'split.test' would take them from the training data");
        string? Column(string key) => values.Get<string?>($"data.{key}", null);
        if (Column("label") is not null && Column("target") is not null)
            throw values.PlaceOf("data.target").Error("'label' asks for classes and 'target' for real values: one of them was expected");
        return new RecipeData(
            source, test is null ? null : Resolve(test, folder), Column("label"), Column("target"), Column("text"), Column("domain"), Column("group"), Column("id"),
            [.. values.Get<ImmutableArray<object>>("data.drop", []).Cast<string>()], values.PlaceOf("data.source"));
    }

    // A file beside the recipe, wherever the command runs; a name of a data set stays a name.
    private static string Resolve(string source, string? folder) =>
        folder is not null && Path.Combine(folder, source) is var beside && (File.Exists(beside) || Directory.Exists(beside)) ? Path.GetFullPath(beside) : source;

    private static RecipeSplit Split(RecipeReader values)
    {
        var split = new RecipeSplit(
            values.Has("data.test") ? 0 : values.Get("split.test", 0.2), values.Get("split.validation", 0.1), values.Get("split.seed", 0L), values.Get("split.stratify", true));
        return split.Test + split.Validation < 1
            ? split
            : throw values.PlaceOf("split").Error($"test {split.Test} and validation {split.Validation} leave nothing to train on");
    }

    private static EarlyStopping? EarlyStopping(RecipeReader values)
    {
        if (!values.Has("early-stopping") || values.IsOff("early-stopping"))
            return null;
        if (values.Get("split.validation", 0.1) == 0)
            throw values.PlaceOf("early-stopping").Error("early stopping needs a validation part, but split.validation is 0");
        return new EarlyStopping(
            (int)values.Get("early-stopping.patience", 5L), values.Get("early-stopping.min-delta", 0.0),
            values.Get("early-stopping.watch", "loss") == "accuracy", values.Get("early-stopping.restore-best", true));
    }

    private static ImmutableArray<long> Seeds(RecipeReader values)
    {
        if (!values.Has("seeds"))
            return [values.Get("seed", 0L)];
        if (values.Has("seed"))
            throw values.PlaceOf("seeds").Error("'seed' and 'seeds' exclude each other");
        ImmutableArray<long> seeds = [.. values.Get<ImmutableArray<object>>("seeds", []).Cast<long>()];
        if (seeds.IsEmpty)
            throw values.PlaceOf("seeds").Error("at least one seed was expected");
        return seeds.Distinct().Count() == seeds.Length ? seeds : throw values.PlaceOf("seeds").Error("a seed occurs twice");
    }
}
