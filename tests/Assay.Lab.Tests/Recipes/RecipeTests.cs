using System.Reflection;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab.Tests;

public sealed class RecipeTests
{
    private static readonly MethodCatalog Catalog = MethodCatalog.Of(typeof(Mlp).Assembly);

    internal static string Sample(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"samples/{name}.yaml")!;
        return new StreamReader(stream).ReadToEnd();
    }

    private static Recipe Parse(string text, params string[] overrides) => Recipe.Parse(text, "r.yaml", Catalog, overrides);

    private static string ErrorOf(string text, params string[] overrides) => Assert.Throws<InvalidDataException>(() => Parse(text, overrides)).Message;

    [Fact]
    public void Two_lines_are_a_recipe()
    {
        var recipe = Parse(Sample("minimal"));
        Assert.Equal(("r", "digits", "backprop", "mlp(64)"), (recipe.Name, recipe.Data.Source, recipe.AlgorithmName, recipe.Model!.ToString()));
        Assert.Equal((20, 128, 0.2, 0.1, true), (recipe.Epochs, recipe.BatchSize, recipe.Split.Test, recipe.Split.Validation, recipe.Standardize));
        Assert.Null(recipe.EarlyStopping);
        Assert.Equal([0L], recipe.Seeds);
    }

    [Fact]
    public void Every_key_arrives()
    {
        var recipe = Parse(Sample("everything"));
        Assert.Equal("everything", recipe.Name);
        Assert.Equal(("train.csv", "species", null, "site", "patient", "key"), (recipe.Data.Source, recipe.Data.Label, recipe.Data.Target, recipe.Data.Domain, recipe.Data.Group, recipe.Data.Id));
        Assert.Equal(["comment", "weight"], recipe.Data.Drop);
        Assert.Equal(new RecipeSplit(0.25, 0.15, 7, false), recipe.Split);
        Assert.False(recipe.Standardize);
        Assert.Equal("cross-entropy(labelSmoothing: 0.1)", recipe.Loss!.ToString());
        Assert.Equal("adamw(learningRate: 3e-4, weightDecay: 0.01)", recipe.Optimizer!.ToString());
        Assert.Equal("wsd(warmup: 0.05, decay: 0.2)", recipe.Schedule!.ToString());
        Assert.Equal((30, 64, Precision.Bf16, 1.0, 2), (recipe.Epochs, recipe.BatchSize, recipe.Precision, recipe.ClipNorm!.Value, recipe.AccumulationSteps));
        Assert.Equal(new EarlyStopping(4, 0.001, OnAccuracy: true, RestoreBest: false), recipe.EarlyStopping);
        Assert.Equal([0L, 1, 2], recipe.Seeds);
        Assert.Equal((100, 2, "cpu", "my-runs"), (recipe.CheckpointEvery!.Value, recipe.Threads!.Value, recipe.Device, recipe.Output));
        Assert.Equal("0.25", recipe.Settings["split.test"]);
    }

    [Fact]
    public void Methods_are_created_from_the_recipe()
    {
        var recipe = Parse(Sample("everything"));
        Assert.Equal(3e-4, recipe.Optimizer!.Create<OptimizerSpec>(Catalog).LearningRate);
        Assert.IsType<WsdSchedule>(recipe.Schedule!.Create<Schedule>(Catalog));
        Assert.IsType<MlpSpec>(recipe.Model!.Create<ModelSpec>(Catalog));
    }

    [Fact]
    public void Another_algorithm_takes_its_settings_as_parameters()
    {
        var recipe = Parse(Sample("local"));
        Assert.Equal("mono-forward", recipe.AlgorithmName);
        Assert.IsType<MonoForward>(recipe.Algorithm!.Create<TrainingAlgorithm>(Catalog));
        Assert.Null(recipe.CheckpointEvery);
        Assert.StartsWith("r.yaml(3,8): 'model' belongs to backprop; mono-forward takes its settings as parameters: mono-forward(hidden, ", ErrorOf("data: digits\nalgorithm: mono-forward\nmodel: mlp(3)\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: digits\nmodel: mlp(64)\nepocs: 3\n", "r.yaml(3,1): unknown key 'epocs'; did you mean epochs?")]
    [InlineData("data: digits\nmodel: mlp(64)\nsplit: { tst: 0.1 }\n", "r.yaml(3,10): unknown key 'tst' in 'split'; did you mean test?")]
    [InlineData("data: digits\nmodel: mlp(64)\nepochs: ten\n", "r.yaml(3,9): 'epochs' must be a positive integer, not 'ten'")]
    [InlineData("data: digits\nmodel: mlp(64)\nepochs: 2.5\n", "r.yaml(3,9): 'epochs' must be a positive integer, not '2.5'")]
    [InlineData("data: digits\nmodel: mlp(64)\nepochs: \"3\"\n", "r.yaml(3,10): 'epochs' must be a positive integer, not '3' in quotation marks")]
    [InlineData("data: digits\nmodel: mlp(64)\nbatch: 0\n", "r.yaml(3,8): 'batch' must be a positive integer, not '0'")]
    [InlineData("data: digits\nmodel: mlp(64)\nclip: -1\n", "r.yaml(3,7): 'clip' must be a positive number, not '-1'")]
    [InlineData("data: digits\nmodel: mlp(64)\nclip: .nan\n", "r.yaml(3,7): 'clip' must be a positive number, not '.nan'")]
    [InlineData("data: digits\nmodel: mlp(64)\nstandardize: maybe\n", "r.yaml(3,14): 'standardize' must be true or false, not 'maybe'")]
    [InlineData("data: digits\nmodel: mlp(64)\nprecision: fp16\n", "r.yaml(3,12): 'precision' must be one of fp32, bf16, not 'fp16'")]
    [InlineData("data: digits\nmodel: mlp(64)\nsplit: { test: 1.5 }\n", "r.yaml(3,16): 'split.test' must be a number from 0 to below 1, not '1.5'")]
    [InlineData("data: digits\nmodel: mlp(64)\nsplit: { test: 0.6, validation: 0.5 }\n", "r.yaml(3,8): test 0.6 and validation 0.5 leave nothing to train on")]
    [InlineData("data: digits\nmodel: mlp(64)\nepochs: [1]\n", "r.yaml(3,9): 'epochs' must be a positive integer, not a list")]
    [InlineData("data: digits\nmodel: mlp(64)\nseeds: 3\n", "r.yaml(3,8): 'seeds' must be a list in brackets, such as [a, b], not '3'")]
    [InlineData("data: digits\nmodel: mlp(64)\nseeds: [1, 1]\n", "r.yaml(3,8): a seed occurs twice")]
    [InlineData("data: digits\nmodel: mlp(64)\nsplit: 0.2\n", "r.yaml(3,8): 'split' takes the keys test, validation, seed, stratify, not '0.2'")]
    [InlineData("data: digits\n", "r.yaml(1,7): 'model' is missing: backprop needs an architecture, for example model: mlp(256, 128)")]
    [InlineData("model: mlp(64)\n", "r.yaml(1,1): 'data' is missing: What to train on.")]
    [InlineData("data: { label: x }\nmodel: mlp(64)\n", "r.yaml(1,7): 'data.source' is missing: A data set by name (digits), or a file; a path starts at the recipe's folder.")]
    [InlineData("data: digits\nmodel: mlp(64)\nloss: crossentropy\n", "r.yaml(3,7): 'crossentropy' is not known as a loss; did you mean cross-entropy?")]
    [InlineData("data: digits\nmodel: mlp(64)\noptimizer: sgd(\n", "r.yaml(3,16): in 'sgd(' at character 5: a value was expected")]
    [InlineData("data: digits\nmodel: mlp(64)\noptimizer: 'sgd(0.1 0.9)'\n", "r.yaml(3,21): in 'sgd(0.1 0.9)' at character 9: ',' or ')' was expected")]
    [InlineData("data: digits\nmodel: mlp(64)\nalgorithm: backprop(epochs: 3)\n", "r.yaml(3,12): backprop takes no parameters here; its settings are keys of the recipe: model, loss, ")]
    [InlineData("data: digits\nmodel: adam\n", "r.yaml(2,8): 'adam' is of kind optimizer; a model was expected: ")]
    [InlineData("data: digits\nmodel: mlp(64)\nmodel: mlp(32)\n", "r.yaml(3,1): no valid YAML: ")]
    [InlineData("data: [digits\n", "r.yaml(2,1): no valid YAML: ")]
    [InlineData("- a\n- b\n", "r.yaml(1,1): 'key: value' lines were expected")]
    [InlineData("", "r.yaml(1,1): the recipe is empty")]
    [InlineData("data: digits\nmodel: mlp(64)\nsplit: { validation: 0 }\nearly-stopping: 3\n", "r.yaml(4,17): early stopping needs a validation part, but split.validation is 0")]
    public void An_error_names_file_line_column_and_what_was_expected(string text, string expected)
    {
        Assert.StartsWith(expected, ErrorOf(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("optimizer: adamw(lr: 1e-3)", "r.yaml(3,18): adamw has no parameter 'lr'; did you mean ")]
    [InlineData("optimizer: 'adamw(lr: 1e-3)'", "r.yaml(3,19): adamw has no parameter 'lr'; did you mean ")]
    [InlineData("optimizer:    adamw(learningRate: fast)", "r.yaml(3,21): adamw: 'learningRate' must be a number, not 'fast'")]
    [InlineData("optimizer: adamw(learningRate: -1)", "r.yaml(3,12): adamw: a positive number was expected for learningRate, not -1")]
    public void An_error_inside_an_expression_points_into_it(string line, string expected)
    {
        var recipe = Parse($"data: digits\nmodel: mlp(64)\n{line}\n");
        Assert.StartsWith(expected, Assert.Throws<InvalidDataException>(() => recipe.Optimizer!.Create<OptimizerSpec>(Catalog)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Overrides_replace_what_the_file_says()
    {
        var recipe = Parse(
            Sample("everything"), "optimizer=sgd(learningRate: 0.5)", "split.test=0.3", "data.label=kind", "seeds=[4, 5]", "clip=none", "early-stopping=false", "checkpoint=false");
        Assert.Equal("sgd(learningRate: 0.5)", recipe.Optimizer!.ToString());
        Assert.Equal((0.3, 0.15, "kind"), (recipe.Split.Test, recipe.Split.Validation, recipe.Data.Label));
        Assert.Equal([4L, 5], recipe.Seeds);
        Assert.Null(recipe.ClipNorm);
        Assert.Null(recipe.EarlyStopping);
        Assert.Null(recipe.CheckpointEvery);
        Assert.Equal((Sample("everything"), 7), (recipe.Text, recipe.Overrides.Length));
    }

    [Fact]
    public void An_override_opens_a_shorthand()
    {
        var recipe = Parse(Sample("minimal"), "data.label=kind", "early-stopping.patience=3");
        Assert.Equal(("digits", "kind", 3), (recipe.Data.Source, recipe.Data.Label, recipe.EarlyStopping!.Patience));
    }

    [Theory]
    [InlineData("batch=x", "--set batch=x: 'batch' must be a positive integer, not 'x'")]
    [InlineData("btch=3", "--set btch=3: unknown key 'btch'; did you mean batch?")]
    [InlineData("batch", "--set batch: key=value was expected")]
    [InlineData("seeds=[1", "--set seeds=[1: '[1' is no value")]
    public void An_error_in_an_override_names_the_override(string change, string expected) =>
        Assert.StartsWith(expected, ErrorOf(Sample("minimal"), change), StringComparison.Ordinal);

    [Fact]
    public void A_file_of_data_is_looked_for_beside_the_recipe()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("train.csv"), "x,label\n1,a\n");
        File.WriteAllText(folder.File("r.yaml"), "data: train.csv\nmodel: mlp(4)\n");
        Assert.Equal(folder.File("train.csv"), Recipe.Read(folder.File("r.yaml"), Catalog).Data.Source);
        Assert.Throws<FileNotFoundException>(() => Recipe.Read(folder.File("none.yaml"), Catalog));
    }

    [Theory]
    [InlineData("a: f(x: 1)", "a: 'f(x: 1)'")]
    [InlineData("a: f(x: 1) # why", "a: 'f(x: 1)' # why")]
    [InlineData("- f(x: 'y')", "- 'f(x: ''y'')'")]
    [InlineData("a: 'f(x: 1)'", "a: 'f(x: 1)'")]
    [InlineData("a: f(x: 1) and more", "a: f(x: 1) and more")]
    [InlineData("a: f(g(1), [2, 3])", "a: 'f(g(1), [2, 3])'")]
    [InlineData("a: word", "a: word")]
    [InlineData("a: f(x: 1", "a: f(x: 1")]
    public void Expressions_are_quoted_for_YAML(string line, string expected) => Assert.Equal(expected, RecipeYaml.QuoteExpressions(line).Text);
}
