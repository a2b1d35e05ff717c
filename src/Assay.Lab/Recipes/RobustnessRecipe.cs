using System.Collections.Immutable;
using Assay.Evaluation;
using Assay.Statistics;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Assay.Lab;

/// <summary>
/// Slices, transformations and attacks of a test bench as a YAML file, without code: lists under <c>slices</c>, <c>transformations</c> and
/// <c>attacks</c> whose entries name a builder with its parameters, such as <c>phrase-slice(not, never)</c> or <c>"eda(copies: 2)"</c>.
/// </summary>
public static class RobustnessRecipe
{
    private static readonly string[] Keys = ["slices", "transformations", "attacks"];

    /// <summary>What is built where no recipe is given.</summary>
    public static ImmutableArray<string> Defaults { get; } =
    [
        "length-slices", "character-slices", "digit-slice", .. Enum.GetValues<WordList>().Select(l => $"word-list-slice({l.ToString().ToLowerInvariant()})"), "eda",
        .. Enum.GetValues<SurfaceChange>().Select(c => $"surface-change({LabJson.Name(c)})"), "word-attack(synonym)", "word-attack(character-swap)",
    ];

    /// <summary>Reads a recipe.</summary>
    /// <exception cref="InvalidDataException">The file is no such recipe, or names an unknown builder or parameter; the message names file and line.</exception>
    public static ImmutableArray<SliceBuilder> Read(string path, MethodCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(File.ReadAllText(path)));
        }
        catch (YamlException e)
        {
            throw new InvalidDataException($"{path}({e.Start.Line},{e.Start.Column}): {e.Message}", e);
        }
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new InvalidDataException($"{path}: lists under {string.Join(", ", Keys)} were expected");
        var builders = ImmutableArray.CreateBuilder<SliceBuilder>();
        foreach (var (key, value) in root.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!Keys.Contains(name))
                throw new InvalidDataException($"{path}({key.Start.Line}): unknown key '{name}'{Spelling.Suggestion(name, Keys)}");
            if (value is not YamlSequenceNode list)
                throw new InvalidDataException($"{path}({value.Start.Line}): '{name}' takes a list");
            foreach (var item in list)
            {
                if (item is not YamlScalarNode { Value: { } expression })
                    throw new InvalidDataException($"{path}({item.Start.Line}): a builder such as phrase-slice(not) was expected; put it into quotation marks where it holds a colon");
                try
                {
                    builders.Add(catalog.Create<SliceBuilder>(expression));
                }
                catch (Exception e) when (e is FormatException or ArgumentException)
                {
                    throw new InvalidDataException($"{path}({item.Start.Line}): {e.Message}", e);
                }
            }
        }
        return builders.ToImmutable();
    }
}
