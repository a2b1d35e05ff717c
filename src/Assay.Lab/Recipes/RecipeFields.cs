using System.Collections.Immutable;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Lab;

/// <summary>The keys of a recipe.</summary>
internal static class RecipeFields
{
    /// <summary>The algorithm that takes the keys of <see cref="OfBackprop"/>.</summary>
    public const string Backprop = "backprop";

    private static readonly RecipeType.Number Share = new(0, 1, ExcludesMost: true);
    private static readonly RecipeType.Number Count = new(1, int.MaxValue, IsInteger: true);
    private static readonly RecipeType.Number Seed = new(0, 1L << 53, IsInteger: true);

    /// <summary>The keys that configure backpropagation; other algorithms take their settings as parameters.</summary>
    public static ImmutableArray<string> OfBackprop { get; } = ["model", "loss", "optimizer", "schedule", "epochs", "batch", "precision", "clip", "accumulate", "early-stopping"];

    /// <summary>All keys.</summary>
    public static ImmutableArray<RecipeField> All { get; } =
    [
        new("name", new RecipeType.Text(), "The run's name.", "the recipe's file name"),
        new("data", new RecipeType.Group(
            [
                new("source", new RecipeType.Text(), "A data set by name (digits), or a file; a path starts at the recipe's folder.", null),
                new("test", new RecipeType.Text(), "A separate set to judge with, named like the source (fashion-mnist:test).", "a share of the source: split.test"),
                new("label", new RecipeType.Text(), "The column of class labels.", "label, class or target, where there is one"),
                new("target", new RecipeType.Text(), "The column of real values to predict.", "none"),
                new("text", new RecipeType.Text(), "The column of texts.", "none"),
                new("domain", new RecipeType.Text(), "The column that says where an example comes from.", "none"),
                new("group", new RecipeType.Text(), "The column of examples that belong together; a split never tears them apart.", "none"),
                new("id", new RecipeType.Text(), "The column of ids.", "the row number"),
                new("drop", new RecipeType.List(new RecipeType.Text()), "Columns to leave out.", "[]"),
            ], Shorthand: "source"), "What to train on.", null),
        new("split", new RecipeType.Group(
            [
                new("test", Share, "The share of examples to judge with.", "0.2"),
                new("validation", Share, "The share of examples for early stopping and choices.", "0.1"),
                new("seed", Seed, "Decides which examples go where; the same for all runs of the recipe.", "0"),
                new("stratify", new RecipeType.Truth(), "Keep the classes' shares in every part.", "true"),
            ]), "How the data are divided.", "test 0.2, validation 0.1"),
        new("standardize", new RecipeType.Truth(), "Shift and scale each feature to mean 0 and deviation 1 on the training part.", "true"),
        new("algorithm", new RecipeType.Method(typeof(TrainingAlgorithm), "a training algorithm", Backprop), "How to train.", Backprop),
        new("model", new RecipeType.Method(typeof(ModelSpec), "a model"), "The architecture.", "none: needed by backprop"),
        new("loss", new RecipeType.Method(typeof(nn.Module<Tensor, Tensor, Tensor>), "a loss"), "The objective.", "cross-entropy for classes, mse for values"),
        new("optimizer", new RecipeType.Method(typeof(OptimizerSpec), "an optimizer"), "The update rule.", "adamw"),
        new("schedule", new RecipeType.Method(typeof(Schedule), "a schedule"), "How the learning rate changes over the run.", "constant"),
        new("epochs", Count, "The passes over the training part.", "20"),
        new("batch", Count, "The examples of one step.", "128"),
        new("precision", new RecipeType.Choice("fp32", "bf16"), "The precision of matrix products.", "fp32"),
        new("clip", new RecipeType.Optional(new RecipeType.Number(0, ExcludesLeast: true)), "The norm to which a larger gradient is scaled down.", "none"),
        new("accumulate", Count, "Into how many parts a batch is split to save memory.", "1"),
        new("early-stopping", new RecipeType.Group(
            [
                new("patience", Count, "How many evaluations without improvement are borne.", "5"),
                new("min-delta", new RecipeType.Number(0), "By how much an evaluation must beat the best.", "0"),
                new("watch", new RecipeType.Choice("loss", "accuracy"), "What to watch on the validation part.", "loss"),
                new("restore-best", new RecipeType.Truth(), "End with the weights of the best evaluation.", "true"),
            ], Shorthand: "patience", CanBeOff: true), "When to stop before the last epoch.", "none"),
        new("seed", Seed, "Decides the initial weights and the order of the data.", "0"),
        new("seeds", new RecipeType.List(Seed), "Several seeds: one run for each, and the spread over them.", "none"),
        new("checkpoint", new RecipeType.Group(
            [
                new("every", new RecipeType.Number(0, int.MaxValue, IsInteger: true), "The steps between two checkpoints; 0 saves after every epoch.", "0"),
            ], Shorthand: "every", CanBeOff: true), "How often to save for a resume.", "after every epoch"),
        new("threads", Count, "The threads of one torch operation.", "all cores"),
        new("device", new RecipeType.Text(), "cpu, cuda, cuda:N, or auto.", "cpu"),
        new("output", new RecipeType.Text(), "The folder of the runs.", RunStore.DefaultFolder),
    ];
}
