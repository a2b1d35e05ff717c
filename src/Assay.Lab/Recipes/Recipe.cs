using System.Collections.Immutable;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Lab;

/// <summary>Where the data come from, and what its columns are.</summary>
/// <param name="Source">A data set's name, or a path, made absolute where the file exists beside the recipe.</param>
/// <param name="Test">A separate set to judge with, named like the source, or null.</param>
/// <param name="Label">The column of class labels, or null.</param>
/// <param name="Target">The column of real values, or null.</param>
/// <param name="Text">The column of texts, or null.</param>
/// <param name="Domain">The column of domains, or null.</param>
/// <param name="Group">The column of groups, or null.</param>
/// <param name="Id">The column of ids, or null.</param>
/// <param name="Drop">Columns to leave out.</param>
/// <param name="Place">Where the recipe names the source.</param>
public sealed record RecipeData(
    string Source, string? Test, string? Label, string? Target, string? Text, string? Domain, string? Group, string? Id, ImmutableArray<string> Drop, RecipePlace Place);

/// <summary>How the data are divided.</summary>
/// <param name="Test">The share to judge with.</param>
/// <param name="Validation">The share for choices.</param>
/// <param name="Seed">Decides which examples go where.</param>
/// <param name="Stratify">Whether every part keeps the classes' shares.</param>
public sealed record RecipeSplit(double Test, double Validation, long Seed, bool Stratify);

/// <summary>
/// What to train and how, as read from a YAML file. Keys and their meaning: <c>assay train --schema</c>. Methods are named as in the
/// catalog; they are created when training begins.
/// </summary>
public sealed record Recipe
{
    /// <summary>The run's name.</summary>
    public required string Name { get; init; }

    /// <summary>The recipe's text.</summary>
    public required string Text { get; init; }

    /// <summary>The overrides: <c>split.test=0.3</c>.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    /// <summary>The recipe's file, or what stands for it in messages.</summary>
    public required string Source { get; init; }

    /// <summary>The data.</summary>
    public required RecipeData Data { get; init; }

    /// <summary>The division of the data.</summary>
    public required RecipeSplit Split { get; init; }

    /// <summary>Whether features are standardised on the training part.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>The algorithm, or null for backpropagation.</summary>
    public RecipeMethod? Algorithm { get; init; }

    /// <summary>The architecture, for backpropagation.</summary>
    public RecipeMethod? Model { get; init; }

    /// <summary>The loss, or null for the one that fits the data.</summary>
    public RecipeMethod? Loss { get; init; }

    /// <summary>The update rule, or null for the default.</summary>
    public RecipeMethod? Optimizer { get; init; }

    /// <summary>The schedule, or null for the default.</summary>
    public RecipeMethod? Schedule { get; init; }

    /// <summary>The passes over the training part.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>The examples of one step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>The precision of matrix products.</summary>
    public Precision Precision { get; init; }

    /// <summary>The limit of the gradient's norm, or null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Into how many parts a batch is split.</summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>When to stop early, or null.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>The seeds, one run for each.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [0];

    /// <summary>The steps between two checkpoints; 0 saves after every epoch, null never.</summary>
    public int? CheckpointEvery { get; init; } = 0;

    /// <summary>The threads of one torch operation, or null for all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>The device's name.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The folder of the runs as written, or null for the default.</summary>
    public string? Output { get; init; }

    /// <summary>The values as written, by path.</summary>
    public required ImmutableSortedDictionary<string, string> Settings { get; init; }

    /// <summary>The algorithm's name.</summary>
    public string AlgorithmName => Algorithm?.Expression.Name ?? RecipeFields.Backprop;

    /// <summary>Reads a recipe from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="catalog">The methods that the recipe may name.</param>
    /// <param name="overrides">Values that replace the file's: <c>optimizer=sgd</c>, <c>split.test=0.3</c>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The recipe is wrong; the message names file, line and column and what was expected.</exception>
    public static Recipe Read(string path, MethodCatalog catalog, params IEnumerable<string> overrides)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"there is no recipe '{path}'", path);
        return Parse(File.ReadAllText(path), Path.GetFileName(path), catalog, overrides, Path.GetDirectoryName(Path.GetFullPath(path))) with { Source = Path.GetFullPath(path) };
    }

    /// <summary>Reads a recipe from a text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="source">What errors call the text: a file name.</param>
    /// <param name="catalog">The methods that the recipe may name.</param>
    /// <param name="overrides">Values that replace the text's.</param>
    /// <param name="folder">The folder that relative paths of data start from, or null.</param>
    /// <exception cref="InvalidDataException">The recipe is wrong.</exception>
    public static Recipe Parse(string text, string source, MethodCatalog catalog, IEnumerable<string>? overrides = null, string? folder = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(catalog);
        string[] changes = [.. overrides ?? []];
        var root = RecipeYaml.Parse(text, source);
        foreach (var change in changes)
            RecipeOverride.Apply(root, change);
        var reader = new RecipeReader(catalog);
        reader.Read(root);
        return RecipeBuilder.Build(reader, catalog, source, folder) with { Text = text, Overrides = [.. changes] };
    }
}
